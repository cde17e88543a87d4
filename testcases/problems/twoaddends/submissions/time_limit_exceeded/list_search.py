#!/usr/bin/env python3
# "in" on a list looks innocent and is a loop.
import sys

n, target, *draws = map(int, sys.stdin.buffer.read().split())
for i, draw in enumerate(draws):
    if target - draw in draws[i + 1 :]:
        print(i + 1, draws.index(target - draw, i + 1) + 1)
        break
else:
    print("impossible")
