#!/usr/bin/env python3
"""Sends submissions to the judge as the solving API does, and checks everything that comes back.

    client.py --amqp URL --database URL --problems DIR --schemas DIR [--count 200]

It is written from the description of the messages alone, and shares no code with the worker. The
workers must be running, and the queues empty. It prints a table and every violation; exit code 0
if there is none, 1 if there is one.
"""

import argparse
import collections
import pathlib
import sys
import time

from checks import Checker, Samples, Schemas, course, effects
from hidden import HiddenData
from jobs import Plan
from wire import RETRY, SUBMISSIONS, Listener, Sender


class Run:
    """Sending and receiving; afterwards, everything that arrived."""

    def __init__(self, options, jobs):
        self.jobs = jobs
        self.listener = Listener(options.amqp, options.database)
        self.sender = Sender(options.amqp)
        self.deadline = time.monotonic() + options.patience
        self.dead = []
        self.sent = 0
        self.waits_for_reply = {}

    def go(self):
        self.listener.start()
        for job in self.jobs:
            if job.after:
                what = f"the verdict of {job.after}, to send a {job.kind}"
                self.listener.wait_for(what, lambda: job.after in self.judged(), self.deadline)
            self.send(job)
        wanted = {job.key for job in self.jobs if job.verdicts}
        self.listener.wait_for("all verdicts", lambda: wanted <= self.judged(), self.deadline)
        self.collect_dead()
        self.wait_until_settled()

    def send(self, job):
        self.sent += 1
        if job.wants_reply:
            self.waits_for_reply[f"c-{self.sent}"] = job
        self.sender.send(job, self.sent, self.listener.reply_to)

    def judged(self):
        """The requests whose verdict has arrived."""
        messages = (arrival.message for arrival in self.listener.events)
        return {
            message["requestId"] or message["submissionId"]
            for message in messages
            if message and message.get("type") == "verdict"
        }

    def collect_dead(self):
        wanted = sum(job.dead for job in self.jobs)
        while len(self.dead) < wanted and time.monotonic() < self.deadline:
            self.dead.extend(self.sender.dead_letters())
            self.sender.sleep()

    def wait_until_settled(self):
        """Until nothing waits, and everything that was published has arrived."""
        while not (self.sender.is_empty(SUBMISSIONS) and self.sender.is_empty(RETRY)):
            if self.deadline < time.monotonic():
                print("gave up waiting: empty queues")
                return
            self.sender.sleep()
        everyone = lambda: len(self.waits_for_reply) <= len(self.listener.replies)
        self.listener.wait_for("all replies", everyone, self.deadline)
        self.sender.mark()
        self.listener.wait_for("my own mark", lambda: self.listener.marked, self.deadline)
        self.dead.extend(self.sender.dead_letters())

    def arrivals(self, kind):
        events = self.listener.events
        return [arrival for arrival in events if (arrival.message or {}).get("type") == kind]


def violations(run, options):
    """Everything that is not as it should be."""
    sources = [job.body.decode(errors="replace") for job in run.jobs]
    also_public = [source.replace("\\n", "\n") for source in sources] + sources
    checker = Checker(
        run.jobs,
        Schemas(options.schemas),
        Samples(options.problems),
        HiddenData(options.problems, also_public),
    )
    verdicts, progress = run.arrivals("verdict"), run.arrivals("progress")
    for arrival in run.listener.events:
        if arrival not in verdicts and arrival not in progress:
            yield f"no event: {arrival.body[:200]!r}"
    for arrival in verdicts:
        name = arrival.message["requestId"] or arrival.message["submissionId"]
        yield from (f"verdict of {name} {found}" for found in checker.verdict(arrival))
    yield from effects(verdicts)
    courses = collections.defaultdict(list)
    for arrival in progress:
        name = arrival.message["requestId"]
        courses[name].append(arrival.message)
        yield from (f"progress of {name} {found}" for found in checker.progress_message(arrival))
    for name, messages in courses.items():
        yield from (f"progress of {name}: {found}" for found in course(messages))
    for arrival in run.listener.replies:
        name = arrival.properties.correlation_id
        found = checker.reply(arrival, verdicts, run.waits_for_reply)
        yield from (f"reply {name} {found}" for found in found)
    yield from missing(run, courses)
    yield from traces(run, verdicts)
    yield from dead_letters(run)
    yield from stored(run)


def missing(run, courses):
    judged = run.judged()
    replied = {arrival.properties.correlation_id for arrival in run.listener.replies}
    for job in run.jobs:
        if job.verdicts and job.key not in judged:
            yield f"{job.kind} {job.key}: no verdict"
        if job.verdicts and not job.dead and job.key not in courses:
            yield f"{job.kind} {job.key}: no progress"
    for name, job in run.waits_for_reply.items():
        if name not in replied:
            yield f"{job.kind} {job.key}: no reply to {name}"


def traces(run, verdicts):
    """Every trace that came with a submission goes on with its verdict."""
    carried = {(arrival.properties.headers or {}).get("traceparent") for arrival in verdicts}
    for job in run.jobs:
        if job.traceparent and job.traceparent not in carried:
            yield f"{job.kind} {job.key}: its trace context is lost"


def dead_letters(run):
    """Each bad message is there once, byte for byte and with a reason; no other is."""
    wanted = collections.Counter(job.body for job in run.jobs if job.dead)
    found = collections.Counter(body for _, body in run.dead)
    for job in run.jobs:
        if job.dead and found[job.body] != wanted[job.body]:
            yield f"{job.kind}: {found[job.body]} times in the dead-letter queue"
    for properties, body in run.dead:
        if body not in wanted:
            yield f"dead, but fine: {body[:200]!r}"
        if not (properties.headers or {}).get("x-judge-reason"):
            yield f"dead without a reason: {body[:200]!r}"


def stored(run):
    """One history row for each request, and nothing left to tell."""
    requests = {job.request_id for job in run.jobs if job.verdicts and job.request_id}
    rows = run.listener.history.rows("SELECT request_id FROM judge_history")
    ids = [row["request_id"] for row in rows]
    if sorted(ids) != sorted(requests):
        odd = set(ids) ^ requests
        yield f"{len(ids)} history rows for {len(requests)} requests; not in both: {sorted(odd)}"
    left = run.listener.history.rows("SELECT history_id FROM judge_outbox")
    if left:
        yield f"{len(left)} verdicts are left in the outbox"


def print_table(run, seconds):
    """What was sent, and how it fared."""
    verdict_of = {
        arrival.message["requestId"] or arrival.message["submissionId"]: arrival.message["verdict"]
        for arrival in run.arrivals("verdict")
    }
    rows = collections.defaultdict(collections.Counter)
    for job in run.jobs:
        outcome = verdict_of.get(job.key, "none") if job.verdicts else "-"
        rows[job.kind][outcome] += 1
    print(f"{'sent':34} {'messages':>8}  verdicts")
    for kind, outcomes in sorted(rows.items()):
        mix = ", ".join(f"{count} {code}" for code, count in sorted(outcomes.items()))
        print(f"{kind:34} {sum(outcomes.values()):8}  {mix}")
    reasons = collections.Counter(
        (properties.headers or {}).get("x-judge-reason") for properties, _ in run.dead
    )
    workers = collections.Counter(
        arrival.message["worker"] for arrival in run.arrivals("verdict")
    )
    languages = sorted({job.language for job in run.jobs if job.language})
    verdicts, requests = len(run.arrivals("verdict")), len(verdict_of)
    print(f"\n{len(run.jobs)} messages, {requests} requests, {seconds:.0f} s")
    print(f"verdicts: {verdicts}, {verdicts - requests} of them again")
    print(f"progress: {len(run.arrivals('progress'))}, replies: {len(run.listener.replies)}")
    print(f"languages: {', '.join(languages)}")
    print(f"workers: {', '.join(f'{name} {count}' for name, count in sorted(workers.items()))}")
    print(f"dead: {', '.join(f'{count} {reason}' for reason, count in sorted(reasons.items()))}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--amqp", required=True, metavar="URL")
    parser.add_argument("--database", required=True, metavar="URL")
    parser.add_argument("--problems", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("--schemas", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("--count", type=int, default=200, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="decides what is sent, and its order")
    parser.add_argument(
        "--patience", type=float, default=900, metavar="SECONDS", help="default %(default)s"
    )
    return parser.parse_args()


def main():
    options = arguments()
    began = time.monotonic()
    run = Run(options, Plan(options.problems, options.count, options.seed).jobs())
    run.go()
    print_table(run, time.monotonic() - began)
    found = list(violations(run, options))
    for violation in found:
        print(f"VIOLATION: {violation}")
    print(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
