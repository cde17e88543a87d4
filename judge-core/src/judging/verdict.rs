//! What the facts of a run mean.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::sandbox::{Limits, Outcome, Termination, Usage};
use crate::sys::process::Exit;

/// What is said of a run, and of a submission. The codes are those of the ICPC contest API where it
/// has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// `AC`
    Accepted,
    /// `WA`; a presentation error is one too.
    WrongAnswer,
    /// `TLE`: more CPU time than allowed.
    TimeLimitExceeded,
    /// `WTL`: too long by the clock on the wall, with CPU time to spare: it waited.
    WallTimeLimitExceeded,
    /// `MLE`
    MemoryLimitExceeded,
    /// `OLE`
    OutputLimitExceeded,
    /// `RTE`: non-zero exit code or signal.
    RunTimeError,
    /// `SV`: it asked for a forbidden system call.
    SecurityViolation,
    /// `CE`
    CompileError,
    /// `CTL`: compiling exceeded its limits.
    CompileLimitExceeded,
    /// `JE`: the problem's fault or ours, never the user's.
    JudgingError,
    /// `CANCELLED`
    Cancelled,
}

impl Verdict {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::WrongAnswer,
        Self::TimeLimitExceeded,
        Self::WallTimeLimitExceeded,
        Self::MemoryLimitExceeded,
        Self::OutputLimitExceeded,
        Self::RunTimeError,
        Self::SecurityViolation,
        Self::CompileError,
        Self::CompileLimitExceeded,
        Self::JudgingError,
        Self::Cancelled,
    ];

    /// As in messages, the database and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "AC",
            Self::WrongAnswer => "WA",
            Self::TimeLimitExceeded => "TLE",
            Self::WallTimeLimitExceeded => "WTL",
            Self::MemoryLimitExceeded => "MLE",
            Self::OutputLimitExceeded => "OLE",
            Self::RunTimeError => "RTE",
            Self::SecurityViolation => "SV",
            Self::CompileError => "CE",
            Self::CompileLimitExceeded => "CTL",
            Self::JudgingError => "JE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// The mechanism behind a verdict other than accepted, with what it measured against which limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    /// CPU time of the process tree.
    CpuTime {
        /// Used.
        measured: Duration,
        /// Allowed.
        limit: Duration,
    },
    /// Monotonic clock.
    WallTime {
        /// Used.
        measured: Duration,
        /// Allowed.
        limit: Duration,
    },
    /// Memory of the process tree; `measured` may be just below `limit`, for what was refused is
    /// not counted.
    Memory {
        /// Peak, bytes.
        measured: u64,
        /// Allowed, bytes.
        limit: u64,
    },
    /// Standard output plus standard error.
    Output {
        /// Bytes that were read.
        measured: u64,
        /// Allowed, bytes.
        limit: u64,
    },
    /// `SIGXFSZ`: one file grew beyond its limit.
    FileSize {
        /// Allowed, bytes.
        limit: u64,
    },
    /// A non-zero exit code, of a program that was also refused processes.
    Processes {
        /// Forks that were refused.
        refused: u64,
        /// Allowed at once.
        limit: u32,
    },
    /// A non-zero exit code.
    ExitCode(i32),
    /// A signal that was not ours.
    Signal(i32),
    /// A forbidden system call, by name.
    ForbiddenCall(String),
    /// The default output validator. Not where: with many submissions, the place alone would spell
    /// out a hidden answer.
    Comparison,
    /// The package's own output validator said no.
    Validator,
    /// The package's own output validator failed.
    ValidatorFailed(ValidatorFailure),
    /// The compiler said no, with this exit code.
    Compiler(i32),
    /// It was withdrawn.
    Cancelled,
}

/// What a validator did instead of saying yes or no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValidatorFailure {
    /// It ended with neither 42 nor 43.
    Exited(Exit),
    /// It was ended by a limit or did something forbidden.
    Ended(Termination),
    /// It does not compile.
    DoesNotCompile,
    /// Its score file is not a number.
    BadScore,
}

/// A verdict and the mechanism behind it.
pub type Ruling = (Verdict, Cause);

/// What a run of a submission means by itself. `None`: it ended well, and its output decides.
pub fn ruling_of(
    outcome: &Outcome,
    limits: &Limits,
    out_of_memory_marker: Option<&str>,
) -> Option<Ruling> {
    let usage = &outcome.usage;
    if let Some(ruling) = ruling_of_termination(&outcome.termination, usage, limits) {
        return Some(ruling);
    }
    match outcome.exit {
        Exit::Code(0) => None,
        // Its own heap, which has the problem's limit, was too small: the run-time system says so
        // and exits, before the kernel sees anything.
        _ if out_of_memory_marker.is_some_and(|marker| holds(&outcome.stderr, marker)) => {
            Some((Verdict::MemoryLimitExceeded, memory(usage, limits)))
        }
        Exit::Signal(SIGXFSZ) => {
            Some((Verdict::RunTimeError, Cause::FileSize { limit: limits.file_size_bytes }))
        }
        Exit::Signal(SIGSYS) => {
            let call = "a system call of a foreign ABI".to_owned();
            Some((Verdict::SecurityViolation, Cause::ForbiddenCall(call)))
        }
        Exit::Signal(signal) => Some((Verdict::RunTimeError, Cause::Signal(signal))),
        Exit::Code(_) if 0 < usage.forks_refused => {
            let cause = Cause::Processes { refused: usage.forks_refused, limit: limits.processes };
            Some((Verdict::RunTimeError, cause))
        }
        Exit::Code(code) => Some((Verdict::RunTimeError, Cause::ExitCode(code))),
    }
}

/// `signal(7)`, on amd64: a write beyond `RLIMIT_FSIZE`.
const SIGXFSZ: i32 = 25;

/// `signal(7)`, on amd64: what seccomp kills with.
const SIGSYS: i32 = 31;

/// A signal's name, as in `signal(7)`.
pub fn signal_name(number: i32) -> Option<&'static str> {
    Signal::try_from(number).ok().map(Signal::as_str)
}

/// What a compiler's run means that did not end with a program.
pub fn ruling_of_compiling(outcome: &Outcome, limits: &Limits) -> Ruling {
    let usage = &outcome.usage;
    match ruling_of_termination(&outcome.termination, usage, limits) {
        Some((
            Verdict::TimeLimitExceeded
            | Verdict::WallTimeLimitExceeded
            | Verdict::MemoryLimitExceeded
            | Verdict::OutputLimitExceeded,
            cause,
        )) => (Verdict::CompileLimitExceeded, cause),
        Some(ruling) => ruling,
        None => match outcome.exit {
            Exit::Code(code) => (Verdict::CompileError, Cause::Compiler(code)),
            Exit::Signal(SIGXFSZ) => {
                (Verdict::CompileLimitExceeded, Cause::FileSize { limit: limits.file_size_bytes })
            }
            Exit::Signal(signal) => (Verdict::CompileError, Cause::Signal(signal)),
        },
    }
}

fn ruling_of_termination(
    termination: &Termination,
    usage: &Usage,
    limits: &Limits,
) -> Option<Ruling> {
    Some(match termination {
        Termination::OfItself | Termination::SinkStopped => return None,
        Termination::CpuLimit => {
            (Verdict::TimeLimitExceeded, Cause::CpuTime { measured: usage.cpu, limit: limits.cpu })
        }
        Termination::WallLimit => (
            Verdict::WallTimeLimitExceeded,
            Cause::WallTime { measured: usage.wall, limit: limits.wall },
        ),
        Termination::OutputLimit => (
            Verdict::OutputLimitExceeded,
            Cause::Output { measured: usage.output_bytes, limit: limits.output_bytes },
        ),
        Termination::MemoryLimit => (Verdict::MemoryLimitExceeded, memory(usage, limits)),
        Termination::ForbiddenCall(call) => {
            (Verdict::SecurityViolation, Cause::ForbiddenCall(call.clone()))
        }
        Termination::Cancelled => (Verdict::Cancelled, Cause::Cancelled),
    })
}

fn memory(usage: &Usage, limits: &Limits) -> Cause {
    Cause::Memory { measured: usage.memory_bytes, limit: limits.memory_bytes }
}

fn holds(text: &[u8], marker: &str) -> bool {
    text.windows(marker.len()).any(|window| window == marker.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(5),
            memory_bytes: 1 << 20,
            output_bytes: 1000,
            processes: 8,
            open_files: 8,
            file_size_bytes: 77,
            stack_bytes: 1 << 20,
        }
    }

    fn ended(termination: Termination, exit: Exit) -> Outcome {
        Outcome { termination, exit, usage: Usage::default(), stderr: vec![], files: vec![] }
    }

    fn verdict(outcome: &Outcome) -> Option<Verdict> {
        ruling_of(outcome, &limits(), Some("HeapGone")).map(|(verdict, _)| verdict)
    }

    #[test]
    fn each_end_of_a_run_has_its_verdict() {
        use Termination as T;
        let table = [
            (T::OfItself, Exit::Code(0), None),
            (T::OfItself, Exit::Code(1), Some(Verdict::RunTimeError)),
            (T::OfItself, Exit::Signal(11), Some(Verdict::RunTimeError)),
            (T::OfItself, Exit::Signal(31), Some(Verdict::SecurityViolation)),
            (T::CpuLimit, Exit::Signal(9), Some(Verdict::TimeLimitExceeded)),
            // It ended well, just beyond the limit.
            (T::CpuLimit, Exit::Code(0), Some(Verdict::TimeLimitExceeded)),
            (T::WallLimit, Exit::Signal(9), Some(Verdict::WallTimeLimitExceeded)),
            (T::MemoryLimit, Exit::Signal(9), Some(Verdict::MemoryLimitExceeded)),
            (T::OutputLimit, Exit::Signal(9), Some(Verdict::OutputLimitExceeded)),
            (T::ForbiddenCall("bpf".into()), Exit::Signal(9), Some(Verdict::SecurityViolation)),
            (T::Cancelled, Exit::Signal(9), Some(Verdict::Cancelled)),
        ];
        for (termination, exit, expected) in table {
            let outcome = ended(termination, exit);
            assert_eq!(verdict(&outcome), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_runtime_that_says_its_heap_was_too_small_exceeded_memory() {
        let mut outcome = ended(Termination::OfItself, Exit::Code(1));
        outcome.stderr = b"fatal: HeapGone at 3".to_vec();
        assert_eq!(verdict(&outcome), Some(Verdict::MemoryLimitExceeded));
        outcome.exit = Exit::Code(0);
        assert_eq!(verdict(&outcome), None, "words alone are no failure");
    }

    #[test]
    fn refused_forks_are_named_as_what_went_wrong() {
        let mut outcome = ended(Termination::OfItself, Exit::Code(1));
        outcome.usage.forks_refused = 3;
        let (_, cause) = ruling_of(&outcome, &limits(), None).unwrap();
        assert_eq!(cause, Cause::Processes { refused: 3, limit: 8 });
    }

    #[test]
    fn a_compiler_over_its_limits_is_not_a_compile_error() {
        let outcome = ended(Termination::MemoryLimit, Exit::Signal(9));
        assert_eq!(ruling_of_compiling(&outcome, &limits()).0, Verdict::CompileLimitExceeded);
        let outcome = ended(Termination::OfItself, Exit::Code(1));
        assert_eq!(ruling_of_compiling(&outcome, &limits()).0, Verdict::CompileError);
        let outcome = ended(Termination::ForbiddenCall("bpf".into()), Exit::Signal(9));
        assert_eq!(ruling_of_compiling(&outcome, &limits()).0, Verdict::SecurityViolation);
    }
}
