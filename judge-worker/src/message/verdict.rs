//! What a submission is answered with.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    excerpt::Excerpt,
    ids::{
        FileName, HistoryKey, LanguageId, ProblemId, ProblemVersion, RequestId, RoomId,
        SubmissionId, UserId, WorkerName,
    },
    parse::MessageLimits,
    provenance::Provenance,
    reason::OverallReason,
    reject::{ReadableIds, RejectedMessage},
    routing::routing_key,
    scalar::{Finite, SchemaVersion, Timestamp},
    submission::{Metadata, ModeName, Source, Submission},
    tests_list::Tests,
};

/// No event is larger than this, in bytes of JSON: every part is bounded by its type.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// The verdict message. Keys are always there and always in this order; what is not known is
/// `null`.
///
/// Only the `JE` of a message that could not be read lacks `requestId` or `submissionId`, never
/// both.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Tells events apart.
    #[serde(rename = "type")]
    pub event: VerdictTag,
    /// The version of this schema.
    pub schema_version: SchemaVersion,
    /// The idempotency key of the request, and the message's id.
    pub request_id: Option<RequestId>,
    /// What was judged.
    pub submission_id: Option<SubmissionId>,
    /// The key of the history row, which is committed before this message is sent.
    pub history_id: Option<i64>,
    /// The API's own key of the history row.
    pub history_key: Option<HistoryKey>,
    /// Where the submission came from.
    pub room_id: Option<RoomId>,
    /// Who submitted it.
    pub user_id: Option<UserId>,
    /// The problem.
    pub problem_id: Option<ProblemId>,
    /// The content hash of the problem's package.
    pub problem_version: Option<ProblemVersion>,
    /// The problem's title.
    pub title: Option<Excerpt<200>>,
    /// The language that judged, an alias resolved.
    pub language: Option<LanguageId>,
    /// What the program's files are called, for whoever stores them.
    pub file_names: FileNames,
    /// Which tests were asked for.
    pub mode: Option<ModeName>,
    /// The verdict.
    pub verdict: VerdictCode,
    /// Why it is not `AC`.
    pub reason: Option<OverallReason>,
    /// The score, where the problem has scores.
    pub score: Option<Finite>,
    /// The greatest score possible.
    pub max_score: Option<Finite>,
    /// The largest of all tests, in milliseconds.
    pub cpu_time_ms: Option<u64>,
    /// The largest of all tests, in milliseconds.
    pub wall_time_ms: Option<u64>,
    /// The largest of all tests, in KiB.
    pub memory_kib: Option<u64>,
    /// What compiling came to; `null` if it never began.
    pub compile: Option<Compile>,
    /// How many tests would have been judged, had none failed.
    pub tests_total: u32,
    /// The tests that were judged.
    pub tests: Tests,
    /// When the verdict was reached.
    pub judged_at: Timestamp,
    /// Who judged.
    pub worker: WorkerName,
    /// Under which conditions.
    pub provenance: Option<Provenance>,
    /// As it came in, byte for byte.
    pub metadata: Option<Metadata>,
}

/// The constant `type` of a verdict message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum VerdictTag {
    /// The one value.
    #[default]
    Verdict,
}

/// The names of a program's files, at most [`MessageLimits::MOST_FILES`]; more are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, inline)]
pub struct FileNames(Vec<FileName>);

impl FromIterator<FileName> for FileNames {
    fn from_iter<I: IntoIterator<Item = FileName>>(names: I) -> Self {
        Self(names.into_iter().take(MessageLimits::MOST_FILES).collect())
    }
}

/// What compiling came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compile {
    /// Whether there is a program to run.
    pub ok: bool,
    /// What the compiler said, trimmed.
    pub output: Excerpt<{ 16 * 1024 }>,
    /// Whether an earlier result was used.
    pub cached: bool,
}

/// What a judgement means. The codes are those of the ICPC contest API where it has one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(inline)]
pub enum VerdictCode {
    /// Accepted.
    #[serde(rename = "AC")]
    Accepted,
    /// Wrong answer, a presentation error included.
    #[serde(rename = "WA")]
    WrongAnswer,
    /// CPU time limit.
    #[serde(rename = "TLE")]
    TimeLimitExceeded,
    /// Wall time limit, without the CPU time to match.
    #[serde(rename = "WTL")]
    WallTimeLimitExceeded,
    /// Memory limit.
    #[serde(rename = "MLE")]
    MemoryLimitExceeded,
    /// Output limit.
    #[serde(rename = "OLE")]
    OutputLimitExceeded,
    /// A non-zero exit code, or a signal.
    #[serde(rename = "RTE")]
    RuntimeError,
    /// A forbidden system call.
    #[serde(rename = "SV")]
    SecurityViolation,
    /// The compiler refused the program.
    #[serde(rename = "CE")]
    CompileError,
    /// Compiling exceeded its limits.
    #[serde(rename = "CTL")]
    CompileLimitExceeded,
    /// Our fault or the problem's, never the user's.
    #[serde(rename = "JE")]
    JudgingError,
    /// Given up at someone's request.
    #[serde(rename = "CANCELLED")]
    Cancelled,
}

impl VerdictCode {
    /// Every code, in the order of the contract: the values of a metric's label.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::WrongAnswer,
        Self::TimeLimitExceeded,
        Self::WallTimeLimitExceeded,
        Self::MemoryLimitExceeded,
        Self::OutputLimitExceeded,
        Self::RuntimeError,
        Self::SecurityViolation,
        Self::CompileError,
        Self::CompileLimitExceeded,
        Self::JudgingError,
        Self::Cancelled,
    ];

    /// As in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "AC",
            Self::WrongAnswer => "WA",
            Self::TimeLimitExceeded => "TLE",
            Self::WallTimeLimitExceeded => "WTL",
            Self::MemoryLimitExceeded => "MLE",
            Self::OutputLimitExceeded => "OLE",
            Self::RuntimeError => "RTE",
            Self::SecurityViolation => "SV",
            Self::CompileError => "CE",
            Self::CompileLimitExceeded => "CTL",
            Self::JudgingError => "JE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for VerdictCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no verdict code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verdict code")]
pub struct NoVerdictCode;

impl FromStr for VerdictCode {
    type Err = NoVerdictCode;

    fn from_str(text: &str) -> Result<Self, NoVerdictCode> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(NoVerdictCode)
    }
}

impl Verdict {
    /// A verdict that says nothing yet but whose it is. What judging found goes into its fields.
    pub fn of(
        submission: &Submission,
        verdict: VerdictCode,
        worker: WorkerName,
        judged_at: Timestamp,
    ) -> Self {
        let file_names = match &submission.source {
            Source::Unnamed(_) => FileNames::default(),
            Source::Files(files) => files.iter().map(|file| file.name.clone()).collect(),
        };
        let mode = Some(submission.mode.name());
        let blank = Self::blank(submission.into(), verdict, worker, judged_at);
        Self { file_names, mode, ..blank }
    }

    /// The `JE` that answers a refused message; `None` if nobody can be told, since neither id
    /// could be read.
    pub fn rejected(
        rejected: &RejectedMessage,
        worker: WorkerName,
        judged_at: Timestamp,
    ) -> Option<Self> {
        if !rejected.ids().is_answerable() {
            return None;
        }
        let (ids, code) = (rejected.ids().clone(), VerdictCode::JudgingError);
        let blank = Self::blank(ids, code, worker, judged_at);
        Some(Self { reason: Some(rejected.into()), ..blank })
    }

    /// Sets the tests, and the maxima over them.
    #[must_use]
    pub fn with_tests(self, tests: Tests) -> Self {
        Self {
            cpu_time_ms: tests.maximum(|test| test.cpu_time_ms),
            wall_time_ms: tests.maximum(|test| test.wall_time_ms),
            memory_kib: tests.maximum(|test| test.memory_kib),
            tests,
            ..self
        }
    }

    /// `verdict.<roomId>.<submissionId>`.
    pub fn routing_key(&self) -> String {
        let submission = self.submission_id.as_ref().map(SubmissionId::as_str);
        routing_key("verdict", self.room_id.as_ref().map(RoomId::as_str), submission)
    }

    /// The body of the message: at most [`MAX_EVENT_BYTES`], and on one line unless the metadata
    /// came in on several.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map has a key that is not a string")
    }

    fn blank(
        ids: ReadableIds,
        verdict: VerdictCode,
        worker: WorkerName,
        judged_at: Timestamp,
    ) -> Self {
        Self {
            event: VerdictTag::Verdict,
            schema_version: SchemaVersion,
            request_id: ids.request_id,
            submission_id: ids.submission_id,
            history_id: None,
            history_key: ids.history_key,
            room_id: ids.room_id,
            user_id: ids.user_id,
            problem_id: ids.problem_id,
            problem_version: None,
            title: None,
            language: ids.language,
            file_names: FileNames::default(),
            mode: None,
            verdict,
            reason: None,
            score: None,
            max_score: None,
            cpu_time_ms: None,
            wall_time_ms: None,
            memory_kib: None,
            compile: None,
            tests_total: 0,
            tests: Tests::default(),
            judged_at,
            worker,
            provenance: None,
            metadata: ids.metadata,
        }
    }
}
