"""Finds data of hidden tests where none may be.

Every run of eight characters from the beginning and the end of a hidden file counts as its data,
if it is distinctive: five different characters at least, and found in nothing that is public, in
whatever case: a program may print what it read in another. A message is searched value by value;
left out are the values that can't carry data, because the client knows them exactly or because they
are clocks and counters by their schema. Data without any such run, such as the moves of `heavyoutput`,
can't be told from what programs print on public tests.
"""

import pathlib

WINDOW = 8  # characters
DISTINCT = 5
EDGE_BYTES = 8 * 1024  # of a file, at each end: some have 10 MB
PUBLIC_FILES = ("data/sample/*", "statement/*", "problem_statement/*", "problem.yaml")
KNOWN = frozenset(
    # Compared elsewhere with what was sent or stored.
    "requestId submissionId historyId historyKey roomId userId problemId language mode verdict "
    "metadata type schemaVersion "
    # Clocks, counters and hashes.
    "at judgedAt seq testsDone testsTotal problemVersion worker ordinal cpuTimeMs wallTimeMs "
    "memoryKib score maxScore measured limit".split()
)


def windows(text):
    return {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)}


def distinctive(window):
    return DISTINCT <= len(set(window))


class HiddenData:
    """The distinctive parts of all hidden tests, by problem."""

    def __init__(self, problems, also_public):
        public = set().union(*(windows(text.lower()) for text in also_public))
        self.parts = {
            package.name: hidden_parts(package, public) for package in sorted(problems.iterdir())
        }

    def found_in(self, problem_id, value):
        """Parts of hidden tests in a decoded JSON value, each with its place."""
        parts = self.parts.get(problem_id, frozenset())
        for where, text in leaves(value):
            for part in windows(text) & parts:
                yield f"{part!r} at {where}"


def hidden_parts(package, public):
    own_public = set(public)
    for pattern in PUBLIC_FILES:
        for path in package.glob(pattern):
            if path.suffix != ".pdf":
                own_public |= windows(path.read_text().lower())
    hidden = set()
    for path in pathlib.Path(package, "data/secret").rglob("*"):
        if path.suffix in (".in", ".ans"):
            hidden |= windows(edges(path))
    return frozenset(
        part for part in hidden if distinctive(part) and part.lower() not in own_public
    )


def edges(path):
    """Beginning and end of a file, with a NUL between them, which is in no message."""
    content = path.read_bytes()
    if len(content) <= 2 * EDGE_BYTES:
        return content.decode(errors="replace")
    ends = (content[:EDGE_BYTES], content[-EDGE_BYTES:])
    return "\0".join(end.decode(errors="replace") for end in ends)


def leaves(value, where="$"):
    """Every text and number that may carry data, with its place."""
    if isinstance(value, dict):
        for key, of in value.items():
            yield f"{where}.{key}, its name", key
            if key not in KNOWN:
                yield from leaves(of, f"{where}.{key}")
    elif isinstance(value, list):
        for index, of in enumerate(value):
            yield from leaves(of, f"{where}[{index}]")
    elif value is not None and not isinstance(value, bool):
        yield where, str(value)
