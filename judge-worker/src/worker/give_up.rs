//! The end of a submission that nobody will judge: verdict `JE`, stored and told like any other, and
//! then the dead queue.
//!
//! ```text
//! judging failed too often ──────┐
//! workers died of it too often ──┼─▶ claim ─▶ history row JE ─▶ verdict, confirmed ─▶ judge.dead
//! problem or language unknown ───┤
//! the problem is broken ─────────┤
//! the broker gave it up ─────────┘
//! ```
//!
//! The claim says why it was given up, so that a redelivery after a crash at any arrow goes the rest
//! of the way: told again, and buried.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Worker;
use super::count::waited;
use super::handle::{Claimed, NotJudged, Told, route_of};
use crate::failpoint::{Failpoint, reach};
use crate::intake::amqp::Unanswered;
use crate::intake::{DeadReason, Delivery};
use crate::message::{RejectedMessage, Submission, Timestamp};
use crate::metrics::labels::VerdictLabel;
use crate::report::GivenUpReport;
use crate::store::{Lease, Stored};

/// Why a submission is given up.
pub(super) struct GivenUp {
    /// In words for whoever waits.
    refused: RejectedMessage,
    reason: DeadReason,
    /// What operators are told beside that.
    at_last: Option<String>,
}

impl GivenUp {
    /// Judging failed `tries` times, the last time of `cause`.
    pub(super) fn failed(submission: &Submission, tries: u32, cause: String) -> Self {
        let refused = RejectedMessage::exhausted(submission, tries);
        Self { refused, reason: DeadReason::RetriesExhausted, at_last: Some(cause) }
    }

    /// So many workers took it in hand, and never said what came of it.
    pub(super) fn lost(submission: &Submission, tries: u32) -> Self {
        let refused = RejectedMessage::quarantined(submission, tries);
        Self { refused, reason: DeadReason::DeliveryLimit, at_last: None }
    }

    /// There is no package of its problem here.
    pub(super) fn unknown_problem(submission: &Submission) -> Self {
        let refused = RejectedMessage::unknown_problem(submission);
        Self { refused, reason: DeadReason::UnknownProblem, at_last: None }
    }

    /// There is no such language here.
    pub(super) fn unknown_language(submission: &Submission) -> Self {
        let refused = RejectedMessage::unknown_language(submission);
        Self { refused, reason: DeadReason::UnknownLanguage, at_last: None }
    }

    /// The package of its problem can't be used.
    pub(super) fn broken_problem(submission: &Submission) -> Self {
        let refused = RejectedMessage::broken_problem(submission);
        Self { refused, reason: DeadReason::Poison, at_last: None }
    }
}

/// Answers what the broker has given up, until `stop`; what is in hand then is seen to its end.
pub async fn answer(worker: Arc<Worker>, mut unanswered: Unanswered, stop: CancellationToken) {
    while let Some(Some(delivery)) = stop.run_until_cancelled(unanswered.next()).await {
        worker.handle(delivery).await;
    }
}

impl Worker {
    /// Says that nobody will judge it. Never `Ok` but for a request that was judged after all.
    pub(super) async fn give_up(
        &self,
        delivery: &Delivery,
        submission: &Submission,
        lease: &Lease,
        given_up: GivenUp,
    ) -> Result<Told, NotJudged> {
        reach(Failpoint::GiveUp).await?;
        let GivenUp { refused, reason, at_last } = given_up;
        let mut detail = refused.detail().to_owned();
        if let Some(cause) = at_last {
            detail = format!("{detail}; at last: {cause}");
        }
        tracing::error!(
            request_id = %submission.request_id, reason = reason.as_label(), detail, "given up"
        );
        let version = match self.catalog.find(submission.problem_id.as_str()) {
            Some(Ok(problem)) => problem.package.version.clone(),
            Some(Err(_)) | None => String::new(),
        };
        let report = GivenUpReport { refused: &refused, problem_version: &version };
        let worker = &self.settings.worker_name;
        let (record, route) = (report.record(submission), route_of(delivery));
        let verdict = |id, at| {
            let at = Timestamp::clamped(at);
            serde_json::to_string(&report.verdict(submission, worker.clone(), id, at))
        };
        let label = reason.as_label();
        let store = || self.store.store_given_up(lease, &record, &route, label, verdict);
        match self.outlast(store).await? {
            Stored::New(event) => {
                self.publish(event).await?;
                let waited = waited(submission.enqueued_at, delivery);
                let (language, mode) = (submission.language.as_str(), submission.mode.name());
                let mode = mode.as_str().into();
                self.metrics.submission_finished(language, VerdictLabel::Je, mode, waited);
                Err(NotJudged::Buried { reason, detail })
            }
            Stored::Before { .. } => self.tell_again(lease.request_id(), delivery).await,
            Stored::Fenced => Err(NotJudged::fenced()),
        }
    }

    /// Answers what the broker has given up; whether anybody could judge it matters no more.
    pub(super) async fn answer_delivery(&self, delivery: &Delivery) -> Result<Told, NotJudged> {
        let submission = match self.read(delivery) {
            Ok(submission) => submission,
            Err(refused) => return self.refuse(delivery, &refused).await,
        };
        match self.claim(&submission).await? {
            Claimed::Granted(lease) => {
                let lost = GivenUp::lost(&submission, delivery.deliveries());
                self.give_up(delivery, &submission, &lease, lost).await
            }
            Claimed::Finished => self.tell_again(submission.request_id.as_str(), delivery).await,
            Claimed::GivenUp(reason) => {
                self.bury_again(submission.request_id.as_str(), delivery, reason).await
            }
        }
    }

    /// Goes the rest of the way with a request that was given up before.
    pub(super) async fn bury_again(
        &self,
        request_id: &str,
        delivery: &Delivery,
        reason: DeadReason,
    ) -> Result<Told, NotJudged> {
        self.tell_again(request_id, delivery).await?;
        let detail = "given up before; its verdict was published again".to_owned();
        Err(NotJudged::Buried { reason, detail })
    }
}
