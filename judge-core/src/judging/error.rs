//! Why a submission could not be judged: our failures, kept apart from verdicts by their type.

use std::{fmt, io};

use crate::sandbox::SandboxError;

/// We could not judge, for a reason that is not the submission's: nothing is known about it.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The sandbox failed, twice.
    #[error("the sandbox failed")]
    Sandbox(#[from] SandboxError),
    /// Test data that was there when the package was read can't be read now. Named by what everybody
    /// may know: the text travels in a message's header.
    #[error("cannot read the {file} of test {ordinal} of the problem {problem}")]
    TestData {
        /// Whose package to look at.
        problem: String,
        /// The test, from 1.
        ordinal: u32,
        /// What of it.
        file: DataFile,
        /// Why.
        source: io::Error,
    },
    /// The output could not be kept for the validator.
    #[error("cannot keep the program's output")]
    Keep(#[source] io::Error),
    /// The language's toolchain is missing, or broken.
    #[error("no toolchain: {0}")]
    NoToolchain(String),
    /// The caller withdrew the submission.
    #[error("the submission was withdrawn")]
    Cancelled,
}

impl JudgeError {
    /// A failure to read a file of a test.
    pub(super) fn test_data(
        problem: &str,
        ordinal: u32,
        file: DataFile,
    ) -> impl FnOnce(io::Error) -> Self + use<> {
        let problem = problem.to_owned();
        move |source| Self::TestData { problem, ordinal, file, source }
    }
}

/// A file of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFile {
    /// `.in`
    Input,
    /// `.ans`
    Answer,
}

impl fmt::Display for DataFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Answer => "answer",
        })
    }
}
