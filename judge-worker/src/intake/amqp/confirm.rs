//! Publishing that counts: `Ok` only once the broker has taken responsibility.

use std::time::Duration;

use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::time::timeout;

use super::{
    broker::{Broker, BrokerError},
    message::short,
};

/// A message was not confirmed. It may have arrived all the same: publish it again, and let its
/// consumer deduplicate by `messageId`.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No confirm in time, reconnecting included.
    #[error("RabbitMQ did not confirm a message to {destination:?} within {after:?}")]
    Timeout {
        /// Exchange and routing key.
        destination: String,
        /// How long we waited.
        after: Duration,
    },
    /// The broker could not take it: a full queue, or one without a quorum.
    #[error("RabbitMQ rejected a message to {destination:?}; a queue there is full or unavailable")]
    Rejected {
        /// Exchange and routing key.
        destination: String,
    },
    /// The queue that must get it isn't there.
    #[error("no queue takes messages to {destination:?}; was it deleted, or its binding?")]
    Unroutable {
        /// Exchange and routing key.
        destination: String,
    },
    /// The channel failed meanwhile.
    #[error("cannot publish to {destination:?}")]
    Channel {
        /// Exchange and routing key.
        destination: String,
        /// What the library says.
        source: lapin::Error,
    },
    /// There is no channel to publish on.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// A message on its way out.
pub(crate) struct Outgoing<'a> {
    /// Empty for the default exchange, where the routing key is a queue's name.
    pub(crate) exchange: &'a str,
    pub(crate) routing_key: &'a str,
    /// Whether it is a failure that no queue takes it.
    pub(crate) mandatory: bool,
    pub(crate) properties: BasicProperties,
    pub(crate) payload: &'a [u8],
}

impl Outgoing<'_> {
    fn destination(&self) -> String {
        format!("{}/{}", self.exchange, self.routing_key)
    }
}

impl Broker {
    /// Publishes once and waits for the confirm, both within
    /// [`BrokerConfig::confirm_timeout`](super::BrokerConfig::confirm_timeout), which covers
    /// waiting for a session as well.
    pub(crate) async fn publish_confirmed(&self, out: Outgoing<'_>) -> Result<(), PublishError> {
        let after = self.config().confirm_timeout;
        if let Ok(published) = timeout(after, self.publish_once(&out)).await {
            return published;
        }
        // Its confirm may still come, so this channel goes with it. Whoever holds the lock is
        // about to open another.
        if let Ok(mut shared) = self.confirming().try_lock() {
            shared.take();
        }
        Err(PublishError::Timeout { destination: out.destination(), after })
    }

    async fn publish_once(&self, out: &Outgoing<'_>) -> Result<(), PublishError> {
        let channel = self.confirming_channel().await?;
        let failed = |source| PublishError::Channel { destination: out.destination(), source };
        let options = BasicPublishOptions { mandatory: out.mandatory, ..Default::default() };
        let (exchange, routing_key) = (short(out.exchange), short(out.routing_key));
        let published = channel
            .basic_publish(exchange, routing_key, options, out.payload, out.properties.clone())
            .await
            .map_err(failed)?;
        match published.await.map_err(failed)? {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                Err(PublishError::Unroutable { destination: out.destination() })
            }
            Confirmation::Nack(None) | Confirmation::NotRequested => {
                Err(PublishError::Rejected { destination: out.destination() })
            }
        }
    }

    /// The shared channel in confirm mode; a new one when the last has died.
    async fn confirming_channel(&self) -> Result<Channel, BrokerError> {
        let mut shared = self.confirming().lock().await;
        if let Some(channel) = shared.as_ref().filter(|channel| channel.status().connected()) {
            return Ok(channel.clone());
        }
        let session = self.session().await.ok_or(BrokerError::Down)?;
        let channel = self.channel(&session.publishing).await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        self.within("publisher confirms", select).await?;
        Ok(shared.insert(channel).clone())
    }
}
