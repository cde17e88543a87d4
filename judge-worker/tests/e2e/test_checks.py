"""The client's checks find what they are for."""

import pathlib
import sys
import unittest

from checks import course, effects
from hidden import HiddenData
from jobs import Plan, read_references

PROBLEMS = pathlib.Path(sys.argv.pop())


class Arrived:
    def __init__(self, message_id, body):
        self.properties = self
        self.message_id = message_id
        self.body = body


def progress(seq, seconds, stage="running", done=0):
    at = f"2026-01-01T00:00:{seconds:09.6f}Z"
    return {"seq": seq, "at": at, "stage": stage, "testsDone": done}


class Checks(unittest.TestCase):
    def test_any_part_of_a_hidden_file_is_found_wherever_it_is(self):
        hidden = HiddenData(PROBLEMS, [])
        packages = {package.name: package for package in PROBLEMS.iterdir()}
        # Moves between three places: every program prints such text, whatever the test.
        del packages["heavyoutput"]
        for package in packages.values():
            found = 0
            for path in package.glob("data/secret/**/*.in"):
                text = path.read_bytes()[:3000].decode()
                for where in ({"reason": {"text": text}}, {"tests": [{text: 1}]}):
                    found += any(hidden.found_in(package.name, where))
            self.assertLess(0, found, package.name)

    def test_public_data_in_any_case_is_not_taken_for_hidden_data(self):
        hidden = HiddenData(PROBLEMS, ["what the client SENT"])
        for package in PROBLEMS.iterdir():
            samples = [path.read_text() for path in package.glob("data/sample/*.in")]
            shown = {"tests": [{"input": text, "actual": text.swapcase()} for text in samples]}
            shown["stderr"] = "What the Client sent"
            self.assertEqual([], list(hidden.found_in(package.name, shown)))

    def test_a_second_verdict_that_differs_is_found(self):
        same = [Arrived("r-1", b"{}"), Arrived("r-1", b"{}"), Arrived("r-2", b"{ }")]
        self.assertEqual([], list(effects(same)))
        self.assertEqual(1, len(list(effects([*same, Arrived("r-1", b"{ }")]))))

    def test_progress_that_goes_back_or_too_fast_is_found(self):
        fine = [progress(0, 1.0, "received"), progress(1, 1.1), progress(4, 1.21, done=3)]
        self.assertEqual([], list(course(fine)))
        for wrong in (
            progress(4, 1.4, done=3),
            progress(5, 1.4, done=2),
            progress(5, 1.4, "compiling", done=3),
            progress(5, 1.22, done=3),
        ):
            self.assertNotEqual([], list(course([*fine, wrong])), wrong)
        steady = [progress(seq, 1 + 0.06 * seq) for seq in range(10)]
        self.assertNotEqual([], list(course(steady)), "each gap is tolerable, but not all of them")

    def test_every_language_mode_and_verdict_that_there_is_to_see_is_asked_for(self):
        jobs = Plan(PROBLEMS, 200, 1).jobs()
        self.assertEqual(200, len(jobs))
        self.assertEqual({"submit", "sample", "custom", None}, {job.mode for job in jobs})
        languages = {"c", "cpp17", "cpp20", "java", "javascript", "python3", None}
        self.assertEqual(languages, {job.language for job in jobs})
        verdicts = set().union(*(job.verdicts for job in jobs))
        self.assertEqual({"AC", "WA", "TLE", "WTL", "MLE", "OLE", "RTE", "CE", "JE"}, verdicts)
        for reference in read_references(PROBLEMS).values():
            self.assertTrue(reference.verdicts, reference.path)


if __name__ == "__main__":
    unittest.main()
