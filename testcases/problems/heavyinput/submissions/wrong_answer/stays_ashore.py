#!/usr/bin/env python3
# Lets the barge pass no reach at all: 0 where only tolls are to be had.
import sys

sys.stdin.readline()
ending_here = best = 0
for value in map(int, sys.stdin.readline().split()):
    ending_here = max(0, ending_here + value)
    best = max(best, ending_here)
print(best)
