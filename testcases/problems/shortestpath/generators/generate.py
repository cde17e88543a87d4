#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers come from Dijkstra's algorithm with a heap and are checked here against the tracks: no track may lead to
a town earlier than the time found for it. `valid_output` and `invalid_output` hold what the output validator must
accept and reject, hostile outputs among it.
"""

import heapq
import random
import shutil
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
MOST_TOWNS, MOST_TRACKS, BOUND = 200_000, 400_000, 10**9


def quickest(n, tracks):
    """The hours and the towns of a quickest way from 1 to n, or None."""
    neighbours = [[] for _ in range(n + 1)]
    for u, v, w in tracks:
        neighbours[u].append((v, w))
        neighbours[v].append((u, w))
    hours, came_from, heap = {1: 0}, {1: None}, [(0, 1)]
    while heap:
        at, town = heapq.heappop(heap)
        if at > hours[town]:
            continue
        for other, w in neighbours[town]:
            if other not in hours or at + w < hours[other]:
                hours[other] = at + w
                came_from[other] = town
                heapq.heappush(heap, (at + w, other))
    for u, v, w in tracks:
        assert (u in hours) == (v in hours) and (u not in hours or abs(hours[u] - hours[v]) <= w)
    if n not in hours:
        return None
    way = [n]
    while way[-1] != 1:
        way.append(came_from[way[-1]])
    return hours[n], way[::-1]


def as_text(n, tracks):
    return f"{n} {len(tracks)}\n" + "".join("{} {} {}\n".format(*track) for track in tracks)


def answer(n, tracks):
    found = quickest(n, tracks)
    return "{}\n{}\n".format(found[0], " ".join(map(str, found[1]))) if found else "unreachable\n"


def write_case(name, n, tracks):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_text(n, tracks))
    path.with_suffix(".ans").write_text(answer(n, tracks))


def write_output(name, n, tracks, output):
    """A case for the output validator alone. `output` is bytes."""
    write_case(name, n, tracks)
    (DATA / f"{name}.out").write_bytes(output)


def line(n, w=1):
    return [(i, i + 1, w) for i in range(1, n)]


def grid(rows, columns, weight):
    """Town (r, c) is r * columns + c + 1; `weight(r, c, across)` is asked for every track."""
    tracks = []
    for r in range(rows):
        for c in range(columns):
            town = r * columns + c + 1
            if c + 1 < columns:
                tracks.append((town, town + 1, weight(r, c, True)))
            if r + 1 < rows:
                tracks.append((town, town + columns, weight(r, c, False)))
    return tracks


def random_tracks(rng, n, m, largest):
    return [(rng.randint(1, n), rng.randint(1, n), rng.randint(1, largest)) for _ in range(m)]


def long_way_with_shortcuts(n, m):
    """The line 1 to n with its tracks in reverse order, and shortcuts that never pay: a round of relaxing all tracks
    in order gets one town further, and an array of towns is searched n times."""
    shortcuts = [(i, i + 2, 5) for i in range(1, min(n - 2, m - n + 1) + 1)]
    return line(n)[::-1] + shortcuts


def write_secret(rng):
    write_case("secret/01-one-track", 2, [(1, 2, 7)])
    write_case("secret/02-no-tracks", 2, [])
    write_case("secret/03-track-given-backwards", 2, [(2, 1, 7)])
    write_case("secret/04-parallel-tracks", 3, [(1, 2, 9), (2, 1, 4), (1, 2, 6), (2, 3, 8), (3, 2, 2)])
    write_case("secret/05-track-to-itself", 3, [(1, 1, 1), (1, 2, 5), (2, 2, 1), (2, 3, 5), (3, 3, 1)])
    write_case("secret/06-fewer-tracks-but-slower", 5, [(1, 5, 100), (1, 2, 10), (2, 3, 10), (3, 4, 10), (4, 5, 10)])
    write_case("secret/07-first-step-misleads", 4, [(1, 2, 1), (2, 4, 100), (1, 3, 5), (3, 4, 5)])
    write_case("secret/08-equal-ways", 6, [(1, v, 3) for v in (2, 3, 4, 5)] + [(v, 6, 3) for v in (2, 3, 4, 5)])
    write_case("secret/09-port-cut-off", 6, [(1, 2, 1), (2, 3, 1), (4, 5, 1), (5, 6, 1)])
    write_case("secret/10-mine-alone", 4, [(2, 3, 1), (3, 4, 1)])
    write_case("secret/11-past-32-bits", 6, line(6, BOUND))
    write_case("secret/12-detour-beats-32-bit-wrap", 5, [(1, 5, BOUND), (1, 2, BOUND), (2, 3, BOUND), (3, 4, 1), (4, 5, 1)])
    write_case("secret/13-complete", 40, [(u, v, (v - u) ** 2) for u in range(1, 41) for v in range(u + 1, 41)])
    write_case("secret/14-small-grid", 100, grid(10, 10, lambda r, c, across: rng.randint(1, 9)))
    write_case("secret/15-random-sparse", 300, random_tracks(rng, 300, 320, 1000))
    write_case("secret/16-random-dense", 60, random_tracks(rng, 60, 1500, 1000))
    write_case("secret/17-random-equal-weights", 500, random_tracks(rng, 500, 1500, 1))
    write_case("secret/18-random-huge-weights", 500, random_tracks(rng, 500, 1500, BOUND))
    write_case("secret/19-line-of-two-thousand", 2000, line(2000, 3))
    write_case("secret/20-random-medium", 10_000, random_tracks(rng, 10_000, 30_000, 9))

    weights = [rng.choice((1, 2, 9)) for _ in range(997)]
    side = grid(440, 450, lambda r, c, across: weights[(r * 31 + c * 7 + across) % 997])
    write_case("secret/21-large-grid", 440 * 450, side)
    write_case("secret/22-star-of-towns", 50_000, [(1, v, 1 + v % 10) for v in range(2, 50_001)])
    write_case("secret/23-long-line-backwards", MOST_TOWNS, long_way_with_shortcuts(MOST_TOWNS, MOST_TRACKS))
    write_case("secret/24-line-of-huge-weights", 20_000, line(20_000, BOUND))
    lanes = [(i, i + 2, BOUND if i % 3 else 1) for i in range(1, 29_999)]
    write_case("secret/25-two-lanes", 30_000, lanes + line(30_000, 2)[::-1])
    write_case("secret/26-large-unreachable", 60_000, line(59_999)[::-1])


def write_validator_cases():
    tracks = [(1, 2, 2), (2, 4, 2), (1, 3, 1), (3, 4, 3), (1, 4, 9), (2, 2, 1)]
    write_output("valid_output/upper-way", 4, tracks, b"4\n1 2 4\n")
    write_output("valid_output/lower-way", 4, tracks, b"4\n1 3 4\n")
    write_output("valid_output/other-white-space", 4, tracks, b"\r\n 4 \t1\r\n2\n\n4   ")
    write_output("valid_output/unreachable", 4, tracks[:1], b"unreachable\n")
    for name, output in {
        "empty": b"",
        "hours-only": b"4\n",
        "hours-too-many": b"9\n1 4\n",
        "hours-too-few": b"3\n1 3 4\n",
        "hours-do-not-belong-to-way": b"4\n1 4\n",
        "way-starts-elsewhere": b"4\n2 4\n",
        "way-ends-elsewhere": b"4\n1 2\n",
        "way-without-track": b"4\n1 2 3 4\n",
        "way-through-town-0": b"4\n1 0 4\n",
        "way-through-town-5": b"4\n1 5 4\n",
        "way-in-a-circle": b"4\n1 2 2 4\n",
        "way-longer-than-any": b"4\n" + b"1 2 " * 1000 + b"4\n",
        "right-and-more": b"4\n1 2 4 unreachable\n",
        "word-in-capitals": b"UNREACHABLE\n",
        "claims-unreachable": b"unreachable\n",
        "negative-hours": b"-4\n1 2 4\n",
        "plus-sign": b"+4\n1 2 4\n",
        "leading-zeros": b"0004\n1 2 4\n",
        "fraction": b"4.0\n1 2 4\n",
        "past-64-bits": b"18446744073709551620\n1 2 4\n",
        "endless-digits": b"4" * 5000 + b"\n1 2 4\n",
        "nul-bytes": b"4\x00\n1 2 4\n",
        "not-utf-8": b"\xff\xfe\x80\n",
    }.items():
        write_output(f"invalid_output/{name}", 4, tracks, output)
    write_output("invalid_output/way-where-there-is-none", 4, tracks[:1], b"4\n1 2 4\n")


def write_invalid_inputs():
    (DATA / "invalid_input").mkdir()
    for name, text in {
        "empty": "",
        "one-town": "1 0\n",
        "track-missing": "3 2\n1 2 5\n",
        "track-too-many": "3 1\n1 2 5\n2 3 5\n",
        "town-out-of-range": "3 1\n1 4 5\n",
        "no-hours": "3 1\n1 2 0\n",
        "too-many-hours": "3 1\n1 2 1000000001\n",
        "leading-zero": "3 1\n1 02 5\n",
        "two-spaces": "3 1\n1  2 5\n",
        "no-last-newline": "3 1\n1 2 5",
    }.items():
        (DATA / f"invalid_input/{name}.in").write_text(text)


def main():
    rng = random.Random(57_721)
    shutil.rmtree(DATA, ignore_errors=True)
    write_case("sample/1-detour-pays", 4, [(1, 4, 10), (1, 2, 2), (2, 3, 3), (3, 4, 4)])
    write_case("sample/2-unreachable", 3, [(1, 2, 5)])
    write_secret(rng)
    write_validator_cases()
    write_invalid_inputs()


if __name__ == "__main__":
    main()
