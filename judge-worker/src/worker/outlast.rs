//! Waiting for a database that is away, with the delivery in hand: nothing is acked or moved
//! meanwhile, no try is used up, and as what is in hand takes up room, nothing more is fetched.

use std::time::{Duration, Instant};

use super::Worker;
use crate::intake::Backoff;
use crate::problems::chain;
use crate::store::StoreError;

/// The longest wait of one delivery: far below the `consumer_timeout` of `RabbitMQ`, 30 min. After it
/// the delivery goes through the retry queue.
const PATIENCE: Duration = Duration::from_mins(10);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Worker {
    /// Repeats `operation` until the database answers, the patience is over, or what is in hand is
    /// given back.
    pub(super) async fn outlast<T, Fut>(&self, operation: impl Fn() -> Fut) -> Result<T, StoreError>
    where
        Fut: Future<Output = Result<T, StoreError>>,
    {
        let (began, mut backoff) = (Instant::now(), Backoff::new(LONGEST_PAUSE));
        loop {
            match operation().await {
                Err(error) if error.is_transient() && began.elapsed() < PATIENCE => {
                    tracing::warn!(error = %chain(&error), "waiting for the database");
                    let given_back = self.in_hand.given_back();
                    if given_back.run_until_cancelled(backoff.pause()).await.is_none() {
                        return Err(error);
                    }
                }
                done => return done,
            }
        }
    }
}
