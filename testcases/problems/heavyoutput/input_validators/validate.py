#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input."""

import re
import sys

text = sys.stdin.buffer.read().decode("ascii")
found = re.fullmatch(r"([1-9]|1[0-3]) ([1-3]) ([1-3])\n", text)
assert found and found[2] != found[3], "not a number of crates and two different bays"
sys.exit(42)
