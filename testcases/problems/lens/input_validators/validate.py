#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input."""

import re
import sys

number = r"(?:0|-?[1-9][0-9]{0,2})"
text = sys.stdin.buffer.read().decode("ascii")
assert re.fullmatch(rf"(?:{number} {number} {number}\n){{2}}", text), "not two lines of three integers"
for line in text.splitlines():
    x, y, r = map(int, line.split())
    assert max(abs(x), abs(y)) <= 100 and 1 <= r <= 100, "a spot is out of range"
sys.exit(42)
