//! One delivery: what the worker may know of a message before it has parsed it.

use std::time::SystemTime;

use super::settle::Ticket;

/// Which kind of work a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Somebody waits for it: `judge.submissions`, and everything from stdin.
    Live,
    /// Live too, of somebody who had more waiting: from a lane, `judge.lane.<n>`.
    Parked,
    /// Rejudging: `judge.rejudge`, taken only while no live work waits.
    Bulk,
    /// Given up by the broker, and to be answered, not judged: see
    /// [`Names::unanswered`](super::amqp::Names::unanswered).
    Unanswered,
}

impl Lane {
    /// The lane's name as a metric label.
    pub fn as_label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Parked => "parked",
            Self::Bulk => "bulk",
            Self::Unanswered => "unanswered",
        }
    }
}

/// The sender's fault: the body is over the bound, so nobody looked into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message has {bytes} bytes, and at most {limit} are accepted")]
pub struct TooLarge {
    /// Size of the body as it arrived.
    pub bytes: usize,
    /// The bound; inclusive.
    pub limit: usize,
}

/// A message in hand. It belongs to the worker until [`settle`](super::settle()) has it; dropping it
/// unsettled (a panic, a cancelled task) gives it back to its source with an error in the log.
#[derive(Debug)]
pub struct Delivery {
    /// Where it came from.
    pub lane: Lane,
    /// How often the queue has handed this message out before and got it back: the quorum queue's
    /// `x-delivery-count`, 0 the first time. A crash or a lost connection counts as well. What was
    /// parked brings the count of `judge.submissions` along.
    pub delivery_count: u32,
    /// How often it has been through [`Disposition::Retry`](super::Disposition::Retry): 0 at first.
    pub attempt: u32,
    /// The broker says that somebody may have seen it before.
    pub redelivered: bool,
    /// Queue on which the sender waits for the verdict, beside the events.
    pub reply_to: Option<String>,
    /// The sender's handle on that reply; echoed.
    pub correlation_id: Option<String>,
    /// The sender's own id of the message.
    pub message_id: Option<String>,
    /// W3C trace context, as it came.
    pub traceparent: Option<String>,
    /// When it was enqueued, by the broker's millisecond header where there is one, else by the
    /// sender's `timestamp` property (whole seconds). It survives retries.
    pub enqueued_at: Option<SystemTime>,
    pub(super) body: Vec<u8>,
    pub(super) oversized: Option<TooLarge>,
    pub(super) ticket: Ticket,
}

impl Delivery {
    /// How often the queue it was submitted to has handed it out, this time included; for
    /// [`Lane::Unanswered`], how often that had been when the broker gave it up.
    pub fn deliveries(&self) -> u32 {
        self.ticket.deliveries().unwrap_or_else(|| self.delivery_count.saturating_add(1))
    }

    /// The message as it came, unless it is over the bound.
    pub fn body(&self) -> Result<&[u8], TooLarge> {
        match self.oversized {
            None => Ok(&self.body),
            Some(too_large) => Err(too_large),
        }
    }
}
