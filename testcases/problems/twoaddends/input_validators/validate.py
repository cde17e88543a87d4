#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input: validate.py [--max-n COUNT]"""

import re
import sys

largest = int(sys.argv[sys.argv.index("--max-n") + 1]) if "--max-n" in sys.argv else 200_000
number = r"(?:0|-?[1-9][0-9]{0,9})"
text = sys.stdin.buffer.read().decode("ascii")
assert re.fullmatch(rf"[1-9][0-9]{{0,5}} {number}\n{number}(?: {number})*\n", text), "not two lines of integers"
head, body = text.splitlines()
n, target = map(int, head.split())
values = list(map(int, body.split()))
assert 2 <= n <= largest and n == len(values), "n is out of range or not the number of values"
assert abs(target) <= 2 * 10**9 and max(map(abs, values)) <= 10**9, "a number is out of range"
sys.exit(42)
