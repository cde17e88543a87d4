//! One test of a submission: run the program, look at its output, say what that means.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::comparison::{Comparison, ComparisonFlags, Progress};
use super::error::{DataFile, JudgeError};
use super::package::Testcase;
use super::scoring::ValidatorScore;
use super::test_data::TestData;
use super::validator::{Judged, Validator};
use super::verdict::{Cause, Ruling, Verdict, ruling_of};
use super::view::{PublicData, Seen, Shown, View};
use crate::sandbox::{
    Cancel, Flow, Limits, Outcome, OutputSink, ProfileName, RunSpec, SandboxError, Slot,
    Termination, Usage,
};
use crate::sys::fds::{SealedFile, UnsealedFile};
use crate::toolchain::Program;

/// What came of one test: facts and what they mean, which everybody may know of every test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestRun {
    /// What it means.
    pub verdict: Verdict,
    /// The mechanism behind any verdict but accepted.
    pub cause: Option<Cause>,
    /// What the program used.
    pub usage: Usage,
    /// What it could have used.
    pub limits: Limits,
    /// What running cost beyond the program's own wall time: the sandbox.
    pub overhead: Duration,
    /// What looking at the output cost.
    pub checking: Duration,
}

/// A test that was run: all that judging knows of it.
pub(super) struct Tested {
    pub run: TestRun,
    /// What the package's own validator gave.
    pub score: ValidatorScore,
    /// What everybody may see.
    pub view: View,
    /// What was said of the output on whichever test, or why nothing could be: for the package's
    /// author.
    pub remark: String,
}

/// What the tests of one submission have in common.
#[derive(Debug)]
pub(super) struct Contestant<'a> {
    pub program: &'a Program,
    /// Of the problem, lowered by the submission.
    pub memory_bytes: u64,
    pub limits: Limits,
    /// The problem's id.
    pub problem: &'a str,
    /// Of the problem's package.
    pub version: &'a str,
    pub data: &'a TestData,
    /// See [`super::Judge::ending_at_mismatch`].
    pub end_at_mismatch: bool,
}

/// Who says whether an output is right.
#[derive(Debug)]
pub(super) enum Checker<'a> {
    Default(ComparisonFlags),
    Custom(&'a Validator),
}

/// A run, and what it cost beyond itself.
struct Ran {
    outcome: Outcome,
    overhead: Duration,
}

/// A run whose output was looked at.
struct Checked {
    ran: Ran,
    output: Shown,
    /// `None`: accepted.
    ruling: Option<Ruling>,
    score: ValidatorScore,
    /// What the checker remarked.
    remark: String,
    /// What it said when it failed.
    complaint: String,
    /// What looking at the output cost.
    checking: Duration,
}

impl Contestant<'_> {
    /// Runs one test of a problem.
    pub fn on_testcase(
        &self,
        slot: &mut Slot,
        testcase: &Testcase,
        checker: &Checker<'_>,
        cancel: &Cancel,
    ) -> Result<Tested, JudgeError> {
        let checked = match checker {
            Checker::Default(flags) => self.compared(slot, testcase, *flags, cancel),
            Checker::Custom(validator) => self.validated(slot, testcase, validator, cancel),
        };
        let Checked { ran, output, ruling, score, remark, complaint, checking } = checked?;
        if matches!(ruling, Some((Verdict::Cancelled, _))) {
            return Err(JudgeError::Cancelled);
        }
        let view = match testcase.as_public() {
            None => View::Hidden,
            Some(testcase) => {
                let stderr = Shown::of(&ran.outcome.stderr);
                let seen = Seen { actual: output, stderr, remark: remark.clone() };
                View::Public(PublicData::of_test(self.problem, testcase, seen)?)
            }
        };
        let remark = if complaint.is_empty() { remark } else { complaint };
        Ok(Tested { run: self.test_run(ran, ruling, checking), score, view, remark })
    }

    /// By the default output validator, while the program writes.
    fn compared(
        &self,
        slot: &mut Slot,
        testcase: &Testcase,
        flags: ComparisonFlags,
        cancel: &Cancel,
    ) -> Result<Checked, JudgeError> {
        let input = self.content(testcase, DataFile::Input)?;
        let answer = self.content(testcase, DataFile::Answer)?;
        let answer = answer.map().map_err(self.unreadable(testcase, DataFile::Answer))?;
        let mut sink = Compare::new(&answer, flags, self.end_at_mismatch);
        let ran = self.run(slot, &input, &testcase.args, &mut sink, cancel)?;
        let began = Instant::now();
        let compared = sink.comparison.finish();
        let checking = sink.spent + began.elapsed();
        // How it would have ended is not known then, and was not to matter.
        let was_stopped = ran.outcome.termination == Termination::SinkStopped;
        let ruling = if was_stopped { None } else { self.ruling(&ran.outcome) };
        let (ruling, remark) = match (ruling, compared) {
            (None, Err(mismatch)) => {
                let ruling = (Verdict::WrongAnswer, Cause::Comparison);
                (Some(ruling), mismatch.text_for_public_test())
            }
            (ruling, _) => (ruling, String::new()),
        };
        let score = ValidatorScore::Absent;
        let (output, complaint) = (sink.shown, String::new());
        Ok(Checked { ran, output, ruling, score, remark, complaint, checking })
    }

    /// By the package's own output validator, afterwards, if there is an output to speak of.
    fn validated(
        &self,
        slot: &mut Slot,
        testcase: &Testcase,
        validator: &Validator,
        cancel: &Cancel,
    ) -> Result<Checked, JudgeError> {
        let input = self.content(testcase, DataFile::Input)?;
        let mut sink = Keep::new().map_err(JudgeError::Keep)?;
        let ran = self.run(slot, &input, &testcase.args, &mut sink, cancel)?;
        let Keep { file, shown: output, failure } = sink;
        if let Some(failure) = failure {
            return Err(JudgeError::Keep(failure));
        }
        let ruling = self.ruling(&ran.outcome);
        if ruling.is_some() {
            return Ok(Checked {
                ran,
                output,
                ruling,
                score: ValidatorScore::Absent,
                remark: String::new(),
                complaint: String::new(),
                checking: Duration::ZERO,
            });
        }
        let began = Instant::now();
        let answer = self.content(testcase, DataFile::Answer)?;
        let kept = file.seal().map_err(JudgeError::Keep)?;
        let flags = &testcase.validator_flags;
        let judged = validator.judge(slot, [input, answer], &kept, flags, cancel)?;
        let Judged { ruling, score, remark, complaint } = judged;
        let checking = began.elapsed();
        Ok(Checked { ran, output, ruling, score, remark, complaint, checking })
    }

    /// Runs the user's own input; there is nothing to compare with.
    pub fn on_own_input(
        &self,
        slot: &mut Slot,
        stdin: &[u8],
        cancel: &Cancel,
    ) -> Result<Tested, JudgeError> {
        let input = SealedFile::of_bytes(stdin).map_err(JudgeError::Keep)?;
        let mut sink = ShowOnly::default();
        let ran = self.run(slot, &input, &[], &mut sink, cancel)?;
        let ruling = self.ruling(&ran.outcome);
        if matches!(ruling, Some((Verdict::Cancelled, _))) {
            return Err(JudgeError::Cancelled);
        }
        let (stderr, remark) = (Shown::of(&ran.outcome.stderr), String::new());
        let seen = Seen { actual: sink.0, stderr, remark: remark.clone() };
        let view = View::Public(PublicData::of_own_input(stdin, seen));
        let run = self.test_run(ran, ruling, Duration::ZERO);
        Ok(Tested { run, score: ValidatorScore::Absent, view, remark })
    }

    fn run(
        &self,
        slot: &mut Slot,
        stdin: &SealedFile,
        args: &[String],
        sink: &mut dyn OutputSink,
        cancel: &Cancel,
    ) -> Result<Ran, SandboxError> {
        let mut argv = self.program.argv(self.memory_bytes);
        argv.extend_from_slice(args);
        let spec = RunSpec {
            own_core: self.program.language.run.own_core,
            profile: ProfileName::Run,
            argv: &argv,
            env: &self.program.env(),
            limits: &self.limits,
            stdin,
            files: &self.program.files,
            collect: &[],
        };
        let began = Instant::now();
        let outcome = slot.run(&spec, sink, cancel)?;
        let overhead = began.elapsed().saturating_sub(outcome.usage.wall);
        Ok(Ran { outcome, overhead })
    }

    fn ruling(&self, outcome: &Outcome) -> Option<Ruling> {
        let marker = self.program.language.run.out_of_memory_marker.as_deref();
        ruling_of(outcome, &self.limits, marker)
    }

    fn test_run(
        &self,
        Ran { outcome, overhead }: Ran,
        ruling: Option<Ruling>,
        checking: Duration,
    ) -> TestRun {
        let (verdict, cause) = match ruling {
            Some((verdict, cause)) => (verdict, Some(cause)),
            None => (Verdict::Accepted, None),
        };
        TestRun {
            verdict,
            cause,
            usage: outcome.usage,
            limits: self.limits.clone(),
            overhead,
            checking,
        }
    }

    fn content(&self, testcase: &Testcase, file: DataFile) -> Result<Arc<SealedFile>, JudgeError> {
        let path = match file {
            DataFile::Input => &testcase.input,
            DataFile::Answer => &testcase.answer,
        };
        self.data.get(self.version, path).map_err(self.unreadable(testcase, file))
    }

    fn unreadable(
        &self,
        testcase: &Testcase,
        file: DataFile,
    ) -> impl FnOnce(io::Error) -> JudgeError + use<> {
        JudgeError::test_data(self.problem, testcase.ordinal, file)
    }
}

/// Compares while the program writes.
struct Compare<'a> {
    comparison: Comparison<'a>,
    end_at_mismatch: bool,
    shown: Shown,
    spent: Duration,
}

impl<'a> Compare<'a> {
    fn new(answer: &'a [u8], flags: ComparisonFlags, end_at_mismatch: bool) -> Self {
        Self {
            comparison: Comparison::new(answer, flags),
            end_at_mismatch,
            shown: Shown::default(),
            spent: Duration::ZERO,
        }
    }
}

impl OutputSink for Compare<'_> {
    fn write(&mut self, chunk: &[u8]) -> Flow {
        self.shown.take(chunk);
        let began = Instant::now();
        let progress = self.comparison.feed(chunk);
        self.spent += began.elapsed();
        match progress {
            Progress::Mismatch if self.end_at_mismatch => Flow::Stop,
            // After a mismatch too. A run that exceeds a limit or fails is judged by that, whatever it
            // printed before; so until it ends, its verdict can still change, and to end it here would
            // make the verdict depend on how fast we read. Too much output is final: the limit ends it.
            Progress::Mismatch | Progress::Undecided => Flow::Continue,
        }
    }
}

/// Keeps all output, which its limit bounds, for a validator.
struct Keep {
    file: UnsealedFile,
    shown: Shown,
    failure: Option<io::Error>,
}

impl Keep {
    fn new() -> io::Result<Self> {
        Ok(Self { file: UnsealedFile::new()?, shown: Shown::default(), failure: None })
    }
}

impl OutputSink for Keep {
    fn write(&mut self, chunk: &[u8]) -> Flow {
        self.shown.take(chunk);
        match io::Write::write_all(&mut self.file, chunk) {
            Ok(()) => Flow::Continue,
            Err(error) => {
                self.failure = Some(error);
                Flow::Stop
            }
        }
    }
}

/// Shows the beginning, and forgets the rest.
#[derive(Default)]
struct ShowOnly(Shown);

impl OutputSink for ShowOnly {
    fn write(&mut self, chunk: &[u8]) -> Flow {
        self.0.take(chunk);
        Flow::Continue
    }
}
