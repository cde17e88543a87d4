//! Messages from the queue and from the control exchange.

use crate::message::control::Command;
use crate::message::{
    MAX_EVENT_BYTES, MessageLimits, RejectReason, RejectedMessage, Source, Submission, Timestamp,
    Verdict, WorkerName,
};

/// Small enough that a fuzzer meets every bound.
const LIMITS: MessageLimits = MessageLimits {
    max_message_bytes: 2048,
    max_source_bytes: 256,
    max_files: 3,
    max_stdin_bytes: 64,
};

/// Longest detail of a refusal, in bytes: it travels in a header.
const MAX_DETAIL_BYTES: usize = 400;

/// A message is understood, and what was understood keeps to the limits and survives being written
/// again; or it is refused, and whoever waits gets a bounded answer. The same bytes as a command
/// never panic.
pub fn holds(data: &[u8]) {
    let _ = Command::parse(data);
    match Submission::parse(data, &LIMITS) {
        Ok(submission) => understood(&submission),
        Err(refused) => answered(&refused),
    }
}

fn understood(submission: &Submission) {
    let texts: Vec<&str> = match &submission.source {
        Source::Unnamed(text) => vec![text],
        Source::Files(files) => {
            assert!((1..=LIMITS.max_files).contains(&files.len()), "{} files", files.len());
            files.iter().map(|file| file.content.as_str()).collect()
        }
    };
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() <= LIMITS.max_source_bytes);
    assert!(texts.iter().all(|text| !text.contains('\0')), "a NUL byte in a program");
    if let Some(metadata) = &submission.metadata {
        let echo: Result<serde_json::Value, _> = serde_json::from_str(metadata.as_json());
        assert!(echo.is_ok(), "what is echoed is no JSON: {echo:?}");
    }
    let written = serde_json::to_vec(submission).expect("a submission can be written");
    let generous = MessageLimits { max_message_bytes: 1 << 20, ..LIMITS };
    let again = Submission::parse(&written, &generous);
    let again = again.unwrap_or_else(|refused| panic!("refuses what it has written: {refused}"));
    assert_eq!(&again, submission, "it changes when it is written and read again");
    assert_eq!(again.content_hash(), submission.content_hash());
}

fn answered(refused: &RejectedMessage) {
    assert!(RejectReason::ALL.contains(&refused.reason()));
    let detail = refused.detail();
    assert!(detail.len() <= MAX_DETAIL_BYTES, "a detail of {} bytes", detail.len());
    assert!(!detail.contains(char::is_control), "{detail:?} is obeyed by terminals");
    let worker = WorkerName::new("fuzzed").expect("a name");
    let verdict = Verdict::rejected(refused, worker, Timestamp::now());
    assert_eq!(verdict.is_some(), refused.ids().is_answerable());
    if let Some(verdict) = verdict {
        let text = verdict.to_json();
        assert!(text.len() <= MAX_EVENT_BYTES, "an answer of {} bytes", text.len());
        let read: Result<serde_json::Value, _> = serde_json::from_slice(&text);
        assert!(read.is_ok(), "an answer that is no JSON: {read:?}");
        assert!(verdict.routing_key().len() <= 255, "a routing key that AMQP can't carry");
    }
}
