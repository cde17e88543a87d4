//! How long to wait before the next attempt: exponential, capped, with full jitter, so that a
//! fleet that lost broker or database together doesn't come back together.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

const FIRST: Duration = Duration::from_millis(200);

/// Counts consecutive failures and turns them into pauses.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    max: Duration,
}

impl Backoff {
    pub(crate) fn new(max: Duration) -> Self {
        Self { failures: 0, max }
    }

    /// The attempt worked: the next failure is a first one.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Waits for a random share of the current ceiling, which then doubles.
    pub(crate) async fn pause(&mut self) {
        // Each `RandomState` has fresh keys: enough randomness for jitter.
        let random = RandomState::new().build_hasher().finish();
        let pause = jittered(ceiling(self.failures, self.max), random);
        self.failures = self.failures.saturating_add(1);
        tokio::time::sleep(pause).await;
    }
}

/// The longest pause after this many failures before it.
fn ceiling(failures: u32, max: Duration) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(failures)).min(max)
}

/// Between half the ceiling and the ceiling: jitter, but never a busy loop.
fn jittered(ceiling: Duration, random: u64) -> Duration {
    let share = (random % 1025) as u32;
    ceiling / 2 + ceiling / 2 * share / 1024
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pause_lies_between_half_the_ceiling_and_the_ceiling(
            failures: u32, random: u64, max_ms in 1_000_u64..100_000,
        ) {
            let ceiling = ceiling(failures, Duration::from_millis(max_ms));
            let pause = jittered(ceiling, random);
            prop_assert!(ceiling <= Duration::from_millis(max_ms));
            prop_assert!(ceiling / 2 <= pause && pause <= ceiling);
        }

        #[test]
        fn the_ceiling_never_shrinks_as_failures_add_up(failures in 0_u32..1_000) {
            let max = Duration::from_secs(30);
            prop_assert!(ceiling(failures, max) <= ceiling(failures + 1, max));
        }
    }
}
