//! A plain AMQP client for tests, independent of the code under test.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::time::{Duration, Instant};

use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{
        BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
        QueueDeclareOptions, QueueDeleteOptions,
    },
    types::{AMQPValue, FieldTable},
};
use tokio::time::{error::Elapsed, sleep, timeout};

/// Longest wait for something that must happen.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Between two attempts.
const NAP: Duration = Duration::from_millis(100);

/// Longest wait for one answer of the node.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);

async fn answered<T>(answer: impl Future<Output = lapin::Result<T>>) -> lapin::Result<T> {
    let late = |late: Elapsed| lapin::Error::from(std::io::Error::from(late));
    timeout(ANSWER_PATIENCE, answer).await.map_err(late)?
}

/// A connection and a channel in confirm mode.
pub struct Wire {
    connection: Connection,
    channel: Channel,
}

/// A message as it stood in a queue.
pub struct Stored {
    pub body: Vec<u8>,
    pub routing_key: String,
    pub properties: BasicProperties,
}

impl Wire {
    /// A node that has just come up resets connections while it starts what is behind its port, and
    /// more so beside others that start.
    pub async fn open(url: &str) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_open(url).await {
                Err(_) if Instant::now() < deadline => sleep(NAP).await,
                opened => return opened.expect("a connection to the node"),
            }
        }
    }

    /// A node that dies or comes up in the middle of the handshake may never answer.
    pub async fn try_open(url: &str) -> lapin::Result<Self> {
        answered(async {
            let connection = Connection::connect(url, ConnectionProperties::default()).await?;
            let channel = connection.create_channel().await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok(Self { connection, channel })
        })
        .await
    }

    /// Puts a persistent message into a queue.
    pub async fn publish(&self, queue: &str, body: &[u8]) {
        self.publish_with("", queue, body, BasicProperties::default()).await;
    }

    pub async fn publish_with(
        &self,
        exchange: &str,
        key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) {
        let confirmed = self.try_publish(exchange, key, body, properties).await;
        assert!(confirmed.expect("a publish"), "the broker rejected a message to {exchange}/{key}");
    }

    /// True when the broker has confirmed it.
    pub async fn try_publish(
        &self,
        exchange: &str,
        key: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> lapin::Result<bool> {
        let options = BasicPublishOptions::default();
        let properties = properties.with_delivery_mode(2);
        let published =
            self.channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        Ok(published.await?.await?.is_ack())
    }

    /// Takes the next message out of a queue, waiting for one.
    pub async fn get(&self, queue: &str) -> Stored {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(stored) = self.try_get(queue).await {
                return stored;
            }
            assert!(Instant::now() < deadline, "no message in {queue}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn try_get(&self, queue: &str) -> Option<Stored> {
        self.look(queue).await.expect("a get")
    }

    /// The same, while the broker may go away.
    pub async fn look(&self, queue: &str) -> lapin::Result<Option<Stored>> {
        let options = BasicGetOptions { no_ack: true };
        let message = answered(self.channel.basic_get(queue.into(), options)).await?;
        Ok(message.map(|message| Stored {
            body: message.delivery.data,
            routing_key: message.delivery.routing_key.to_string(),
            properties: message.delivery.properties,
        }))
    }

    /// Declares a quorum queue with nothing special to it.
    pub async fn declare_queue(&self, queue: &str) {
        let mut args = FieldTable::default();
        args.insert("x-queue-type".into(), header("quorum"));
        let options = QueueDeclareOptions::durable();
        self.channel.queue_declare(queue.into(), options, args).await.expect("a queue");
    }

    pub async fn bind(&self, queue: &str, exchange: &str, key: &str) {
        let (options, args) = (QueueBindOptions::default(), FieldTable::default());
        let bind =
            self.channel.queue_bind(queue.into(), exchange.into(), key.into(), options, args);
        bind.await.expect("a binding");
    }

    pub async fn delete_queue(&self, queue: &str) {
        let options = QueueDeleteOptions::default();
        self.channel.queue_delete(queue.into(), options).await.expect("a deleted queue");
    }

    pub async fn exists(&self, queue: &str) -> bool {
        // A refusal closes the channel, so it is one of its own.
        let channel = self.connection.create_channel().await.expect("a channel");
        let options = QueueDeclareOptions::durable().passive();
        channel.queue_declare(queue.into(), options, FieldTable::default()).await.is_ok()
    }
}

impl Stored {
    pub fn text(&self, header: &str) -> Option<String> {
        match self.properties.headers().as_ref()?.inner().get(header)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            other => panic!("{header} is no text but {other:?}"),
        }
    }

    pub fn has(&self, header: &str) -> bool {
        self.properties.headers().iter().any(|headers| headers.inner().contains_key(header))
    }

    pub fn integer(&self, header: &str) -> Option<i64> {
        self.properties.headers().as_ref()?.inner().get(header)?.as_long_long_int()
    }
}

pub fn header(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// Waits until a condition holds.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "still not so: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
