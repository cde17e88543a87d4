#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers come from a sorted search, not from hashing. The large inputs are arithmetic patterns, so that they
compress well; without a solution, a search of all pairs has 2 * 10^10 of them to look at.
"""

import bisect
import random
import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
SMALL, LARGE, BOUND = 100, 200_000, 10**9


def solve(target, values):
    """Some pair of positions from 1, or None: binary search for the partner among later positions in sorted order."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranked = [values[i] for i in order]
    for rank, value in enumerate(ranked):
        partner = bisect.bisect_left(ranked, target - value, rank + 1)
        if partner < len(ranked) and ranked[partner] == target - value:
            return sorted((order[rank] + 1, order[partner] + 1))
    return None


def write_case(name, target, values):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(values)} {target}\n" + " ".join(map(str, values)) + "\n")
    pair = solve(target, values)
    path.with_suffix(".ans").write_text("{} {}\n".format(*pair) if pair else "impossible\n")


def write_group(name, largest):
    """Tells the input validator how many headphones this group may have."""
    path = DATA / name / "testdata.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"on_reject: break\ninput_validator_flags: --max-n {largest}\n")


def blocks(values, length):
    """The values with every block of this length reversed: no longer sorted, still a pattern."""
    return [v for start in range(0, len(values), length) for v in reversed(values[start : start + length])]


def main():
    rng = random.Random(271_828)
    shutil.rmtree(DATA, ignore_errors=True)

    write_case("sample/1-one-pair", 10, [3, 8, -4, 2, 5])
    write_case("sample/2-many-pairs", 0, [5, -5, 5, -5, 1])
    write_case("sample/3-none", 12, [6, 1, 2, 20])

    write_group("secret/1-small", SMALL)
    write_case("secret/1-small/01-two-that-fit", 3, [1, 2])
    write_case("secret/1-small/02-two-that-do-not", 4, [1, 2])
    write_case("secret/1-small/03-half-once", 8, [4, 1, 9, 2])
    write_case("secret/1-small/04-half-twice", 8, [4, 1, 9, 2, 4])
    write_case("secret/1-small/05-zero-once", 0, [0, 3, 5])
    write_case("secret/1-small/06-zero-twice", 0, [0, 3, 0])
    write_case("secret/1-small/07-all-equal", -14, [-7] * SMALL)
    write_case("secret/1-small/08-first-and-last", 1000, [999] + [3] * 98 + [1])
    write_case("secret/1-small/09-last-two", -5, [7] * 98 + [2, -7])
    write_case("secret/1-small/10-largest-sum", 2 * BOUND, [BOUND, 0, -BOUND, BOUND])
    write_case("secret/1-small/11-smallest-sum", -2 * BOUND, [-BOUND, 0, BOUND, -BOUND])
    write_case("secret/1-small/12-sum-wraps-32-bits", -2**31 + 10**9, [BOUND, BOUND, 2**31 - 2 * 10**9, 147_483_647])
    write_case("secret/1-small/13-value-looks-like-position", 7, [5, 1, 2, 4, 100])
    for number in range(14, 19):
        values = [rng.randint(-60, 60) for _ in range(SMALL)]
        write_case(f"secret/1-small/{number}-random", rng.randint(-130, 130), values)

    write_group("secret/2-large", LARGE)
    evens = [2 * i for i in range(LARGE)]
    few_evens = [2 * (i % 1000) for i in range(LARGE)]
    write_case("secret/2-large/01-pair-in-front", 6, few_evens[1:])
    write_case("secret/2-large/02-pair-at-the-ends", LARGE + 9, [LARGE] + [1] * (LARGE - 2) + [9])
    write_case("secret/2-large/03-parity-forbids", 2 * LARGE + 1, evens)
    write_case("secret/2-large/04-parity-forbids-in-blocks", 1999, blocks(few_evens, 317))
    write_case("secret/2-large/05-only-the-half", 1554, [1554 + v for v in few_evens[1:1000]] + [777] + [1555] * 9000)
    write_case("secret/2-large/06-one-odd-value-decides", 2 * LARGE - 11, evens[:-10] + [2 * LARGE - 19] + evens[-9:])
    write_case("secret/2-large/07-all-equal-no", 1, [0] * LARGE)
    write_case("secret/2-large/08-negative-and-impossible", -3 * LARGE, [-5 * v for v in few_evens])
    write_case("secret/2-large/09-near-the-bounds", 2 * BOUND - 1, [BOUND - i % 7 for i in range(LARGE // 4)])


if __name__ == "__main__":
    main()
