//! Declares our queues and exchanges, so that a fresh broker needs no preparation.
//!
//! ```text
//! judge.submissions ──(over the delivery limit)─┐
//! judge.rejudge ──────(over the delivery limit)─┤
//! judge.lane.<n> ─────(over the delivery limit)─┴► judge.dead.unanswered ──(a worker)──► judge.dead
//! judge.retry (fanout) ─► judge.retry (queue) ──(expired)──► the queue named by the routing key
//! judge.events (topic)   judge.control (fanout)   judge.lane (fanout)
//! ```
//!
//! Jobs are in quorum queues: replicated where there is a cluster, and safe against kill -9. They
//! dead-letter at least once, which asks for `reject-publish`
//! (<https://www.rabbitmq.com/docs/quorum-queues#dead-lettering>). What the broker itself has given
//! up passes through a worker, since somebody must say so to whoever waits for a verdict. What kills
//! even that worker lies in `judge.dead` without an answer. `judge.dead` may be looked at as often as
//! one likes: its limit is out of reach, since `RabbitMQ` 4 would have one of 20 and drop what is over
//! it. The exchange in front of the
//! retry queue keeps the routing key free, so that a job returns to the lane it came from.
//! A TTL expires only at the head of a queue: a job waits at least its own delay, and at most
//! [`BrokerConfig::max_retry_delay`].

use futures_util::{StreamExt, TryStreamExt, stream};
use lapin::{
    Channel, Connection, ErrorKind, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    protocol::{AMQPErrorKind, AMQPSoftError},
    types::{AMQPValue, FieldTable},
};
use tokio::time::timeout;
use tracing::warn;

use super::{broker::BrokerError, config::BrokerConfig, message::short};

/// A queue or exchange is not there, or not usable. The operator's to mend; we keep trying.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// It is not there, and we may not make it.
    #[error(
        "{object} does not exist and cannot be declared ({refusal}); \
         declare it as the contract says, or give this user the configure right on it"
    )]
    Missing {
        /// Kind and name.
        object: String,
        /// What the broker said when we tried to declare it.
        refusal: String,
        /// What it said when we looked for it.
        source: lapin::Error,
    },
    /// It is there, but a job put into it would not come out as it must.
    #[error(
        "{object} exists with other properties, and cannot do its work ({difference}); \
         delete it when it is empty, or set another name"
    )]
    Unusable {
        /// Kind and name.
        object: String,
        /// What differs, in the broker's words.
        difference: String,
    },
    /// The broker failed us in another way.
    #[error("cannot declare {object}")]
    Broker {
        /// Kind and name.
        object: String,
        /// What the library says.
        source: lapin::Error,
    },
}

/// Declares everything, all of it within [`BrokerConfig::request_timeout`]; what exists already is
/// left as it is.
pub(super) async fn declare(
    connection: &Connection,
    config: &BrokerConfig,
) -> Result<(), BrokerError> {
    let declared = async {
        let Objects { in_order, lanes } = objects(config);
        for object in in_order {
            object.ensure(connection).await?;
        }
        // At one time, since a quorum queue takes the broker a while to make.
        let lanes = stream::iter(lanes).map(Ok::<_, BrokerError>);
        let ensure = async |lane: Object<'_>| Ok(lane.ensure(connection).await?);
        lanes.try_for_each_concurrent(None, ensure).await
    };
    let after = config.request_timeout;
    let declared = timeout(after, declared).await;
    declared.unwrap_or(Err(BrokerError::Timeout { request: "the topology", after }))
}

struct Objects<'a> {
    /// Everything that one names stands before it.
    in_order: Vec<Object<'a>>,
    /// They name some of those.
    lanes: Vec<Object<'a>>,
}

fn objects(config: &BrokerConfig) -> Objects<'_> {
    let names = &config.names;
    let limited = |after: &str| {
        let limit = AMQPValue::LongLongInt(config.delivery_limit.into());
        let mut args = dead_lettering_quorum_queue();
        args.insert(short("x-dead-letter-routing-key"), text(after));
        args.insert(short("x-delivery-limit"), limit);
        args
    };
    let unlimited = || {
        let mut args = quorum_queue();
        args.insert(short("x-delivery-limit"), AMQPValue::LongLongInt(i32::MAX.into()));
        args
    };
    let expiring = || {
        let ttl = i64::try_from(config.max_retry_delay.as_millis()).unwrap_or(i64::MAX);
        let mut args = dead_lettering_quorum_queue();
        args.insert(short("x-message-ttl"), AMQPValue::LongLongInt(ttl));
        args
    };
    let in_order = vec![
        queue(&names.dead, unlimited()),
        queue(&names.unanswered(), limited(&names.dead)),
        queue(&names.submissions, limited(&names.unanswered())),
        queue(&names.rejudge, limited(&names.unanswered())),
        queue(&names.retry, expiring()),
        Object::Exchange { name: &names.retry, kind: ExchangeKind::Fanout },
        Object::Binding { queue: &names.retry, exchange: &names.retry },
        Object::Exchange { name: &names.events, kind: ExchangeKind::Topic },
        Object::Exchange { name: &names.control, kind: ExchangeKind::Fanout },
        Object::Exchange { name: &names.lane, kind: ExchangeKind::Fanout },
    ];
    let lane = |number| queue(&names.lane(number), limited(&names.unanswered()));
    Objects { in_order, lanes: (0..config.lanes).map(lane).collect() }
}

enum Object<'a> {
    Queue { name: String, args: FieldTable },
    Exchange { name: &'a str, kind: ExchangeKind },
    Binding { queue: &'a str, exchange: &'a str },
}

impl Object<'_> {
    async fn ensure(&self, connection: &Connection) -> Result<(), TopologyError> {
        let failed = |source| TopologyError::Broker { object: self.title(), source };
        // A refusal closes the channel: one for each attempt.
        let channel = connection.create_channel().await.map_err(failed)?;
        let refusal = match self.declare(&channel).await {
            Ok(()) => return channel.close(200, short("OK")).await.map_err(failed),
            Err(e) if is_refusal(&e) => e.to_string(),
            Err(e) => return Err(failed(e)),
        };
        let channel = connection.create_channel().await.map_err(failed)?;
        self.look_for(&channel).await.map_err(|source| TopologyError::Missing {
            object: self.title(),
            refusal: refusal.clone(),
            source,
        })?;
        if self.cannot_do_with(&refusal) {
            return Err(TopologyError::Unusable { object: self.title(), difference: refusal });
        }
        warn!(
            object = self.title(),
            refusal,
            "not declared as we would; using what is there: to change it, delete it when it is \
             empty, set a policy, or grant the configure right"
        );
        Ok(())
    }

    async fn declare(&self, channel: &Channel) -> lapin::Result<()> {
        match self {
            Self::Queue { name, args } => {
                let options = QueueDeclareOptions::durable();
                channel.queue_declare(short(name), options, args.clone()).await.map(drop)
            }
            Self::Exchange { name, kind } => {
                let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
                let args = FieldTable::default();
                channel.exchange_declare(short(name), kind.clone(), options, args).await
            }
            Self::Binding { queue, exchange } => {
                let (options, args) = (QueueBindOptions::default(), FieldTable::default());
                channel.queue_bind(short(queue), short(exchange), short(""), options, args).await
            }
        }
    }

    /// Fails when it isn't there. A binding can't be looked for: a publish that it should have
    /// routed comes back as unroutable, and nothing is lost.
    async fn look_for(&self, channel: &Channel) -> lapin::Result<()> {
        let args = FieldTable::default();
        match self {
            Self::Queue { name, .. } => {
                let options = QueueDeclareOptions::durable().passive();
                channel.queue_declare(short(name), options, args).await.map(drop)
            }
            Self::Exchange { name, kind } => {
                let options = ExchangeDeclareOptions { passive: true, ..Default::default() };
                channel.exchange_declare(short(name), kind.clone(), options, args).await
            }
            Self::Binding { .. } => Ok(()),
        }
    }

    /// An exchange of another kind routes differently, and a queue that dead-letters elsewhere
    /// strands jobs. Any other difference (limits, the queue type) is the operator's to choose.
    fn cannot_do_with(&self, refusal: &str) -> bool {
        match self {
            Self::Queue { .. } => ["'x-dead-letter-exchange'", "'x-dead-letter-routing-key'"]
                .iter()
                .any(|arg| refusal.contains(arg)),
            Self::Exchange { .. } => refusal.contains("inequivalent arg 'type'"),
            Self::Binding { .. } => false,
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Queue { name, .. } => format!("queue {name:?}"),
            Self::Exchange { name, .. } => format!("exchange {name:?}"),
            Self::Binding { queue, exchange } => {
                format!("binding of queue {queue:?} to exchange {exchange:?}")
            }
        }
    }
}

fn queue(name: &str, args: FieldTable) -> Object<'static> {
    Object::Queue { name: name.to_owned(), args }
}

fn quorum_queue() -> FieldTable {
    let mut args = FieldTable::default();
    args.insert(short("x-queue-type"), text("quorum"));
    args
}

/// Without a routing key of its own, what dies keeps the one it was published with.
fn dead_lettering_quorum_queue() -> FieldTable {
    let mut args = quorum_queue();
    args.insert(short("x-dead-letter-exchange"), text(""));
    args.insert(short("x-dead-letter-strategy"), text("at-least-once"));
    args.insert(short("x-overflow"), text("reject-publish"));
    args
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// The broker understood and said no: we lack the right, or it exists and differs.
fn is_refusal(error: &lapin::Error) -> bool {
    use AMQPSoftError::{ACCESSREFUSED, PRECONDITIONFAILED};
    match error.kind() {
        ErrorKind::ProtocolError(e) => {
            matches!(e.kind(), AMQPErrorKind::Soft(ACCESSREFUSED | PRECONDITIONFAILED))
        }
        _ => false,
    }
}
