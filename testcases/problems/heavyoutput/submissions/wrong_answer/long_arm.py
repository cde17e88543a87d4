#!/usr/bin/env python3
# The classic towers: swings from bay 1 to bay 3, which this crane can't.
import sys


def shift(crates, a, b):
    if crates == 0:
        return ""
    return shift(crates - 1, a, 6 - a - b) + f"{a} {b}\n" + shift(crates - 1, 6 - a - b, b)


moves = shift(*map(int, input().split()))
sys.stdout.write(f"{len(moves) // 4}\n{moves}")
