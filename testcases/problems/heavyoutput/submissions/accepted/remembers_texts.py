#!/usr/bin/env python3
import sys
from functools import lru_cache


@lru_cache(maxsize=None)
def shift(crates, a, b):
    if crates == 0:
        return ""
    if 2 in (a, b):
        other = 6 - a - b
        return shift(crates - 1, a, other) + f"{a} {b}\n" + shift(crates - 1, other, b)
    there, back = shift(crates - 1, a, b), shift(crates - 1, b, a)
    return f"{there}{a} 2\n{back}2 {b}\n{there}"


moves = shift(*map(int, input().split()))
sys.stdout.write(f"{len(moves) // 4}\n{moves}")
