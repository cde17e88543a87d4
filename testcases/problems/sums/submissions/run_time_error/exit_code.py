#!/usr/bin/env python3
# Gives up with exit code 3 on the first negative sum, having printed nothing wrong.
import sys

for _ in range(int(input())):
    total = sum(map(int, input().split()))
    if total < 0:
        sys.exit(3)
    print(total)
