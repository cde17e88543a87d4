"""What the client sends, and what must come of each message.

Sources are the reference submissions of the problem packages, which say by their folder, or by an
`@EXPECTED_RESULTS@` tag, how they must fare.
"""

import dataclasses
import datetime
import json
import random
import re

LANGUAGE_OF_SUFFIX = {".c": "c", ".java": "java", ".py": "python3", ".js": "javascript"}
CPP_IDS = ("cpp17", "cpp20", "cpp")
VERDICTS_OF_FOLDER = {
    "accepted": {"AC"},
    "wrong_answer": {"WA"},
    "run_time_error": {"RTE"},
    "time_limit_exceeded": {"TLE"},
}
VERDICTS_OF_TAG = {
    "COMPILER-ERROR": {"CE"},
    "MEMORY-LIMIT": {"MLE"},
    "OUTPUT-LIMIT": {"OLE"},
    "RUN-ERROR": {"RTE"},
    "TIMELIMIT": {"TLE", "WTL"},
}
# Judged on all tests in any language, since they take seconds at most.
LIGHT_PROBLEMS = ("caseandspace", "lens", "sums", "twoaddends")
# Virtual machines need a third of a second to start: for them, the public tests must do.
SLOW_TO_START = ("java", "javascript")
# One of each of what is rare: the mode, and limits that make waiting for them short.
FEATURED = {
    "heavyinput/accepted/scanf.c": ("submit", None),
    "heavyinput/accepted/two_files_java": ("sample", None),
    "heavyinput/rejected/stores_every_stretch.cpp": ("submit", None),
    "heavyoutput/accepted/recursive.c": ("submit", None),
    "heavyoutput/rejected/never_stops.c": ("submit", None),
    "lens/accepted/clamped.js": ("submit", None),
    "sums/accepted/add_scanner.java": ("submit", None),
    "sums/rejected/missing_header.cpp": ("submit", None),
    "sums/rejected/missing_semicolon.c": ("submit", None),
    "sums/rejected/never_answers.js": ("sample", {"wallTimeMs": 1500}),
    "sums/rejected/sleeps.py": ("submit", {"wallTimeMs": 1000}),
    "sums/rejected/unclosed_bracket.py": ("submit", None),
    "sums/rejected/unknown_class.java": ("submit", None),
    "sums/time_limit_exceeded/counts_up.cpp": ("submit", None),
    "sums/time_limit_exceeded/spins.py": ("submit", {"timeMs": 300}),
}
# Spacing, order, escapes and number forms that a parser and a printer would not keep.
METADATA = '{"z" : 1.50e0,"a":[ ],  "text":"\\u00e9 é \\/", "big":12345678901234567890}'
MAX_SOURCE_BYTES = 64 * 1024
MAX_METADATA_BYTES = 4 * 1024


@dataclasses.dataclass
class Job:
    """One message, and what must come of it."""

    kind: str  # for the summary
    body: bytes
    request_id: str | None  # as a verdict must carry it
    submission_id: str | None
    verdicts: set  # one of these; empty if no verdict may come
    dead: bool = False  # ends in the dead-letter queue
    room_id: str | None = None
    history_key: str | None = None
    metadata: str | None = None  # as it stands in the body
    problem_id: str | None = None
    language: str | None = None
    mode: str | None = None
    wants_reply: bool = False
    traceparent: str | None = None
    custom_output: str | None = None  # what the program must have written in mode custom
    after: str | None = None  # sent when the verdict of this request has arrived

    @property
    def key(self):
        return self.request_id or self.submission_id


@dataclasses.dataclass
class Reference:
    """A reference submission: one file, or a folder of them."""

    path: str  # problem/folder/name
    problem_id: str
    folder: str
    language: str
    program: dict  # `source` or `files`
    verdicts: set


def read_references(problems):
    """All reference submissions whose verdict is known, by path."""
    found, cpp = {}, 0
    for path in sorted(problems.glob("*/submissions/*/*")):
        problem_id, folder = path.parts[-4], path.parts[-2]
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        suffix = files[0].suffix
        language = LANGUAGE_OF_SUFFIX.get(suffix)
        if suffix == ".cpp":
            language, cpp = CPP_IDS[cpp % len(CPP_IDS)], cpp + 1
            if "#include <ranges>" in path.read_text():
                language = "cpp20"
        if path.is_dir():
            content = [{"name": file.name, "content": file.read_text()} for file in files]
            program = {"files": content}
        else:
            program = {"source": path.read_text()}
        verdicts = VERDICTS_OF_FOLDER.get(folder) or verdicts_of_tag(program["source"])
        name = f"{problem_id}/{folder}/{path.name}"
        found[name] = Reference(name, problem_id, folder, language, program, verdicts)
    return found


def verdicts_of_tag(source):
    tags = re.search(r"@EXPECTED_RESULTS@: *([A-Z, -]+)", source).group(1).split(",")
    return set().union(*(VERDICTS_OF_TAG[tag.strip()] for tag in tags))


class Plan:
    """Makes `count` jobs, in an order that a seed decides."""

    def __init__(self, problems, count, seed):
        self.problems = problems
        self.count = count
        self.random = random.Random(seed)
        self.references = read_references(problems)
        self.serial = 0

    def jobs(self):
        featured = [self.featured(*item) for item in FEATURED.items()]
        bad = self.bad()
        quick = self.quick()
        room = self.count - len(featured) - len(bad)
        again = max(2, room // 12)
        fresh = [next(quick) for _ in range(room - again - 1)]
        if len(fresh) <= again:
            raise SystemExit(f"{self.count} submissions are too few to show everything")
        copied = self.random.sample(fresh, again + 1)
        copies = [dataclasses.replace(job, kind="duplicate") for job in copied[:again]]
        # A double click comes at once, a sender's second try when all is over.
        for job in copies[: again // 2]:
            job.after = job.request_id
        jobs = featured + bad + fresh + [job for job in copies if not job.after]
        self.random.shuffle(jobs)
        late = [job for job in copies if job.after] + [self.conflict(copied[again])]
        return jobs + late

    def quick(self):
        """Endless: the light problems, in all languages and modes."""
        light = [
            reference
            for reference in self.references.values()
            if reference.problem_id in LIGHT_PROBLEMS
            and reference.folder in ("accepted", "wrong_answer", "run_time_error")
            # It may run out of memory, and the legacy format has no word for that.
            and not reference.path.endswith("/fills_memory.cpp")
        ]
        self.random.shuffle(light)
        # Every language has its turn in mode custom.
        adders = [r for r in light if r.path.startswith("sums/accepted/")]
        while True:
            for turn, reference in enumerate(light):
                if turn % 6 == 5:
                    yield self.custom(adders[turn // 6 % len(adders)])
                elif reference.language in SLOW_TO_START or turn % 4 == 3:
                    yield self.judged(reference, "sample")
                else:
                    yield self.judged(reference, "submit")

    def featured(self, path, how):
        mode, limits = how
        return self.judged(self.references[path], mode, limits=limits)

    def judged(self, reference, mode, **more):
        certain = mode != "sample" or reference.verdicts in ({"CE"}, {"AC"})
        # Public tests don't find every mistake, except where the program never gets further.
        certain = certain or reference.folder == "rejected"
        verdicts = reference.verdicts if certain else reference.verdicts | {"AC"}
        message = self.message(reference, mode=mode, **more)
        return self.job(mode, message, verdicts)

    def custom(self, reference):
        """A run on a public test's input, as the user's own."""
        sample = self.random.choice(sorted(self.problems.glob("sums/data/sample/*.in")))
        message = self.message(reference, mode="custom", stdin=sample.read_text())
        job = self.job("custom", message, {"AC"})
        job.custom_output = sample.with_suffix(".ans").read_text()
        return job

    def message(self, reference, **more):
        self.serial += 1
        now = datetime.datetime.now(datetime.timezone.utc)
        message = {
            "schemaVersion": 1,
            "submissionId": f"s-{self.serial}",
            "requestId": f"r-{self.serial}",
            "problemId": reference.problem_id,
            "language": reference.language,
            "enqueuedAt": now.isoformat(),
            **reference.program,
            **{key: value for key, value in more.items() if value is not None},
        }
        optional = {
            "roomId": f"room-{self.serial % 7}",
            "userId": "user-1",
            "historyKey": f"key:{self.serial}",
        }
        message |= {key: value for key, value in optional.items() if self.random.random() < 0.8}
        if self.random.random() < 0.1:
            del message["requestId"]  # the submission's id stands in
        if message.get("mode") == "submit" and self.random.random() < 0.3:
            del message["mode"]
        return message

    def job(self, kind, message, verdicts, **more):
        metadata = METADATA if self.random.random() < 0.5 and "metadata" not in message else None
        body = json.dumps(message, ensure_ascii=self.random.random() < 0.5)
        if metadata:
            body = f'{body[:-1]}, "metadata":{metadata}}}'
        return Job(
            kind=kind,
            body=body.encode(),
            request_id=message.get("requestId", message["submissionId"]),
            submission_id=message["submissionId"],
            verdicts=verdicts,
            room_id=message.get("roomId"),
            history_key=message.get("historyKey"),
            metadata=metadata,
            problem_id=message["problemId"],
            language={"cpp": "cpp20"}.get(message["language"], message["language"]),
            mode=message.get("mode", "submit"),
            **{
                "wants_reply": self.random.random() < 0.2,
                "traceparent": trace_parent(self.random),
                **more,
            },
        )

    def conflict(self, first):
        """The request of another job with another program: the first one stands."""
        message = json.loads(first.body)
        message["source"] = "int main() { return 0; }\n"
        message.pop("files", None)
        body = json.dumps(message).encode()
        return Job("conflict", body, None, None, set(), dead=True, after=first.request_id)

    def bad(self):
        """Messages that nobody can judge; `None` takes a key out."""
        broken = {
            "no problem": {"problemId": None},
            "language of wrong type": {"language": 7},
            "unknown mode": {"mode": "fastest"},
            "custom without stdin": {"mode": "custom"},
            "unknown schema version": {"schemaVersion": 2},
            "unknown problem": {"problemId": "no-such-problem"},
            "unknown language": {"language": "cobol"},
            "source too large": {"source": "x" * (MAX_SOURCE_BYTES + 1)},
            "message too large": {"source": "x" * (1536 << 10)},
            "metadata too large": {"metadata": {"x": "x" * MAX_METADATA_BYTES}},
            "NUL in source": {"source": "int main() {}\0"},
            "source and files": {"files": [{"name": "a.c", "content": ""}]},
            "file name that climbs": {
                "source": None,
                "files": [{"name": "../evil.c", "content": "int main() {}"}],
            },
            "problem id that climbs": {"problemId": "../../etc"},
            "NUL in request id": {"requestId": "r\0"},
            "submission id with blanks": {"submissionId": "a b"},
            "room that is two words": {"roomId": "a.b"},
        }
        jobs = [self.refused(kind, changes) for kind, changes in broken.items()]
        jobs.append(unanswerable("not JSON", b"Hello, judge!"))
        jobs.append(unanswerable("not UTF-8", b"\xff\xfe\x00"))
        # Who waits for it can still be read.
        cut = b'{"submissionId": "s-cut", "problemId": "sums", "source": "int ma'
        jobs.append(Job("bad: cut off", cut, "s-cut", "s-cut", {"JE"}, dead=True))
        jobs.append(unanswerable("not an object", b'["submissionId", "requestId"]'))
        return jobs

    def refused(self, kind, changes):
        reference = self.references["sums/accepted/add.c"]
        message = self.message(reference) | changes
        message.setdefault("requestId", f"r-{self.serial}")
        message = {key: value for key, value in message.items() if value is not None}
        request_id, submission_id = message["requestId"], message["submissionId"]
        body = json.dumps(message).encode()
        return Job(
            f"bad: {kind}",
            body,
            None if "\0" in request_id else request_id,
            None if " " in submission_id else submission_id,
            {"JE"},
            dead=True,
            room_id=None if "." in message.get("roomId", "") else message.get("roomId"),
            history_key=message.get("historyKey"),
            wants_reply=self.random.random() < 0.5,
        )


def unanswerable(kind, body):
    return Job(f"bad: {kind}", body, None, None, set(), dead=True)


def trace_parent(source):
    if source.random() < 0.7:
        return None
    return f"00-{source.getrandbits(128):032x}-{source.getrandbits(64):016x}-01"
