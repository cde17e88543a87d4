#!/usr/bin/env python3
"""Says in podman's words what compose.yml grants the worker's container, one word a line.

    podman_options.py COMPOSE_FILE [--without WORD]...

WORD is an item of `cap_add` or `security_opt` that is to be left out. Fails on a right that it
cannot translate: what is proven must be what Compose gives.
"""

import argparse
import sys

import yaml

# Docker's name for "mask nothing below /proc". `unmask=ALL` would make the cgroups writable too.
SECURITY = {"systempaths=unconfined": "unmask=/proc/*"}
SAME_IN_PODMAN = {"apparmor=unconfined", "seccomp=unconfined"}
# What grants or bounds, and is translated below.
TRANSLATED = {"cgroup", "cap_drop", "cap_add", "security_opt", "tmpfs", "read_only", "deploy"}
# What podman needs no word for: who starts the container, when, and with whom it speaks.
OF_COMPOSE = {
    "image", "build", "restart", "depends_on", "networks", "environment", "secrets", "volumes",
    "stop_grace_period", "healthcheck", "logging",
}


def options(worker, without):
    unknown = set(worker) - TRANSLATED - OF_COMPOSE
    if unknown:
        raise ValueError(f"no translation for {sorted(unknown)}")
    known = set(worker["cap_add"]) | set(worker["security_opt"])
    if not set(without) <= known:
        raise ValueError(f"{sorted(set(without) - known)} are not granted in the first place")
    yield f"--cgroupns={worker['cgroup']}"
    yield from (f"--cap-drop={name}" for name in worker["cap_drop"])
    yield from (f"--cap-add={name}" for name in worker["cap_add"] if name not in without)
    for option in worker["security_opt"]:
        if option not in SAME_IN_PODMAN and option not in SECURITY:
            raise ValueError(f"no translation for security_opt {option}")
        if option not in without:
            yield f"--security-opt={SECURITY.get(option, option)}"
    yield from (f"--tmpfs={mount}" for mount in worker["tmpfs"])
    if worker.get("read_only"):
        yield from ("--read-only", "--read-only-tmpfs=false")
    limits = worker["deploy"]["resources"]["limits"]
    yield f"--memory={limits['memory']}"
    yield f"--pids-limit={limits['pids']}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("compose")
    parser.add_argument("--without", action="append", default=[])
    args = parser.parse_args()
    with open(args.compose, encoding="utf-8") as file:
        worker = yaml.safe_load(file)["services"]["worker"]
    try:
        print("\n".join(options(worker, args.without)))
    except ValueError as error:
        sys.exit(f"{args.compose}: worker: {error}")


if __name__ == "__main__":
    main()
