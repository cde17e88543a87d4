//! A message that no worker can judge, and what to tell whoever waits for its verdict.

use serde::Deserialize;

use super::{
    ids::{HistoryKey, LanguageId, ProblemId, RequestId, RoomId, SubmissionId, UserId},
    object::{Fault, Object},
    parse,
    submission::{Metadata, Submission},
};

/// Why a message is refused: the sender's mistake, so trying again is no use. It is dead-lettered
/// with its detail and answered with the verdict `JE` (see [`super::Verdict::rejected`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message refused ({}): {detail}", reason.as_str())]
pub struct RejectedMessage {
    reason: RejectReason,
    detail: String,
    /// Boxed, since the error would be as large as a submission otherwise.
    ids: Box<ReadableIds>,
}

/// The kinds of mistakes. A closed set: it labels a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// Not one JSON text in UTF-8.
    NotJson,
    /// JSON, but not an object as the schema describes it.
    Schema,
    /// No program, or one with impossible file names or NUL bytes.
    BadSource,
    /// The message or a part of it is over its bound.
    TooLarge,
    /// No package of this problem is here.
    UnknownProblem,
    /// No such language, or no toolchain for it.
    UnknownLanguage,
    /// The package of the problem is here and cannot be used.
    BrokenProblem,
    /// The request id was used before, for something else.
    Conflict,
    /// It was tried as often as is allowed, and something of ours failed every time.
    Exhausted,
}

impl RejectReason {
    /// Every reason, in the order above.
    pub const ALL: [Self; 9] = [
        Self::NotJson,
        Self::Schema,
        Self::BadSource,
        Self::TooLarge,
        Self::UnknownProblem,
        Self::UnknownLanguage,
        Self::BrokenProblem,
        Self::Conflict,
        Self::Exhausted,
    ];

    /// The value of the metric's label and of the header `x-judge-reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Schema => "schema",
            Self::BadSource => "bad_source",
            Self::TooLarge => "too_large",
            Self::UnknownProblem => "unknown_problem",
            Self::UnknownLanguage => "unknown_language",
            Self::BrokenProblem => "broken_problem",
            Self::Conflict => "conflict",
            Self::Exhausted => "exhausted",
        }
    }
}

/// The parts of a refused message that are valid by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadableIds {
    /// The request. The submission's id stands in for it only where the message has no request id:
    /// one that is there and cannot be read may be a rejudge, and the first request's answer is not
    /// to be given twice.
    pub request_id: Option<RequestId>,
    /// What was submitted.
    pub submission_id: Option<SubmissionId>,
    /// The problem.
    pub problem_id: Option<ProblemId>,
    /// The language.
    pub language: Option<LanguageId>,
    /// Where the verdict goes.
    pub room_id: Option<RoomId>,
    /// Who submitted it.
    pub user_id: Option<UserId>,
    /// The API's key.
    pub history_key: Option<HistoryKey>,
    /// To be echoed.
    pub metadata: Option<Metadata>,
}

impl ReadableIds {
    /// Whether a verdict can tell whom it is for.
    pub fn is_answerable(&self) -> bool {
        self.request_id.is_some() || self.submission_id.is_some()
    }

    /// Of any message; none of them, where it is no JSON object.
    pub fn of_body(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap_or_default();
        Self::of(&Object::read(text, "$", parse::KEYS).0)
    }

    pub(super) fn of(message: &Object<'_>) -> Self {
        let submission_id: Option<SubmissionId> = readable(message, "submissionId");
        let request_id = match message.raw("requestId") {
            Ok(None) => submission_id.as_ref().map(RequestId::of_submission),
            Ok(Some(_)) | Err(_) => readable(message, "requestId"),
        };
        Self {
            request_id,
            submission_id,
            problem_id: readable(message, "problemId"),
            language: readable(message, "language"),
            room_id: readable(message, "roomId"),
            user_id: readable(message, "userId"),
            history_key: readable(message, "historyKey"),
            metadata: parse::metadata(message).unwrap_or_default(),
        }
    }
}

fn readable<'a, T: Deserialize<'a>>(message: &Object<'a>, key: &'static str) -> Option<T> {
    message.optional(key).unwrap_or_default()
}

impl From<&Submission> for ReadableIds {
    fn from(submission: &Submission) -> Self {
        Self {
            request_id: Some(submission.request_id.clone()),
            submission_id: Some(submission.submission_id.clone()),
            problem_id: Some(submission.problem_id.clone()),
            language: Some(submission.language.clone()),
            room_id: submission.room_id.clone(),
            user_id: submission.user_id.clone(),
            history_key: submission.history_key.clone(),
            metadata: submission.metadata.clone(),
        }
    }
}

/// Each writes its own detail, from nothing but the message: a text about a package could hold data
/// of its hidden tests, and belongs in the log.
impl RejectedMessage {
    pub(super) fn new(fault: Fault, ids: ReadableIds) -> Self {
        Self { reason: fault.reason, detail: fault.detail, ids: Box::new(ids) }
    }

    /// The kind of mistake.
    pub fn reason(&self) -> RejectReason {
        self.reason
    }

    /// One bounded line: where in the message (a JSON path), what is wrong there, what was expected.
    /// It may quote the message, never anything else.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What could be read all the same.
    pub fn ids(&self) -> &ReadableIds {
        &self.ids
    }

    /// The message is so large that nobody looked into it.
    pub fn too_large(bytes: usize, limit: usize) -> Self {
        let what = format!("the message has {bytes} bytes, and at most {limit} are accepted");
        Self::new(Fault::new(RejectReason::TooLarge, "$", &what), ReadableIds::default())
    }

    /// No package of this problem is here.
    pub fn unknown_problem(submission: &Submission) -> Self {
        let what = format!("no problem `{}` is known here", submission.problem_id);
        Self::of(submission, RejectReason::UnknownProblem, "$.problemId", &what)
    }

    /// No language of this name is known, or its toolchain is not installed.
    pub fn unknown_language(submission: &Submission) -> Self {
        let what = format!("no language `{}` is available here", submission.language);
        Self::of(submission, RejectReason::UnknownLanguage, "$.language", &what)
    }

    /// The package of the problem cannot be used; why is for the log and the problem's author.
    pub fn broken_problem(submission: &Submission) -> Self {
        let what = format!(
            "the package of problem `{}` is broken, see the worker's log",
            submission.problem_id
        );
        Self::of(submission, RejectReason::BrokenProblem, "$.problemId", &what)
    }

    /// The request id was used before with another content hash.
    pub fn conflict(submission: &Submission) -> Self {
        let what = "this request was made before, for another program, problem or mode; \
                    a new request needs a new id";
        Self::of(submission, RejectReason::Conflict, "$.requestId", what)
    }

    /// Judging failed `tries` times, and not because of the program.
    pub fn exhausted(submission: &Submission, tries: u32) -> Self {
        let what = format!("judging failed {tries} times, see the worker's log");
        Self::of(submission, RejectReason::Exhausted, "$", &what)
    }

    /// `tries` workers had it in hand, and ended before they could say what came of it.
    pub fn quarantined(submission: &Submission, tries: u32) -> Self {
        let what = format!("the judge ended {tries} times while it had this in hand");
        Self::of(submission, RejectReason::Exhausted, "$", &what)
    }

    fn of(submission: &Submission, reason: RejectReason, path: &str, what: &str) -> Self {
        Self::new(Fault::new(reason, path, what), submission.into())
    }
}
