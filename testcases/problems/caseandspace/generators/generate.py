#!/usr/bin/env python3
"""Writes data/ of this package, byte for byte the same on every run.

    python3 generators/generate.py

The answers are painted character by character onto a board of blanks. `valid_output` and `invalid_output` say what the
flags of the default output validator mean for a sign.
"""

import random
import shutil
import string
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
FLAGS = "output_validator_args: [case_sensitive, space_change_sensitive]\n"
CHARACTERS = string.ascii_letters + string.digits + "'-"


def paint(lines):
    width = max(map(len, lines)) + 2
    board = [[" "] * (width + 2) for _ in range(len(lines) + 2)]
    for row in (board[0], board[-1]):
        row[:] = ["+"] + ["-"] * width + ["+"]
    for row, line in zip(board[1:-1], lines):
        row[0] = row[-1] = "|"
        column = 1 + (width - len(line)) // 2
        starts_word = True
        for character in line:
            row[column] = character.upper() if starts_word else character.lower()
            starts_word = character == " "
            column += 1
    return "".join("".join(row) + "\n" for row in board)


def write_case(name, lines):
    path = DATA / f"{name}.in"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(lines)}\n" + "".join(f"{line}\n" for line in lines))
    path.with_suffix(".ans").write_text(paint(lines))


def random_line(rng, longest, characters=CHARACTERS):
    length = rng.randint(1, longest)
    words = "".join(rng.choice(characters + " ") for _ in range(length)).split()
    return " ".join(words) or rng.choice(characters)


def write_secret(rng):
    write_case("secret/01-one-letter", ["a"])
    write_case("secret/02-one-digit", ["7"])
    write_case("secret/03-one-apostrophe", ["'"])
    write_case("secret/04-even-in-odd", ["abc", "de"])
    write_case("secret/05-odd-in-even", ["abcd", "e"])
    write_case("secret/06-capitals-become-small", ["OPEN DAILY", "EXCEPT MONDAY"])
    write_case("secret/07-mixed-case", ["mIxEd CaSe", "oRdEr"])
    write_case("secret/08-apostrophe-inside", ["DON'T", "o'NEILL and d'ARTAGNAN"])
    write_case("secret/09-hyphen-inside", ["merry-GO-round", "Jack-IN-the-box"])
    write_case("secret/10-word-begins-with-digit", ["3RD floor", "24H service"])
    write_case("secret/11-word-begins-with-sign", ["'TIS the season", "-SALE- -sale-"])
    write_case("secret/12-single-letters", ["a b c d", "E F", "g"])
    write_case("secret/13-all-lines-equal", ["same"] * 5)
    write_case("secret/14-growing-triangle", ["x" * k for k in range(1, 30)])
    write_case("secret/15-shrinking-triangle", ["Y" * k for k in range(30, 0, -1)])
    write_case("secret/16-longest-line", ["w" * 100, "v"])
    write_case("secret/17-longest-line-of-words", [" ".join("q" * 50), "end"])
    for number in range(18, 22):
        count = (number - 16) ** 2
        write_case(f"secret/{number}-random", [random_line(rng, 40) for _ in range(count)])
    write_case("secret/22-random-letters", [random_line(rng, 60, string.ascii_letters) for _ in range(100)])
    write_case("secret/23-random-few-characters", [random_line(rng, 100, "aZ'") for _ in range(200)])
    write_case("secret/24-most-lines", [random_line(rng, 100, "ON") for _ in range(1000)])


def write_validator_cases():
    lines, good = ["wet", "PAINT"], "+-------+\n|  Wet  |\n| Paint |\n+-------+\n"
    for name, output in {
        "valid_output/as-painted": good,
        "invalid_output/other-case": good.replace("Paint", "PAINT"),
        "invalid_output/blank-missing": good.replace("Wet  ", "Wet "),
        "invalid_output/blank-on-the-other-side": good.replace("  Wet  ", " Wet   "),
        "invalid_output/tabs": good.replace("  Wet", "\tWet"),
        "invalid_output/trailing-blank": good.replace("+\n|", "+ \n|"),
        "invalid_output/carriage-returns": good.replace("\n", "\r\n"),
        "invalid_output/no-last-newline": good[:-1],
        "invalid_output/empty-line-behind": good + "\n",
        "invalid_output/empty-line-before": "\n" + good,
        "invalid_output/all-in-one-line": good.replace("\n", " "),
        "invalid_output/empty": "",
    }.items():
        write_case(name, lines)
        assert paint(lines) == good
        (DATA / f"{name}.out").write_bytes(output.encode())
    for directory in ("sample", "secret", "valid_output", "invalid_output"):
        (DATA / directory / "test_group.yaml").write_text(FLAGS)


def main():
    rng = random.Random(8_128)
    shutil.rmtree(DATA, ignore_errors=True)
    write_case("sample/1-bakery", ["fresh BREAD", "since 1904", "o'NEILL"])
    write_case("sample/2-one-word", ["eXIT"])
    write_secret(rng)
    write_validator_cases()


if __name__ == "__main__":
    main()
