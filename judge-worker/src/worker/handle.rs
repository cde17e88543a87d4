//! One delivery, from its bytes to what becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use judge_core::judging::Problem;
use judge_core::toolchain::Language;

use super::Worker;
use super::give_up::GivenUp;
use super::relay::envelope;
use crate::failpoint::{Failpoint, Injected, reach};
use crate::intake::{DeadReason, Delivery, Disposition, Lane, Settled, TooLarge, settle};
use crate::message::{RejectReason, RejectedMessage, Submission};
use crate::metrics::labels::{DeliveryOutcome, Phase};
use crate::problems::chain;
use crate::store::{Claim, ClaimRequest, Lease, OutboxEvent, ReplyRoute, StoreError};

/// How often a submission is taken in hand in vain, because judging it fails or ends the worker,
/// before it is given up.
pub(super) const MOST_TRIES: u32 = 5;

/// Broker deliveries after which a message is replaced by a fresh copy: at the next one the broker
/// would give it up. It counts what was only fetched by a worker that died, too, so that it says
/// nothing of the submission; what was taken in hand, the claim counts.
const MOST_DELIVERIES: u32 = 5;

/// The longest wait for a request that another worker has in hand.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Why a delivery is not settled by a verdict.
pub(super) enum NotJudged {
    /// It will never be, and all that is to be told is told: what is left is the dead queue.
    Buried { reason: DeadReason, detail: String },
    /// Later, perhaps elsewhere.
    Later { cause: String, delay: Duration },
    /// Elsewhere, at once.
    GivenBack,
}

/// How a delivery got its verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Now,
    /// It had been judged before; its verdict was published again.
    Again,
}

impl NotJudged {
    /// Somebody else has taken over, and will tell.
    pub(super) fn fenced() -> Self {
        let cause = "the lease was lost to another worker".to_owned();
        Self::Later { cause, delay: Duration::from_secs(1) }
    }
}

impl From<StoreError> for NotJudged {
    fn from(error: StoreError) -> Self {
        Self::Later { cause: chain(&error), delay: Duration::from_secs(2) }
    }
}

impl From<Injected> for NotJudged {
    fn from(injected: Injected) -> Self {
        Self::Later { cause: injected.to_string(), delay: Duration::from_secs(1) }
    }
}

impl Worker {
    /// Sees one delivery to its end.
    pub(super) async fn handle(&self, delivery: Delivery) {
        let _counted = self.metrics.in_flight();
        let told = match delivery.lane {
            Lane::Live | Lane::Parked | Lane::Bulk => self.judge_delivery(&delivery).await,
            Lane::Unanswered => self.answer_delivery(&delivery).await,
        };
        let (disposition, outcome) = match told {
            Ok(Told::Now) => (Disposition::Ack, DeliveryOutcome::Acked),
            Ok(Told::Again) => (Disposition::Ack, DeliveryOutcome::Duplicate),
            Err(NotJudged::Buried { reason, detail }) => {
                self.metrics.dead_letter(reason.as_label().into());
                (Disposition::Dead { reason, detail }, DeliveryOutcome::DeadLettered)
            }
            Err(NotJudged::Later { cause, delay }) => {
                tracing::warn!(cause, delay = ?delay, "a submission is put off");
                (Disposition::Retry { cause, delay }, DeliveryOutcome::Retried)
            }
            Err(NotJudged::GivenBack) => (Disposition::Requeue, DeliveryOutcome::Requeued),
        };
        self.metrics.delivery(match settle(delivery, disposition).await {
            Settled::Done => outcome,
            Settled::Requeued => DeliveryOutcome::Requeued,
            Settled::Lost => DeliveryOutcome::Lost,
        });
    }

    async fn judge_delivery(&self, delivery: &Delivery) -> Result<Told, NotJudged> {
        reach(Failpoint::Received).await?;
        let submission = match self.read(delivery) {
            Ok(submission) => submission,
            Err(refused) => return self.refuse(delivery, &refused).await,
        };
        if MOST_DELIVERIES <= delivery.delivery_count {
            let cause = format!("handed out and given back {} times", delivery.delivery_count);
            return Err(NotJudged::Later { cause, delay: Duration::from_secs(1) });
        }
        let Some(held) = self.in_hand.take(&submission) else {
            let cause = "the same request is in hand here".to_owned();
            return Err(NotJudged::Later { cause, delay: Duration::from_secs(1) });
        };
        // Before anything else is asked: what is finished stays as it is, even at a worker that has
        // never heard of its problem.
        let lease = match self.claim(&submission).await? {
            Claimed::Granted(lease) => lease,
            Claimed::Finished => {
                return self.tell_again(submission.request_id.as_str(), delivery).await;
            }
            Claimed::GivenUp(reason) => {
                return self.bury_again(submission.request_id.as_str(), delivery, reason).await;
            }
        };
        reach(Failpoint::Claimed).await?;
        let (problem, language) = match self.needs(&submission, &lease) {
            Ok(found) => found,
            Err(given_up) => return self.give_up(delivery, &submission, &lease, given_up).await,
        };
        self.judge_claimed(delivery, &submission, &held, &lease, problem, language).await
    }

    /// What judging needs, or why it is not to be tried.
    fn needs(
        &self,
        submission: &Submission,
        lease: &Lease,
    ) -> Result<(Arc<Problem>, Arc<Language>), GivenUp> {
        let problem = match self.catalog.find(submission.problem_id.as_str()) {
            None => return Err(GivenUp::unknown_problem(submission)),
            Some(Err(_)) => return Err(GivenUp::broken_problem(submission)),
            Some(Ok(problem)) => problem,
        };
        let Some(language) = self.languages.find(submission.language.as_str()) else {
            return Err(GivenUp::unknown_language(submission));
        };
        if MOST_TRIES <= lease.failed_tries() {
            return Err(GivenUp::lost(submission, lease.failed_tries()));
        }
        Ok((problem, Arc::clone(language)))
    }

    pub(super) fn read(&self, delivery: &Delivery) -> Result<Submission, RejectedMessage> {
        match delivery.body() {
            Ok(body) => Submission::parse(body, &self.settings.message_limits()),
            Err(TooLarge { bytes, limit }) => Err(RejectedMessage::too_large(bytes, limit)),
        }
    }

    pub(super) async fn claim(&self, submission: &Submission) -> Result<Claimed, NotJudged> {
        let content_hash = submission.content_hash().to_hex();
        let request = ClaimRequest {
            request_id: submission.request_id.as_str(),
            submission_id: submission.submission_id.as_str(),
            content_hash: &content_hash,
            worker: self.settings.worker_name.as_str(),
            lease: self.settings.lease,
        };
        self.claim_as(&request).await
    }

    pub(super) async fn claim_as(&self, request: &ClaimRequest<'_>) -> Result<Claimed, NotJudged> {
        match self.outlast(|| self.store.claim(request)).await? {
            Claim::Granted(lease) => Ok(Claimed::Granted(lease)),
            Claim::Finished { .. } => Ok(Claimed::Finished),
            Claim::GivenUp { reason, .. } => {
                let reason = DeadReason::of_label(&reason).unwrap_or(DeadReason::Poison);
                Ok(Claimed::GivenUp(reason))
            }
            Claim::HeldElsewhere { worker, remaining } => Err(NotJudged::Later {
                cause: format!("the request is in hand of {worker}"),
                delay: remaining.min(LONGEST_WAIT),
            }),
            Claim::Conflict => {
                let id = request.request_id;
                // The first one stands, so nothing is told.
                let detail = format!("the request id {id} is known with other content");
                Err(NotJudged::Buried { reason: DeadReason::Conflict, detail })
            }
        }
    }

    /// Publishes the verdict of a request that was judged before.
    pub(super) async fn tell_again(
        &self,
        request_id: &str,
        delivery: &Delivery,
    ) -> Result<Told, NotJudged> {
        let stored = self.outlast(|| self.store.event_of(request_id)).await?;
        let event = stored.ok_or_else(|| NotJudged::Later {
            cause: "the verdict that was stored can't be found".to_owned(),
            delay: Duration::from_secs(1),
        })?;
        self.publish(OutboxEvent { route: route_of(delivery), ..event }).await?;
        Ok(Told::Again)
    }

    /// Until the broker has confirmed it, the delivery is not acked, and the outbox keeps it.
    pub(super) async fn publish(&self, event: OutboxEvent) -> Result<(), NotJudged> {
        let began = Instant::now();
        let history_id = event.history_id;
        reach(Failpoint::Publish).await?;
        self.sink.publish_verdict(&envelope(event)).await.map_err(|error| NotJudged::Later {
            cause: chain(&error),
            delay: Duration::from_secs(2),
        })?;
        self.metrics.observe_phase(Phase::Publish, began.elapsed());
        reach(Failpoint::Confirmed).await?;
        if let Err(error) = self.store.event_published(history_id).await {
            tracing::warn!(history_id, error = %chain(&error), "its verdict will be published again");
        }
        reach(Failpoint::BeforeAck).await?;
        Ok(())
    }
}

/// A claim that leads on.
pub(super) enum Claimed {
    Granted(Lease),
    Finished,
    GivenUp(DeadReason),
}

pub(super) fn route_of(delivery: &Delivery) -> ReplyRoute {
    ReplyRoute {
        reply_to: delivery.reply_to.clone(),
        correlation_id: delivery.correlation_id.clone(),
        traceparent: delivery.traceparent.clone(),
    }
}

pub(super) fn dead_reason(reason: RejectReason) -> DeadReason {
    match reason {
        RejectReason::NotJson => DeadReason::NotJson,
        RejectReason::Schema => DeadReason::Schema,
        RejectReason::BadSource => DeadReason::BadSource,
        RejectReason::TooLarge => DeadReason::TooLarge,
        RejectReason::UnknownProblem => DeadReason::UnknownProblem,
        RejectReason::UnknownLanguage => DeadReason::UnknownLanguage,
        RejectReason::BrokenProblem => DeadReason::Poison,
        RejectReason::Conflict => DeadReason::Conflict,
        RejectReason::Exhausted => DeadReason::RetriesExhausted,
    }
}
