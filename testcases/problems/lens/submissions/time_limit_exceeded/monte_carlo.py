#!/usr/bin/env python3
# Throws darts. It would take more of them than there is time for, and would still be wrong.
import random

x1, y1, r1 = map(int, input().split())
x2, y2, r2 = map(int, input().split())
darts, hits = 10**9, 0
for _ in range(darts):
    x, y = x1 + random.uniform(-r1, r1), y1 + random.uniform(-r1, r1)
    hits += (x - x1) ** 2 + (y - y1) ** 2 <= r1 * r1 and (x - x2) ** 2 + (y - y2) ** 2 <= r2 * r2
print(4 * r1 * r1 * hits / darts)
