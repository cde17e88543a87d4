//! What is to be judged, checked: whoever holds a [`Submission`] need not look at its parts again.

use std::{borrow::Cow, num::NonZeroU64, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    ids::{FileName, HistoryKey, LanguageId, ProblemId, RequestId, RoomId, SubmissionId, UserId},
    scalar::Timestamp,
    schema::SubmissionWire,
};

/// One request to judge one submission. Made by [`Submission::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The idempotency key; the submission's id, unless the message says otherwise.
    pub request_id: RequestId,
    /// What was submitted.
    pub submission_id: SubmissionId,
    /// The problem it claims to solve; may be unknown here.
    pub problem_id: ProblemId,
    /// The language, or an alias of one; may be unknown here.
    pub language: LanguageId,
    /// The program.
    pub source: Source,
    /// Which tests it is to be run on.
    pub mode: Mode,
    /// Where events go.
    pub room_id: Option<RoomId>,
    /// Who submitted it.
    pub user_id: Option<UserId>,
    /// Stored with the history row, for the API to find it by.
    pub history_key: Option<HistoryKey>,
    /// Limits below those of the problem.
    pub limits: RequestedLimits,
    /// When the API enqueued it, by the clock of its host.
    pub enqueued_at: Option<Timestamp>,
    /// Echoed in the verdict.
    pub metadata: Option<Metadata>,
}

/// The program: valid UTF-8 without NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// One file; the language says what it is called.
    Unnamed(String),
    /// At least one file; no two of one name.
    Files(Vec<SourceFile>),
}

/// One file of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Safe as a path in the work directory.
    pub name: FileName,
    /// The whole file.
    pub content: String,
}

/// Which tests are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All tests of the problem.
    Submit,
    /// The public tests only.
    Sample,
    /// One run on the user's own input, compared with nothing.
    Custom {
        /// The input, any characters.
        stdin: String,
    },
}

impl Mode {
    /// The mode without the input.
    pub fn name(&self) -> ModeName {
        match self {
            Self::Submit => ModeName::Submit,
            Self::Sample => ModeName::Sample,
            Self::Custom { .. } => ModeName::Custom,
        }
    }
}

/// The name of a [`Mode`]. A closed set: it labels metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ModeName {
    /// All tests of the problem.
    Submit,
    /// The public tests only.
    Sample,
    /// One run on the user's own input.
    Custom,
}

impl ModeName {
    /// As in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Sample => "sample",
            Self::Custom => "custom",
        }
    }
}

/// Limits that the request asks for. They only ever lower those of the problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestedLimits {
    /// CPU time of one test, in milliseconds.
    pub time_ms: Option<NonZeroU64>,
    /// Wall time of one test, in milliseconds.
    pub wall_time_ms: Option<NonZeroU64>,
    /// Memory, in KiB.
    pub memory_kib: Option<NonZeroU64>,
    /// Standard output, in KiB.
    pub output_kib: Option<NonZeroU64>,
}

impl RequestedLimits {
    /// The CPU time limit, given that of the problem.
    pub fn lower_cpu(&self, of_problem: Duration) -> Duration {
        lower_time(self.time_ms, of_problem)
    }

    /// The wall time limit, given that of the problem.
    pub fn lower_wall(&self, of_problem: Duration) -> Duration {
        lower_time(self.wall_time_ms, of_problem)
    }

    /// The memory limit in bytes, given that of the problem.
    pub fn lower_memory_bytes(&self, of_problem: u64) -> u64 {
        lower_kib(self.memory_kib, of_problem)
    }

    /// The output limit in bytes, given that of the problem.
    pub fn lower_output_bytes(&self, of_problem: u64) -> u64 {
        lower_kib(self.output_kib, of_problem)
    }
}

fn lower_time(requested_ms: Option<NonZeroU64>, of_problem: Duration) -> Duration {
    requested_ms.map_or(of_problem, |ms| of_problem.min(Duration::from_millis(ms.get())))
}

fn lower_kib(requested: Option<NonZeroU64>, of_problem: u64) -> u64 {
    requested.map_or(of_problem, |kib| of_problem.min(kib.get().saturating_mul(1024)))
}

/// An object of the sender's own, at most [`Metadata::MAX_BYTES`], kept byte for byte.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Metadata(pub(super) Box<RawValue>);

impl Metadata {
    /// Its largest size as it stands in the message, white space included.
    pub const MAX_BYTES: usize = 4 * 1024;

    /// The bytes as they were sent.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }
}

impl JsonSchema for Metadata {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl Eq for Metadata {}

/// SHA-256 over what decides the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Of a message that can't be read as a submission; never that of one that can.
    pub fn of_body(body: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(b"judge unreadable 1").chain_update(body).finalize().into())
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

impl Submission {
    /// Two messages of one request id must agree in this, or one of them is a mistake of the
    /// sender. It covers problem, language, program, mode, custom input and limits, and neither
    /// who asks nor when.
    pub fn content_hash(&self) -> ContentHash {
        let mut hash = Sha256::new_with_prefix(b"judge submission 1");
        // A length before each text, so that no two different lists of texts hash alike.
        let mut text = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        text(self.problem_id.as_str());
        text(self.language.as_str());
        text(self.mode.name().as_str());
        if let Mode::Custom { stdin } = &self.mode {
            text(stdin);
        }
        match &self.source {
            Source::Unnamed(source) => {
                text("source");
                text(source);
            }
            Source::Files(files) => {
                text("files");
                for file in files {
                    text(file.name.as_str());
                    text(&file.content);
                }
            }
        }
        let RequestedLimits { time_ms, wall_time_ms, memory_kib, output_kib } = self.limits;
        for limit in [time_ms, wall_time_ms, memory_kib, output_kib] {
            hash.update(limit.map_or(0, NonZeroU64::get).to_be_bytes());
        }
        ContentHash(hash.finalize().into())
    }
}

/// Writes the message that parses as this submission.
impl Serialize for Submission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SubmissionWire::of(self).serialize(serializer)
    }
}
