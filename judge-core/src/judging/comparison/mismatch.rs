//! Where and how an output differs.

use std::fmt;

/// The first difference. It quotes test data, so it has no `Display`, and `Debug` leaves the quotes
/// out: [`Mismatch::text_for_public_test`] is the one way to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub kind: MismatchKind,
    /// Line of the output, from 1, in which the wrong token starts or is missing.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// Which token of the output, from 1, is wrong or missing. For whitespace: the one after it.
    pub token: u64,
    /// What the answer has there; empty when it has ended.
    pub expected: Excerpt,
    /// What the output has there, as far as it had come; empty when it has ended.
    pub actual: Excerpt,
}

/// The ways to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchKind {
    /// Two tokens differ as text.
    Token,
    /// The answer has a number there, the output has none.
    NotANumber,
    /// Both are numbers, too far apart.
    OutOfTolerance,
    /// The output ended before the answer.
    OutputEndsEarly,
    /// The output goes on after the answer's last token.
    TrailingOutput,
    /// Whitespace differs, and the problem is sensitive to it.
    Whitespace,
}

impl Mismatch {
    /// A sentence with both excerpts. **For public tests only**: it quotes the judge's answer.
    pub fn text_for_public_test(&self) -> String {
        let Self { line, column, token, expected, actual, .. } = self;
        let (expected, actual) = (expected.escaped(), actual.escaped());
        let what = match self.kind {
            MismatchKind::Token => format!("expected \"{expected}\", got \"{actual}\""),
            MismatchKind::NotANumber => {
                format!("expected the number \"{expected}\", got \"{actual}\"")
            }
            MismatchKind::OutOfTolerance => {
                format!("\"{actual}\" is too far from the expected \"{expected}\"")
            }
            MismatchKind::OutputEndsEarly => {
                format!("the output ends where \"{expected}\" is expected")
            }
            MismatchKind::TrailingOutput => {
                format!("the output should end here, but goes on with \"{actual}\"")
            }
            MismatchKind::Whitespace => {
                format!("whitespace differs: expected \"{expected}\", got \"{actual}\"")
            }
        };
        format!("line {line}, column {column} (token {token}): {what}")
    }
}

/// Up to [`Excerpt::MAX_BYTES`] bytes of an output or an answer, around the place where they differ.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt(Box<[u8]>);

impl Excerpt {
    /// Inclusive.
    pub const MAX_BYTES: usize = 64;

    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len().min(Self::MAX_BYTES)].into())
    }

    /// The bytes as they were. **For public tests only.**
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// ASCII that names every byte: `\n`, `\\`, `\"`, `\x80`. **For public tests only.**
    pub fn escaped(&self) -> String {
        self.0.escape_ascii().to_string()
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Excerpt({} bytes)", self.0.len())
    }
}
