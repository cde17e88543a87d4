//! Messages that the broker pushes over one channel, for as long as that and its session are there.

use std::sync::Arc;

use futures_util::StreamExt;
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};

use super::{
    broker::{Broker, BrokerError},
    message::short,
    supervisor::Session,
};

/// A consumer with all that it hangs on. What was pushed and not taken goes back, where it is to be
/// acked, when this is dropped.
pub(super) struct Pushed {
    broker: Broker,
    session: Arc<Session>,
    channel: Channel,
    messages: Consumer,
}

impl Pushed {
    /// What is in `queue`, to be acked, at most `prefetch` of it at a time.
    pub(super) async fn of_queue(
        broker: &Broker,
        queue: &str,
        prefetch: u16,
    ) -> Result<Self, BrokerError> {
        let (session, channel) = open(broker).await?;
        let qos = channel.basic_qos(prefetch, BasicQosOptions::default());
        broker.within("a prefetch count", qos).await?;
        let (options, args) = (BasicConsumeOptions::default(), FieldTable::default());
        let consume = channel.basic_consume(short(queue), short(""), options, args);
        let messages = broker.within("a consumer", consume).await?;
        Ok(Self { broker: broker.clone(), session, channel, messages })
    }

    /// What is sent to the fanout exchange `exchange` from now on; nobody acks it.
    pub(super) async fn of_fanout(broker: &Broker, exchange: &str) -> Result<Self, BrokerError> {
        let (session, channel) = open(broker).await?;
        // Nobody's but ours, and gone with us: the broker chooses its name.
        let options = QueueDeclareOptions::exclusive().auto_delete();
        let declare = channel.queue_declare(short(""), options, FieldTable::default());
        let queue = broker.within("a queue of our own", declare).await?.name().clone();
        let (options, args) = (QueueBindOptions::default(), FieldTable::default());
        let bind = channel.queue_bind(queue.clone(), short(exchange), short(""), options, args);
        broker.within("messages of a fanout exchange", bind).await?;
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
        let consume = channel.basic_consume(queue, short(""), options, FieldTable::default());
        let messages = broker.within("a consumer", consume).await?;
        Ok(Self { broker: broker.clone(), session, channel, messages })
    }

    /// The next one. After an error there is none any more. Safe to cancel.
    pub(super) async fn next(&mut self) -> Result<Delivery, BrokerError> {
        let message = tokio::select! {
            message = self.messages.next() => message.ok_or(BrokerError::Cancelled)?,
            () = self.broker.gone(&self.channel, &self.session) => return Err(BrokerError::Down),
        };
        message.map_err(|source| BrokerError::Request { request: "a delivery", source })
    }

    /// Where the messages come on, and are acked.
    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }
}

async fn open(broker: &Broker) -> Result<(Arc<Session>, Channel), BrokerError> {
    let session = broker.session().await.ok_or(BrokerError::Down)?;
    let channel = broker.channel(&session.consuming).await?;
    Ok((session, channel))
}
