//! The worker's one way to get work, wherever it comes from.

use std::num::NonZeroU16;

use super::{Delivery, StdioSource, amqp::AmqpSource};

/// Where deliveries come from.
pub enum Source {
    /// `RabbitMQ`.
    Amqp(AmqpSource),
    /// Lines on stdin.
    Stdio(StdioSource),
}

impl Source {
    /// The next delivery. `None` ends the worker's loop: stdin is over and everything from it is
    /// settled, or [`Source::stop_consuming`] was called. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        match self {
            Self::Amqp(source) => source.next().await,
            Self::Stdio(source) => source.next().await,
        }
    }

    /// Takes no more work; what was fetched but not handed out goes back. What is in hand stays
    /// valid and is still to be settled.
    pub async fn stop_consuming(&mut self) {
        match self {
            Self::Amqp(source) => source.stop_consuming().await,
            Self::Stdio(source) => source.stop_consuming(),
        }
    }

    /// Changes how many deliveries are held at once; stdin reads one line ahead in any case.
    pub fn set_prefetch(&self, prefetch: NonZeroU16) {
        match self {
            Self::Amqp(source) => source.set_prefetch(prefetch),
            Self::Stdio(_) => {}
        }
    }
}
