//! One submission from its sources to its judgement.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::JudgeError;
use super::judgement::{CompileReport, Judgement, Phases, of_own_input, of_tests, without_tests};
use super::package::{Package, Testcase, Visibility};
use super::pool::{LentSlot, SlotPool};
use super::problem::{Checking, Problem};
use super::schedule::{AfterFailure, Assignment, Schedule, Scheduled, Selection};
use super::test_data::TestData;
use super::testcase_run::Contestant;
use super::toolchains::Toolchains;
use super::validator::ValidatorError;
use super::verdict::{Cause, ValidatorFailure, Verdict, ruling_of_compiling};
use super::view::AuthorRemarks;
use crate::sandbox::{Cancel, SandboxError};
use crate::toolchain::{
    Availability, Compilation, CompileCache, Compiled, Language, Languages, PreparedFiles, Program,
    SourceFile,
};

/// Judges submissions over a pool of slots. Shared by all threads.
#[derive(Clone)]
pub struct Judge {
    pool: SlotPool,
    toolchains: Toolchains,
    data: TestData,
    end_at_mismatch: bool,
}

/// How much test data a judge keeps in memory between runs, in bytes.
const TEST_DATA_BYTES: u64 = 64 << 20;

/// One submission to be judged.
#[derive(Debug, Clone)]
pub struct Task<'a> {
    /// What it is judged against.
    pub problem: &'a Problem,
    /// What it is written in.
    pub language: &'a Arc<Language>,
    /// Its text.
    pub sources: &'a [SourceFile],
    /// Which tests.
    pub mode: Mode<'a>,
    /// May lower the problem's limits, never raise them.
    pub limits: LowerLimits,
    /// Whether tests that can't change the verdict are run too.
    pub after_failure: AfterFailure,
    /// Whether free slots may run tests of it at the same time.
    pub parallel: bool,
}

/// Which tests a submission is run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode<'a> {
    /// All.
    Submit,
    /// The public ones.
    Sample,
    /// None, but this input of the user's own.
    Custom(&'a [u8]),
}

/// Limits that a submission asks for; each bound is the lower of it and the problem's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowerLimits {
    /// CPU time.
    pub cpu: Option<Duration>,
    /// Wall time.
    pub wall: Option<Duration>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Bytes of output.
    pub output_bytes: Option<u64>,
}

/// Where a submission is, for progress bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A slot is its own now; it is being compiled.
    Compiling,
    /// So many of so many tests are done. The total is the most there can be.
    Running {
        /// Done.
        done: u32,
        /// Of these.
        total: u32,
    },
}

impl Judge {
    /// Nothing is built or run yet.
    pub fn new(pool: SlotPool, languages: Languages) -> Self {
        let data = TestData::new(TEST_DATA_BYTES);
        Self { pool, toolchains: Toolchains::new(languages), data, end_at_mismatch: false }
    }

    /// Ends a run as soon as the default output validator sees that the output is wrong, however it
    /// goes on: the verdict is `WA` then. Without, which is usual, the run goes on to its end, since a
    /// limit that it exceeds or a crash goes first: a program that prints something wrong and then loops
    /// is told that it loops. To end it saves that time, and which of the two is told may then depend on
    /// how soon the wrong output was read.
    #[must_use]
    pub fn ending_at_mismatch(mut self, end: bool) -> Self {
        self.end_at_mismatch = end;
        self
    }

    /// Compiles no submission again that `cache` knows.
    #[must_use]
    pub fn keeping_compilations(mut self, cache: CompileCache) -> Self {
        self.toolchains.compilations = Some(cache);
        self
    }

    /// Compiles with what was prepared. The slots must show it ([`PreparedFiles::bind`]).
    #[must_use]
    pub fn with_prepared(mut self, files: PreparedFiles) -> Self {
        self.toolchains.prepared = Some(files);
        self
    }

    /// Prepares what is not there for each language that works here, in a slot. What can't be
    /// prepared is logged, and done without.
    pub fn prepare(&self, cancel: &Cancel) {
        self.toolchains.prepare(&self.pool, cancel);
    }

    /// The slots.
    pub fn pool(&self) -> &SlotPool {
        &self.pool
    }

    /// The languages that are described.
    pub fn languages(&self) -> &Languages {
        &self.toolchains.languages
    }

    /// Whether a language's toolchain works here. Found out once.
    pub fn availability(&self, language: &Arc<Language>) -> Result<Availability, SandboxError> {
        match self.toolchains.known_availability(language) {
            Some(known) => Ok(known),
            None => self.toolchains.availability(&mut self.pool.acquire()?, language),
        }
    }

    /// Judges one submission on this thread and, with `parallel`, on threads of free slots. Waits
    /// for a slot first.
    pub fn judge(
        &self,
        task: &Task<'_>,
        observe: &(dyn Fn(Stage) + Sync),
        cancel: &Cancel,
    ) -> Result<Judgement, JudgeError> {
        self.judge_for_author(task, observe, cancel).map(|(judgement, _)| judgement)
    }

    /// The same, with remarks that quote hidden tests: for whoever has the package on disk, and for
    /// nobody else.
    pub fn judge_for_author(
        &self,
        task: &Task<'_>,
        observe: &(dyn Fn(Stage) + Sync),
        cancel: &Cancel,
    ) -> Result<(Judgement, AuthorRemarks), JudgeError> {
        let mut remarks = AuthorRemarks::default();
        let mut slot = self.pool.acquire()?;
        if cancel.is_cancelled() {
            return Err(JudgeError::Cancelled);
        }
        let toolchain = match self.toolchains.availability(&mut slot, task.language)? {
            Availability::Available { version } => version,
            Availability::Missing { reason } => return Err(JudgeError::NoToolchain(reason)),
        };
        observe(Stage::Compiling);
        let began = Instant::now();
        let compiled = self.while_loading(task, || {
            let Task { language, sources, .. } = task;
            self.toolchains.compile(&mut slot, language, &toolchain, sources, cancel)
        })?;
        let mut phases = Phases { compile: began.elapsed(), run: Duration::ZERO };
        let Compiled { compilation, cached } = compiled;
        let Compilation { result, output, outcome, limits } = compilation;
        let usage = outcome.usage.clone();
        let report = CompileReport { ok: result.is_ok(), output, usage, cached };
        let Ok(program) = result else {
            let (verdict, cause) = ruling_of_compiling(&outcome, &limits);
            if verdict == Verdict::Cancelled {
                return Err(JudgeError::Cancelled);
            }
            let judgement =
                without_tests(&task.problem.package, verdict, cause, report, toolchain, phases);
            return Ok((judgement, remarks));
        };
        let began = Instant::now();
        let contestant = self.contestant(task, &program);
        if let Mode::Custom(stdin) = task.mode {
            observe(Stage::Running { done: 0, total: 1 });
            let tested = retrying(&mut slot, |slot| contestant.on_own_input(slot, stdin, cancel))?;
            observe(Stage::Running { done: 1, total: 1 });
            phases.run = began.elapsed();
            return Ok((of_own_input(tested, report, toolchain, phases), remarks));
        }
        let checking = match task.problem.checking(&mut slot, &self.toolchains.languages) {
            Ok(checking) => checking,
            Err(ValidatorError::Sandbox(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(problem = %task.problem.package.id, %error, "no output validator");
                let cause = Cause::ValidatorFailed(ValidatorFailure::DoesNotCompile);
                let verdict = Verdict::JudgingError;
                if let ValidatorError::DoesNotCompile { output, .. } = error {
                    remarks.of_validator = Some(output);
                }
                let judgement =
                    without_tests(&task.problem.package, verdict, cause, report, toolchain, phases);
                return Ok((judgement, remarks));
            }
        };
        let mut scheduled = self.run_tests(task, slot, &contestant, &checking, observe, cancel)?;
        phases.run = began.elapsed();
        let package = &task.problem.package;
        for (index, tested) in &mut scheduled.runs {
            let (ordinal, remark) =
                (package.testcases[*index].ordinal, std::mem::take(&mut tested.remark));
            if !remark.is_empty() {
                remarks.of_tests.insert(ordinal, remark);
            }
        }
        Ok((of_tests(package, scheduled, report, toolchain, phases), remarks))
    }

    /// Does `work` while the data of the tests that come first is read: half of what is kept at most,
    /// so that none of it is thrown away again before it is needed.
    fn while_loading<T>(&self, task: &Task<'_>, work: impl FnOnce() -> T) -> T {
        let package = &task.problem.package;
        let wanted = |testcase: &&Testcase| match task.mode {
            Mode::Submit => true,
            Mode::Sample => testcase.visibility == Visibility::Public,
            Mode::Custom(_) => false,
        };
        let files = package.testcases.iter().filter(wanted);
        let mut files = files.flat_map(|testcase| [&testcase.input, &testcase.answer]).peekable();
        if files.peek().is_none() {
            return work();
        }
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut room = self.data.max_bytes() / 2;
                for file in files {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    // Who needs it will say what is wrong with it.
                    let Ok(content) = self.data.get(&package.version, file) else { continue };
                    match room.checked_sub(content.len()) {
                        Some(left) => room = left,
                        None => return,
                    }
                }
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            done
        })
    }

    /// Runs the tests on `slot`, and on other slots as long as nobody waits for them.
    fn run_tests(
        &self,
        task: &Task<'_>,
        slot: LentSlot,
        contestant: &Contestant<'_>,
        checking: &Checking,
        observe: &(dyn Fn(Stage) + Sync),
        cancel: &Cancel,
    ) -> Result<Scheduled, JudgeError> {
        let package = &task.problem.package;
        let selection = match task.mode {
            Mode::Sample => Selection::Public,
            Mode::Submit | Mode::Custom(_) => Selection::All,
        };
        let schedule = Schedule::new(package, selection, task.after_failure, cancel);
        let total = u32::try_from(schedule.total()).unwrap_or(u32::MAX);
        observe(Stage::Running { done: 0, total });
        let run_one = |slot: &mut LentSlot, Assignment { index, cancel }: Assignment| {
            let testcase = &package.testcases[index];
            let checker = checking.of(testcase);
            let run =
                retrying(slot, |slot| contestant.on_testcase(slot, testcase, &checker, &cancel));
            let done = schedule.finish(index, run);
            observe(Stage::Running { done, total });
        };
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let mut slot = slot;
            let mut helpers = Vec::new();
            while let Some(assignment) = schedule.next() {
                while task.parallel
                    && helpers.len() + 1 < self.pool.size() as usize
                    && let Some(Ok(mut lent)) = self.pool.try_acquire()
                {
                    let (schedule, run_one, over) = (&schedule, &run_one, &over);
                    helpers.push(scope.spawn(move || {
                        while !over.load(Ordering::Relaxed)
                            && !lent.pool().is_contended()
                            && let Some(assignment) = schedule.next()
                        {
                            run_one(&mut lent, assignment);
                        }
                    }));
                }
                run_one(&mut slot, assignment);
                helpers.retain(|helper| !helper.is_finished());
            }
            over.store(true, Ordering::Relaxed);
        });
        schedule.into_results()
    }

    fn contestant<'a>(&'a self, task: &Task<'a>, program: &'a Program) -> Contestant<'a> {
        let problem = &task.problem.package.limits;
        let asked = task.limits;
        let lower = |asked: Option<u64>, bound: u64| asked.map_or(bound, |asked| asked.min(bound));
        let memory_bytes = lower(asked.memory_bytes, problem.memory_bytes);
        let cpu = asked.cpu.map_or(problem.time, |asked| asked.min(problem.time));
        let output_bytes = lower(asked.output_bytes, problem.output_bytes);
        let mut limits = task.language.run_limits(cpu, memory_bytes, output_bytes);
        limits.wall = asked.wall.map_or(limits.wall, |asked| asked.min(limits.wall));
        let Package { id, version, .. } = &task.problem.package;
        let (data, end_at_mismatch) = (&self.data, self.end_at_mismatch);
        let problem = id.as_str();
        Contestant { program, memory_bytes, limits, problem, version, data, end_at_mismatch }
    }
}

/// As [`LentSlot::try_twice`], for jobs that can fail in other ways than the sandbox's.
fn retrying<T>(
    slot: &mut LentSlot,
    mut job: impl FnMut(&mut crate::sandbox::Slot) -> Result<T, JudgeError>,
) -> Result<T, JudgeError> {
    slot.try_twice(|slot| match job(slot) {
        Err(JudgeError::Sandbox(error)) => Err(error),
        done => Ok(done),
    })?
}
