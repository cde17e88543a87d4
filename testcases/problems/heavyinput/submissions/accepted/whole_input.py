#!/usr/bin/env python3
import sys

sys.stdin.readline()
ending_here, best = 0, -(10**9)
for value in map(int, sys.stdin.readline().split()):
    ending_here = value + ending_here if ending_here > 0 else value
    if ending_here > best:
        best = ending_here
print(best)
