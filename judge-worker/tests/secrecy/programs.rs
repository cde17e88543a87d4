//! Submissions: some honest ones that fail in each possible way with hidden data in hand, and some
//! that try to carry it out. All solve the public tests, so that the hidden ones are run.

use std::path::Path;

use serde_json::{Value, json};

use super::canary::{Aviary, Kind};

/// One submission and what it comes to.
pub struct Submission {
    pub id: String,
    pub message: Value,
    /// Its own mark.
    pub canary: String,
    /// `None`: it is put off again and again.
    pub verdict: Option<&'static str>,
}

/// A program, its problem, and the verdict.
type Row = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const fn row(
    name: &'static str,
    language: &'static str,
    source: &'static str,
    problem: &'static str,
    verdict: &'static str,
) -> Row {
    (name, language, source, problem, Some(verdict))
}

macro_rules! program {
    ($file:literal) => {
        include_str!(concat!("programs/", $file))
    };
}

const RIGHT: &str = program!("right.py");
const ECHO: &str = program!("echo.py");
const PYTHON: &str = "python3";

const ROWS: [Row; 22] = [
    row("right", PYTHON, RIGHT, "compared", "AC"),
    row("echo", PYTHON, ECHO, "compared", "WA"),
    row("throw", PYTHON, program!("throw.py"), "compared", "RTE"),
    row("throw-java", "java", program!("Throw.java"), "compared", "RTE"),
    row("abort", "c", program!("abort.c"), "compared", "RTE"),
    row("spin", PYTHON, program!("spin.py"), "compared", "TLE"),
    row("hoard", PYTHON, program!("hoard.py"), "compared", "MLE"),
    row("flood", PYTHON, program!("flood.py"), "compared", "OLE"),
    row("include", "c", program!("include.c"), "compared", "CE"),
    row("incbin", "c", program!("incbin.c"), "compared", "CE"),
    row("forge", PYTHON, program!("forge.py"), "compared", "WA"),
    row("stash", PYTHON, program!("stash.py"), "compared", "WA"),
    row("checked-right", PYTHON, RIGHT, "checked", "AC"),
    row("checked-echo", PYTHON, ECHO, "checked", "WA"),
    row("checked-crash", PYTHON, program!("crash.py"), "checked", "JE"),
    row("checked-crash-public", PYTHON, program!("crash_public.py"), "checked", "JE"),
    row("unbuildable", PYTHON, RIGHT, "unbuildable", "JE"),
    row("graded-right", PYTHON, RIGHT, "graded", "AC"),
    row("graded-echo", PYTHON, ECHO, "graded", "WA"),
    row("arguments", PYTHON, ECHO, "arguments", "WA"),
    row("mistaken", PYTHON, RIGHT, "mistaken", "JE"),
    ("vanishing", PYTHON, RIGHT, "vanishing", None),
];

/// All of them, in this order, beginning with another one each time.
pub fn all(first: usize, wanted: &Path, canaries: &mut Aviary) -> Vec<Submission> {
    let mut rows = ROWS;
    rows.rotate_left(first % ROWS.len());
    let submission = |(name, language, source, problem, verdict): Row| {
        let canary = canaries.hatch(Kind::Source);
        let source =
            source.replace("@CANARY@", &canary).replace("@WANTED@", &wanted.display().to_string());
        let message = json!({
            "submissionId": name, "problemId": problem, "language": language, "source": source,
        });
        Submission { id: name.to_owned(), message, canary, verdict }
    };
    rows.into_iter().map(submission).collect()
}

/// A program that looks for what others have left, and its input, which it has to find.
pub fn probe(canaries: &mut Aviary) -> Submission {
    let stdin = canaries.hatch(Kind::Public);
    let message = json!({
        "submissionId": "probe", "problemId": "compared", "language": PYTHON,
        "source": program!("probe.py"), "mode": "custom", "stdin": stdin,
    });
    Submission { id: "probe".into(), message, canary: stdin, verdict: Some("AC") }
}
