//! The JSON Schemas of the messages, made from the types, so that they cannot tell another story.

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::json;

use super::{
    ids::{FileName, HistoryKey, LanguageId, ProblemId, RequestId, RoomId, SubmissionId, UserId},
    parse::MessageLimits,
    progress::Progress,
    scalar::{SchemaVersion, Timestamp},
    submission::{Metadata, Mode, ModeName, RequestedLimits, Source, Submission},
    verdict::Verdict,
};

/// The schemas of all messages, each with the stem of its file name. They are of draft 7, which
/// `AsyncAPI` and code generators read.
pub fn all() -> [(&'static str, Schema); 3] {
    let incoming = SchemaSettings::draft07().for_deserialize().into_generator();
    let outgoing = SchemaSettings::draft07().for_serialize();
    [
        ("submission", incoming.into_root_schema_for::<SubmissionWire<'static>>()),
        ("progress", outgoing.clone().into_generator().into_root_schema_for::<Progress>()),
        ("verdict", outgoing.into_generator().into_root_schema_for::<Verdict>()),
    ]
}

/// A request to judge one submission. Keys that are not listed here are ignored; `null` means the
/// same as an absent key; a key that stands there twice is refused.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(
    rename = "Submission",
    extend(
        "oneOf" = json!([
            { "required": ["source"], "properties": {
                "source": { "type": "string" }, "files": { "type": "null" } } },
            { "required": ["files"], "properties": {
                "files": { "type": "array" }, "source": { "type": "null" } } },
        ]),
        "if" = json!({ "required": ["mode"], "properties": { "mode": { "const": "custom" } } }),
        "then" = json!({ "required": ["stdin"], "properties": { "stdin": { "type": "string" } } }),
        "else" = json!({ "properties": { "stdin": { "type": "null" } } }),
    )
)]
pub(super) struct SubmissionWire<'a> {
    /// The version of this schema; 1 if absent.
    schema_version: Option<SchemaVersion>,
    /// The idempotency key: one request gets one verdict and one history row. A rejudge is a new
    /// request. `submissionId` if absent.
    request_id: Option<&'a RequestId>,
    /// What is submitted.
    submission_id: &'a SubmissionId,
    /// The problem, which is the name of its package's folder.
    problem_id: &'a ProblemId,
    /// `c`, `cpp17`, `cpp20`, `cpp` for the newest of these, `java`, `python3`, `javascript`, or
    /// what else the worker was taught.
    language: &'a LanguageId,
    /// The program, if it is one file: at most 64 KiB of UTF-8 unless the worker is told otherwise,
    /// no NUL. The language says what the file is called.
    source: Option<&'a str>,
    /// The program, if its files have names. All of them together are bounded as `source` is.
    #[schemars(length(min = 1, max = MessageLimits::MOST_FILES))]
    files: Option<Vec<FileWire<'a>>>,
    /// All tests (`submit`, also if absent), the public tests only (`sample`), or one run on the
    /// user's own `stdin` (`custom`).
    mode: Option<ModeName>,
    /// The input of mode `custom`, and of no other: at most 64 KiB of UTF-8.
    stdin: Option<&'a str>,
    /// A word of the routing keys of the events.
    room_id: Option<&'a RoomId>,
    /// Echoed in the verdict.
    user_id: Option<&'a UserId>,
    /// Opaque; stored with the history row, and indexed.
    history_key: Option<&'a HistoryKey>,
    /// Lowers the limits of the problem; a limit above the problem's changes nothing.
    limits: Option<LimitsWire>,
    /// When it was enqueued, from the year 2000 to the year 2999.
    enqueued_at: Option<Timestamp>,
    /// Echoed in the verdict byte for byte; at most 4 KiB as it stands.
    metadata: Option<&'a Metadata>,
}

/// One file of the program.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct FileWire<'a> {
    /// No two files have the same.
    name: &'a FileName,
    /// UTF-8 without NUL.
    content: &'a str,
}

/// Limits for each test.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
struct LimitsWire {
    /// CPU time, in milliseconds.
    #[schemars(range(min = 1))]
    time_ms: Option<u64>,
    /// Wall time, in milliseconds.
    #[schemars(range(min = 1))]
    wall_time_ms: Option<u64>,
    /// Memory, in KiB.
    #[schemars(range(min = 1))]
    memory_kib: Option<u64>,
    /// Standard output, in KiB.
    #[schemars(range(min = 1))]
    output_kib: Option<u64>,
}

impl<'a> SubmissionWire<'a> {
    pub(super) fn of(submission: &'a Submission) -> Self {
        let (source, files) = match &submission.source {
            Source::Unnamed(source) => (Some(source.as_str()), None),
            Source::Files(files) => {
                let wire = files.iter().map(|f| FileWire { name: &f.name, content: &f.content });
                (None, Some(wire.collect()))
            }
        };
        Self {
            schema_version: Some(SchemaVersion),
            request_id: Some(&submission.request_id),
            submission_id: &submission.submission_id,
            problem_id: &submission.problem_id,
            language: &submission.language,
            source,
            files,
            mode: Some(submission.mode.name()),
            stdin: match &submission.mode {
                Mode::Custom { stdin } => Some(stdin),
                Mode::Submit | Mode::Sample => None,
            },
            room_id: submission.room_id.as_ref(),
            user_id: submission.user_id.as_ref(),
            history_key: submission.history_key.as_ref(),
            limits: Some(LimitsWire::of(&submission.limits)),
            enqueued_at: submission.enqueued_at,
            metadata: submission.metadata.as_ref(),
        }
    }
}

impl LimitsWire {
    fn of(limits: &RequestedLimits) -> Self {
        Self {
            time_ms: limits.time_ms.map(Into::into),
            wall_time_ms: limits.wall_time_ms.map(Into::into),
            memory_kib: limits.memory_kib.map(Into::into),
            output_kib: limits.output_kib.map(Into::into),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::message::parse;

    #[test]
    fn the_schema_lists_exactly_the_keys_that_are_read() {
        let [(_, submission), ..] = all();
        let listed = submission.get("properties").and_then(|p| p.as_object()).unwrap();
        let listed: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
        assert_eq!(listed, parse::KEYS.iter().copied().collect());
    }
}
