//! One test of a submission: run the program, look at its output, say what that means.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::comparison::{Comparison, ComparisonFlags, Mismatch, Progress};
use super::error::JudgeError;
use super::package::{Testcase, Visibility};
use super::scoring::ValidatorScore;
use super::test_data::TestData;
use super::validator::{Judged, Validator};
use super::verdict::{Cause, Ruling, Verdict, ruling_of};
use crate::sandbox::{
    Cancel, Flow, Limits, Outcome, OutputSink, ProfileName, RunSpec, SandboxError, Slot, Usage,
};
use crate::sys::fds::{SealedFile, UnsealedFile};
use crate::toolchain::Program;

/// What came of one test.
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
    /// What the package's own validator gave.
    pub score: ValidatorScore,
    /// Data of the test; only public tests have it.
    pub public: Option<PublicData>,
    /// What running cost beyond the program's own wall time: the sandbox.
    pub overhead: Duration,
    /// What looking at the output cost.
    pub checking: Duration,
}

/// Data of a public test, as far as it is shown: the first [`SHOWN_BYTES`] of each.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PublicData {
    /// Standard input.
    pub input: Shown,
    /// The judge's answer; absent where the user's own input was run.
    pub expected: Option<Shown>,
    /// Standard output.
    pub actual: Shown,
    /// Standard error.
    pub stderr: Shown,
    /// What the checker remarked.
    pub checker_message: String,
}

/// The beginning of some data.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Shown {
    /// At most [`SHOWN_BYTES`].
    pub bytes: Vec<u8>,
    /// How long the whole is.
    pub total: u64,
}

/// How much of public data is kept of each kind.
pub const SHOWN_BYTES: usize = 4096;

impl Shown {
    /// The beginning of `data`.
    pub fn of(data: &[u8]) -> Self {
        let bytes = data[..data.len().min(SHOWN_BYTES)].to_vec();
        Self { bytes, total: data.len() as u64 }
    }

    fn take(&mut self, chunk: &[u8]) {
        let room = SHOWN_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        self.total += chunk.len() as u64;
    }
}

/// What the tests of one submission have in common.
#[derive(Debug)]
pub(super) struct Contestant<'a> {
    pub program: &'a Program,
    /// Of the problem, lowered by the submission.
    pub memory_bytes: u64,
    pub limits: Limits,
    /// Of the problem's package.
    pub version: &'a str,
    pub data: &'a TestData,
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
    message: String,
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
    ) -> Result<TestRun, JudgeError> {
        let checked = match checker {
            Checker::Default(flags) => self.compared(slot, testcase, *flags, cancel),
            Checker::Custom(validator) => self.validated(slot, testcase, validator, cancel),
        };
        let Checked { ran, output, ruling, score, message, checking } = checked?;
        if matches!(ruling, Some((Verdict::Cancelled, _))) {
            return Err(JudgeError::Cancelled);
        }
        let public = match testcase.visibility {
            Visibility::Hidden => None,
            Visibility::Public => Some(PublicData {
                input: begin(&testcase.input)?,
                expected: Some(begin(&testcase.answer)?),
                actual: output,
                stderr: Shown::of(&ran.outcome.stderr),
                checker_message: message,
            }),
        };
        Ok(self.test_run(ran, ruling, score, public, checking))
    }

    /// By the default output validator, while the program writes.
    fn compared(
        &self,
        slot: &mut Slot,
        testcase: &Testcase,
        flags: ComparisonFlags,
        cancel: &Cancel,
    ) -> Result<Checked, JudgeError> {
        let input = self.data.get(self.version, &testcase.input)?;
        let answer = self.data.get(self.version, &testcase.answer)?;
        let answer = answer.map().map_err(unreadable(&testcase.answer))?;
        let mut sink = Compare::new(&answer, flags);
        let ran = self.run(slot, &input, &testcase.args, &mut sink, cancel)?;
        let began = Instant::now();
        let compared = sink.comparison.finish();
        let checking = sink.spent + began.elapsed();
        let ruling = self.ruling(&ran.outcome).or_else(|| mismatch(compared));
        let message = match &ruling {
            Some((_, Cause::Comparison(mismatch))) => mismatch.text_for_public_test(),
            _ => String::new(),
        };
        let score = ValidatorScore::Absent;
        Ok(Checked { ran, output: sink.shown, ruling, score, message, checking })
    }

    /// By the package's own output validator, afterwards, if there is an output to speak of.
    fn validated(
        &self,
        slot: &mut Slot,
        testcase: &Testcase,
        validator: &Validator,
        cancel: &Cancel,
    ) -> Result<Checked, JudgeError> {
        let input = self.data.get(self.version, &testcase.input)?;
        let mut sink = Keep::new().map_err(JudgeError::Keep)?;
        let ran = self.run(slot, &input, &testcase.args, &mut sink, cancel)?;
        let Keep { file, shown: output, failure } = sink;
        if let Some(failure) = failure {
            return Err(JudgeError::Keep(failure));
        }
        let ruling = self.ruling(&ran.outcome);
        if ruling.is_some() {
            let (score, message, checking) =
                (ValidatorScore::Absent, String::new(), Duration::ZERO);
            return Ok(Checked { ran, output, ruling, score, message, checking });
        }
        let began = Instant::now();
        let answer = self.data.get(self.version, &testcase.answer)?;
        let kept = file.seal().map_err(JudgeError::Keep)?;
        let flags = &testcase.validator_flags;
        let judged = validator.judge(slot, [input, answer], &kept, flags, cancel)?;
        let Judged { ruling, score, message } = judged;
        Ok(Checked { ran, output, ruling, score, message, checking: began.elapsed() })
    }

    /// Runs the user's own input; there is nothing to compare with.
    pub fn on_own_input(
        &self,
        slot: &mut Slot,
        stdin: &[u8],
        cancel: &Cancel,
    ) -> Result<TestRun, JudgeError> {
        let input = SealedFile::of_bytes(stdin).map_err(JudgeError::Keep)?;
        let mut sink = ShowOnly::default();
        let ran = self.run(slot, &input, &[], &mut sink, cancel)?;
        let ruling = self.ruling(&ran.outcome);
        if matches!(ruling, Some((Verdict::Cancelled, _))) {
            return Err(JudgeError::Cancelled);
        }
        let public = PublicData {
            input: Shown::of(stdin),
            expected: None,
            actual: sink.0,
            stderr: Shown::of(&ran.outcome.stderr),
            checker_message: String::new(),
        };
        Ok(self.test_run(ran, ruling, ValidatorScore::Absent, Some(public), Duration::ZERO))
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
        score: ValidatorScore,
        public: Option<PublicData>,
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
            score,
            public,
            overhead,
            checking,
        }
    }
}

fn mismatch(compared: Result<(), Mismatch>) -> Option<Ruling> {
    compared.err().map(|mismatch| (Verdict::WrongAnswer, Cause::Comparison(mismatch)))
}

/// Compares while the program writes.
struct Compare<'a> {
    comparison: Comparison<'a>,
    shown: Shown,
    spent: Duration,
}

impl<'a> Compare<'a> {
    fn new(answer: &'a [u8], flags: ComparisonFlags) -> Self {
        Self {
            comparison: Comparison::new(answer, flags),
            shown: Shown::default(),
            spent: Duration::ZERO,
        }
    }
}

impl OutputSink for Compare<'_> {
    fn write(&mut self, chunk: &[u8]) -> Flow {
        self.shown.take(chunk);
        let began = Instant::now();
        // After a mismatch too: the program may yet exceed a limit or fail, which says more.
        let (Progress::Undecided | Progress::Mismatch) = self.comparison.feed(chunk);
        self.spent += began.elapsed();
        Flow::Continue
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

fn begin(path: &Path) -> Result<Shown, JudgeError> {
    let begin = || {
        let file = File::open(path)?;
        let total = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(SHOWN_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(Shown { bytes, total })
    };
    begin().map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> JudgeError + use<> {
    let path = path.to_path_buf();
    move |source| JudgeError::TestData { path, source }
}
