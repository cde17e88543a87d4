#!/usr/bin/env python3
lines = [" ".join(map(str.capitalize, input().split(" "))) for _ in range(int(input()))]
width = max(map(len, lines))
rule = "+" + "-" * (width + 2) + "+"
print(rule)
for line in lines:
    left = (width - len(line)) // 2
    print("| " + " " * left + line + " " * (width - len(line) - left) + " |")
print(rule)
