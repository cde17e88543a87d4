#!/usr/bin/env python3
# RecursionError, so exit code 1: one call deep for each headphone.
import sys

n, target, *draws = map(int, sys.stdin.buffer.read().split())


def search(i, seen):
    if i == n:
        return "impossible"
    if target - draws[i] in seen:
        return f"{seen[target - draws[i]]} {i + 1}"
    return search(i + 1, {**seen, draws[i]: i + 1})


sys.setrecursionlimit(500)
print(search(0, {}))
