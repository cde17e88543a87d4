//! A pass over `judge.dead`, for an operator: to look, to replay, to drop.
//!
//! ```text
//! judge.dead ─get─► letter ─┬─ replay: published, confirmed ─► its queue; then acked
//!                           ├─ remove: acked
//!                           └─ neither: held, and given back at the end, the first one first
//! ```
//!
//! AMQP has no way to look without taking. What is taken is held until the pass is over, since what is
//! given back stands in front again; and given back one after the other, since a broker that takes
//! back all at once promises no order. A pass that dies half-way loses nothing, but may mix them up.
//! So may two passes at one time: a queue that only one connection can have keeps the second out.
//! A pass ends where the queue ended when it began: what dies meanwhile is for the next.

use std::{collections::BTreeMap, time::Duration};

use lapin::{
    Acker, BasicProperties, Channel, ErrorKind,
    options::{BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::FieldTable,
};
use tokio::time::sleep;
use tracing::warn;

use super::{
    broker::{Broker, BrokerError},
    confirm::{Outgoing, PublishError},
    message::{self, ATTEMPT, CAUSE, DELIVERIES, DETAIL, DIED_IN, DIED_OF, QUEUE, REASON, short},
};
use crate::message::{NewRequest, ReadableIds};

/// Letters given back before the queue must have the first of them. Above 32 under way, the broker
/// gathers them in a map first, and loses their order (`rabbit_fifo_client`, its soft limit).
const RETURNED_AT_ONCE: usize = 16;

/// Pause between two looks at how many letters are back, and the most looks.
const LOOK_PAUSE: Duration = Duration::from_millis(5);
const MOST_LOOKS: u32 = 400;

/// A message that no worker could judge.
pub struct DeadLetter {
    /// Its place in the queue, the head being 1.
    pub position: u32,
    /// The request, if it can be told: by the message's own account, else by its `messageId`.
    pub request_id: Option<String>,
    /// The submission, if it can be told.
    pub submission_id: Option<String>,
    /// Why it is dead: a [`DeadReason`](crate::intake::DeadReason), or the broker's own word if no
    /// worker has seen it.
    pub reason: String,
    /// Whether a worker has buried it, and told whoever waits.
    pub answered: bool,
    /// The reason for a human.
    pub detail: Option<String>,
    /// The last failure that a retry was to mend.
    pub cause: Option<String>,
    /// How often it went through the retry queue.
    pub attempt: u32,
    /// How often its queue handed it out before it was given up; 0 if that is not known.
    pub deliveries: u32,
    /// The queue that a replay goes to: one of the two that submissions come from.
    pub queue: String,
    /// Its headers, each as text.
    pub headers: BTreeMap<String, String>,
    /// The message as it came.
    pub body: Vec<u8>,
    properties: BasicProperties,
}

/// What a replayed message is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// It was answered before, so it is a request of its own: see [`NewRequest`].
    AsNewRequest(String),
    /// It is what it was: nobody has been told anything of it, or nobody could be.
    AsItWas,
}

/// A pass in progress. Whatever it holds goes back when it is finished, or dropped.
pub struct DeadPass {
    broker: Broker,
    channel: Channel,
    /// Open as long as the pass: the lock is its connection's.
    _lock: Option<Channel>,
    held: BTreeMap<u32, Acker>,
    position: u32,
    /// Letters that were there when it began and have not been taken; not known before the first.
    behind: Option<u32>,
}

impl Broker {
    /// Begins a pass. Fails with [`BrokerError::Busy`] while there is another.
    pub async fn dead_pass(&self) -> Result<DeadPass, BrokerError> {
        let session = self.session().await.ok_or(BrokerError::Down)?;
        let lock = self.channel(&session.consuming).await?;
        let name = format!("{}.pass", self.config().names.dead);
        let options = QueueDeclareOptions::exclusive().auto_delete();
        let declare = lock.queue_declare(short(&name), options, FieldTable::default());
        let locked = match self.within("to be alone with the dead letters", declare).await {
            Ok(_) => true,
            Err(BrokerError::Request { source, .. })
                if is_soft(&source, AMQPSoftError::RESOURCELOCKED) =>
            {
                return Err(BrokerError::Busy);
            }
            Err(BrokerError::Request { source, .. })
                if is_soft(&source, AMQPSoftError::ACCESSREFUSED) =>
            {
                warn!(queue = name, "no right to lock the dead letters; let nobody else look now");
                false
            }
            Err(e) => return Err(e),
        };
        let channel = self.channel(&session.consuming).await?;
        Ok(DeadPass {
            broker: self.clone(),
            channel,
            _lock: locked.then_some(lock),
            held: BTreeMap::new(),
            position: 0,
            behind: None,
        })
    }
}

impl DeadPass {
    /// The next letter, held until it is replayed or removed, or the pass is over. `None` at the end.
    pub async fn next(&mut self) -> Result<Option<DeadLetter>, BrokerError> {
        if self.behind == Some(0) {
            return Ok(None);
        }
        let queue = short(&self.broker.config().names.dead);
        let get = self.channel.basic_get(queue, BasicGetOptions::default());
        let Some(got) = self.broker.within("a dead letter", get).await? else {
            self.behind = Some(0);
            return Ok(None);
        };
        self.behind = Some(self.behind.map_or(got.message_count, |behind| behind - 1));
        self.position += 1;
        self.held.insert(self.position, got.delivery.acker);
        Ok(Some(self.letter(got.delivery.properties, got.delivery.data)))
    }

    /// How many letters are behind the last one taken; 0 before the first.
    pub fn behind(&self) -> u32 {
        self.behind.unwrap_or(0)
    }

    /// Sends a letter to its queue again, where its deliveries and retries are counted anew, and only
    /// then takes it out of here. If that is not confirmed, it stays.
    pub async fn replay(&mut self, letter: &DeadLetter) -> Result<Replayed, PublishError> {
        let request = if letter.answered { NewRequest::of(&letter.body) } else { None };
        let properties = message::replayed(&letter.properties, request.as_ref());
        let copy = Outgoing {
            exchange: "",
            routing_key: &letter.queue,
            mandatory: true,
            properties,
            payload: request.as_ref().map_or(&letter.body, |request| &request.body),
        };
        self.broker.publish_confirmed(copy).await?;
        self.remove(letter).await?;
        Ok(request.map_or(Replayed::AsItWas, |request| {
            Replayed::AsNewRequest(request.request_id.to_string())
        }))
    }

    /// Takes a letter out for ever.
    pub async fn remove(&mut self, letter: &DeadLetter) -> Result<(), BrokerError> {
        let Some(acker) = self.held.remove(&letter.position) else { return Ok(()) };
        let ack = acker.ack(BasicAckOptions::default());
        match self.broker.within("an ack of a dead letter", ack).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(BrokerError::Down),
            Err(e) => Err(e),
        }
    }

    /// Gives back what it holds, in order.
    pub async fn finish(mut self) -> Result<(), BrokerError> {
        let mut expected = self.ready().await?;
        while !self.held.is_empty() {
            for _ in 0..RETURNED_AT_ONCE {
                let Some((_, acker)) = self.held.pop_first() else { break };
                let requeue = BasicNackOptions { requeue: true, ..Default::default() };
                self.broker.within("a dead letter back", acker.nack(requeue)).await?;
                expected = expected.saturating_add(1);
            }
            self.until_ready(expected).await?;
        }
        // Its answer says that all before it has arrived.
        let close = self.channel.close(200, short("OK"));
        self.broker.within("the end of a pass", close).await
    }

    /// Waits until so many letters are in the queue again. In vain where somebody else takes some: then
    /// the order is theirs to mix up.
    async fn until_ready(&self, expected: u32) -> Result<(), BrokerError> {
        for _ in 0..MOST_LOOKS {
            if expected <= self.ready().await? {
                break;
            }
            sleep(LOOK_PAUSE).await;
        }
        Ok(())
    }

    /// How many letters nobody holds.
    async fn ready(&self) -> Result<u32, BrokerError> {
        let queue = short(&self.broker.config().names.dead);
        let options = QueueDeclareOptions::durable().passive();
        let look = self.channel.queue_declare(queue, options, FieldTable::default());
        Ok(self.broker.within("the number of dead letters", look).await?.message_count())
    }

    fn letter(&self, properties: BasicProperties, body: Vec<u8>) -> DeadLetter {
        let headers = properties.headers().clone().unwrap_or_default();
        let text = |name| message::text(&headers, name);
        let ids = ReadableIds::of_body(&body);
        let message_id = properties.message_id().as_ref().map(ToString::to_string);
        let reason = text(REASON);
        let names = &self.broker.config().names;
        // The sender may have written this header.
        let known = |queue: &String| [&names.submissions, &names.rejudge].contains(&queue);
        DeadLetter {
            position: self.position,
            request_id: ids.request_id.map(String::from).or(message_id),
            submission_id: ids.submission_id.map(String::from),
            answered: reason.is_some(),
            reason: reason.or_else(|| text(DIED_OF)).unwrap_or_else(|| "unknown".into()),
            detail: text(DETAIL),
            cause: text(CAUSE),
            attempt: message::count(&headers, ATTEMPT),
            deliveries: message::count(&headers, DELIVERIES),
            queue: text(QUEUE)
                .or_else(|| text(DIED_IN))
                .filter(known)
                .unwrap_or_else(|| names.submissions.clone()),
            headers: message::readable(&headers),
            body,
            properties,
        }
    }
}

fn is_soft(error: &lapin::Error, kind: AMQPSoftError) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(e) if *e.kind() == AMQPErrorKind::Soft(kind))
}
