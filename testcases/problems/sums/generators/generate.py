#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The groups grow in magnitude: `1-small` fits 16 bits, `2-signs` has sums that fit 32 bits, and `3-wide` needs
64 bits and is beyond what a double holds exactly. The answers are Python's integers, which never overflow.
"""

import random
import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
SMALL, SIGNS, WIDE = 1000, 10**9, 4 * 10**18


def write_case(name, pairs):
    """Writes one test case, its answer by plain addition."""
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(pairs)}\n" + "".join(f"{a} {b}\n" for a, b in pairs))
    path.with_suffix(".ans").write_text("".join(f"{a + b}\n" for a, b in pairs))


def write_group(name, bound):
    """Tells the input validator how large the figures of this group may be."""
    path = DATA / name / "test_group.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'input_validator_args: [--max-value, "{bound}"]\n')


def random_pairs(rng, count, low, high):
    return [(rng.randint(low, high), rng.randint(low, high)) for _ in range(count)]


def main():
    rng = random.Random(20_251)
    shutil.rmtree(DATA, ignore_errors=True)

    write_case("sample/1-plain", [(2, 3), (10, -4), (0, 0)])
    write_case("sample/2-long", [(3_000_000_000, 4_000_000_000), (-9_007_199_254_740_993, 1)])

    write_group("secret/1-small", SMALL)
    write_case("secret/1-small/01-one-line", [(1, 1)])
    write_case("secret/1-small/02-zeros", [(0, 0)] * 5)
    write_case("secret/1-small/03-cancel-out", [(v, -v) for v in range(-20, 21)])
    write_case("secret/1-small/04-carry", [(9, 1), (99, 1), (999, 1), (95, 5), (505, 495)])
    write_case("secret/1-small/05-random", random_pairs(rng, 100, -SMALL, SMALL))
    write_case("secret/1-small/06-most-lines", random_pairs(rng, 1000, 0, SMALL))

    write_group("secret/2-signs", SIGNS)
    write_case("secret/2-signs/01-both-negative", random_pairs(rng, 50, -SIGNS, -1))
    write_case("secret/2-signs/02-left-negative", [(-a, b) for a, b in random_pairs(rng, 50, 1, SIGNS)])
    write_case("secret/2-signs/03-right-negative", [(a, -b) for a, b in random_pairs(rng, 50, 1, SIGNS)])
    write_case("secret/2-signs/04-around-16-bits", [(s * 32767, s * d) for s in (1, -1) for d in range(4)])
    write_case("secret/2-signs/05-extremes", [(a, b) for a in (-SIGNS, SIGNS) for b in (-SIGNS, SIGNS)])
    write_case("secret/2-signs/06-random", random_pairs(rng, 200, -SIGNS, SIGNS))
    write_case("secret/2-signs/07-most-lines", random_pairs(rng, 1000, -SIGNS, SIGNS))

    write_group("secret/3-wide", WIDE)
    write_case("secret/3-wide/01-past-signed-32-bits", [(2**31 - 1, 1), (-(2**31), -1), (2**31, 2**31)])
    write_case("secret/3-wide/02-past-unsigned-32-bits", [(2**32 - 1, d) for d in range(3)])
    write_case("secret/3-wide/03-past-double", [(s * 2**53, s * d) for s in (1, -1) for d in (0, 1, 2, 3)])
    write_case("secret/3-wide/04-wide-cancel-out", [(WIDE - v, -WIDE) for v in range(10)])
    write_case("secret/3-wide/05-extremes", [(a, b) for a in (-WIDE, WIDE) for b in (-WIDE, WIDE)])
    write_case("secret/3-wide/06-low-digits-matter", [(10**18 + v, 3 * 10**18 + v) for v in range(1, 50)])
    write_case("secret/3-wide/07-powers-of-ten", [(10**e, -1) for e in range(19)])
    write_case("secret/3-wide/08-random", random_pairs(rng, 200, -WIDE, WIDE))
    write_case("secret/3-wide/09-most-lines", random_pairs(rng, 1000, -WIDE, WIDE))


if __name__ == "__main__":
    main()
