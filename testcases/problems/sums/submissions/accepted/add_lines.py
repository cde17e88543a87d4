#!/usr/bin/env python3
for _ in range(int(input())):
    a, b = map(int, input().split())
    print(a + b)
