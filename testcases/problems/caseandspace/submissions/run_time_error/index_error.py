#!/usr/bin/env python3
# IndexError, so exit code 1, where a line is more than 40 characters long; a right sign otherwise.
lines = [" ".join(map(str.capitalize, input().split(" "))) for _ in range(int(input()))]
width = max(map(len, lines))
rules = ["+" + "-" * (k + 2) + "+" for k in range(41)]
sign = [rules[width]]
for line in lines:
    left = (width - len(line)) // 2
    sign.append("| " + " " * left + line + " " * (width - len(line) - left) + " |")
print("\n".join(sign + [rules[width]]))
