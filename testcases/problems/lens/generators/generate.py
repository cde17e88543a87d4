#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers are computed with 60 decimal digits and an arctangent of our own, so that they owe nothing to the libm of
the machine, and are printed with 15 digits after the point.
"""

import random
import shutil
from decimal import Decimal, getcontext
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
getcontext().prec = 60


def arctan(x):
    """Halves the angle until the series converges fast: arctan x = 2 arctan(x / (1 + sqrt(1 + x^2)))."""
    halvings = 0
    while abs(x) > Decimal("0.01"):
        x = x / (1 + (1 + x * x).sqrt())
        halvings += 1
    total, term, k = Decimal(0), x, 1
    while abs(term) > Decimal("1e-58"):
        total += term / k
        term *= -x * x
        k += 2
    return total * 2**halvings


PI = 4 * arctan(Decimal(1))


def arccos(x):
    """For -1 < x <= 1, from the tangent of half the angle."""
    return 2 * arctan(((1 - x) / (1 + x)).sqrt())


def shared_area(first, second):
    (x1, y1, r1), (x2, y2, r2) = first, second
    square = (x1 - x2) ** 2 + (y1 - y2) ** 2
    if square >= (r1 + r2) ** 2:
        return Decimal(0)
    if square <= (r1 - r2) ** 2:
        return PI * min(r1, r2) ** 2
    distance = Decimal(square).sqrt()
    total = Decimal(0)
    for r, other in ((r1, r2), (r2, r1)):
        cosine = (square + r * r - other * other) / (2 * distance * r)
        # The sector less its triangle: sin(2a)/2 = sin(a) cos(a).
        total += r * r * (arccos(cosine) - (1 - cosine * cosine).sqrt() * cosine)
    return total


def write_case(name, first, second):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("{} {} {}\n".format(*spot) for spot in (first, second)))
    path.with_suffix(".ans").write_text(f"{shared_area(first, second):.15f}\n")


def random_spot(rng, reach, radius):
    return rng.randint(-reach, reach), rng.randint(-reach, reach), rng.randint(1, radius)


def main():
    rng = random.Random(31_415)
    shutil.rmtree(DATA, ignore_errors=True)

    write_case("sample/1-two-equal-spots", (0, 0, 2), (2, 0, 2))
    write_case("sample/2-far-apart", (-5, 0, 3), (5, 1, 3))
    write_case("sample/3-one-inside", (10, 10, 7), (12, 9, 2))

    write_case("secret/01-smallest-overlap-of-units", (0, 0, 1), (1, 1, 1))
    write_case("secret/02-same-spot", (3, -4, 5), (3, -4, 5))
    write_case("secret/03-concentric", (7, 7, 90), (7, 7, 1))
    write_case("secret/04-touching-outside-on-axis", (0, 0, 3), (7, 0, 4))
    write_case("secret/05-touching-outside-aslant", (0, 0, 2), (3, 4, 3))
    write_case("secret/06-touching-inside-on-axis", (0, 0, 10), (4, 0, 6))
    write_case("secret/07-touching-inside-aslant", (-3, -4, 15), (0, 0, 10))
    write_case("secret/08-order-swapped-touching-inside", (0, 0, 10), (-3, -4, 15))
    write_case("secret/09-far-corners", (-100, -100, 100), (100, 100, 100))
    write_case("secret/10-inside-first-smaller", (20, 20, 3), (18, 19, 80))
    write_case("secret/11-thinnest-sliver", (-35, -91, 100), (35, 91, 95))
    write_case("secret/12-just-apart", (0, 0, 71), (100, 100, 70))
    write_case("secret/13-just-overlapping", (0, 0, 71), (100, 100, 71))
    write_case("secret/14-barely-sticks-out", (0, 0, 100), (39, 91, 1))
    write_case("secret/15-centre-of-small-in-lens", (-5, 0, 100), (90, 0, 10))
    write_case("secret/16-centre-of-small-outside-lens", (-5, 0, 100), (100, 0, 10))
    write_case("secret/17-chord-through-centre", (0, 0, 5), (4, 0, 3))
    write_case("secret/18-largest-possible", (100, -100, 100), (100, -100, 100))
    write_case("secret/19-shifted-by-one", (50, 50, 100), (51, 50, 100))
    write_case("secret/20-negative-coordinates", (-90, -80, 30), (-70, -95, 25))
    write_case("secret/21-tiny-and-huge", (-100, 0, 100), (0, 0, 1))
    for number in range(22, 30):
        reach, radius = (20, 30) if number < 26 else (100, 100)
        write_case(f"secret/{number}-random", random_spot(rng, reach, radius), random_spot(rng, reach, radius))


if __name__ == "__main__":
    main()
