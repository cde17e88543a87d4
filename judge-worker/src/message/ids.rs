//! Identifiers and names, each with an alphabet and a length that make it safe wherever it goes:
//! into routing keys, SQL, logs, file systems. All of them are ASCII and never empty.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::excerpt::one_line;

/// Declares a newtype over text whose first byte is in one character class and whose other bytes
/// are in another. The classes are written as inside a regular expression's brackets, since the
/// JSON Schema shows them as one.
macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $wire:literal: [$first:literal] [$rest:literal], at most $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            const ALPHABET: Alphabet =
                Alphabet { what: $wire, first: $first, rest: $rest, max: $max };

            /// The longest that is accepted, in bytes.
            pub const MAX_BYTES: usize = $max;

            /// Checks alphabet and length.
            pub fn new(text: impl Into<String>) -> Result<Self, BadToken> {
                let text = text.into();
                Self::ALPHABET.check(&text)?;
                Ok(Self(text))
            }

            /// The text, exactly as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadToken;

            fn try_from(text: String) -> Result<Self, BadToken> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(token: $name) -> String {
                token.0
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": Self::ALPHABET.pattern() })
            }
        }
    };
}

token! {
    /// The idempotency key: one request gets one verdict and one history row. A rejudge is a new
    /// request for the same submission.
    RequestId, "requestId": ["A-Za-z0-9_-"] ["A-Za-z0-9_-"], at most 64
}
token! {
    /// What was submitted, whichever request it is judged for. A word of a routing key.
    SubmissionId, "submissionId": ["A-Za-z0-9_-"] ["A-Za-z0-9_-"], at most 64
}
token! {
    /// Names a problem, and so the folder of its package: no dot, no slash.
    ProblemId, "problemId": ["A-Za-z0-9_-"] ["A-Za-z0-9_-"], at most 64
}
token! {
    /// A language or an alias of one; whether it is known is for the judge to say.
    LanguageId, "language": ["A-Za-z0-9"] ["A-Za-z0-9_+#.-"], at most 32
}
token! {
    /// The room the submission came from. A word of a routing key, which may also become a STOMP or
    /// MQTT destination: so none of `.` `*` `#` `/` `+` `%`, and no white space. UUIDs, numbers,
    /// base64url and `kind:id` fit. `~` is left free to stand for "no room".
    RoomId, "roomId": ["A-Za-z0-9_:@=-"] ["A-Za-z0-9_:@=-"], at most 64
}
token! {
    /// Who submitted it. The alphabet of [`RoomId`], so that events can be routed by it one day.
    UserId, "userId": ["A-Za-z0-9_:@=-"] ["A-Za-z0-9_:@=-"], at most 64
}
token! {
    /// The API's own key of a history row, opaque to us: any visible ASCII.
    HistoryKey, "historyKey": ["!-~"] ["!-~"], at most 128
}
token! {
    /// The content hash of a problem package.
    ProblemVersion, "problemVersion": ["A-Za-z0-9"] ["A-Za-z0-9_:.-"], at most 128
}
token! {
    /// Names a worker among its like, by default after its host and process.
    WorkerName, "worker": ["A-Za-z0-9"] ["A-Za-z0-9_:.-"], at most 96
}
token! {
    /// One path component. It begins with neither a dot nor a dash: it can be no hidden file, no
    /// parent folder, and no option of a compiler.
    FileName, "file name": ["A-Za-z0-9_+"] ["A-Za-z0-9_.+-"], at most 64
}

impl RequestId {
    /// The id of a request that has none of its own. The two alphabets are the same.
    pub fn of_submission(submission: &SubmissionId) -> Self {
        Self(submission.0.clone())
    }
}

/// A text that does not fit where an identifier is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct BadToken {
    expected: String,
    found: String,
}

/// What the texts of one type are made of.
struct Alphabet {
    what: &'static str,
    first: &'static str,
    rest: &'static str,
    max: usize,
}

impl Alphabet {
    fn check(&self, text: &str) -> Result<(), BadToken> {
        let mut bytes = text.bytes();
        let fits = text.len() <= self.max
            && bytes.next().is_some_and(|first| class_contains(self.first, first))
            && bytes.all(|byte| class_contains(self.rest, byte));
        if fits {
            return Ok(());
        }
        Err(BadToken {
            expected: format!("a {} matching {}", self.what, self.pattern()),
            found: match text.len() {
                0 => "an empty text".to_owned(),
                len if len > self.max => format!("{len} bytes"),
                _ => format!("\"{}\"", one_line(text, 80)),
            },
        })
    }

    /// The same rule as an ECMA 262 regular expression, which is what JSON Schema wants.
    fn pattern(&self) -> String {
        let Self { first, rest, max, .. } = self;
        if first == rest {
            return format!("^[{rest}]{{1,{max}}}$");
        }
        format!("^[{first}][{rest}]{{0,{}}}$", max - 1)
    }
}

/// Whether `class`, the inside of a regular expression's brackets, has `byte`. A dash between two
/// others is a range; one at the end is a dash.
fn class_contains(class: &str, byte: u8) -> bool {
    let mut rest = class.as_bytes();
    loop {
        rest = match rest {
            [low, b'-', high, ..] if (*low..=*high).contains(&byte) => return true,
            [_, b'-', _, tail @ ..] => tail,
            [only, ..] if *only == byte => return true,
            [_, tail @ ..] => tail,
            [] => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_at_the_end_of_a_class_is_a_dash() {
        assert!(class_contains("A-Za-z0-9_-", b'-'));
        assert!(class_contains("A-Za-z0-9_-", b'Q'));
        assert!(!class_contains("A-Za-z0-9_-", b'.'));
        assert!(!class_contains("A-Za-z0-9_-", b'['));
    }

    #[test]
    fn the_longest_identifier_is_accepted_and_one_byte_more_is_not() {
        assert!(RequestId::new("x".repeat(64)).is_ok());
        let error = RequestId::new("x".repeat(65)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a requestId matching ^[A-Za-z0-9_-]{1,64}$, found 65 bytes"
        );
    }

    #[test]
    fn a_file_name_is_one_harmless_path_component() {
        for good in ["Main.java", "a", "_x", "c++.cpp", "a-b_c.d"] {
            assert!(FileName::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".profile", "-o", "a/b", "a\\b", "a b", "é.c", "a\0", "a\n"] {
            assert!(FileName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_room_is_one_word_of_a_routing_key() {
        assert!(RoomId::new("0b5e7a1c-4d8e-4c59-9d53-5b1e7c0a2f11").is_ok());
        assert!(RoomId::new("room:42").is_ok());
        for bad in ["a.b", "*", "#", "a/b", "a+b", "%2F", "~", "a b", ""] {
            assert!(RoomId::new(bad).is_err(), "{bad:?}");
        }
    }
}
