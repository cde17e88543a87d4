#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers come from prefix sums (the highest rise from an earlier low), not from the usual running maximum. The
large inputs are full length but repeat a few numbers, so that they compress to a few per cent.
"""

import random
import shutil
from itertools import accumulate
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
LONGEST, BOUND = 1_000_000, 10**9


def best_stretch(values):
    low, best = 0, values[0]
    for height in accumulate(values):
        best = max(best, height - low)
        low = min(low, height)
    return best


def write_case(name, values):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(values)}\n" + " ".join(map(str, values)) + "\n")
    path.with_suffix(".ans").write_text(f"{best_stretch(values)}\n")


def cycle(pattern, count):
    return (pattern * (count // len(pattern) + 1))[:count]


def main():
    rng = random.Random(1_618)
    shutil.rmtree(DATA, ignore_errors=True)

    write_case("sample/1-toll-worth-paying", [4, -1, 3, -9, 5])
    write_case("sample/2-only-tolls", [-7, -2, -5])

    write_case("secret/01-one-reach", [17])
    write_case("secret/02-one-toll", [-17])
    write_case("secret/03-one-free-reach", [0])
    write_case("secret/04-tolls-and-zero", [-3, 0, -8])
    write_case("secret/05-all-positive", [1, 2, 3, 4, 5])
    write_case("secret/06-least-toll-first", [-1, -2, -3])
    write_case("secret/07-least-toll-last", [-3, -2, -1])
    write_case("secret/08-best-at-the-spring", [9, 9, -20, 5, 5])
    write_case("secret/09-best-at-the-sea", [5, 5, -20, 9, 9])
    write_case("secret/10-two-equal-stretches", [6, -7, 6])
    write_case("secret/11-exactly-cancelled", [8, -8, 8, -8, 8])
    write_case("secret/12-past-32-bits", [BOUND] * 3)
    write_case("secret/13-past-32-bits-negative", [-BOUND] * 5)
    write_case("secret/14-prefix-far-below-zero", [-BOUND] * 40 + [BOUND] * 3)
    for number in range(15, 19):
        write_case(f"secret/{number}-random", [rng.randint(-50, 50) for _ in range(100 * (number - 14))])
    write_case("secret/19-random-extremes", [rng.choice((-BOUND, BOUND)) for _ in range(500)])
    write_case("secret/20-medium-zigzag", cycle([7, -7, 8, -7], 20_000))

    write_case("secret/21-short-numbers-full-length", cycle([1, -1, 1, -2], LONGEST))
    write_case("secret/22-ten-megabytes-losing", cycle([-999999999, -888888888, -999999999], LONGEST))
    hills = [rng.choice((999999999, 888888888, -777777777, -999999999)) for _ in range(1000)]
    write_case("secret/23-ten-megabytes-hills", cycle(hills, LONGEST))
    write_case("secret/24-ten-megabytes-one-break", [BOUND] * 499_999 + [-BOUND] * 2 + [BOUND] * 499_999)


if __name__ == "__main__":
    main()
