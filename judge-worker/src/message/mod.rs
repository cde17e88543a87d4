//! The messages on the wire: a [`Submission`] comes in, [`Progress`] and a [`Verdict`] go out.
//!
//! ```text
//! bytes ──parse──▶ Submission ─▶ (judging) ─▶ Progress … Verdict ──to_json──▶ bytes
//!            └───▶ RejectedMessage ─▶ Verdict of code JE, if it can be told who waits
//! ```
//!
//! Whatever comes in is checked once, here, and typed, so that nothing behind it has to look again:
//! an identifier is safe in a routing key, in SQL and in a log; a file name is safe in a work
//! directory. Whatever goes out is bounded by its types: a message stays below
//! [`MAX_EVENT_BYTES`], and a hidden test has no field that could hold its data.
//!
//! Compatibility: once released, a message only gains keys. So unknown keys are ignored on the way
//! in, and `null` means the same as an absent key. On the way out a key whose value is not known is
//! `null`, never left out; only hidden tests lack the keys that hold data of a test.
//!
//! Never here: the broker, the database, what a verdict follows from.

pub mod control;
mod excerpt;
mod ids;
mod mechanism;
mod object;
mod parse;
mod progress;
mod provenance;
mod reason;
mod reject;
mod replay;
mod routing;
mod scalar;
pub mod schema;
mod submission;
mod submitter;
mod tests_list;
mod throttle;
mod verdict;

pub use excerpt::Excerpt;
pub(crate) use excerpt::one_line;
pub use ids::{
    BadToken, FileName, HistoryKey, LanguageId, ProblemId, ProblemVersion, RequestId, RoomId,
    SubmissionId, UserId, WorkerName,
};
pub use mechanism::{JudgingFault, Mechanism, Subject, Unit};
pub use parse::MessageLimits;
pub use progress::{Progress, ProgressTag, Stage};
pub use provenance::{CgroupVersion, Noise, Provenance, SandboxFeature, SandboxLoss};
pub use reason::{OverallReason, Reason};
pub use reject::{ReadableIds, RejectReason, RejectedMessage};
pub use replay::NewRequest;
pub(crate) use routing::routing_key;
pub use scalar::{Finite, SchemaVersion, Timestamp};
pub use submission::{
    ContentHash, Metadata, Mode, ModeName, RequestedLimits, Source, SourceFile, Submission,
};
pub use submitter::Submitter;
pub use tests_list::{
    GroupName, HiddenTest, MAX_TESTS, PublicData, PublicTest, TestExcerpt, TestFacts, TestReport,
    Tests, TooManyTests,
};
pub use throttle::{Counts, PROGRESS_INTERVAL, ProgressThrottle, Step};
pub use verdict::{
    Compile, FileNames, MAX_EVENT_BYTES, NoVerdictCode, Verdict, VerdictCode, VerdictTag,
};
