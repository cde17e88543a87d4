//! Why a submission could not be judged: our failures, kept apart from verdicts by their type.

use std::io;
use std::path::PathBuf;

use crate::sandbox::SandboxError;

/// We could not judge, for a reason that is not the submission's: nothing is known about it.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The sandbox failed, twice.
    #[error("the sandbox failed")]
    Sandbox(#[from] SandboxError),
    /// Test data that was there when the package was read can't be read now.
    #[error("cannot read the test data {}", path.display())]
    TestData {
        /// The file.
        path: PathBuf,
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
