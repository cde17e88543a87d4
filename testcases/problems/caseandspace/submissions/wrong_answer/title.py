#!/usr/bin/env python3
# str.title() sees a new word behind every apostrophe, hyphen and digit.
lines = [input().title() for _ in range(int(input()))]
width = max(map(len, lines))
rule = "+" + "-" * (width + 2) + "+"
print(rule)
for line in lines:
    left = (width - len(line)) // 2
    print("| " + " " * left + line + " " * (width - len(line) - left) + " |")
print(rule)
