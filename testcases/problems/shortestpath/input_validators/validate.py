#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input."""

import re
import sys

number = "(?:0|[1-9][0-9]{0,9})"
text = sys.stdin.buffer.read().decode("ascii")
assert re.fullmatch(rf"{number} {number}\n(?:{number} {number} {number}\n)*", text), "not lines of integers"
head, *tracks = text.splitlines()
n, m = map(int, head.split())
assert 2 <= n <= 200_000 and m <= 400_000, "n or m is out of range"
assert m == len(tracks), "m is not the number of tracks"
for track in tracks:
    u, v, w = map(int, track.split())
    assert 1 <= u <= n and 1 <= v <= n and 1 <= w <= 10**9, "a track is out of range"
sys.exit(42)
