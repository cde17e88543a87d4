//! Events on their way out: progress, which may be lost, and verdicts, which may not.
//!
//! ```text
//! progress ─► bounded queue, the oldest goes first ─► judge.events, transient, unconfirmed
//! verdict ──► judge.events, persistent, confirmed ─┬─► Ok
//!        └──► the sender's reply queue, confirmed ─┘
//! ```
//!
//! With stdin as the source, both are lines on stdout instead. A verdict that fails here stays in
//! the database's outbox, and somebody publishes it again: consumers deduplicate by `messageId`.
//! Payloads are bytes: what is in them, and that no hidden data is, was settled before.

mod lines;
mod publisher;

use std::io;

pub use lines::LineSink;
pub use publisher::Publisher;

use crate::intake::amqp;

/// A progress event and where it goes.
#[derive(Clone, Debug)]
pub struct ProgressEnvelope {
    /// The room that watches, if any.
    pub room_id: Option<String>,
    /// The submission it is about.
    pub submission_id: String,
    /// The request it is about.
    pub request_id: String,
    /// One JSON object.
    pub payload: Vec<u8>,
}

/// A verdict and where it goes.
#[derive(Clone, Debug)]
pub struct VerdictEnvelope {
    /// The room that watches, if any.
    pub room_id: Option<String>,
    /// The submission it is about.
    pub submission_id: String,
    /// The request it settles: the event's `messageId`.
    pub request_id: String,
    /// Queue that gets a copy, besides the events.
    pub reply_to: Option<String>,
    /// The sender's handle on that copy.
    pub correlation_id: Option<String>,
    /// W3C trace context of the submission.
    pub traceparent: Option<String>,
    /// One JSON object.
    pub payload: Vec<u8>,
}

/// An event is not known to have gone out. Ours to repeat, never the submission's fault.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The broker did not confirm.
    #[error(transparent)]
    Publish(#[from] amqp::PublishError),
    /// The reader of our events has closed its end, or the disk behind it is full.
    #[error("cannot write an event to the output")]
    Output(#[source] io::Error),
    /// An earlier write has failed, and nothing more will be written.
    #[error("the output was closed after an earlier failure")]
    Closed,
}

/// The worker's one way to tell, wherever it goes.
#[derive(Clone, Debug)]
pub enum Sink {
    /// `RabbitMQ`.
    Amqp(Publisher),
    /// Lines on stdout.
    Stdio(LineSink),
}

impl Sink {
    /// Never waits, never fails: progress that finds no room is dropped and counted.
    pub fn publish_progress(&self, progress: ProgressEnvelope) {
        match self {
            Self::Amqp(publisher) => publisher.publish_progress(progress),
            Self::Stdio(lines) => lines.publish_progress(&progress),
        }
    }

    /// Returns `Ok` only once the broker has confirmed, or the line is flushed.
    pub async fn publish_verdict(&self, verdict: &VerdictEnvelope) -> Result<(), SinkError> {
        match self {
            Self::Amqp(publisher) => Ok(publisher.publish_verdict(verdict).await?),
            Self::Stdio(lines) => lines.publish_verdict(verdict).await,
        }
    }

    /// Progress events dropped since the start.
    pub fn progress_dropped(&self) -> u64 {
        match self {
            Self::Amqp(publisher) => publisher.progress_dropped(),
            Self::Stdio(lines) => lines.progress_dropped(),
        }
    }
}
