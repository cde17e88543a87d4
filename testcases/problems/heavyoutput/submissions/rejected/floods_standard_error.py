#!/usr/bin/env python3
# @EXPECTED_RESULTS@: OUTPUT-LIMIT
# Answers right and traces 16 MiB of it: the output limit of this format covers standard error as well.
import sys


def shift(crates, a, b):
    if crates == 0:
        return ""
    if 2 in (a, b):
        other = 6 - a - b
        return shift(crates - 1, a, other) + f"{a} {b}\n" + shift(crates - 1, other, b)
    there, back = shift(crates - 1, a, b), shift(crates - 1, b, a)
    return f"{there}{a} 2\n{back}2 {b}\n{there}"


crates, source, target = map(int, input().split())
for line in range(1 << 18):
    sys.stderr.write(f"trace of lift {line:07} from bay {source} to bay {target}: still at it\n".rjust(64))
moves = shift(crates, source, target)
sys.stdout.write(f"{len(moves) // 4}\n{moves}")
