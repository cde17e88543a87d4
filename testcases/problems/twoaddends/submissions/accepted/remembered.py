#!/usr/bin/env python3
import sys

n, target, *draws = map(int, sys.stdin.buffer.read().split())
seen = {}
for position, draw in enumerate(draws, 1):
    if target - draw in seen:
        print(seen[target - draw], position)
        break
    seen[draw] = position
else:
    print("impossible")
