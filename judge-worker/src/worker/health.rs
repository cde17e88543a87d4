//! Keeps readiness and metrics true to broker, database and engine.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, EngineState};
use crate::http::{Condition, Look, Readiness};
use crate::intake::amqp::BrokerState;
use crate::metrics::Metrics;
use crate::metrics::labels::SlotState;
use crate::store::Store;

/// How long an answer about database or engine is believed, so that many who ask at once cost one
/// question.
const FRESH: Duration = Duration::from_secs(1);

/// How long is waited for such an answer: shorter than scrapers and probes wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks engine and database for what `/metrics` and `/readyz` tell of them. Clones are the same.
#[derive(Debug, Clone)]
pub struct Looks(Arc<Asked>);

#[derive(Debug)]
struct Asked {
    engine: Engine,
    metrics: Metrics,
    readiness: Readiness,
    /// Once it has been opened.
    store: OnceLock<Store>,
    database: Mutex<Option<Instant>>,
}

impl Looks {
    /// At these; the database is asked once [`Looks::at_database`] has told which.
    pub fn new(engine: Engine, metrics: Metrics, readiness: Readiness) -> Self {
        let (store, database) = (OnceLock::new(), Mutex::default());
        Self(Arc::new(Asked { engine, metrics, readiness, store, database }))
    }

    /// The database has been reached, and is to be asked from now on. Later calls change nothing.
    pub fn at_database(&self, store: Store) {
        if self.0.store.set(store).is_ok() {
            self.0.readiness.hold(Condition::DatabaseReachable);
        }
    }
}

impl Look for Looks {
    async fn before_metrics(&self) {
        let occupancy = self.0.engine.occupancy(PATIENCE).await;
        let (busy, idle) = occupancy.map_or((0, 0), |slots| (slots.busy, slots.idle));
        self.0.metrics.set_slots(SlotState::Busy, busy as usize);
        self.0.metrics.set_slots(SlotState::Idle, idle as usize);
    }

    async fn before_readiness(&self) {
        let Some(store) = self.0.store.get() else { return };
        let mut asked = self.0.database.lock().await;
        if asked.is_some_and(|at| at.elapsed() < FRESH) {
            return;
        }
        let fail = |why: &str| self.0.readiness.fail(Condition::DatabaseReachable, why);
        match tokio::time::timeout(PATIENCE, store.ping()).await {
            Ok(Ok(())) => self.0.readiness.hold(Condition::DatabaseReachable),
            Ok(Err(error)) => fail(&error.to_string()),
            Err(_) => fail("the database did not answer in time"),
        }
        *asked = Some(Instant::now());
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
