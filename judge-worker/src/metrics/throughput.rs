//! How many submissions this worker finishes in a second, measured once an interval.
//!
//! A rate of the finished counter shows the mean; this histogram also shows how often the worker
//! was idle, and how fast it is at its best.

use super::Metrics;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// The length of an interval. Long enough that a worker of one submission a second gets a fair
/// number, short enough that a burst is seen as one.
pub const THROUGHPUT_INTERVAL: Duration = Duration::from_secs(10);

/// Turns a growing count into one rate an interval.
#[derive(Debug, Clone, Copy)]
pub struct Throughput {
    since: Instant,
    finished: u64,
}

impl Throughput {
    /// Opens the first interval at `now`, with `finished` submissions done before it.
    pub fn new(now: Instant, finished: u64) -> Self {
        Self { since: now, finished }
    }

    /// Ends the interval at `now` and opens the next: submissions per second over the time that
    /// really went by. `None` if no time went by; the interval then stays open.
    pub fn close(&mut self, now: Instant, finished: u64) -> Option<f64> {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed.is_zero() {
            return None;
        }
        let done = finished.saturating_sub(self.finished);
        *self = Self::new(now, finished);
        #[expect(clippy::cast_precision_loss, reason = "counts of one interval are far below 2^52")]
        Some(done as f64 / elapsed.as_secs_f64())
    }
}

/// Observes the throughput of `metrics` once `every` ([`THROUGHPUT_INTERVAL`] in production) until
/// `stop` is cancelled. The interval that `stop` cuts short is not observed: a worker that is
/// draining takes no work, which says nothing about its speed.
pub async fn observe_throughput(metrics: Metrics, every: Duration, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await; // the first is immediate
    let mut throughput = Throughput::new(Instant::now(), metrics.finished());
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Some(per_second) = throughput.close(Instant::now(), metrics.finished()) {
            metrics.observe_throughput(per_second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Throughput;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    #[test]
    fn an_idle_interval_has_a_throughput_of_zero() {
        let start = Instant::now();
        let mut throughput = Throughput::new(start, 7);
        assert_eq!(throughput.close(start + Duration::from_secs(10), 7), Some(0.0));
    }

    #[test]
    fn a_late_tick_is_divided_by_the_time_that_really_went_by() {
        let start = Instant::now();
        let mut throughput = Throughput::new(start, 0);
        assert_eq!(throughput.close(start + Duration::from_secs(20), 40), Some(2.0));
    }

    #[test]
    fn no_time_gives_no_rate_and_loses_no_count() {
        let start = Instant::now();
        let mut throughput = Throughput::new(start, 0);
        assert_eq!(throughput.close(start, 5), None);
        assert_eq!(throughput.close(start + Duration::from_secs(1), 5), Some(5.0));
    }

    proptest! {
        #[test]
        fn the_intervals_add_up_to_what_was_finished(steps in prop::collection::vec((1_u32..60_000, 0_u32..1000), 1..20)) {
            let mut now = Instant::now();
            let mut finished = 0;
            let mut seen = 0.0;
            let mut throughput = Throughput::new(now, finished);
            for (millis, done) in steps {
                let length = Duration::from_millis(millis.into());
                now += length;
                finished += u64::from(done);
                let rate = throughput.close(now, finished).expect("time went by");
                seen += rate * length.as_secs_f64();
            }
            let finished = u32::try_from(finished).expect("at most 20 000");
            prop_assert!((seen - f64::from(finished)).abs() < 1e-6);
        }
    }
}
