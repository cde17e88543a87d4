//! The words that reasons are made of: closed sets, so that they can label metrics and hold no data.

use schemars::JsonSchema;
use serde::Serialize;

/// What ended a run or decided its verdict. A closed set: it labels a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Mechanism {
    /// CPU time of all processes together.
    CpuTime,
    /// Time on the clock.
    WallTime,
    /// Memory of all processes together.
    Memory,
    /// What was written to standard output or standard error.
    Output,
    /// The size of one file.
    FileSize,
    /// Processes and threads at one time.
    Processes,
    /// An exit code other than 0.
    ExitCode,
    /// A signal that nobody of ours sent.
    Signal,
    /// A system call that the filter forbids.
    Seccomp,
    /// The default output validator.
    Comparison,
    /// The problem's own output validator.
    Validator,
    /// The compiler refused the program.
    Compiler,
    /// Judging failed.
    Judging,
    /// The message could not be judged.
    Message,
    /// Someone cancelled the submission.
    Cancel,
}

/// Whose run it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Subject {
    /// The submitted program.
    Program,
    /// The compiler.
    Compiler,
    /// The problem's output validator.
    Validator,
    /// The worker.
    Judge,
}

/// What the numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(inline)]
pub enum Unit {
    /// Milliseconds; what was measured is rounded up, a limit is exact.
    #[serde(rename = "ms")]
    Milliseconds,
    /// 1024 bytes; what was measured is rounded up.
    #[serde(rename = "KiB")]
    Kibibytes,
    /// Processes and threads.
    #[serde(rename = "processes")]
    Processes,
    /// An exit code, 0 to 255.
    #[serde(rename = "exitCode")]
    ExitCode,
    /// The number of a signal.
    #[serde(rename = "signal")]
    Signal,
    /// The number of a system call, as on x86-64 or whichever machine judged.
    #[serde(rename = "syscall")]
    Syscall,
}

/// What of ours failed, for a verdict of `JE`. A closed set, since each has its text here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JudgingFault {
    /// The sandbox could not run the program.
    Sandbox,
    /// The output validator did not answer as the format asks.
    Validator,
    /// The package of the problem is broken.
    Problem,
    /// The toolchain is missing or broken.
    Toolchain,
    /// Judging took longer than any submission may.
    TooLong,
    /// Anything else; the worker's log says what.
    Internal,
}
