#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input."""

import re
import sys

text = sys.stdin.buffer.read().decode("ascii")
head, body, rest = (text.split("\n", 2) + ["", ""])[:3]
assert rest == "" and text.endswith("\n") and text.count("\n") == 2, "not two lines"
assert re.fullmatch("[1-9][0-9]{0,6}", head) and int(head) <= 1_000_000, "n is out of range"
number = re.compile("0|-?[1-9][0-9]{0,9}")
words = body.split(" ")
assert len(words) == int(head), "n is not the number of values"
for word in set(words):
    assert number.fullmatch(word) and abs(int(word)) <= 10**9, f"not a value: {word[:20]!r}"
sys.exit(42)
