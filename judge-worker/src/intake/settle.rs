//! What becomes of a delivery. [`settle`] is the one place that acks, gives back or moves.

use std::time::Duration;

use tracing::error;

use super::{Delivery, amqp, stdio};

/// What the worker has decided about a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Everything it asked for is durable.
    Ack,
    /// Another worker may manage, at once. Counts against the delivery limit.
    Requeue,
    /// Nobody manages now; later somebody may.
    Retry {
        /// What went wrong, for the header `x-judge-cause`: cut to 1 KiB.
        cause: String,
        /// How long to wait at least; cut to
        /// [`BrokerConfig::max_retry_delay`](amqp::BrokerConfig::max_retry_delay).
        delay: Duration,
    },
    /// Nobody ever will.
    Dead {
        /// The kind of failure, for the header `x-judge-reason` and the metric.
        reason: DeadReason,
        /// The same for a human, for the header `x-judge-detail`: cut to 1 KiB.
        detail: String,
    },
}

/// Why a job is dead. A closed set: it labels a metric, and commands select by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeadReason {
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, and not a submission.
    Schema,
    /// The body is over the bound.
    TooLarge,
    /// No such problem here.
    UnknownProblem,
    /// No such language here.
    UnknownLanguage,
    /// The source is over its bound, or not text, or its file names are not.
    BadSource,
    /// The request id is known with other content.
    Conflict,
    /// The queue handed it out too often: workers died of it, or gave it back.
    DeliveryLimit,
    /// It was retried as often as a job may be.
    RetriesExhausted,
    /// It makes us fail in a way that no retry mends.
    Poison,
}

impl DeadReason {
    /// Every reason there is.
    pub const ALL: [Self; 10] = [
        Self::NotJson,
        Self::Schema,
        Self::TooLarge,
        Self::UnknownProblem,
        Self::UnknownLanguage,
        Self::BadSource,
        Self::Conflict,
        Self::DeliveryLimit,
        Self::RetriesExhausted,
        Self::Poison,
    ];

    /// The value of header and metric label.
    pub fn as_label(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Schema => "schema",
            Self::TooLarge => "too_large",
            Self::UnknownProblem => "unknown_problem",
            Self::UnknownLanguage => "unknown_language",
            Self::BadSource => "bad_source",
            Self::Conflict => "conflict",
            Self::DeliveryLimit => "delivery_limit",
            Self::RetriesExhausted => "retries_exhausted",
            Self::Poison => "poison",
        }
    }

    /// The reason that a header names.
    pub fn of_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_label() == label)
    }
}

/// What came of settling. None of these is an error: whatever it says, the job is somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// As asked.
    Done,
    /// It could not be moved to the retry or the dead queue, so it is back in its own.
    Requeued,
    /// The source was gone before it heard: a broker hands the job out again (where it was to be
    /// moved, there may now be two of it), and stdin is over, so that nobody will.
    Lost,
}

/// Tells a delivery's source what became of it. For AMQP this waits for the broker to confirm any
/// copy before it acks the original, bounded by the timeouts of
/// [`BrokerConfig`](amqp::BrokerConfig).
pub async fn settle(mut delivery: Delivery, disposition: Disposition) -> Settled {
    match delivery.ticket.take() {
        Origin::Amqp(receipt) => {
            receipt.settle(&delivery.body, delivery.attempt, disposition).await
        }
        Origin::Stdio(receipt) => receipt.settle(delivery, disposition),
        Origin::Settled => Settled::Lost,
    }
}

/// Moves a delivery that the worker has not seen to a lane. If that is not confirmed, it is given back
/// to the caller, and may be in the lane all the same.
pub(super) async fn park(mut delivery: Delivery, lane: &str) -> Result<Settled, Box<Delivery>> {
    match delivery.ticket.take() {
        Origin::Amqp(receipt) => {
            if let Some(settled) = receipt.park(&delivery, lane).await {
                return Ok(settled);
            }
            delivery.ticket = Ticket(Origin::Amqp(receipt));
            Err(Box::new(delivery))
        }
        // Stdin has one reader: there is nobody to be fair to.
        other @ (Origin::Stdio(_) | Origin::Settled) => {
            delivery.ticket = Ticket(other);
            Err(Box::new(delivery))
        }
    }
}

/// A delivery's claim on being settled: dropped with the claim open, it gives the job back.
#[derive(Debug)]
pub(super) struct Ticket(Origin);

#[derive(Debug)]
enum Origin {
    Amqp(Box<amqp::Receipt>),
    Stdio(stdio::Receipt),
    Settled,
}

impl Ticket {
    pub(super) fn amqp(receipt: amqp::Receipt) -> Self {
        Self(Origin::Amqp(Box::new(receipt)))
    }

    pub(super) fn stdio(receipt: stdio::Receipt) -> Self {
        Self(Origin::Stdio(receipt))
    }

    /// False when its channel has closed: settling it would be [`Settled::Lost`].
    pub(super) fn is_live(&self) -> bool {
        match &self.0 {
            Origin::Amqp(receipt) => receipt.is_live(),
            Origin::Stdio(_) => true,
            Origin::Settled => false,
        }
    }

    /// It is in the worker's hand, and takes up a place until it is settled.
    pub(super) fn take_place(&mut self, place: amqp::Place) {
        if let Origin::Amqp(receipt) = &mut self.0 {
            receipt.take_place(place);
        }
    }

    pub(super) fn deliveries(&self) -> Option<u32> {
        match &self.0 {
            Origin::Amqp(receipt) => Some(receipt.deliveries()),
            Origin::Stdio(_) | Origin::Settled => None,
        }
    }

    /// Closes the claim: the source hands the job out again by itself.
    pub(super) fn forget(mut self) {
        self.take();
    }

    fn take(&mut self) -> Origin {
        std::mem::replace(&mut self.0, Origin::Settled)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match self.take() {
            Origin::Settled => {}
            Origin::Stdio(receipt) => {
                error!("a submission from stdin was dropped unsettled");
                receipt.abandon();
            }
            Origin::Amqp(receipt) => {
                error!(?receipt, "a delivery was dropped unsettled; it goes back to its queue");
                // Without a runtime the process is ending, and its connection with it.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move { receipt.requeue().await });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_its_reason_and_no_other() {
        for reason in DeadReason::ALL {
            assert_eq!(DeadReason::of_label(reason.as_label()), Some(reason));
        }
        assert_eq!(DeadReason::of_label("other"), None);
    }
}
