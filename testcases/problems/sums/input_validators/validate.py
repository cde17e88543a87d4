#!/usr/bin/env python3
"""Exits with 42 if standard input is a valid input: validate.py [--max-value BOUND]"""

import re
import sys

bound = int(sys.argv[sys.argv.index("--max-value") + 1]) if "--max-value" in sys.argv else 4 * 10**18
number = r"(?:0|-?[1-9][0-9]{0,18})"
text = sys.stdin.buffer.read().decode("ascii")
assert re.fullmatch(rf"[1-9][0-9]*\n(?:{number} {number}\n)+", text), "not a count and lines of two integers"
head, *lines = text.splitlines()
assert 1 <= int(head) <= 1000 and int(head) == len(lines), "the count is out of range or not the number of lines"
assert all(abs(int(word)) <= bound for line in lines for word in line.split()), f"a figure exceeds {bound}"
sys.exit(42)
