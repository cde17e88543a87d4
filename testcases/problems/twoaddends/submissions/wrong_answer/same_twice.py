#!/usr/bin/env python3
# Pairs a headphone with itself when its draw is half the target.
import sys

n, target, *draws = map(int, sys.stdin.buffer.read().split())
position = {draw: i for i, draw in enumerate(draws, 1)}
for draw in draws:
    if target - draw in position:
        print(position[draw], position[target - draw])
        break
else:
    print("impossible")
