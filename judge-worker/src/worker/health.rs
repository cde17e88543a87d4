//! Keeps readiness true to broker, database and engine.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::EngineState;
use crate::http::{Condition, Readiness};
use crate::intake::amqp::BrokerState;
use crate::store::Store;

/// How often the database is asked.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Asks the database at intervals, until `stop`.
pub async fn watch_database(store: Store, readiness: Readiness, stop: CancellationToken) {
    let mut tick = tokio::time::interval(PING_INTERVAL);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match store.ping().await {
            Ok(()) => readiness.hold(Condition::DatabaseReachable),
            Err(error) => readiness.fail(Condition::DatabaseReachable, &error.to_string()),
        }
    }
}

/// Follows the broker's state, until `stop`.
pub async fn watch_broker(
    mut state: watch::Receiver<BrokerState>,
    readiness: Readiness,
    stop: CancellationToken,
) {
    loop {
        match &*state.borrow_and_update() {
            BrokerState::Up => readiness.hold(Condition::BrokerConnected),
            BrokerState::Down { reason } => readiness.fail(Condition::BrokerConnected, reason),
        }
        match stop.run_until_cancelled(state.changed()).await {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return,
        }
    }
}

/// Follows whether there is an engine, until `stop`.
pub async fn watch_engine(
    mut state: watch::Receiver<EngineState>,
    readiness: Readiness,
    stop: CancellationToken,
) {
    loop {
        match &*state.borrow_and_update() {
            EngineState::Up(_) => readiness.hold(Condition::EngineRunning),
            EngineState::Down { reason } => readiness.fail(Condition::EngineRunning, reason),
        }
        match stop.run_until_cancelled(state.changed()).await {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return,
        }
    }
}
