//! How many submissions this worker finishes in a second, one observation for each interval.
//!
//! A rate of the finished counter shows the mean; this histogram also shows how often the worker
//! was idle, and how fast it is at its best. No clock ticks for it: the intervals that have ended
//! are observed when the next submission finishes, or at the scrape.

use std::time::{Duration, Instant};

/// The length of an interval in production. Long enough that a worker of one submission a second
/// gets a fair number, short enough that a burst is seen as one.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// At most so many idle intervals are made up for at once, a day's: longer idleness that nobody
/// scraped tells nothing more.
const MAX_IDLE: u128 = 24 * 60 * 6;

/// Counts what finishes in the interval that is open.
#[derive(Debug, Clone, Copy)]
pub struct Throughput {
    every: Duration,
    since: Instant,
    finished: u32,
}

impl Throughput {
    /// Opens the first interval, which is `every` long (at least a nanosecond), at `now`.
    pub fn new(every: Duration, now: Instant) -> Self {
        Self { every: every.max(Duration::from_nanos(1)), since: now, finished: 0 }
    }

    /// A submission finished in the interval that is open. Closes no interval: first
    /// [`Throughput::close`] those that have ended.
    pub fn finish(&mut self) {
        self.finished = self.finished.saturating_add(1);
    }

    /// Closes the intervals that have ended at `now`: the submissions per second in each.
    pub fn close(&mut self, now: Instant) -> impl Iterator<Item = f64> + use<> {
        let (open, every) = (now.saturating_duration_since(self.since), self.every);
        let ended = open.as_nanos() / every.as_nanos();
        let worked = (0 < ended).then(|| f64::from(self.finished) / every.as_secs_f64());
        if worked.is_some() {
            let into_the_next = Duration::from_nanos_u128(open.as_nanos() % every.as_nanos());
            *self = Self::new(every, now.checked_sub(into_the_next).unwrap_or(now));
        }
        let idle = ended.saturating_sub(1).min(MAX_IDLE);
        worked.into_iter().chain((0..idle).map(|_| 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{INTERVAL, MAX_IDLE, Throughput};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    #[test]
    fn an_interval_that_has_not_ended_is_not_observed() {
        let start = Instant::now();
        let mut throughput = Throughput::new(INTERVAL, start);
        throughput.finish();
        let before = start + INTERVAL.checked_sub(Duration::from_nanos(1)).expect("longer");
        assert_eq!(throughput.close(before).count(), 0);
        assert_eq!(throughput.close(start + INTERVAL).collect::<Vec<_>>(), [0.1]);
        assert_eq!(throughput.close(start + INTERVAL).count(), 0);
    }

    #[test]
    fn idle_intervals_have_a_throughput_of_zero() {
        let start = Instant::now();
        let mut throughput = Throughput::new(INTERVAL, start);
        (0..7).for_each(|_| throughput.finish());
        let late = start + 3 * INTERVAL + INTERVAL / 2;
        assert_eq!(throughput.close(late).collect::<Vec<_>>(), [0.7, 0.0, 0.0]);
        throughput.finish();
        assert_eq!(throughput.close(start + 4 * INTERVAL).collect::<Vec<_>>(), [0.1]);
    }

    #[test]
    fn a_year_of_idleness_is_not_made_up_for() {
        let start = Instant::now();
        let mut throughput = Throughput::new(INTERVAL, start);
        let year = start + Duration::from_hours(365 * 24);
        assert_eq!(throughput.close(year).count() as u128, 1 + MAX_IDLE);
    }

    proptest! {
        #[test]
        fn the_intervals_add_up_to_what_was_finished(steps in prop::collection::vec((0_u64..60_000, 0_u32..100), 1..20)) {
            let start = Instant::now();
            let mut now = start;
            let mut throughput = Throughput::new(INTERVAL, start);
            let (mut finished, mut seen, mut intervals) = (0, 0.0, 0_u32);
            let mut observe = |rates: Vec<f64>| {
                seen += rates.iter().sum::<f64>() * INTERVAL.as_secs_f64();
                intervals += u32::try_from(rates.len()).expect("few");
            };
            for (millis, done) in steps {
                now += Duration::from_millis(millis);
                observe(throughput.close(now).collect());
                (0..done).for_each(|_| throughput.finish());
                finished += done;
            }
            now += INTERVAL;
            observe(throughput.close(now).collect());
            prop_assert!((seen - f64::from(finished)).abs() < 1e-6);
            prop_assert_eq!(intervals, u32::try_from((now - start).as_nanos() / INTERVAL.as_nanos()).expect("few"));
        }
    }
}
