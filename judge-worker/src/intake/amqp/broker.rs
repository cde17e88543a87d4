//! The handle on the broker, and what can go wrong with it.

use std::{sync::Arc, time::Duration};

use lapin::{Channel, Connection, options::QueueDeclareOptions, types::FieldTable, uri::AMQPUri};
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    config::BrokerConfig,
    message::short,
    supervisor::{LIVENESS_CHECK, Session, Supervisor},
    topology::TopologyError,
};

/// The longest frame, unless the URL says `frame_max`; a message that is longer comes and goes in several.
/// The library keeps room for 32 of them twice for each connection: with `RabbitMQ`'s own 128 KiB that
/// would be 16 MiB of memory, in which most never is more than a message of a few KiB.
const FRAME_BYTES: u32 = 16 << 10;

/// A setting is wrong, or the broker did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The operator's fault. The URL itself is not shown, as it may hold a password.
    #[error("the AMQP URL is not usable: {reason}; it reads amqp://user:password@host:port/vhost")]
    Url {
        /// What the parser disliked.
        reason: String,
    },
    /// The operator's fault: AMQP names are short strings.
    #[error("the queue or exchange name {name:?} is empty or has over 255 bytes; choose another")]
    Name {
        /// The name in question.
        name: String,
    },
    /// Nobody answers there, or it refuses us.
    #[error("cannot connect to RabbitMQ at {address}")]
    Connect {
        /// Host, port and virtual host.
        address: String,
        /// What the library says.
        source: lapin::Error,
    },
    /// No answer in time.
    #[error("RabbitMQ did not answer {request} within {after:?}")]
    Timeout {
        /// What was asked for.
        request: &'static str,
        /// How long we waited.
        after: Duration,
    },
    /// The broker said no, or the connection went away meanwhile.
    #[error("RabbitMQ refused {request}")]
    Request {
        /// What was asked for.
        request: &'static str,
        /// What the library says.
        source: lapin::Error,
    },
    /// The broker ended a consumer: its queue was deleted, or lost its leader.
    #[error("RabbitMQ cancelled our consumer; was the queue deleted?")]
    Cancelled,
    /// Another operator looks at the dead letters at this moment.
    #[error("somebody else is looking at the dead letters; try again when they are done")]
    Busy,
    /// Our queues and exchanges are not as they must be.
    #[error(transparent)]
    Topology(Box<TopologyError>),
    /// There is no connection at present, or [`Broker::close`] was called.
    #[error("not connected to RabbitMQ")]
    Down,
}

impl From<TopologyError> for BrokerError {
    fn from(error: TopologyError) -> Self {
        Self::Topology(Box::new(error))
    }
}

/// Whether there is a session, for readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokerState {
    /// No session, for this reason; the next attempt follows by itself.
    Down {
        /// The last error, in one line.
        reason: String,
    },
    /// Connected, and the topology stands.
    Up,
}

/// What a queue holds at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages waiting; those in a worker's hand are not among them.
    pub ready: u32,
    /// Consumers attached.
    pub consumers: u32,
}

/// The handle on the broker; clones share it. When the last is dropped, so is the session.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    config: Arc<BrokerConfig>,
    sessions: watch::Receiver<Option<Arc<Session>>>,
    state: watch::Receiver<BrokerState>,
    /// The channel in confirm mode, opened when first needed: see [`super::confirm`].
    confirming: Mutex<Option<Channel>>,
    shutdown: CancellationToken,
    _shutdown_on_drop: DropGuard,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Broker").field(&*self.0.state.borrow()).finish()
    }
}

impl Broker {
    /// Starts connecting, in the background and for ever: fails only on a setting that no waiting
    /// can mend. Must be called within a tokio runtime.
    pub fn connect(config: &BrokerConfig) -> Result<Self, BrokerError> {
        let mut uri: AMQPUri = config.url.parse().map_err(|reason: String| {
            // The parser may quote what it was given, and the log is no place for a password.
            let reason = reason.replace(&config.url, "…");
            BrokerError::Url { reason }
        })?;
        for name in config.names.all() {
            if name.is_empty() || name.len() > 255 {
                return Err(BrokerError::Name { name });
            }
        }
        let heartbeat = u16::try_from(config.heartbeat.as_secs()).unwrap_or(u16::MAX).max(1);
        uri.query.heartbeat.get_or_insert(heartbeat);
        let connect_ms = u64::try_from(config.request_timeout.as_millis()).unwrap_or(u64::MAX);
        uri.query.connection_timeout.get_or_insert(connect_ms);
        uri.query.frame_max.get_or_insert(FRAME_BYTES);

        let config = Arc::new(config.clone());
        let (session_tx, sessions) = watch::channel(None);
        let (state_tx, state) =
            watch::channel(BrokerState::Down { reason: "not connected yet".into() });
        let shutdown = CancellationToken::new();
        let supervisor = Supervisor {
            uri,
            config: Arc::clone(&config),
            sessions: session_tx,
            state: state_tx,
            shutdown: shutdown.clone(),
        };
        tokio::spawn(supervisor.run());
        Ok(Self(Arc::new(Inner {
            config,
            sessions,
            state,
            confirming: Mutex::default(),
            _shutdown_on_drop: shutdown.clone().drop_guard(),
            shutdown,
        })))
    }

    /// Tells every change between up and down.
    pub fn state(&self) -> watch::Receiver<BrokerState> {
        self.0.state.clone()
    }

    /// Waits until there is a session. Fails with [`BrokerError::Down`] after [`Broker::close`].
    pub async fn ready(&self) -> Result<(), BrokerError> {
        self.session().await.map(drop).ok_or(BrokerError::Down)
    }

    /// Asks how much waits in `queue`, without touching it.
    pub async fn depth(&self, queue: &str) -> Result<QueueDepth, BrokerError> {
        let session = self.0.sessions.borrow().clone().ok_or(BrokerError::Down)?;
        // A refusal closes the channel, so it is one of its own.
        let channel = self.channel(&session.consuming).await?;
        let options = QueueDeclareOptions::durable().passive();
        let declare = channel.queue_declare(short(queue), options, FieldTable::default());
        let queue = self.within("a queue's depth", declare).await?;
        Ok(QueueDepth { ready: queue.message_count(), consumers: queue.consumer_count() })
    }

    /// Takes leave of the broker: both connections are closed in order, and what was still
    /// unsettled goes back to its queue. For every clone of this handle.
    pub async fn close(&self) {
        self.0.shutdown.cancel();
        let mut state = self.0.state.clone();
        // The supervisor drops its end when it is done.
        while state.changed().await.is_ok() {}
    }

    pub(super) fn config(&self) -> &BrokerConfig {
        &self.0.config
    }

    pub(super) fn confirming(&self) -> &Mutex<Option<Channel>> {
        &self.0.confirming
    }

    /// Cancelled when the broker is being closed.
    pub(super) fn shutdown(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }

    /// The current session, or the next one; `None` once closed.
    pub(super) async fn session(&self) -> Option<Arc<Session>> {
        let mut sessions = self.0.sessions.clone();
        let session = sessions.wait_for(Option::is_some).await.ok()?;
        session.clone()
    }

    /// Resolves when `channel`, or the session that it is of, is gone: for whoever waits for what comes
    /// on it. The library tells them too, and if it ever did not they would wait for ever.
    pub(super) async fn gone(&self, channel: &Channel, session: &Arc<Session>) {
        let mut sessions = self.0.sessions.clone();
        while channel.status().connected() {
            let is_another = |now: &Option<Arc<Session>>| {
                !now.as_ref().is_some_and(|now| Arc::ptr_eq(now, session))
            };
            if timeout(LIVENESS_CHECK, sessions.wait_for(is_another)).await.is_ok() {
                return;
            }
        }
    }

    /// Opens a channel on one of a session's connections.
    pub(super) async fn channel(&self, connection: &Connection) -> Result<Channel, BrokerError> {
        self.within("a channel", connection.create_channel()).await
    }

    /// A channel for events that nobody confirms, or `None` once closed.
    pub(crate) async fn unconfirmed_channel(&self) -> Option<Result<Channel, BrokerError>> {
        let session = self.session().await?;
        Some(self.channel(&session.publishing).await)
    }

    /// Bounds a request to the broker by [`BrokerConfig::request_timeout`].
    pub(super) async fn within<T>(
        &self,
        request: &'static str,
        answer: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, BrokerError> {
        let after = self.0.config.request_timeout;
        match timeout(after, answer).await {
            Ok(answer) => answer.map_err(|source| BrokerError::Request { request, source }),
            Err(_) => Err(BrokerError::Timeout { request, after }),
        }
    }
}

/// An error and its sources, for one line of a log.
pub(super) fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(e) = source {
        line = format!("{line}: {e}");
        source = e.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_url_that_no_waiting_can_mend_is_refused_without_showing_it() {
        for url in [
            "http://user:hunter2@host/",
            "amqp:user:hunter2@host",
            "amqp://user:hunter2@host:port/",
        ] {
            let refused = Broker::connect(&BrokerConfig::new(url)).unwrap_err();
            assert!(matches!(refused, BrokerError::Url { .. }));
            assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_name_longer_than_a_short_string_is_refused() {
        let mut config = BrokerConfig::new("amqp://127.0.0.1:1");
        config.names.dead = "d".repeat(256);
        assert!(matches!(Broker::connect(&config), Err(BrokerError::Name { .. })));
    }
}
