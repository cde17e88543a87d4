#!/usr/bin/env python3
"""Runs every query of a Grafana dashboard against a Prometheus server.

    dashboard_queries.py PROMETHEUS_URL DASHBOARD.json

Exit code 0 if every variable has a value and every query has data, 1 if not (each failure is named
by its panel), 2 for wrong usage or an unreadable dashboard. A query whose every value is NaN has no
data: Grafana shows it so. Prometheus must have scraped at least twice around the events in
question, since a rate needs both sides of an increase.
"""

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<series>.+?)\s*,\s*)?(?P<label>\w+)\s*\)")
REQUEST_TIMEOUT_SECONDS = 10
MAX_POINTS = 120  # of one range query


class Failed(Exception):
    """A query that has an error or no data; the text says which."""


class Prometheus:
    def __init__(self, url):
        self.url = url.rstrip("/")

    def get(self, path, **parameters):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            body = error.read(10_000).decode(errors="replace")
            try:
                raise Failed(json.loads(body)["error"]) from None
            except (ValueError, KeyError, TypeError):
                raise Failed(f"HTTP {error.code}: {body[:200]}") from None
        except (OSError, ValueError, KeyError) as error:
            raise Failed(f"no answer from {url}: {error}") from None

    def check(self, expression, instant, window):
        """Fails unless the expression has a number at some time of the window (seconds)."""
        now = time.time()
        if instant:
            result = self.get("query", query=expression, time=now)["result"]
            samples = [series["value"] for series in result]
        else:
            step = max(1, window // MAX_POINTS)
            result = self.get(
                "query_range", query=expression, start=now - window, end=now, step=step
            )["result"]
            samples = [sample for series in result for sample in series["values"]]
        if not result:
            raise Failed("the result is empty")
        if all(math.isnan(float(value)) for _, value in samples):
            raise Failed("every value is NaN")


def panels_of(dashboard):
    """All panels, those of collapsed rows included."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def values_of(variable, prometheus):
    """What a variable may be; fails if there is nothing."""
    name, kind = variable["name"], variable["type"]
    if kind in ("custom", "interval", "constant"):
        return [value.strip() for value in variable["query"].split(",")]
    if kind != "query":
        raise Failed(f"variables of type {kind} are not known to this check")
    query = variable["query"]
    query = query if isinstance(query, str) else query["query"]
    match = LABEL_VALUES.fullmatch(query)
    if match is None:
        raise Failed(f"{query!r} is not label_values(series, label)")
    selector = {"match[]": match["series"]} if match["series"] else {}
    values = prometheus.get(f"label/{match['label']}/values", **selector)
    if not values:
        raise Failed(f"{query} has no values, so ${name} is empty")
    return values


def selected_all(variable, values):
    """What Grafana puts in with `All` chosen, or the first value of a variable without it."""
    if not variable.get("includeAll"):
        return values[0]
    if variable.get("allValue"):
        return variable["allValue"]
    return "(" + "|".join(re.escape(value).replace("\\", "\\\\") for value in values) + ")"


def substitute(expression, variables):
    """The expression as Grafana would send it; fails on a variable that is not declared."""

    def value(match):
        name = match["braced"] or match["plain"]
        if name not in variables:
            raise Failed(f"${name} is not declared")
        return variables[name]

    return re.sub(r"\$(?:\{(?P<braced>\w+)(?::\w+)?\}|(?P<plain>\w+))", value, expression)


def check(dashboard, prometheus, options):
    """The failures, and the number of queries run."""
    failures, queries = [], 0
    variables = {
        "__rate_interval": f"{options.rate_interval}s",
        "__interval": f"{options.rate_interval}s",
        "__range": f"{options.window}s",
    }
    for variable in dashboard.get("templating", {}).get("list", []):
        queries += 1
        try:
            variables[variable["name"]] = selected_all(variable, values_of(variable, prometheus))
        except Failed as failed:
            variables[variable["name"]] = ".*"
            failures.append(f"variable {variable['name']}: {failed}")
    for panel in panels_of(dashboard):
        for target in panel.get("targets", []):
            queries += 1
            expression = target["expr"]
            try:
                expression = substitute(expression, variables)
                prometheus.check(expression, target.get("instant", False), options.window)
            except Failed as failed:
                where = f"panel {panel['title']!r}, query {target['refId']}"
                failures.append(f"{where}: {failed}\n    {expression}")
    return failures, queries


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("prometheus", metavar="PROMETHEUS_URL")
    parser.add_argument("dashboard", metavar="DASHBOARD.json")
    parser.add_argument(
        "--rate-interval", type=int, default=60, metavar="SECONDS", help="default %(default)s"
    )
    parser.add_argument(
        "--window", type=int, default=600, metavar="SECONDS", help="default %(default)s, up to now"
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=15,
        metavar="SECONDS",
        help="how long to try again while something fails (default %(default)s)",
    )
    return parser.parse_args()


def main():
    options = arguments()
    try:
        with open(options.dashboard, encoding="utf-8") as file:
            dashboard = json.load(file)
    except (OSError, ValueError) as error:
        print(f"cannot read the dashboard {options.dashboard}: {error}", file=sys.stderr)
        return 2
    prometheus = Prometheus(options.prometheus)
    deadline = time.monotonic() + options.wait
    while True:
        failures, queries = check(dashboard, prometheus, options)
        if not failures or deadline <= time.monotonic():
            break
        time.sleep(0.5)
    for failure in failures:
        print(f"{dashboard.get('title')}: {failure}", file=sys.stderr)
    if queries == 0:
        print(f"{options.dashboard} has no query at all", file=sys.stderr)
        return 1
    print(f"{options.dashboard}: {queries - len(failures)} of {queries} queries have data")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
