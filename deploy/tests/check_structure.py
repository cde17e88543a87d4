#!/usr/bin/env python3
"""Checks what no schema can: that the files of deploy/ agree with each other.

    check_structure.py DEPLOY_DIRECTORY

Exit code 0 if they do, 1 with one line for each fault.
"""

import json
import pathlib
import re
import sys

import yaml

# The settings of the worker; each may also be given as a file, with `_FILE` after its name.
SETTINGS = {
    "JUDGE_AMQP_URL",
    "JUDGE_CACHE_DIR",
    "JUDGE_COMPILE_CACHE_MIB",
    "JUDGE_DATABASE_URL",
    "JUDGE_HTTP_ADDR",
    "JUDGE_LOG",
    "JUDGE_PROBLEMS",
    "JUDGE_SLOTS",
    "JUDGE_WORKER_NAME",
}
# Units that Grafana knows and these dashboards use; it shows a misspelt one as text.
UNITS = {"none", "short", "s", "bytes", "percentunit", "ops", "reqps"}
GRID_WIDTH = 24


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def dashboard_faults(dashboard, datasources):
    if "id" in dashboard:
        yield "has a top-level id, which belongs to one Grafana server's database"
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query" and variable["datasource"]["uid"] not in datasources:
            yield f"variable {variable['name']}: datasource is not provisioned"
    for name in ("worker", "language"):
        if name not in {variable["name"] for variable in dashboard["templating"]["list"]}:
            yield f"has no variable {name}"
    ids = [panel["id"] for panel in panels_of(dashboard)]
    for number in sorted({number for number in ids if 1 < ids.count(number)}):
        yield f"panel id {number} occurs twice"
    taken = {}
    for panel in panels_of(dashboard):
        title = panel["title"]
        place = panel["gridPos"]
        if GRID_WIDTH < place["x"] + place["w"]:
            yield f"panel {title!r} is wider than the grid"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if taken.setdefault((x, y), title) != title:
                    yield f"panels {taken[x, y]!r} and {title!r} overlap"
                    break
        if panel["type"] != "row":
            yield from (f"panel {title!r} {fault}" for fault in panel_faults(panel, datasources))


def panel_faults(panel, datasources):
    if not panel.get("description"):
        yield "has no description"
    unit = panel["fieldConfig"]["defaults"].get("unit")
    if unit not in UNITS:
        yield f"has the unit {unit!r}"
    if not panel["targets"]:
        yield "has no query"
    refs = [target["refId"] for target in panel["targets"]]
    if len(refs) != len(set(refs)):
        yield "has two queries of one refId"
    for of in [panel, *panel["targets"]]:
        if of["datasource"]["uid"] not in datasources:
            yield f"names the datasource {of['datasource']['uid']!r}, which is not provisioned"
    for target in panel["targets"]:
        for window in re.findall(r"\[([^\]]*)\]", re.sub(r'"[^"]*"', '""', target["expr"])):
            if window not in ("$__rate_interval", "$__range"):
                yield f"has the fixed window [{window}], which ignores zoom and scrape interval"


def setting_faults(compose, dockerfile):
    known = SETTINGS | {f"{name}_FILE" for name in SETTINGS}
    for service, of in compose["services"].items():
        for name in of.get("environment", {}):
            if name.startswith("JUDGE_") and name not in known:
                yield f"compose.yml: {service} sets {name}, which is no setting"
    for name in re.findall(r"\b(JUDGE_\w+)=", dockerfile):
        if name not in known:
            yield f"Dockerfile sets {name}, which is no setting"


def compose_faults(compose, scripts):
    published = [name for name, of in compose["services"].items() if "ports" in of]
    if published != ["nginx"]:
        yield f"compose.yml publishes ports of {published}, not of nginx alone"
    for name, of in compose["services"].items():
        for key in ("healthcheck", "restart", "deploy", "networks"):
            if key not in of:
                yield f"compose.yml: {name} has no {key}"
        image = of["image"]
        if "build" not in of and not re.search(r":[^:/]*\d", image):
            yield f"compose.yml: the image of {name} ({image}) has no pinned tag"
        if "privileged" in of:
            yield f"compose.yml: {name} is privileged"
    if "container_name" in compose["services"]["worker"]:
        yield "compose.yml: worker has a container_name, so it cannot be scaled"
    for secret, of in compose["secrets"].items():
        file = pathlib.PurePath(of["file"]).name
        if not re.search(rf"\b{re.escape(file)}\b", scripts):
            yield f"compose.yml: init-secrets.sh does not make {file} for {secret}"


def faults(deploy):
    provisioning = deploy / "grafana/provisioning/datasources/prometheus.yml"
    provisioned = yaml.safe_load(provisioning.read_text())
    datasources = {datasource["uid"] for datasource in provisioned["datasources"]}
    seen = {}
    for path in sorted((deploy / "grafana/dashboards").glob("*.json")):
        dashboard = json.loads(path.read_text())
        for fault in dashboard_faults(dashboard, datasources):
            yield f"{path.name}: {fault}"
        for key in ("uid", "title"):
            other = seen.setdefault((key, dashboard[key]), path.name)
            if other != path.name:
                yield f"{path.name} and {other} have the same {key}"
    if not seen:
        yield "there is no dashboard"
    compose = yaml.safe_load((deploy / "compose.yml").read_text())
    yield from setting_faults(compose, (deploy / "Dockerfile").read_text())
    yield from compose_faults(compose, (deploy / "init-secrets.sh").read_text())


def main():
    found = list(faults(pathlib.Path(sys.argv[1])))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
