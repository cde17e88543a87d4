//! Takes what the broker has given up: a submission that workers died of, over the delivery limit.
//!
//! Pulled at intervals, one at a time: there is hardly ever one, and its sender has waited long.

use lapin::options::BasicGetOptions;
use tokio::time::{Duration, sleep};
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    message::{self, short},
};
use crate::intake::{Delivery, Lane};

/// How often the queue is asked.
const INTERVAL: Duration = Duration::from_secs(2);

/// Deliveries of lane [`Lane::Unanswered`], over every reconnect.
pub struct Unanswered {
    broker: Broker,
    channel: Option<lapin::Channel>,
    backoff: Backoff,
}

impl Broker {
    /// What the broker has given up, and nobody has answered yet.
    pub fn unanswered(&self) -> Unanswered {
        let backoff = Backoff::new(self.config().max_backoff);
        Unanswered { broker: self.clone(), channel: None, backoff }
    }
}

impl Unanswered {
    /// The next one; `None` once the broker is closed. Cancelled at a bad moment, it leaves one unacked
    /// until its channel is closed, which dropping `self` does.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let shutdown = self.broker.shutdown();
            let got = tokio::select! {
                () = shutdown.cancelled() => return None,
                got = self.get() => got,
            };
            match got {
                Ok(Some(delivery)) => return Some(delivery),
                Ok(None) => sleep(INTERVAL).await,
                Err(e) => {
                    warn!(error = in_one_line(&e), "cannot ask for what is unanswered; will retry");
                    self.channel = None;
                    self.backoff.pause().await;
                }
            }
        }
    }

    async fn get(&mut self) -> Result<Option<Delivery>, BrokerError> {
        let open = self.channel.as_ref().filter(|channel| channel.status().connected());
        let channel = if let Some(channel) = open {
            channel.clone()
        } else {
            let session = self.broker.session().await.ok_or(BrokerError::Down)?;
            self.channel.insert(self.broker.channel(&session.consuming).await?).clone()
        };
        let queue = self.broker.config().names.unanswered();
        let get = channel.basic_get(short(&queue), BasicGetOptions::default());
        let got = self.broker.within("what is unanswered", get).await?;
        self.backoff.reset();
        Ok(got.map(|got| {
            message::delivery(&self.broker, &channel, Lane::Unanswered, &queue, got.delivery)
        }))
    }
}
