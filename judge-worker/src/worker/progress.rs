//! Tells how far a submission is, at most ten times a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::message::{
    Counts, PROGRESS_INTERVAL, Progress, ProgressTag, ProgressThrottle, SchemaVersion, Stage, Step,
    Submission, Timestamp,
};
use crate::outbox::{ProgressEnvelope, Sink};

/// Tells the progress of one submission. Ends when dropped.
pub struct Reporter {
    teller: Arc<Teller>,
    _ticking: DropGuard,
}

struct Teller {
    throttle: Mutex<ProgressThrottle>,
    submission: Submission,
    sink: Sink,
}

impl Reporter {
    /// `attempt` grows with each time that the submission is begun anew by anybody.
    pub fn new(submission: &Submission, sink: &Sink, attempt: u32) -> Self {
        let teller = Arc::new(Teller {
            throttle: Mutex::new(ProgressThrottle::new(attempt)),
            submission: submission.clone(),
            sink: sink.clone(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(tell_what_was_held(Arc::clone(&teller), stop.clone()));
        let reporter = Self { teller, _ticking: stop.drop_guard() };
        reporter.tell(Stage::Received, 0, 0);
        reporter
    }

    /// Takes note; what comes too soon after the last is told a little later, unless it is overtaken.
    pub fn tell(&self, stage: Stage, tests_done: u32, tests_total: u32) {
        let counts = Counts { stage, tests_done, tests_total };
        self.teller.step(|throttle| throttle.offer(counts, Instant::now()));
    }
}

impl Teller {
    fn step(&self, step: impl FnOnce(&mut ProgressThrottle) -> Option<Step>) {
        let step = step(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(Step { seq, counts }) = step else { return };
        let submission = &self.submission;
        let progress = Progress {
            event: ProgressTag::Progress,
            schema_version: SchemaVersion,
            request_id: submission.request_id.clone(),
            submission_id: submission.submission_id.clone(),
            room_id: submission.room_id.clone(),
            seq,
            stage: counts.stage,
            tests_done: counts.tests_done,
            tests_total: counts.tests_total,
            at: Timestamp::now(),
        };
        self.sink.publish_progress(ProgressEnvelope {
            room_id: submission.room_id.as_ref().map(ToString::to_string),
            submission_id: submission.submission_id.to_string(),
            request_id: submission.request_id.to_string(),
            payload: progress.to_json(),
        });
    }
}

async fn tell_what_was_held(teller: Arc<Teller>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(PROGRESS_INTERVAL);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        teller.step(|throttle| throttle.poll(Instant::now()));
    }
}
