//! From the bytes of a delivery to a [`Submission`], or to the reason why not.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::{
    ids::{FileName, RequestId},
    object::{Fault, Object},
    reject::{ReadableIds, RejectReason, RejectedMessage},
    scalar::SchemaVersion,
    submission::{Metadata, Mode, ModeName, RequestedLimits, Source, SourceFile, Submission},
};

/// How large a message and its parts may be. Bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// The whole message, in bytes as delivered.
    pub max_message_bytes: usize,
    /// The program, all of its files together, in bytes of UTF-8.
    pub max_source_bytes: usize,
    /// The files of one program.
    pub max_files: usize,
    /// The input of mode `custom`, in bytes of UTF-8.
    pub max_stdin_bytes: usize,
}

impl MessageLimits {
    /// However the limits are set, no program has more files: their names stand in the verdict.
    pub const MOST_FILES: usize = 64;
}

impl Default for MessageLimits {
    fn default() -> Self {
        Self {
            max_message_bytes: 1024 * 1024,
            max_source_bytes: 64 * 1024,
            max_files: 32,
            max_stdin_bytes: 64 * 1024,
        }
    }
}

/// A larger message is not even searched for the ids of whoever waits for its verdict.
const MAX_SEARCHED_BYTES: usize = 16 * 1024 * 1024;

/// The keys that are read; every other one is ignored.
pub(super) const KEYS: &[&str] = &[
    "schemaVersion",
    "requestId",
    "submissionId",
    "problemId",
    "language",
    "source",
    "files",
    "mode",
    "stdin",
    "roomId",
    "userId",
    "historyKey",
    "limits",
    "enqueuedAt",
    "metadata",
];

impl Submission {
    /// Reads one message. Never panics, whatever the bytes are; takes time and memory in proportion
    /// to their number.
    pub fn parse(body: &[u8], limits: &MessageLimits) -> Result<Self, RejectedMessage> {
        if body.len() > limits.max_message_bytes.max(MAX_SEARCHED_BYTES) {
            let fault = message_too_large(body, limits);
            return Err(RejectedMessage::new(fault, ReadableIds::default()));
        }
        // A text that is not UTF-8 is refused below; until then the ids in it can be looked for.
        let text = String::from_utf8_lossy(body);
        let (message, read) = Object::read(&text, "$", KEYS);
        let checked = if body.len() > limits.max_message_bytes {
            Err(message_too_large(body, limits))
        } else if let Err(error) = std::str::from_utf8(body) {
            let what = format_args!("not UTF-8 after byte {}", error.valid_up_to());
            Err(Fault::new(RejectReason::NotJson, "$", what))
        } else {
            read.and_then(|()| submission(&message, limits))
        };
        checked.map_err(|fault| RejectedMessage::new(fault, ReadableIds::of(&message)))
    }
}

fn message_too_large(body: &[u8], limits: &MessageLimits) -> Fault {
    too_large("$", "the message", body.len(), limits.max_message_bytes)
}

fn submission(message: &Object<'_>, limits: &MessageLimits) -> Result<Submission, Fault> {
    message.refuse_repeated()?;
    message.optional::<SchemaVersion>("schemaVersion")?;
    let submission_id = message.required("submissionId")?;
    let request_id = match message.optional("requestId")? {
        Some(request_id) => request_id,
        None => RequestId::of_submission(&submission_id),
    };
    Ok(Submission {
        request_id,
        submission_id,
        problem_id: message.required("problemId")?,
        language: message.required("language")?,
        source: source(message, limits)?,
        mode: mode(message, limits)?,
        room_id: message.optional("roomId")?,
        user_id: message.optional("userId")?,
        history_key: message.optional("historyKey")?,
        limits: requested_limits(message)?,
        enqueued_at: message.optional("enqueuedAt")?,
        metadata: metadata(message)?,
    })
}

fn source(message: &Object<'_>, limits: &MessageLimits) -> Result<Source, Fault> {
    let files: Option<Vec<&RawValue>> = message.optional("files")?;
    match (message.raw("source")?, files) {
        (Some(_), None) => {
            let mut left = limits.max_source_bytes;
            program_text(message, "source", limits, &mut left).map(Source::Unnamed)
        }
        (None, Some(files)) => source_files(message, &files, limits).map(Source::Files),
        (Some(_), Some(_)) => {
            let what = "expected either `source` or `files`, found both";
            Err(Fault::new(RejectReason::BadSource, "$", what))
        }
        (None, None) => {
            let what = "expected either `source` or `files`, found neither";
            Err(Fault::new(RejectReason::BadSource, "$", what))
        }
    }
}

fn source_files(
    message: &Object<'_>,
    raw_files: &[&RawValue],
    limits: &MessageLimits,
) -> Result<Vec<SourceFile>, Fault> {
    let path = message.path_of("files");
    let max_files = limits.max_files.min(MessageLimits::MOST_FILES);
    if raw_files.is_empty() {
        return Err(Fault::new(RejectReason::BadSource, &path, "expected at least one file"));
    }
    if raw_files.len() > max_files {
        let what = format_args!("{} files, at most {max_files} are accepted", raw_files.len());
        return Err(Fault::new(RejectReason::TooLarge, &path, what));
    }
    let mut names = BTreeSet::new();
    let mut left = limits.max_source_bytes;
    let mut files = Vec::with_capacity(raw_files.len());
    for (index, raw) in raw_files.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (file, read) = Object::read(raw.get(), &path, &["name", "content"]);
        read?;
        file.refuse_repeated()?;
        let name: FileName = file
            .required("name")
            .map_err(|fault| Fault { reason: RejectReason::BadSource, ..fault })?;
        if !names.insert(name.clone()) {
            let what = format_args!("a file of the name {name} was given before");
            return Err(Fault::new(RejectReason::BadSource, &file.path_of("name"), what));
        }
        let content = program_text(&file, "content", limits, &mut left)?;
        files.push(SourceFile { name, content });
    }
    Ok(files)
}

/// Reads a part of a program, and takes its size off the `left` bytes.
fn program_text(
    object: &Object<'_>,
    key: &'static str,
    limits: &MessageLimits,
    left: &mut usize,
) -> Result<String, Fault> {
    let text: String = object.required(key)?;
    let path = object.path_of(key);
    let Some(still_left) = left.checked_sub(text.len()) else {
        let so_far = limits.max_source_bytes - *left + text.len();
        return Err(too_large(&path, "the program", so_far, limits.max_source_bytes));
    };
    *left = still_left;
    match text.find('\0') {
        Some(at) => {
            let what = format_args!("a NUL byte at byte {at}: a program has none");
            Err(Fault::new(RejectReason::BadSource, &path, what))
        }
        None => Ok(text),
    }
}

fn mode(message: &Object<'_>, limits: &MessageLimits) -> Result<Mode, Fault> {
    let mode = message.optional("mode")?.unwrap_or(ModeName::Submit);
    let stdin: Option<String> = message.optional("stdin")?;
    match (mode, stdin) {
        (ModeName::Custom, Some(stdin)) if stdin.len() > limits.max_stdin_bytes => {
            let path = message.path_of("stdin");
            Err(too_large(&path, "the input", stdin.len(), limits.max_stdin_bytes))
        }
        (ModeName::Custom, Some(stdin)) => Ok(Mode::Custom { stdin }),
        (ModeName::Custom, None) => Err(message.missing("stdin")),
        (ModeName::Submit | ModeName::Sample, Some(_)) => {
            let what = "only mode `custom` has an input of its own";
            Err(Fault::new(RejectReason::Schema, &message.path_of("stdin"), what))
        }
        (ModeName::Submit, None) => Ok(Mode::Submit),
        (ModeName::Sample, None) => Ok(Mode::Sample),
    }
}

fn requested_limits(message: &Object<'_>) -> Result<RequestedLimits, Fault> {
    const KEYS: &[&str] = &["timeMs", "wallTimeMs", "memoryKib", "outputKib"];
    let Some(limits) = message.object("limits", KEYS)? else {
        return Ok(RequestedLimits::default());
    };
    Ok(RequestedLimits {
        time_ms: limits.optional("timeMs")?,
        wall_time_ms: limits.optional("wallTimeMs")?,
        memory_kib: limits.optional("memoryKib")?,
        output_kib: limits.optional("outputKib")?,
    })
}

/// Parsed, though only its text is kept: what is echoed must be readable by the strictest reader,
/// and JSON may hide a broken escape in a string that was only skipped.
pub(super) fn metadata(message: &Object<'_>) -> Result<Option<Metadata>, Fault> {
    let Some(raw) = message.raw("metadata")? else {
        return Ok(None);
    };
    let size = raw.get().len();
    if size > Metadata::MAX_BYTES {
        let path = message.path_of("metadata");
        return Err(too_large(&path, "the object", size, Metadata::MAX_BYTES));
    }
    message.optional::<serde_json::Map<String, serde_json::Value>>("metadata")?;
    Ok(Some(Metadata(raw.to_owned())))
}

fn too_large(path: &str, what: &str, found: usize, max: usize) -> Fault {
    let what = format_args!("{what} has {found} bytes, at most {max} are accepted");
    Fault::new(RejectReason::TooLarge, path, what)
}
