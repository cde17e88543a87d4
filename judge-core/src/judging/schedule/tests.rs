use std::collections::VecDeque;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::judging::judgement::{CompileReport, Judgement, Phases, of_tests};
use crate::judging::package::{Grading, Kind, Objective, PointAggregation};
use crate::judging::scoring::ValidatorScore;
use crate::judging::scoring::any_package::{Tree, any_package, any_result, graded, points};
use crate::judging::testcase_run::TestRun;
use crate::judging::view::View;
use crate::sandbox::{Limits, Usage};

/// What a test comes to, whenever it is run; `None`: a failure of ours.
type Truth = Option<(Verdict, ValidatorScore)>;

fn any_truth() -> impl Strategy<Value = Truth> {
    let wrong = select(vec![
        Verdict::WrongAnswer,
        Verdict::RunTimeError,
        Verdict::TimeLimitExceeded,
        Verdict::WallTimeLimitExceeded,
        Verdict::JudgingError,
    ]);
    let ran = (any_result(), wrong).prop_map(|(result, wrong)| {
        let verdict = if result.accepted { Verdict::Accepted } else { wrong };
        Some((verdict, result.score))
    });
    prop_oneof![40 => ran, 1 => Just(None)]
}

fn run_of(truth: Truth) -> Result<Tested, JudgeError> {
    let (verdict, score) = truth.ok_or_else(|| JudgeError::NoToolchain("for once".into()))?;
    let limits = Limits {
        cpu: Duration::ZERO,
        wall: Duration::ZERO,
        memory_bytes: 0,
        output_bytes: 0,
        processes: 0,
        open_files: 0,
        file_size_bytes: 0,
        stack_bytes: 0,
    };
    let (usage, overhead) = (Usage::default(), Duration::ZERO);
    let run = TestRun { verdict, cause: None, usage, limits, overhead, checking: overhead };
    Ok(Tested { run, score, view: View::Hidden, remark: String::new() })
}

/// A submission's tests, and what is wanted of them.
#[derive(Debug)]
struct Case {
    package: Package,
    truths: Vec<Truth>,
    selection: Selection,
    after_failure: AfterFailure,
}

fn any_case() -> impl Strategy<Value = Case> {
    use AfterFailure::{GoOn, GoOnUntilTooSlow, Stop};
    let truths = prop::collection::vec(any_truth(), 32);
    let selection = prop_oneof![4 => Just(Selection::All), 1 => Just(Selection::Public)];
    let after_failure = select(vec![Stop, GoOn, GoOnUntilTooSlow]);
    (any_package(), truths, selection, after_failure).prop_map(
        |(package, truths, selection, after_failure)| Case {
            package,
            truths,
            selection,
            after_failure,
        },
    )
}

/// The parts of a judgement that tests decide.
type Judged = (Verdict, String, Vec<(u32, Verdict)>);

impl Case {
    /// A grader that begins anew each time.
    fn grade(&self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        self.selection.grader(&self.package).grade(results)
    }

    fn result(&self, index: usize) -> Option<TestResult> {
        let (verdict, score) = self.truths[index]?;
        Some(TestResult { accepted: verdict == Verdict::Accepted, score })
    }

    /// One test after the other: what the grade needs, and then what is wanted besides. `None`: one of
    /// them could not be run.
    fn in_order(&self) -> Option<Judged> {
        let count = self.package.testcases.len();
        let mut results = vec![None; count];
        let grade = loop {
            match self.grade(&results) {
                Err(GradeError::Needs(index)) => results[index] = Some(self.result(index)?),
                grade => break grade,
            }
        };
        for index in 0..count {
            let is_slow = |index: usize| {
                use Verdict::{TimeLimitExceeded, WallTimeLimitExceeded};
                let verdict = self.truths[index].map(|truth| truth.0);
                matches!(verdict, Some(TimeLimitExceeded | WallTimeLimitExceeded))
            };
            let go_on = match self.after_failure {
                AfterFailure::Stop => false,
                AfterFailure::GoOn => true,
                AfterFailure::GoOnUntilTooSlow => {
                    !(0..index).any(|before| results[before].is_some() && is_slow(before))
                }
            };
            if go_on && self.selection.counts(self.package.testcases[index].visibility) {
                results[index] = Some(self.result(index)?);
            }
        }
        let runs = (0..count).filter(|&index| results[index].is_some());
        let runs = runs.map(|index| Some((index, run_of(self.truths[index]).ok()?)));
        Some(self.judged(Scheduled { runs: runs.collect::<Option<_>>()?, grade }))
    }

    fn judged(&self, scheduled: Scheduled) -> Judged {
        let usage = Usage::default();
        let compile = CompileReport { ok: true, output: vec![], usage, cached: false };
        let judged = of_tests(&self.package, scheduled, compile, String::new(), Phases::default());
        let Judgement { verdict, score, max_score, tests, .. } = judged;
        let tests = tests.into_iter().map(|test| (test.ordinal, test.run.verdict)).collect();
        (verdict, format!("{score} of {max_score:?}"), tests)
    }

    /// On so many slots. Each of `chances` says what happens next, and to which slot.
    fn in_parallel(
        &self,
        slots: usize,
        chances: &[(bool, Index)],
    ) -> Result<Option<Judged>, TestCaseError> {
        let schedule =
            Schedule::new(&self.package, self.selection, self.after_failure, &Cancel::default());
        let (mut running, mut known) = (Vec::<Assignment>::new(), vec![None; self.truths.len()]);
        for (starts, which) in chances.iter().cycle() {
            let settled = self.after_failure == AfterFailure::Stop
                && !matches!(self.grade(&known), Err(GradeError::Needs(_)));
            if settled {
                prop_assert!(running.iter().all(|assignment| assignment.cancel.is_cancelled()));
            }
            if running.is_empty() || *starts && running.len() < slots {
                match schedule.next() {
                    Some(assignment) => {
                        prop_assert!(!settled, "{} was started for nothing", assignment.index);
                        prop_assert!(known[assignment.index].is_none(), "it has run already");
                        running.push(assignment);
                        continue;
                    }
                    None if running.is_empty() => break,
                    None => {}
                }
            }
            let Assignment { index, cancel } = running.swap_remove(which.index(running.len()));
            // One that is cancelled may have ended before it heard of that.
            if cancel.is_cancelled() && *starts {
                schedule.finish(index, Err(JudgeError::Cancelled));
            } else {
                schedule.finish(index, run_of(self.truths[index]));
                known[index] = self.result(index);
            }
        }
        Ok(schedule.into_results().ok().map(|scheduled| self.judged(scheduled)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn slots_that_run_ahead_give_the_judgement_of_running_in_order(
        case in any_case(),
        slots in 1..5_usize,
        chances in prop::collection::vec((prop::bool::weighted(0.6), any::<Index>()), 1..80),
    ) {
        prop_assert_eq!(case.in_parallel(slots, &chances)?, case.in_order());
    }
}

/// One group of so many tests, by each kind of rules.
fn large_packages(tests: usize) -> [Package; 3] {
    let rules = || graded(Grading::default());
    let scoring = Kind::Scoring { objective: Objective::Maximise, validator_scores: false };
    let share = || points(Some(100), PointAggregation::Sum, &[]);
    [
        Tree::new(Kind::PassFail, [rules(), rules(), rules()]),
        Tree::new(scoring, [rules(), rules(), rules()]),
        Tree::new(scoring, [share(), share(), share()]),
    ]
    .map(|tree| tree.tests(2, tests).0)
}

/// CPU time of this thread that it takes to schedule all tests on two slots.
fn cost_of_scheduling(package: &Package, after_failure: AfterFailure) -> Duration {
    let now = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let began = now();
    let schedule = Schedule::new(package, Selection::All, after_failure, &Cancel::default());
    let mut running = VecDeque::new();
    loop {
        while running.len() < 2
            && let Some(assignment) = schedule.next()
        {
            running.push_back(assignment.index);
        }
        let Some(index) = running.pop_front() else { break };
        let _ = schedule.finish(index, run_of(Some((Verdict::Accepted, ValidatorScore::Absent))));
    }
    assert_eq!(schedule.into_results().unwrap().runs.len(), package.testcases.len());
    now().saturating_sub(began)
}

#[test]
fn a_test_costs_as_much_to_schedule_among_many_as_among_few() {
    use AfterFailure::{GoOn, GoOnUntilTooSlow, Stop};
    const FEW: usize = 2_000;
    const TIMES: u32 = 10;
    let [few, many] = [FEW, FEW * TIMES as usize].map(large_packages);
    for (few, many) in few.iter().zip(&many) {
        for after_failure in [Stop, GoOn, GoOnUntilTooSlow] {
            // The least of several, for others have the caches in between.
            let cost = |package, rounds| {
                let costs = (0..rounds).map(|_| cost_of_scheduling(package, after_failure));
                costs.min().expect("there are rounds")
            };
            let (few, many) = (cost(few, 20), cost(many, 3));
            // A third of what it would be if each had to look at all the others.
            assert!(many < few * TIMES * TIMES / 3, "{after_failure:?}: {few:?}, then {many:?}");
        }
    }
}
