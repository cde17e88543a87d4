#!/usr/bin/env python3
# Builds the list from its end: each insertion moves everything that is already there.
moves = []


def shift(crates, a, b):
    if crates == 0:
        return
    if 2 in (a, b):
        other = 6 - a - b
        shift(crates - 1, other, b)
        moves.insert(0, f"{a} {b}")
        shift(crates - 1, a, other)
    else:
        shift(crates - 1, a, b)
        moves.insert(0, f"2 {b}")
        shift(crates - 1, b, a)
        moves.insert(0, f"{a} 2")
        shift(crates - 1, a, b)


shift(*map(int, input().split()))
print(len(moves))
print("\n".join(moves))
