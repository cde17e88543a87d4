//! Keeps a session with the broker: connects, declares, watches, and starts over when it breaks.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use lapin::{Connection, ConnectionProperties, Event, uri::AMQPUri};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    backoff::Backoff,
    broker::{BrokerError, BrokerState, in_one_line},
    config::BrokerConfig,
    message::short,
    topology,
};

/// How often the connections are looked at, should the library not report a failure. It did at every
/// failure seen so far; and whoever uses a dead connection gets an error, and asks for the next session.
pub(super) const LIVENESS_CHECK: Duration = Duration::from_secs(30);

/// Two connections that live and die together.
pub(super) struct Session {
    pub(super) consuming: Connection,
    pub(super) publishing: Connection,
}

/// The task that owns the connections.
pub(super) struct Supervisor {
    pub(super) uri: AMQPUri,
    pub(super) config: Arc<BrokerConfig>,
    pub(super) sessions: watch::Sender<Option<Arc<Session>>>,
    pub(super) state: watch::Sender<BrokerState>,
    pub(super) shutdown: CancellationToken,
}

impl Supervisor {
    /// Until shutdown: dropping the senders is the last thing it does.
    pub(super) async fn run(self) {
        let mut backoff = Backoff::new(self.config.max_backoff);
        loop {
            let opened = tokio::select! {
                () = self.shutdown.cancelled() => return,
                opened = self.open() => opened,
            };
            let reason = match opened {
                Ok(session) => {
                    backoff.reset();
                    let Some(reason) = self.serve(session).await else {
                        return;
                    };
                    reason
                }
                Err(e) => in_one_line(&e),
            };
            warn!(address = address(&self.uri), reason, "no session with RabbitMQ; will retry");
            self.state.send_replace(BrokerState::Down { reason });
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = backoff.pause() => {}
            }
        }
    }

    async fn open(&self) -> Result<Session, BrokerError> {
        let consuming = self.dial("consuming").await?;
        let publishing = self.dial("publishing").await?;
        topology::declare(&consuming, &self.config).await?;
        Ok(Session { consuming, publishing })
    }

    async fn dial(&self, role: &str) -> Result<Connection, BrokerError> {
        let name = format!("{} ({role})", self.config.connection_name);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let after = self.config.request_timeout;
        timeout(after, Connection::connect_uri(self.uri.clone(), properties))
            .await
            .map_err(|_| BrokerError::Timeout { request: "a connection", after })?
            .map_err(|source| BrokerError::Connect { address: address(&self.uri), source })
    }

    /// Offers the session until it breaks, and says why; `None` on shutdown.
    async fn serve(&self, session: Session) -> Option<String> {
        let session = Arc::new(session);
        self.sessions.send_replace(Some(Arc::clone(&session)));
        self.state.send_replace(BrokerState::Up);
        info!(address = address(&self.uri), "connected to RabbitMQ");
        let broken = tokio::select! {
            () = self.shutdown.cancelled() => None,
            reason = session.broken() => Some(reason),
        };
        self.sessions.send_replace(None);
        // Half a session serves nobody; closing the other half frees what it holds at once.
        let closing = close(session, self.config.request_timeout);
        match broken {
            Some(_) => drop(tokio::spawn(closing)), // the next session needn't wait for it
            None => closing.await,
        }
        broken
    }
}

async fn close(session: Arc<Session>, patience: Duration) {
    let close = async |connection: &Connection| {
        drop(timeout(patience, connection.close(200, short("OK"))).await);
    };
    tokio::join!(close(&session.consuming), close(&session.publishing));
}

impl Session {
    /// Resolves when either connection is gone, saying why.
    async fn broken(&self) -> String {
        let mut events = stream::select(
            self.consuming.events_listener().map(|event| ("consuming", event)),
            self.publishing.events_listener().map(|event| ("publishing", event)),
        );
        let mut check = interval(LIVENESS_CHECK);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some((role, event)) = events.next() => match event {
                    Event::Error(e) => return format!("the {role} connection broke: {e}"),
                    Event::ConnectionBlocked(reason) => {
                        warn!(role, reason, "RabbitMQ blocks our publishing: it is short of something");
                    }
                    Event::ConnectionUnblocked => info!(role, "RabbitMQ lets us publish again"),
                    _ => {}
                },
                _ = check.tick() => {
                    if !(self.consuming.status().connected() && self.publishing.status().connected()) {
                        return "a connection was closed".into();
                    }
                }
            }
        }
    }
}

/// Where we connect to, without who as.
fn address(uri: &AMQPUri) -> String {
    format!("{}:{}/{}", uri.authority.host, uri.authority.port, uri.vhost)
}
