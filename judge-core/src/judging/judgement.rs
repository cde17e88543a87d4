//! The result of a submission.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::package::{Kind, Package};
use super::schedule::Scheduled;
use super::testcase_run::{TestRun, Tested};
use super::verdict::{Cause, ValidatorFailure, Verdict};
use super::view::View;
use crate::sandbox::Usage;

/// The result of a submission.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Judgement {
    /// Of the submission as a whole.
    pub verdict: Verdict,
    /// The mechanism behind any verdict but accepted: of the test that decided, or of compiling.
    pub cause: Option<Cause>,
    /// Points; 1 or 0 in a pass-fail problem.
    pub score: f64,
    /// The most that can be reached, where that is bounded.
    pub max_score: Option<f64>,
    /// How compiling went.
    pub compile: CompileReport,
    /// In the order of the package; without those that running in order would not have run.
    pub tests: Vec<JudgedTest>,
    /// The toolchain's version.
    pub toolchain: String,
    /// What each phase took, by the monotonic clock.
    pub phases: Phases,
}

/// How long the phases of a judgement took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Compiling, and waiting for no slot.
    pub compile: Duration,
    /// From the first test's start to the last one's end, checking included.
    pub run: Duration,
}

/// How compiling went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompileReport {
    /// Whether there was a program to run.
    pub ok: bool,
    /// What the compiler printed.
    pub output: Vec<u8>,
    /// What it used, when it was done.
    pub usage: Usage,
    /// Whether it was done before, for the same sources.
    pub cached: bool,
}

/// One test of a judgement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JudgedTest {
    /// From 1, over the whole package; 1 for the user's own input.
    pub ordinal: u32,
    /// The innermost group it is in; empty for the user's own input.
    pub group: String,
    /// What came of it.
    pub run: TestRun,
    /// What may be seen of it.
    pub view: View,
}

/// Of a submission that was run on no test.
pub(super) fn without_tests(
    package: &Package,
    verdict: Verdict,
    cause: Cause,
    compile: CompileReport,
    toolchain: String,
    phases: Phases,
) -> Judgement {
    let max_score = match package.kind {
        Kind::PassFail => Some(1.0),
        Kind::Scoring { .. } => None,
    };
    let (cause, tests) = (Some(cause), vec![]);
    Judgement { verdict, cause, score: 0.0, max_score, compile, tests, toolchain, phases }
}

/// Of a run on the user's own input.
pub(super) fn of_own_input(
    Tested { run, view, .. }: Tested,
    compile: CompileReport,
    toolchain: String,
    phases: Phases,
) -> Judgement {
    let score = if run.verdict == Verdict::Accepted { 1.0 } else { 0.0 };
    let test = JudgedTest { ordinal: 1, group: String::new(), run, view };
    Judgement {
        verdict: test.run.verdict,
        cause: test.run.cause.clone(),
        score,
        max_score: Some(1.0),
        compile,
        tests: vec![test],
        toolchain,
        phases,
    }
}

/// Of all tests that were run.
pub(super) fn of_tests(
    package: &Package,
    scheduled: Scheduled,
    compile: CompileReport,
    toolchain: String,
    phases: Phases,
) -> Judgement {
    let Scheduled { runs, grade } = scheduled;
    let judged = |(index, Tested { run, view, .. }): (usize, Tested)| {
        let testcase = &package.testcases[index];
        let group = package.group_name(testcase).to_owned();
        JudgedTest { ordinal: testcase.ordinal, group, run, view }
    };
    let tests: Vec<JudgedTest> = runs.into_iter().map(judged).collect();
    // A validator that fails says nothing about the program, on whichever test.
    let broken = tests.iter().find(|test| test.run.verdict == Verdict::JudgingError);
    let (verdict, cause, score, max_score) = match (grade, broken) {
        (_, Some(test)) => (Verdict::JudgingError, test.run.cause.clone(), 0.0, None),
        (Err(error), None) => {
            tracing::error!(problem = %package.id, %error, "the tests give no grade");
            let cause = Cause::ValidatorFailed(ValidatorFailure::BadScore);
            (Verdict::JudgingError, Some(cause), 0.0, None)
        }
        (Ok(grade), None) if grade.accepted => {
            (Verdict::Accepted, None, grade.score, grade.max_score)
        }
        (Ok(grade), None) => {
            let ordinal = grade.rejected_by.map(|index| package.testcases[index].ordinal);
            let decisive = tests.iter().find(|test| Some(test.ordinal) == ordinal);
            let (verdict, cause) = decisive.map_or((Verdict::WrongAnswer, None), |test| {
                (test.run.verdict, test.run.cause.clone())
            });
            (verdict, cause, grade.score, grade.max_score)
        }
    };
    Judgement { verdict, cause, score, max_score, compile, tests, toolchain, phases }
}
