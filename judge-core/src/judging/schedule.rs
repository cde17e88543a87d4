//! Which test is next, when several slots work on one submission, so that the result is the one that
//! running them in order would have given.
//!
//! The grade says which test it needs next; that one goes first, and free slots run ahead of it. As
//! soon as the grade is settled, what still runs is cancelled, and results that running in order
//! would never have had are dropped; failures of ours too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::JudgeError;
use super::package::{Package, Testcase, Visibility};
use super::scoring::{Grade, GradeError, Grader, TestResult};
use super::testcase_run::Tested;
use super::verdict::Verdict;
use crate::sandbox::Cancel;

/// What is run after the verdict is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterFailure {
    /// Nothing.
    Stop,
    /// All remaining tests.
    GoOn,
    /// The remaining tests, up to the first that exceeds a time limit: each of these costs the whole
    /// limit, and one tells as much as fifty.
    GoOnUntilTooSlow,
}

/// Which tests of a package count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection {
    /// All, graded by the package's rules.
    All,
    /// The public ones: accepted if all of them are.
    Public,
}

/// The tests of one submission and what is known of them.
pub(super) struct Schedule<'a> {
    package: &'a Package,
    selection: Selection,
    /// Whether tests that can't change the grade are run too.
    after_failure: AfterFailure,
    cancel: Cancel,
    state: Mutex<State<'a>>,
}

/// Each test that counts is waiting, running, has run, or could not be run. What a result changes costs
/// no more with many tests than with few.
struct State<'a> {
    waiting: BTreeSet<usize>,
    running: BTreeMap<usize, Cancel>,
    runs: Vec<Option<Tested>>,
    /// Failures of ours. One counts when it is certain that running in order would have come to it.
    failures: BTreeMap<usize, JudgeError>,
    /// Of `runs`.
    results: Vec<Option<TestResult>>,
    /// The first of `runs` that exceeded a time limit.
    too_slow: Option<usize>,
    done: u32,
    grader: Grader<'a>,
    /// What the grader said: the test that it needs next, until there is a grade.
    grade: Result<Grade, GradeError>,
    /// Nothing is to be run any more: all that is wanted has been, or what could not be was needed.
    end: Option<Result<(), JudgeError>>,
}

/// A test to be run.
pub(super) struct Assignment {
    pub index: usize,
    pub cancel: Cancel,
}

/// All that came of the tests.
pub(super) struct Scheduled {
    /// The tests that running in order would have run, with their indices.
    pub runs: Vec<(usize, Tested)>,
    pub grade: Result<Grade, GradeError>,
}

impl<'a> Schedule<'a> {
    pub fn new(
        package: &'a Package,
        selection: Selection,
        after_failure: AfterFailure,
        cancel: &Cancel,
    ) -> Self {
        let count = package.testcases.len();
        let waiting = (0..count)
            .filter(|&index| selection.counts(package.testcases[index].visibility))
            .collect();
        let results = vec![None; count];
        let mut grader = selection.grader(package);
        let grade = grader.grade(&results);
        let mut state = State {
            waiting,
            running: BTreeMap::new(),
            runs: std::iter::repeat_with(|| None).take(count).collect(),
            failures: BTreeMap::new(),
            results,
            too_slow: None,
            done: 0,
            grader,
            grade,
            end: None,
        };
        state.look_for_the_end(after_failure);
        Self { package, selection, after_failure, cancel: cancel.clone(), state: Mutex::new(state) }
    }

    /// How many tests will be run at most.
    pub fn total(&self) -> usize {
        let counts = |testcase: &&Testcase| self.selection.counts(testcase.visibility);
        self.package.testcases.iter().filter(counts).count()
    }

    /// The next test, or none: all are run or running, or it's settled.
    pub fn next(&self) -> Option<Assignment> {
        let mut state = self.state();
        let index = state.first_waiting(self.after_failure)?;
        let cancel = self.cancel.part();
        state.waiting.remove(&index);
        state.running.insert(index, cancel.clone());
        Some(Assignment { index, cancel })
    }

    /// Takes a result in. Returns how many tests are done.
    pub fn finish(&self, index: usize, run: Result<Tested, JudgeError>) -> u32 {
        let mut state = self.state();
        state.running.remove(&index);
        match run {
            Ok(run) => state.take(index, run),
            Err(error @ JudgeError::Cancelled) if self.cancel.is_cancelled() => {
                state.end.get_or_insert(Err(error));
            }
            // It ran ahead of what settled the grade.
            Err(JudgeError::Cancelled) => {
                state.waiting.insert(index);
            }
            Err(error) => {
                state.failures.insert(index, error);
            }
        }
        state.look_for_the_end(self.after_failure);
        for (index, cancel) in &state.running {
            if state.end.is_some() || !state.wants(*index, self.after_failure) {
                cancel.cancel();
            }
        }
        state.done
    }

    /// When everybody has finished: the results, or the first failure of ours.
    pub fn into_results(self) -> Result<Scheduled, JudgeError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = state.end {
            return Err(error);
        }
        if self.cancel.is_cancelled() {
            return Err(JudgeError::Cancelled);
        }
        let graded = graded_in_order(self.selection.grader(self.package), &state.results);
        let is_of_order = |index: usize| match self.after_failure {
            AfterFailure::Stop => graded[index],
            AfterFailure::GoOn => true,
            AfterFailure::GoOnUntilTooSlow => {
                graded[index] || state.too_slow.is_none_or(|slow| index <= slow)
            }
        };
        let runs = state.runs.into_iter().enumerate();
        let runs = runs.filter_map(|(index, run)| Some((index, run?)));
        let runs = runs.filter(|(index, _)| is_of_order(*index)).collect();
        Ok(Scheduled { runs, grade: state.grade })
    }

    fn state(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State<'_> {
    /// The one that the grade needs; else, ahead of that, the first after it; else any that is wanted.
    fn first_waiting(&self, after_failure: AfterFailure) -> Option<usize> {
        if self.end.is_some() {
            return None;
        }
        let first = self.waiting.first();
        match self.grade {
            Err(GradeError::Needs(index)) => self.waiting.range(index..).next().or(first).copied(),
            Ok(_) | Err(_) => first.copied().filter(|&index| self.wants(index, after_failure)),
        }
    }

    /// Whether a test that has not run should: the grade may need it, or all are to be run.
    fn wants(&self, index: usize, after_failure: AfterFailure) -> bool {
        match after_failure {
            _ if matches!(self.grade, Err(GradeError::Needs(_))) => true,
            AfterFailure::Stop => false,
            AfterFailure::GoOn => true,
            AfterFailure::GoOnUntilTooSlow => self.too_slow.is_none_or(|slow| index < slow),
        }
    }

    fn take(&mut self, index: usize, run: Tested) {
        self.results[index] = Some(result_of(&run));
        if is_too_slow(&run) {
            self.too_slow = Some(self.too_slow.map_or(index, |slow| slow.min(index)));
        }
        self.runs[index] = Some(run);
        self.done += 1;
        // It needs this one whatever became of the others.
        if self.grade == Err(GradeError::Needs(index)) {
            self.grade = self.grader.grade(&self.results);
        }
    }

    /// Sees whether nothing is to be run any more.
    fn look_for_the_end(&mut self, after_failure: AfterFailure) {
        if self.end.is_some() {
            return;
        }
        if let Err(GradeError::Needs(index)) = self.grade {
            self.end = self.failures.remove(&index).map(Err);
            return;
        }
        let unfinished = [self.waiting.first(), self.running.keys().next()];
        let unfinished = unfinished.into_iter().flatten().min().copied();
        let wanted = |index: &usize| self.wants(*index, after_failure);
        // If one is wanted, so are those before it.
        match self.failures.keys().next().copied().filter(wanted) {
            Some(failed) if unfinished.is_none_or(|index| failed < index) => {
                self.end = self.failures.remove(&failed).map(Err);
            }
            _ if unfinished.as_ref().is_some_and(wanted) => {}
            _ => self.end = Some(Ok(())),
        }
    }
}

impl Selection {
    fn counts(self, visibility: Visibility) -> bool {
        self == Self::All || visibility == Visibility::Public
    }

    fn grader(self, package: &Package) -> Grader<'_> {
        match self {
            Self::All => Grader::new(package),
            Self::Public => Grader::of_public_tests(package),
        }
    }
}

/// Plays the results again in order: by index, whether the grade asked for it.
fn graded_in_order(mut grader: Grader<'_>, results: &[Option<TestResult>]) -> Vec<bool> {
    let mut known = vec![None; results.len()];
    while let Err(GradeError::Needs(index)) = grader.grade(&known) {
        if results[index].is_none() {
            break;
        }
        known[index] = results[index];
    }
    known.iter().map(Option::is_some).collect()
}

fn is_too_slow(tested: &Tested) -> bool {
    matches!(tested.run.verdict, Verdict::TimeLimitExceeded | Verdict::WallTimeLimitExceeded)
}

fn result_of(tested: &Tested) -> TestResult {
    TestResult { accepted: tested.run.verdict == Verdict::Accepted, score: tested.score }
}

#[cfg(test)]
mod tests;
