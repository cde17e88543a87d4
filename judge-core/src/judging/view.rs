//! What may be seen of a test beside the facts of its run.
//!
//! ```text
//! a test that was run ─┬─ run      facts and verdict                 ─▶ Judgement: for everybody
//!                      ├─ view     data, if the test is public       ─▶ Judgement: for everybody
//!                      └─ remark   what was said of the output       ─▶ AuthorRemarks: never leaves
//!                                                                       the machine of the package
//! ```
//!
//! Whoever tells a judgement on has nothing of a hidden test in hand that could be told: its [`View`]
//! has no place for data, and [`PublicData`] is made here alone, out of a [`PublicTestcase`] or of
//! the user's own input. It may be read again where it was sent; whoever does so compares it with the
//! package.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{DataFile, JudgeError};
use super::package::PublicTestcase;

/// Data of a test, if everybody may see them.
///
/// Nothing but judging can make a view with data in it:
///
/// ```
/// # use judge_core::judging::{PublicData, View};
/// fn input_of(view: &View) -> Option<&[u8]> {
///     match view {
///         View::Public(PublicData { input, .. }) => Some(&input.bytes),
///         View::Hidden => None,
///     }
/// }
/// ```
/// ```compile_fail
/// # use judge_core::judging::{PublicData, Shown, View};
/// fn forged(input: Shown, actual: Shown, stderr: Shown) -> View {
///     let checker_message = String::new();
///     View::Public(PublicData { input, expected: None, actual, stderr, checker_message })
/// }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum View {
    /// A test of `data/sample`, or the user's own input.
    Public(PublicData),
    /// A test of `data/secret`. There is no place for its data here, and there must never be one.
    Hidden,
}

/// Data of a public test, as far as it is shown: the first [`SHOWN_BYTES`] of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
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
#[non_exhaustive]
pub struct Shown {
    /// At most [`SHOWN_BYTES`].
    pub bytes: Vec<u8>,
    /// How long the whole is.
    pub total: u64,
}

/// How much of public data is kept of each kind.
pub const SHOWN_BYTES: usize = 4096;

/// What was said of the outputs of one submission, on hidden tests too: it quotes inputs and answers.
/// For whoever has the package on disk. It can't be sent, stored or logged: it has neither `Debug` nor
/// `Display` nor a serial form.
#[derive(Default)]
pub struct AuthorRemarks {
    pub(super) of_tests: BTreeMap<u32, String>,
    pub(super) of_validator: Option<String>,
}

impl AuthorRemarks {
    /// On the test of that ordinal: where the output differs, or what the validator says of it.
    pub fn on_test(&self, ordinal: u32) -> Option<&str> {
        self.of_tests.get(&ordinal).map(String::as_str)
    }

    /// Why there is no validator; the compiler quotes its source.
    pub fn on_validator(&self) -> Option<&str> {
        self.of_validator.as_deref()
    }
}

/// What a run wrote, and what was said of it, on whichever test.
pub(super) struct Seen {
    pub actual: Shown,
    pub stderr: Shown,
    pub remark: String,
}

impl PublicData {
    pub(super) fn of_test(
        problem: &str,
        testcase: PublicTestcase<'_>,
        Seen { actual, stderr, remark }: Seen,
    ) -> Result<Self, JudgeError> {
        let failed = |file| JudgeError::test_data(problem, testcase.ordinal(), file);
        let input = begin(testcase.input()).map_err(failed(DataFile::Input))?;
        let expected = begin(testcase.answer()).map_err(failed(DataFile::Answer))?;
        Ok(Self { input, expected: Some(expected), actual, stderr, checker_message: remark })
    }

    pub(super) fn of_own_input(
        stdin: &[u8],
        Seen { actual, stderr, remark: checker_message }: Seen,
    ) -> Self {
        Self { input: Shown::of(stdin), expected: None, actual, stderr, checker_message }
    }
}

impl Shown {
    /// The beginning of `data`.
    pub(super) fn of(data: &[u8]) -> Self {
        let bytes = data[..data.len().min(SHOWN_BYTES)].to_vec();
        Self { bytes, total: data.len() as u64 }
    }

    pub(super) fn take(&mut self, chunk: &[u8]) {
        let room = SHOWN_BYTES - self.bytes.len();
        self.bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        self.total += chunk.len() as u64;
    }
}

/// The beginning of a file.
fn begin(path: &Path) -> io::Result<Shown> {
    let file = File::open(path)?;
    let total = file.metadata()?.len();
    let mut bytes = Vec::new();
    file.take(SHOWN_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(Shown { bytes, total })
}
