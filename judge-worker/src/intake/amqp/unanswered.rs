//! Takes what the broker has given up: a submission that workers died of, over the delivery limit.
//!
//! One at a time: there is hardly ever one, and its sender has waited long.

use std::sync::Arc;

use futures_util::StreamExt;
use lapin::{
    Channel, Consumer,
    options::{BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    message::{self, short},
    supervisor::Session,
};
use crate::intake::{Delivery, Lane};

/// Deliveries of lane [`Lane::Unanswered`], over every reconnect.
pub struct Unanswered {
    broker: Broker,
    consuming: Option<Consuming>,
    backoff: Backoff,
}

struct Consuming {
    session: Arc<Session>,
    channel: Channel,
    deliveries: Consumer,
}

impl Broker {
    /// What the broker has given up, and nobody has answered yet.
    pub fn unanswered(&self) -> Unanswered {
        let backoff = Backoff::new(self.config().max_backoff);
        Unanswered { broker: self.clone(), consuming: None, backoff }
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
                    self.consuming = None;
                    self.backoff.pause().await;
                }
            }
        }
    }

    async fn receive(&mut self) -> Result<Delivery, BrokerError> {
        let queue = self.broker.config().names.unanswered();
        let Consuming { session, channel, deliveries } = match &mut self.consuming {
            Some(consuming) => consuming,
            none => none.insert(consume(&self.broker, &queue).await?),
        };
        self.backoff.reset();
        let message = tokio::select! {
            message = deliveries.next() => message.ok_or(BrokerError::Cancelled)?,
            () = self.broker.gone(channel, session) => return Err(BrokerError::Down),
        };
        let message =
            message.map_err(|source| BrokerError::Request { request: "a delivery", source })?;
        Ok(message::delivery(&self.broker, channel, Lane::Unanswered, &queue, message))
    }
}

async fn consume(broker: &Broker, queue: &str) -> Result<Consuming, BrokerError> {
    let session = broker.session().await.ok_or(BrokerError::Down)?;
    let channel = broker.channel(&session.consuming).await?;
    broker.within("a prefetch count", channel.basic_qos(1, BasicQosOptions::default())).await?;
    let options = BasicConsumeOptions::default();
    let consume = channel.basic_consume(short(queue), short(""), options, FieldTable::default());
    let deliveries = broker.within("a consumer", consume).await?;
    Ok(Consuming { session, channel, deliveries })
}
