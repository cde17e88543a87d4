#!/usr/bin/env python3
"""Finds fields of dashboards that Grafana does not know: misspelt, or in the wrong place.

    check_dashboard_fields.py DASHBOARD.json...

Each dashboard goes through the types of Grafana's own SDK and back; what it loses on the way,
Grafana would ignore. Exit code 0 if nothing is lost, 1 with one line for each loss.
"""

import json
import pathlib
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def losses(before, after, where=""):
    """Where `before` has what `after` has not. What the types add (defaults) is no loss."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from losses(value, after[key], f"{where}.{key}")
            else:
                yield f"{where}.{key} is lost"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (value, other) in enumerate(zip(before, after)):
            yield from losses(value, other, f"{where}[{index}]")
    elif before != after:
        yield f"{where} becomes {after!r}"


def main():
    register_default_plugins()
    found = 0
    for path in map(pathlib.Path, sys.argv[1:]):
        before = json.loads(path.read_text())
        after = json.loads(JSONEncoder().encode(Dashboard.from_json(before)))
        for loss in losses(before, after):
            print(f"{path.name}: {loss}", file=sys.stderr)
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
