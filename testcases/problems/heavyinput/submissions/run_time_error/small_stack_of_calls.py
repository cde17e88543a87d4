#!/usr/bin/env python3
# RecursionError, so exit code 1, from a hundred reaches on.
import sys

sys.setrecursionlimit(90)
sys.stdin.readline()
values = list(map(int, sys.stdin.readline().split()))


def best_from(i, ending_here):
    if i == len(values):
        return -(10**9)
    ending_here = values[i] + max(ending_here, 0)
    return max(ending_here, best_from(i + 1, ending_here))


print(best_from(0, 0))
