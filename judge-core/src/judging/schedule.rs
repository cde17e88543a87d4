//! Which test is next, when several slots work on one submission, so that the result is the one that
//! running them in order would have given.
//!
//! The grade says which test it needs next; that one goes first, and free slots run ahead of it. As
//! soon as the grade is settled, what still runs is cancelled, and results that running in order
//! would never have had are dropped.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::JudgeError;
use super::package::{Package, Visibility};
use super::scoring::{Grade, GradeError, TestResult, grade};
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
    state: Mutex<State>,
}

struct State {
    runs: Vec<Slot>,
    done: u32,
    settled: Option<Result<Grade, GradeError>>,
    failed: Option<JudgeError>,
}

/// What is known of one test.
enum Slot {
    Waiting,
    Running(Cancel),
    Done(Box<Tested>),
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
        let runs = package.testcases.iter().map(|_| Slot::Waiting).collect();
        let state = State { runs, done: 0, settled: None, failed: None };
        Self { package, selection, after_failure, cancel: cancel.clone(), state: Mutex::new(state) }
    }

    /// How many tests will be run at most.
    pub fn total(&self) -> usize {
        let counts = |testcase: &&super::package::Testcase| self.counts(testcase.visibility);
        self.package.testcases.iter().filter(counts).count()
    }

    fn counts(&self, visibility: Visibility) -> bool {
        self.selection == Selection::All || visibility == Visibility::Public
    }

    /// The next test, or none: all are run or running, or it's settled.
    pub fn next(&self) -> Option<Assignment> {
        let mut state = self.state();
        if state.settled.is_some() || state.failed.is_some() {
            return None;
        }
        let index = self.first_waiting(&state)?;
        let cancel = self.cancel.part();
        state.runs[index] = Slot::Running(cancel.clone());
        Some(Assignment { index, cancel })
    }

    /// The one that the grade needs; else, ahead of that, the first after it; else any.
    fn first_waiting(&self, state: &State) -> Option<usize> {
        let needed = match self.grade(state) {
            Err(GradeError::Needs(index)) => index,
            Ok(_) | Err(_) => 0,
        };
        let waiting = |index: &usize| {
            matches!(state.runs[*index], Slot::Waiting)
                && self.counts(self.package.testcases[*index].visibility)
        };
        let count = state.runs.len();
        (needed..count).find(waiting).or_else(|| (0..needed).find(waiting))
    }

    /// Whether a test is to be run, and has not been, though the grade may not need it.
    fn is_wanted(&self, state: &State, index: usize) -> bool {
        let wanted = match self.after_failure {
            AfterFailure::Stop => false,
            AfterFailure::GoOn => true,
            AfterFailure::GoOnUntilTooSlow => {
                first_too_slow(&state.runs).is_none_or(|slow| index < slow)
            }
        };
        wanted
            && !matches!(state.runs[index], Slot::Done(_))
            && self.counts(self.package.testcases[index].visibility)
    }

    /// Takes a result in. Returns how many tests are done.
    pub fn finish(&self, index: usize, run: Result<Tested, JudgeError>) -> u32 {
        let mut state = self.state();
        match run {
            Ok(run) => {
                state.runs[index] = Slot::Done(Box::new(run));
                state.done += 1;
            }
            // It ran ahead of what settled the grade.
            Err(JudgeError::Cancelled) if !self.cancel.is_cancelled() => {
                state.runs[index] = Slot::Waiting;
            }
            Err(error) => {
                state.runs[index] = Slot::Waiting;
                state.failed.get_or_insert(error);
            }
        }
        if state.failed.is_none() && state.settled.is_none() {
            let grade = self.grade(&state);
            let needed = matches!(grade, Err(GradeError::Needs(_)));
            let open = needed || (0..state.runs.len()).any(|index| self.is_wanted(&state, index));
            if !open {
                state.settled = Some(grade);
            }
        }
        if state.settled.is_some() || state.failed.is_some() {
            for run in &state.runs {
                if let Slot::Running(cancel) = run {
                    cancel.cancel();
                }
            }
        }
        state.done
    }

    fn grade(&self, state: &State) -> Result<Grade, GradeError> {
        let result = |run: &Slot| match run {
            Slot::Done(run) => Some(result_of(run)),
            Slot::Waiting | Slot::Running(_) => None,
        };
        let results: Vec<Option<TestResult>> = state.runs.iter().map(result).collect();
        self.grade_of(&results)
    }

    fn grade_of(&self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        match self.selection {
            Selection::All => grade(self.package, results),
            Selection::Public => self.all_public_accepted(results),
        }
    }

    fn all_public_accepted(&self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        let mut rejected_by = None;
        for (index, testcase) in self.package.testcases.iter().enumerate() {
            if testcase.visibility != Visibility::Public {
                continue;
            }
            if !results[index].ok_or(GradeError::Needs(index))?.accepted {
                rejected_by = Some(index);
                break;
            }
        }
        let accepted = rejected_by.is_none();
        let score = if accepted { 1.0 } else { 0.0 };
        Ok(Grade { accepted, score, max_score: Some(1.0), rejected_by })
    }

    /// When everybody has finished: the results, or the first failure of ours.
    pub fn into_results(self) -> Result<Scheduled, JudgeError> {
        let after_failure = self.after_failure;
        let slow = first_too_slow(&self.state().runs);
        let mut state = std::mem::replace(
            &mut *self.state(),
            State { runs: vec![], done: 0, settled: None, failed: None },
        );
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        if self.cancel.is_cancelled() {
            return Err(JudgeError::Cancelled);
        }
        let grade = state.settled.take().unwrap_or_else(|| self.grade(&state));
        let mut runs: Vec<Option<Tested>> = state
            .runs
            .into_iter()
            .map(|run| match run {
                Slot::Done(run) => Some(*run),
                Slot::Waiting | Slot::Running(_) => None,
            })
            .collect();
        match (after_failure, slow) {
            (AfterFailure::Stop, _) => self.drop_what_order_would_not_have_run(&mut runs),
            (AfterFailure::GoOnUntilTooSlow, Some(slow)) => {
                runs.iter_mut().skip(slow + 1).for_each(|run| *run = None);
            }
            (AfterFailure::GoOn | AfterFailure::GoOnUntilTooSlow, _) => {}
        }
        let runs =
            runs.into_iter().enumerate().filter_map(|(index, run)| Some((index, run?))).collect();
        Ok(Scheduled { runs, grade })
    }

    /// Plays the results again in order: what is never asked for goes.
    fn drop_what_order_would_not_have_run(&self, runs: &mut [Option<Tested>]) {
        let mut known: Vec<Option<TestResult>> = vec![None; runs.len()];
        while let Err(GradeError::Needs(index)) = self.grade_of(&known) {
            match &runs[index] {
                Some(run) => known[index] = Some(result_of(run)),
                None => break,
            }
        }
        for (run, known) in runs.iter_mut().zip(known) {
            if known.is_none() {
                *run = None;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first_too_slow(runs: &[Slot]) -> Option<usize> {
    let too_slow = |run: &Slot| match run {
        Slot::Done(tested) => {
            matches!(
                tested.run.verdict,
                Verdict::TimeLimitExceeded | Verdict::WallTimeLimitExceeded
            )
        }
        Slot::Waiting | Slot::Running(_) => false,
    };
    runs.iter().position(too_slow)
}

fn result_of(tested: &Tested) -> TestResult {
    TestResult { accepted: tested.run.verdict == Verdict::Accepted, score: tested.score }
}
