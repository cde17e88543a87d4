#!/usr/bin/env python3
"""Checks a pair of positions, or the claim that there is none.

    validate.py input answer_file feedback_dir/ < team_output

Exits with 42 (right) or 43 (wrong) whatever the team printed: its output is read as bytes, up to a bound, and a token
is converted only once a pattern says that it is a short number. Any other exit code means that the package or the
call is broken, never the submission.
"""

import os
import re
import sys

ACCEPTED, WRONG_ANSWER = 42, 43
# An answer has at most 14 characters. White space around it is welcome, but not without end.
MAX_OUTPUT_BYTES = 64 * 1024
POSITION = re.compile(rb"[1-9][0-9]{0,8}")


def main():
    if len(sys.argv) < 4:
        sys.exit(f"usage: {sys.argv[0]} input answer_file feedback_dir/ < team_output")
    input_path, answer_path, feedback_dir = sys.argv[1:4]
    with open(input_path, "rb") as file:
        n, target, *values = map(int, file.read().split())
    with open(answer_path, "rb") as file:
        judge = file.read().split()

    fault = find_fault(sys.stdin.buffer.read(MAX_OUTPUT_BYTES + 1), n, target, values, judge)
    if fault is None:
        sys.exit(ACCEPTED)
    report(feedback_dir, fault)
    sys.exit(WRONG_ANSWER)


def find_fault(output, n, target, values, judge):
    """What is wrong with the output, or None. `judge` is the answer file's tokens."""
    if len(output) > MAX_OUTPUT_BYTES:
        return f"more than {MAX_OUTPUT_BYTES} bytes of output"
    tokens = output.split()
    if tokens == [b"impossible"]:
        return None if judge == [b"impossible"] else "claims that it is impossible, but there is a pair"
    if len(tokens) != 2:
        return f"{len(tokens)} tokens where two positions or the word 'impossible' are expected"
    for token in tokens:
        if POSITION.fullmatch(token) is None or int(token) > n:
            return f"{shown(token)} is not a position from 1 to {n}"
    i, j = map(int, tokens)
    if i == j:
        return f"position {i} is used twice"
    if values[i - 1] + values[j - 1] != target:
        return f"a[{i}] + a[{j}] = {values[i - 1] + values[j - 1]}, not {target}"
    if judge == [b"impossible"]:
        # Neither 42 nor 43: it is the answer file that is wrong.
        sys.exit("the submission found a pair where the answer file has none")
    return None


def shown(token):
    """A token as printable ASCII of bounded length."""
    return repr(token[:40])[1:] + ("..." if len(token) > 40 else "")


def report(feedback_dir, message):
    """Tells the judges. The judgement stands even if they can't be told."""
    try:
        with open(os.path.join(feedback_dir, "judgemessage.txt"), "a", encoding="ascii") as file:
            file.write(message + "\n")
    except OSError as error:
        print(f"{message} (no judgemessage.txt: {error})", file=sys.stderr)


if __name__ == "__main__":
    main()
