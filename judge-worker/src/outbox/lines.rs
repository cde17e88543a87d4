//! Events as lines of JSON: one writer task, so that lines never mix, each flushed.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{mpsc, oneshot},
};
use tracing::error;

use super::{ProgressEnvelope, SinkError, VerdictEnvelope};

/// Lines that wait for the reader. When it is slow, progress is dropped and verdicts wait.
const MAX_WAITING: usize = 256;

/// The way to the writer task; clones share it.
#[derive(Clone, Debug)]
pub struct LineSink {
    lines: mpsc::Sender<Line>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    /// Told when the line is flushed, or why it isn't.
    written: Option<oneshot::Sender<io::Result<()>>>,
}

impl LineSink {
    /// Writes to this process's stdout.
    pub fn stdout() -> Self {
        Self::new(tokio::io::stdout())
    }

    /// Writes to any stream. Must be called within a tokio runtime. The first failed write ends
    /// it, since nobody can say how much of that line went out.
    pub fn new(writer: impl AsyncWrite + Send + Unpin + 'static) -> Self {
        let (lines, waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(write_lines(writer, waiting));
        Self { lines, dropped: Arc::default() }
    }

    /// Queues a line if there is room; else it is dropped and counted.
    pub fn publish_progress(&self, progress: &ProgressEnvelope) {
        let line = Line { bytes: one_line(&progress.payload), written: None };
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns `Ok` once the line is flushed. Waits for as long as the reader takes.
    pub async fn publish_verdict(&self, verdict: &VerdictEnvelope) -> Result<(), SinkError> {
        let (written, outcome) = oneshot::channel();
        let line = Line { bytes: one_line(&verdict.payload), written: Some(written) };
        self.lines.send(line).await.map_err(|_| SinkError::Closed)?;
        outcome.await.map_err(|_| SinkError::Closed)?.map_err(SinkError::Output)
    }

    /// Progress events dropped since the start.
    pub fn progress_dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

async fn write_lines(mut writer: impl AsyncWrite + Send + Unpin, mut lines: mpsc::Receiver<Line>) {
    while let Some(line) = lines.recv().await {
        let outcome = async {
            writer.write_all(&line.bytes).await?;
            writer.flush().await
        };
        let outcome = outcome.await;
        let failed = outcome.as_ref().err().map(ToString::to_string);
        if let Some(written) = line.written {
            // Nobody may be waiting any more.
            let _ = written.send(outcome);
        }
        if let Some(error) = failed {
            return error!(error, "cannot write events; nothing more will be written");
        }
    }
}

/// A JSON text has line breaks only between its tokens, where a space does as well.
fn one_line(json: &[u8]) -> Vec<u8> {
    let space = |byte: &u8| {
        if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }
    };
    json.iter().map(space).chain([b'\n']).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, BufReader, duplex};

    use super::*;

    fn verdict(payload: &str) -> VerdictEnvelope {
        VerdictEnvelope {
            room_id: None,
            submission_id: "s".into(),
            request_id: "r".into(),
            reply_to: None,
            correlation_id: None,
            traceparent: None,
            payload: payload.into(),
        }
    }

    #[tokio::test]
    async fn a_payload_of_many_lines_is_one_event_of_one_line() {
        let (ours, theirs) = duplex(1 << 10);
        let sink = LineSink::new(ours);
        sink.publish_verdict(&verdict("{\n  \"a\": 1\r\n}")).await.unwrap();
        drop(sink);
        let mut lines = BufReader::new(theirs).lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{   "a": 1  }"#);
        assert_eq!(lines.next_line().await.unwrap(), None);
    }

    #[tokio::test]
    async fn verdicts_fail_once_the_reader_has_gone() {
        let (ours, theirs) = duplex(1 << 10);
        let sink = LineSink::new(ours);
        drop(theirs);
        let first = sink.publish_verdict(&verdict("{}")).await;
        let second = sink.publish_verdict(&verdict("{}")).await;
        assert!(matches!(first, Err(SinkError::Output(_))), "{first:?}");
        assert!(matches!(second, Err(SinkError::Closed)), "{second:?}");
    }

    #[tokio::test]
    async fn a_reader_that_sleeps_costs_progress_but_never_blocks_it() {
        let (ours, _theirs) = duplex(1);
        let sink = LineSink::new(ours);
        let progress = ProgressEnvelope {
            room_id: None,
            submission_id: "s".into(),
            request_id: "r".into(),
            payload: b"{}".to_vec(),
        };
        for _ in 0..MAX_WAITING + 10 {
            sink.publish_progress(&progress);
        }
        assert_eq!(sink.progress_dropped(), 10);
    }
}
