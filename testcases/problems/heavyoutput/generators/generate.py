#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers come from walking, not from recursion: a crate in the middle bay (other than the lightest) cannot move
across it, so every position has at most two lifts, all positions lie on one line, and from a stack at its end it is
enough never to turn back. The stacks in bays 1 and 3 are the ends of that line, the stack in bay 2 is its middle.
"""

import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


def lifts(crates, source, target):
    """The lifts from a stack at one end of the line of positions to another stack."""
    if source == 2:
        return [(b, a) for a, b in reversed(lifts(crates, target, source))]
    bays = {1: [], 2: [], 3: []}
    bays[source] = list(range(crates, 0, -1))
    done = []
    while len(bays[target]) < crates:
        for a, b in ((1, 2), (2, 1), (2, 3), (3, 2)):
            fits = bays[a] and (not bays[b] or bays[a][-1] < bays[b][-1])
            if fits and (not done or done[-1] != (b, a)):
                bays[b].append(bays[a].pop())
                done.append((a, b))
                break
    return done


def write_case(name, crates, source, target):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{crates} {source} {target}\n")
    done = lifts(crates, source, target)
    path.with_suffix(".ans").write_text(f"{len(done)}\n" + "".join(f"{a} {b}\n" for a, b in done))


def main():
    shutil.rmtree(DATA, ignore_errors=True)

    write_case("sample/1-next-door", 2, 1, 2)
    write_case("sample/2-across", 2, 3, 1)

    number = 0
    for crates, pairs in (
        (1, ((1, 2), (2, 1), (1, 3), (3, 1))),
        (2, ((1, 3), (2, 1), (2, 3), (3, 2))),
        (3, ((1, 2), (1, 3), (2, 3), (3, 1))),
        (4, ((1, 3), (3, 2))),
        (5, ((2, 1), (3, 1))),
        (6, ((1, 3),)),
        (7, ((2, 3),)),
        (8, ((3, 1),)),
        (9, ((1, 2),)),
        (10, ((3, 1),)),
        (11, ((1, 3),)),
        (12, ((2, 1), (3, 1))),
        (13, ((2, 3), (1, 3))),
    ):
        for source, target in pairs:
            number += 1
            write_case(f"secret/{number:02}-{crates}-crates-from-{source}-to-{target}", crates, source, target)


if __name__ == "__main__":
    main()
