#!/usr/bin/env python3
# Rounds to two decimals: close enough for large areas only.
from math import acos, hypot, pi, sin

x1, y1, r1 = map(int, input().split())
x2, y2, r2 = map(int, input().split())
d = hypot(x1 - x2, y1 - y2)
area = 0
if d <= abs(r1 - r2):
    area = pi * min(r1, r2) ** 2
elif d < r1 + r2:
    a = 2 * acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1))
    b = 2 * acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2))
    area = (r1 * r1 * (a - sin(a)) + r2 * r2 * (b - sin(b))) / 2
print(f"{area:.2f}")
