//! The worker: takes deliveries, has them judged, and lets go of none before its verdict is durable
//! and told.
//!
//! ```text
//! Source::next ─▶ handle ─┬─ parse, problem, language ──────────── bad: verdict JE, dead queue
//!                         ├─ claim ── finished before: publish again ─┐
//!                         ├─ judge (in the engine process; lease renewed meanwhile)
//!                         ├─ store: history, tests, outbox in one transaction
//!                         ├─ publish, confirmed ◀─────────────────────┘
//!                         └─ settle: ack
//! ```
//!
//! A failure of ours, whatever it is, gives the delivery back or sends it through the retry queue;
//! only after several tries on the same submission, counted in its claim, is it given up, with verdict
//! JE (`give_up`). So is what the broker has given up, since workers died of it.

mod claimed;
mod count;
mod give_up;
mod handle;
mod health;
mod in_hand;
mod outlast;
mod progress;
mod refuse;
mod relay;
mod seed;

use std::sync::Arc;
use std::time::Duration;

use judge_core::toolchain::Languages;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::engine::Engine;
use crate::intake::Source;
use crate::metrics::Metrics;
use crate::outbox::Sink;
use crate::problems::Catalog;
use crate::store::Store;

pub use give_up::answer;
pub use health::{Looks, watch_broker, watch_engine};
pub use in_hand::InHand;
pub use relay::relay;
pub use seed::seed;

/// Everything that handling a delivery needs. Shared by all that are in hand.
pub struct Worker {
    /// The settings.
    pub settings: Settings,
    /// Judges.
    pub engine: Engine,
    /// What submissions may be written in.
    pub languages: Languages,
    /// Problems.
    pub catalog: Catalog,
    /// History and claims.
    pub store: Store,
    /// Where events go.
    pub sink: Sink,
    /// What is counted.
    pub metrics: Metrics,
    /// What is being judged.
    pub in_hand: InHand,
}

/// How a worker's loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All that was in hand is finished.
    Finished,
    /// The deadline passed first: so many submissions went back to their queue.
    GaveBack(usize),
}

impl Worker {
    /// Takes deliveries until the source is over or `stop` is cancelled; then finishes what is in
    /// hand by the drain deadline, and gives back the rest.
    pub async fn run(self: &Arc<Self>, mut source: Source, stop: CancellationToken) -> Ended {
        let room = self.settings.slots.get() + usize::from(self.settings.read_ahead);
        let room = Arc::new(Semaphore::new(room));
        let mut handlers = JoinSet::new();
        loop {
            let permit = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                permit = Arc::clone(&room).acquire_owned() => permit.expect("never closed"),
            };
            let delivery = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = handlers.join_next(), if !handlers.is_empty() => {
                    log_panic(done);
                    continue;
                }
                delivery = source.next() => delivery,
            };
            let Some(delivery) = delivery else { break };
            let worker = Arc::clone(self);
            handlers.spawn(async move {
                worker.handle(delivery).await;
                drop(permit);
            });
        }
        source.stop_consuming().await;
        self.drain(handlers).await
    }

    async fn drain(&self, mut handlers: JoinSet<()>) -> Ended {
        let all_done = async {
            while let Some(done) = handlers.join_next().await {
                log_panic(done);
            }
        };
        if tokio::time::timeout(self.settings.drain_deadline, all_done).await.is_ok() {
            return Ended::Finished;
        }
        let given_back = self.in_hand.give_all_back();
        // Programs are ended within milliseconds; what remains is telling database and broker.
        let all_done = async {
            while let Some(done) = handlers.join_next().await {
                log_panic(done);
            }
        };
        if tokio::time::timeout(GIVE_BACK_PATIENCE, all_done).await.is_err() {
            tracing::error!("deliveries were not given back in time; the broker will notice");
        }
        Ended::GaveBack(given_back)
    }
}

/// How long giving back may take.
const GIVE_BACK_PATIENCE: Duration = Duration::from_secs(30);

fn log_panic(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "handling a delivery failed; it goes back to its queue");
    }
}
