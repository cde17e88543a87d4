//! The package's own output validator: compiled once, run behind the same walls as submissions,
//! because what it reads was written by one.

use std::fs;
use std::sync::Arc;

use super::error::JudgeError;
use super::package::{ProblemLimits, ValidatorProgram};
use super::scoring::ValidatorScore;
use super::verdict::{Cause, Ruling, ValidatorFailure, Verdict};
use crate::sandbox::init::WORK_DIR;
use crate::sandbox::limits::wall_limit_for;
use crate::sandbox::{
    Cancel, Capture, Collect, InputFile, Limits, ProfileName, RunSpec, Slot, Termination,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;
use crate::toolchain::{Languages, Program, SourceFile, compile};

/// Exit codes (*Output validator*, *Exit codes* in both formats).
const ACCEPTED: i32 = 42;
const WRONG_ANSWER: i32 = 43;

/// Where it finds its files, relative to its working directory.
const INPUT: &str = "judge.in";
const ANSWER: &str = "judge.ans";
const FEEDBACK: &str = "feedback/";

/// How much of its remarks is kept, in bytes; the formats set no bound.
const REMARK_BYTES: u64 = 64 * 1024;

/// The longest score, in bytes, white space included. A longer one is no number that anybody meant.
const SCORE_BYTES: usize = 1024;

/// A validator that can be run.
#[derive(Debug)]
pub struct Validator {
    program: Program,
    limits: Limits,
    memory_bytes: u64,
}

/// Why there is no validator: the problem's fault.
#[derive(Debug, thiserror::Error)]
pub enum ValidatorError {
    /// No language is known for it.
    #[error("the output validator {name} is in no language known here (its files: {files:?})")]
    NoLanguage {
        /// Base name.
        name: String,
        /// Names of its files.
        files: Vec<String>,
    },
    /// It can't be read.
    #[error("cannot read the output validator {name}")]
    Unreadable {
        /// Base name.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// The compiler says no.
    #[error("the output validator {name} does not compile; `judge-worker verify` shows why")]
    DoesNotCompile {
        /// Base name.
        name: String,
        /// What the compiler said: it quotes the source, which may hold answers.
        output: String,
    },
    /// Ours: nothing is known about it.
    #[error(transparent)]
    Sandbox(#[from] crate::sandbox::SandboxError),
}

/// What a validator said of one output.
pub(super) struct Judged {
    /// `None`: accepted.
    pub ruling: Option<Ruling>,
    pub score: ValidatorScore,
    /// For people who may see the test's data.
    pub remark: String,
    /// What it wrote to standard error while it failed, if it did: its source, perhaps.
    pub complaint: String,
}

impl Validator {
    /// Compiles the package's validator in `slot`.
    pub fn build(
        slot: &mut Slot,
        source: &ValidatorProgram,
        languages: &Languages,
        limits: &ProblemLimits,
    ) -> Result<Self, ValidatorError> {
        let name = &source.name;
        let mut sources = Vec::new();
        let mut language = None;
        for path in &source.files {
            let content = fs::read(path).map_err(|error| ValidatorError::Unreadable {
                name: name.clone(),
                source: error,
            })?;
            let relative = path.strip_prefix(&source.folder).unwrap_or(path);
            let file = relative.to_string_lossy().into_owned();
            language = language.or_else(|| languages.guess(&file));
            sources.push(SourceFile { name: Some(file), content });
        }
        let language = language.ok_or_else(|| ValidatorError::NoLanguage {
            name: name.clone(),
            files: sources.iter().filter_map(|source| source.name.clone()).collect(),
        })?;
        let compilation = compile(slot, language, &sources, &Cancel::default())?;
        let program = compilation.result.map_err(|_| ValidatorError::DoesNotCompile {
            name: name.clone(),
            output: String::from_utf8_lossy(&compilation.output).into_owned(),
        })?;
        let base = program.language.run_limits(
            limits.validation_time,
            limits.validation_memory_bytes,
            limits.validation_output_bytes,
        );
        let limits = Limits { wall: wall_limit_for(limits.validation_time), ..base };
        let memory_bytes = limits.memory_bytes;
        Ok(Self { program, limits, memory_bytes })
    }

    /// Runs it on one output: `PROGRAM INPUT ANSWER FEEDBACK_DIR/ FLAGS… < OUTPUT`.
    pub(super) fn judge(
        &self,
        slot: &mut Slot,
        [input, answer]: [Arc<SealedFile>; 2],
        output: &SealedFile,
        flags: &[String],
        cancel: &Cancel,
    ) -> Result<Judged, JudgeError> {
        let mut argv = self.program.argv(self.memory_bytes);
        argv.extend([INPUT, ANSWER, FEEDBACK].map(|name| format!("{WORK_DIR}/{name}")));
        argv.extend_from_slice(flags);
        let empty = Arc::new(SealedFile::of_bytes(b"").map_err(JudgeError::Keep)?);
        let file =
            |path: &str, content| InputFile { path: path.into(), content, executable: false };
        let mut files = self.program.files.clone();
        files.push(file(INPUT, input));
        files.push(file(ANSWER, answer));
        // A file in it makes the feedback directory.
        files.push(file(&format!("{FEEDBACK}.keep"), empty));
        let wanted = |name, max_bytes| Collect { pattern: format!("{FEEDBACK}{name}"), max_bytes };
        // However large: a score that were left out would be taken for none.
        let score = |name| wanted(name, self.limits.file_size_bytes);
        let spec = RunSpec {
            own_core: self.program.language.run.own_core,
            profile: ProfileName::Validate,
            argv: &argv,
            env: &self.program.env(),
            limits: &self.limits,
            stdin: output,
            files: &files,
            collect: &[wanted("judgemessage.txt", REMARK_BYTES), score(SCORE), score(MULTIPLIER)],
        };
        let outcome = slot.run(&spec, &mut Capture::default(), cancel)?;
        let (mut remark, mut complaint) = (String::new(), String::new());
        let mut score = Ok(ValidatorScore::Absent);
        for (name, content) in &outcome.files {
            let content = content.read_all().map_err(JudgeError::Keep)?;
            let number = || number_of(&content);
            match name.rsplit('/').next() {
                Some(SCORE) => score = number().map(ValidatorScore::Points).ok_or(()),
                Some(MULTIPLIER) => score = number().map(ValidatorScore::Multiplier).ok_or(()),
                _ => remark = String::from_utf8_lossy(&content).into_owned(),
            }
        }
        let failed = |failure| Some((Verdict::JudgingError, Cause::ValidatorFailed(failure)));
        let ruling = match (&outcome.termination, outcome.exit) {
            (Termination::Cancelled, _) => Some((Verdict::Cancelled, Cause::Cancelled)),
            (Termination::OfItself, Exit::Code(ACCEPTED)) if score.is_err() => {
                failed(ValidatorFailure::BadScore)
            }
            (Termination::OfItself, Exit::Code(ACCEPTED)) => None,
            (Termination::OfItself, Exit::Code(WRONG_ANSWER)) => {
                Some((Verdict::WrongAnswer, Cause::Validator))
            }
            (Termination::OfItself, exit) => {
                complaint = String::from_utf8_lossy(&outcome.stderr).into_owned();
                failed(ValidatorFailure::Exited(exit))
            }
            (ended, _) => failed(ValidatorFailure::Ended(ended.clone())),
        };
        Ok(Judged { ruling, score: score.unwrap_or(ValidatorScore::Absent), remark, complaint })
    }
}

/// `None`: it is no finite number.
fn number_of(content: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(content).ok().filter(|text| text.len() <= SCORE_BYTES)?;
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// legacy, *Graders*; 2025-09, *Scoring test cases*.
const SCORE: &str = "score.txt";
const MULTIPLIER: &str = "score_multiplier.txt";
