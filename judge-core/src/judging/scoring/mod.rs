//! Scores of submissions, from the results of their tests and the groups these are in.
//!
//! ```text
//! results of tests ──┐
//!                    ├──▶ Grader ──▶ Grade (accepted? score, decided by which test)
//! tree of groups ────┘      └──────▶ or the next test that must be run
//! ```
//!
//! One walk over the tree serves both questions, what the score is and which tests are still
//! needed, so they can't disagree. It reads results in the order of the format and stops where the
//! rules say so, whatever was run besides: tests that ran in parallel give the grade that they
//! would have given one after the other.
//!
//! Never here: verdicts finer than accepted or not, and running anything.

#[cfg(test)]
pub(super) mod any_package;
mod graded;
mod points;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::package::{GroupRules, Kind, Package, Visibility};

/// What is known of one test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// Whether the program ran within its limits and its output was right.
    pub accepted: bool,
    /// What a custom validator said beside that.
    pub score: ValidatorScore,
}

/// 2025-09, *Scoring test cases*; legacy, *Graders*, *Input*.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum ValidatorScore {
    /// Neither file was written.
    Absent,
    /// `score.txt`: this many points.
    Points(f64),
    /// `score_multiplier.txt`: this part of what the test can give, from 0 to 1 inclusive.
    Multiplier(f64),
}

/// The result of a submission.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grade {
    /// Whether the submission as a whole is accepted. With scores in the format 2025-09, which has
    /// no such thing, whether every test was.
    pub accepted: bool,
    /// Points; 1 or 0 in a pass-fail problem.
    pub score: f64,
    /// The most that can be reached, 1 in a pass-fail problem; `None` if it's unbounded, and where
    /// fewer points are better.
    pub max_score: Option<f64>,
    /// Index of the test whose verdict is that of a submission that isn't accepted: the first one
    /// rejected of those that count. `None` also where every test that counts was accepted, but
    /// one for no points.
    pub rejected_by: Option<usize>,
}

/// Why there is no grade.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GradeError {
    /// Not an error before everything has run: the grade depends on this test (an index into
    /// [`Package::testcases`]), and it is the first that is missing.
    #[error("the result of test case number {} is needed", .0 + 1)]
    Needs(usize),
    /// The validator broke the rules for scores: the problem's fault, never the submission's.
    #[error("the output validator's score for test case {testcase}: {problem}")]
    BadScore {
        /// Name of the test.
        testcase: String,
        /// Which rule.
        problem: &'static str,
    },
    /// A group has more points than it may have: the problem's fault.
    #[error("test data group {group} scores {score}, which is out of its range")]
    OutOfRange {
        /// Name of the group.
        group: String,
        /// What its members add up to.
        score: f64,
    },
}

/// Grades a submission while its tests are run: a walk over its tests that stands before the first one
/// whose result is missing, and goes on from there. So all its calls together look at each test once.
pub struct Grader<'a>(State<'a>);

enum State<'a> {
    EachAccepted(EachAccepted<'a>),
    Graded(graded::Walk<'a>),
    Points(points::Walk<'a>),
    Done(Result<Grade, GradeError>),
}

impl<'a> Grader<'a> {
    /// By the rules of the package.
    pub fn new(package: &'a Package) -> Self {
        Self(match (package.kind, package.groups.first().map(|root| &root.rules)) {
            (Kind::PassFail, _) | (_, None) => {
                State::EachAccepted(EachAccepted::new(package, None))
            }
            (Kind::Scoring { objective, .. }, Some(GroupRules::Graded(root))) => {
                State::Graded(graded::Walk::new(package, objective, root))
            }
            (Kind::Scoring { .. }, Some(GroupRules::Points(_))) => {
                State::Points(points::Walk::new(package))
            }
        })
    }

    /// Of the public tests alone: accepted, and worth a point, if all of them are.
    pub fn of_public_tests(package: &'a Package) -> Self {
        Self(State::EachAccepted(EachAccepted::new(package, Some(Visibility::Public))))
    }

    /// The grade by the results of tests, by index; `None` for those that were not run. Results beyond
    /// the last test are not looked at, and a result that was there at one call must be the same at all
    /// later ones.
    ///
    /// Call it after each test to learn from [`GradeError::Needs`] which one is next: those it leaves
    /// out can't change the grade. Those may include samples, which users still want to see run. The
    /// grade, once there is one, stays.
    pub fn grade(&mut self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        let graded = match &mut self.0 {
            State::EachAccepted(walk) => walk.go_on(results),
            State::Graded(walk) => walk.go_on(results),
            State::Points(walk) => walk.go_on(results),
            State::Done(graded) => return graded.clone(),
        };
        if !matches!(graded, Err(GradeError::Needs(_))) {
            self.0 = State::Done(graded.clone());
        }
        graded
    }
}

/// Both formats, *pass-fail*: accepted if all tests are. One that isn't settles it.
struct EachAccepted<'a> {
    package: &'a Package,
    /// The tests that count; `None`: all.
    visibility: Option<Visibility>,
    next: usize,
}

impl<'a> EachAccepted<'a> {
    fn new(package: &'a Package, visibility: Option<Visibility>) -> Self {
        Self { package, visibility, next: 0 }
    }

    fn go_on(&mut self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        let mut rejected_by = None;
        while let Some(testcase) = self.package.testcases.get(self.next) {
            let counts = self.visibility.is_none_or(|visibility| visibility == testcase.visibility);
            if counts && !result(results, self.next)?.accepted {
                rejected_by = Some(self.next);
                break;
            }
            self.next += 1;
        }
        let accepted = rejected_by.is_none();
        let score = if accepted { 1.0 } else { 0.0 };
        Ok(Grade { accepted, score, max_score: Some(1.0), rejected_by })
    }
}

fn result(results: &[Option<TestResult>], index: usize) -> Result<TestResult, GradeError> {
    results.get(index).copied().flatten().ok_or(GradeError::Needs(index))
}

fn bad_score(package: &Package, index: usize, problem: &'static str) -> GradeError {
    let testcase = package.testcases[index].name.clone();
    GradeError::BadScore { testcase, problem }
}
