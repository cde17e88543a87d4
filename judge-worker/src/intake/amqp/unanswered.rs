//! Takes what the broker has given up: a submission that workers died of, over the delivery limit.
//!
//! One at a time: there is hardly ever one, and its sender has waited long.

use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    message,
    pushed::Pushed,
};
use crate::intake::{Delivery, Lane};

/// Deliveries of lane [`Lane::Unanswered`], over every reconnect.
pub struct Unanswered {
    broker: Broker,
    pushed: Option<Pushed>,
    backoff: Backoff,
}

impl Broker {
    /// What the broker has given up, and nobody has answered yet.
    pub fn unanswered(&self) -> Unanswered {
        let backoff = Backoff::new(self.config().max_backoff);
        Unanswered { broker: self.clone(), pushed: None, backoff }
    }
}

impl Unanswered {
    /// The next one, which is not pushed before the last one was settled; `None` once the broker is
    /// closed. Safe to cancel. What was pushed and not taken goes back when `self` is dropped.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let shutdown = self.broker.shutdown();
            let got = tokio::select! {
                () = shutdown.cancelled() => return None,
                got = self.receive() => got,
            };
            match got {
                Ok(delivery) => return Some(delivery),
                Err(e) => {
                    warn!(error = in_one_line(&e), "cannot ask for what is unanswered; will retry");
                    self.pushed = None;
                    self.backoff.pause().await;
                }
            }
        }
    }

    async fn receive(&mut self) -> Result<Delivery, BrokerError> {
        let queue = self.broker.config().names.unanswered();
        let pushed = match &mut self.pushed {
            Some(pushed) => pushed,
            none => none.insert(Pushed::of_queue(&self.broker, &queue, 1).await?),
        };
        self.backoff.reset();
        let message = pushed.next().await?;
        Ok(message::delivery(&self.broker, pushed.channel(), Lane::Unanswered, &queue, message))
    }
}
