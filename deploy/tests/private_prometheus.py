#!/usr/bin/env python3
"""Runs a Prometheus of one's own that scrapes the given workers every second.

    private_prometheus.py HOST:PORT...

It listens on a free port of 127.0.0.1, keeps its data in a temporary directory, and loads the
shipped alert rules. Once it has scraped every worker twice, its URL is printed on a line of stdout.
It ends, and its directory is removed, when stdin is closed or on SIGTERM or SIGINT. So whoever
starts it holds its stdin open for as long as it is wanted, and needs no other way to stop it.

Exit code 0 if it was told to end, 1 if it could not start or a worker does not answer.
"""

import argparse
import json
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

START_SECONDS = 60  # for the server and the first two scrapes, on a busy machine
POLL_SECONDS = 0.1
STOP_SECONDS = 10
PORT_TRIES = 5
RULES = pathlib.Path(__file__).resolve().parent.parent / "prometheus" / "rules" / "*.yml"


class CannotStart(Exception):
    pass


def free_port():
    """A port that is free now; another process may take it before Prometheus does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configuration(targets):
    """As YAML, of which JSON is a part. The job is named as in production: rules refer to it."""
    return json.dumps(
        {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
            },
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {"job_name": "judge-worker", "static_configs": [{"targets": targets}]}
            ],
        }
    )


def start(directory, port):
    command = [
        "prometheus",
        f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    try:
        # A session of its own, so that a Ctrl-C comes to this script alone.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True
        )
    except FileNotFoundError:
        raise CannotStart("there is no `prometheus` on the PATH; `make test` installs it") from None


def scraped_twice(url, targets):
    """Whether each target was up in two scrapes."""
    query = 'sum_over_time(up{job="judge-worker"}[1m])'
    parameters = urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{parameters}", timeout=5) as answer:
            result = json.load(answer)["data"]["result"]
    except (OSError, ValueError, KeyError):
        return False
    up = {series["metric"]["instance"] for series in result if 2 <= float(series["value"][1])}
    return up.issuperset(targets)


def stdin_closed(timeout):
    """Waits up to `timeout` seconds; what is written to stdin is read and ignored."""
    readable, _, _ = select.select([sys.stdin.buffer], [], [], timeout)
    return bool(readable) and not sys.stdin.buffer.read1(4096)


def stop(server):
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def run(directory, targets):
    """Returns when told to end; tries another port if the server does not get its own."""
    pathlib.Path(directory, "prometheus.yml").write_text(configuration(targets))
    deadline = time.monotonic() + START_SECONDS
    for _ in range(PORT_TRIES):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        server = start(directory, port)
        try:
            while server.poll() is None and time.monotonic() < deadline:
                if stdin_closed(POLL_SECONDS):
                    return
                if scraped_twice(url, targets):
                    print(url, flush=True)
                    while not stdin_closed(1):
                        if server.poll() is not None:
                            raise CannotStart(f"prometheus ended with code {server.returncode}")
                    return
        finally:
            stop(server)
        if deadline <= time.monotonic():
            raise CannotStart(f"not every one of {targets} was up in {START_SECONDS} s")
    raise CannotStart("prometheus ended at every try; its own words are above")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", metavar="HOST:PORT", nargs="+")
    targets = parser.parse_args().targets
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="judge-prometheus-") as directory:
        try:
            run(directory, targets)
        except CannotStart as error:
            print(f"cannot run a private Prometheus: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
