#!/usr/bin/env python3
from math import acos, hypot, pi, sin

x1, y1, r1 = map(int, input().split())
x2, y2, r2 = map(int, input().split())
d = hypot(x1 - x2, y1 - y2)
if d >= r1 + r2:
    print(0)
elif d <= abs(r1 - r2):
    print(pi * min(r1, r2) ** 2)
else:
    a = 2 * acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1))
    b = 2 * acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2))
    print((r1 * r1 * (a - sin(a)) + r2 * r2 * (b - sin(b))) / 2)
