#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input."""

import re
import sys

text = sys.stdin.buffer.read().decode("ascii")
assert text.endswith("\n"), "the last line does not end"
head, *lines = text[:-1].split("\n")
assert re.fullmatch("[1-9][0-9]{0,3}", head) and int(head) <= 1000, "n is out of range"
assert int(head) == len(lines), "n is not the number of lines"
for line in lines:
    assert len(line) <= 100 and re.fullmatch("[A-Za-z0-9'-]+(?: [A-Za-z0-9'-]+)*", line), f"not a line of words: {line!r}"
sys.exit(42)
