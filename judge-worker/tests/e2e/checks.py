"""What must hold of the messages that arrived. Every check yields its violations, one a line."""

import collections
import datetime
import itertools
import json
import re

import jsonschema

PERSISTENT, TRANSIENT = 2, 1
DATA_KEYS = {"input", "expected", "actual", "stderr", "checkerMessage"}
HIDDEN_KEYS = {
    *("ordinal", "visibility", "group", "verdict"),
    *("cpuTimeMs", "wallTimeMs", "memoryKib", "reason"),
}
STAGES = ["received", "compiling", "running"]
# One each 100 ms is allowed. The worker decides by one clock and writes the time of another, and
# may be held up between the two: a single gap may look shorter, but not the whole.
PROGRESS_SECONDS, SHORTEST_GAP_SECONDS = 0.1, 0.05


class Schemas:
    def __init__(self, folder):
        self.of = {
            name: json.loads((folder / f"{name}.json").read_text())
            for name in ("progress", "verdict")
        }

    def violations(self, name, message):
        for error in jsonschema.Draft7Validator(self.of[name]).iter_errors(message):
            yield f"breaks the schema at {error.json_path}: {error.message[:200]}"
        for key in set(message) - set(self.of[name]["properties"]):
            yield f"has the key {key!r}, which the schema does not know"


class Samples:
    """Public tests by problem: (input, answer)."""

    def __init__(self, problems):
        self.of = {
            package.name: {
                (path.read_text(), path.with_suffix(".ans").read_text())
                for path in package.glob("data/sample/*.in")
            }
            for package in problems.iterdir()
        }


class Checker:
    def __init__(self, jobs, schemas, samples, hidden):
        self.jobs = {}
        for job in jobs:
            if job.key and job.verdicts:
                self.jobs.setdefault(job.key, job)
        self.schemas, self.samples, self.hidden = schemas, samples, hidden

    def job_of(self, message):
        return self.jobs.get(message["requestId"] or message["submissionId"])

    def verdict(self, arrival):
        """One verdict message."""
        message, job = arrival.message, self.job_of(arrival.message)
        yield from self.schemas.violations("verdict", message)
        yield from envelope(arrival, "verdict", PERSISTENT)
        if job is None:
            yield "nobody asked for this verdict"
            return
        if message["verdict"] not in job.verdicts:
            wanted = "/".join(sorted(job.verdicts))
            why = (message["reason"] or {}).get("text")
            yield f"is {message['verdict']} ({why}), expected {wanted}"
        for key, sent in [
            ("requestId", job.request_id),
            ("submissionId", job.submission_id),
            ("historyKey", job.history_key),
            ("roomId", job.room_id),
        ]:
            if message[key] != sent:
                yield f"has the {key} {message[key]!r}, sent was {sent!r}"
        if job.request_id and arrival.properties.message_id != job.request_id:
            yield f"has the message id {arrival.properties.message_id!r}"
        if (message["reason"] is None) != (message["verdict"] == "AC"):
            yield "must have a reason exactly if it is not AC"
        for found in self.hidden.found_in(job.problem_id, message):
            yield f"holds hidden data: {found}"
        if job.dead:
            # What has a request id has a row, even if little else of it could be read.
            row = arrival.row
            if (message["historyId"] is None) != (job.request_id is None):
                yield f"names the history row {message['historyId']}"
            elif job.request_id and (row is None or row["verdict"] != message["verdict"]):
                yield f"has the history row {row}"
            return
        yield from self.judged(arrival, job)
        yield from self.history(arrival, job)

    def judged(self, arrival, job):
        message, tests = arrival.message, arrival.message["tests"]
        for key in ("problemId", "language", "mode"):
            sent = {"problemId": job.problem_id, "language": job.language, "mode": job.mode}[key]
            if message[key] != sent:
                yield f"has the {key} {message[key]!r}, sent was {sent!r}"
        wanted = f'"metadata":{job.metadata or "null"}'.encode()
        if wanted not in arrival.body:
            yield f"does not echo {wanted!r}"
        toolchain = message["provenance"]["toolchain"] or ""
        if not re.search(r"\d+\.\d+", toolchain) or "warning" in toolchain:
            yield f"names the toolchain {toolchain!r}"
        if message["verdict"] != "CE" and not tests:
            yield "reports no test"
        ordinals = [test["ordinal"] for test in tests]
        if ordinals != sorted(set(ordinals)):
            yield f"reports the tests in the order {ordinals}"
        if message["verdict"] == "AC" and len(tests) != message["testsTotal"]:
            yield f"is AC after {len(tests)} of {message['testsTotal']} tests"
        hidden = [test for test in tests if test["visibility"] != "public"]
        if hidden and job.mode != "submit":
            yield f"ran hidden tests in mode {job.mode}"
        if job.mode == "submit" and message["verdict"] == "AC" and not hidden:
            yield "is AC without any hidden test"
        for test in hidden:
            if set(test) != HIDDEN_KEYS:
                yield f"reports a hidden test with the keys {sorted(test)}"
        for test in tests:
            if test["visibility"] == "public":
                yield from self.public_test(test, job)

    def public_test(self, test, job):
        if not DATA_KEYS <= set(test):
            yield f"reports a public test without {sorted(DATA_KEYS - set(test))}"
        elif job.mode == "custom":
            if (test["expected"], test["actual"]) != (None, job.custom_output):
                yield f"custom run: {test['actual']!r} (expected: {test['expected']!r})"
        elif (test["input"], test["expected"]) not in self.samples.of[job.problem_id]:
            yield f"shows a public test that is no sample: {test['input'][:50]!r}"

    def history(self, arrival, job):
        """The row was committed before the verdict arrived, and says the same."""
        message, row = arrival.message, arrival.row
        if row is None:
            yield f"arrived before its history row {message['historyId']}"
            return
        for column, key in [
            *(("request_id", "requestId"), ("submission_id", "submissionId")),
            *(("history_key", "historyKey"), ("problem_id", "problemId")),
            *(("language", "language"), ("verdict", "verdict"), ("score", "score")),
            *(("worker", "worker"), ("mode", "mode"), ("problem_version", "problemVersion")),
        ]:
            if row[column] != message[key]:
                yield f"says {key} {message[key]!r}, its history row {row[column]!r}"
        of_message = [(t["ordinal"], t["visibility"], t["verdict"]) for t in message["tests"]]
        of_rows = [(t["ordinal"], t["visibility"], t["verdict"]) for t in arrival.test_rows]
        if of_message != of_rows:
            yield f"reports the tests {of_message}, its history rows {of_rows}"
        for stored in [row, *arrival.test_rows]:
            texts = [decoded(value) for value in stored.values() if isinstance(value, str)]
            for found in self.hidden.found_in(job.problem_id, texts):
                yield f"its history row holds hidden data: {found}"

    def progress_message(self, arrival):
        message, job = arrival.message, self.job_of(arrival.message)
        yield from self.schemas.violations("progress", message)
        yield from envelope(arrival, "progress", TRANSIENT)
        if job is None or job.dead:
            yield "nobody asked for this progress"
        if message["testsTotal"] < message["testsDone"]:
            yield f"is at test {message['testsDone']} of {message['testsTotal']}"

    def reply(self, arrival, verdicts, sent):
        """`sent`: the job of each correlation id that waits for a reply."""
        job = sent.get(arrival.properties.correlation_id)
        if job is None:
            yield "has a correlation id that nobody waits for"
        elif arrival.message is None or self.job_of(arrival.message).key != job.key:
            yield f"is not about {job.key}, but {arrival.body[:200]!r}"
        elif arrival.body not in {verdict.body for verdict in verdicts}:
            yield "differs from the verdict that was published"


def decoded(text):
    """A text of the database; JSON as the values in it."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def envelope(arrival, kind, delivery_mode):
    properties, message = arrival.properties, arrival.message
    if properties.content_type != "application/json":
        yield f"has the content type {properties.content_type!r}"
    if properties.delivery_mode != delivery_mode:
        yield f"has the delivery mode {properties.delivery_mode}"
    key = f"{kind}.{message['roomId'] or '~'}.{message['submissionId'] or '~'}"
    if arrival.routing_key != key:
        yield f"has the routing key {arrival.routing_key!r}, not {key!r}"


def effects(verdicts):
    """One verdict for each message id: what came again is the same to the byte."""
    bodies = collections.defaultdict(set)
    for arrival in verdicts:
        bodies[arrival.properties.message_id].add(arrival.body)
    for message_id, different in bodies.items():
        if len(different) != 1:
            yield f"{message_id}: {len(different)} different verdicts"


def course(messages):
    """All progress of one request, in the order of arrival."""
    for one, next_one in itertools.pairwise(messages):
        if next_one["seq"] <= one["seq"]:
            yield f"seq {next_one['seq']} after {one['seq']}"
        if STAGES.index(next_one["stage"]) < STAGES.index(one["stage"]):
            yield f"stage {next_one['stage']} after {one['stage']}"
        if next_one["testsDone"] < one["testsDone"]:
            yield f"test {next_one['testsDone']} after {one['testsDone']}"
        gap = seconds(next_one) - seconds(one)
        if gap < SHORTEST_GAP_SECONDS:
            yield f"{1000 * gap:.0f} ms between seq {one['seq']} and {next_one['seq']}"
    span = seconds(messages[-1]) - seconds(messages[0])
    if span + PROGRESS_SECONDS / 2 < (len(messages) - 1) * PROGRESS_SECONDS:
        yield f"{len(messages)} messages in {1000 * span:.0f} ms"


def seconds(message):
    return datetime.datetime.fromisoformat(message["at"]).timestamp()
