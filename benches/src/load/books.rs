//! What became of each submission, and what that says of the workers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::figures::milliseconds;

/// One submission. Moments are counted from the start of the schedule.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The place of its language in the mix.
    pub language: usize,
    /// When it was to be sent, and latency begins.
    pub intended: Duration,
    /// When it was handed to the connection, if it was.
    pub sent: Option<Duration>,
    /// When its verdict came, if it came.
    pub told: Option<Duration>,
}

/// All submissions of one schedule, in its order, so by the moment for which they were intended.
#[derive(Debug)]
pub struct Books {
    /// How long the schedule is.
    pub duration: Duration,
    /// In the order of the schedule.
    pub entries: Vec<Entry>,
    /// How many got which verdict.
    pub verdicts: BTreeMap<String, usize>,
    /// Verdicts that came once more, which a broker may deliver.
    pub repeated: usize,
}

/// Whether the workers kept up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Submissions a second that were to be sent after the first quarter of the schedule.
    pub offered: f64,
    /// Verdicts a second that came in the same time.
    pub achieved: f64,
    /// How many were in the system on average in the second quarter of the schedule.
    pub early_backlog: f64,
    /// The same in its last quarter.
    pub late_backlog: f64,
    /// How many had no verdict at the very end, when nobody waited any longer.
    pub lost: usize,
    slots: usize,
}

/// How much of what arrives may pile up before a rate is not sustained. Where it is sustained the
/// backlog has no trend at all, but chance gives it one in a schedule of finite length.
const PILED_UP: f64 = 0.05;

impl Books {
    /// Milliseconds from intended to told, of one language or of all. Who waits still has waited until
    /// `gave_up` at least, and is counted with that: leaving out the slowest would flatter.
    pub fn latencies(&self, language: Option<usize>, gave_up: Duration) -> Vec<f64> {
        let of_it =
            self.entries.iter().filter(|entry| language.is_none_or(|l| l == entry.language));
        let waited = |entry: &Entry| entry.told.unwrap_or(gave_up).saturating_sub(entry.intended);
        of_it.map(|entry| milliseconds(waited(entry))).collect()
    }

    /// Milliseconds by which they were handed over later than intended: more than a few, and it was the
    /// generator or the broker that could not keep up.
    pub fn delays(&self) -> Vec<f64> {
        let sent = self.entries.iter().filter_map(|entry| Some((entry.intended, entry.sent?)));
        sent.map(|(intended, sent)| milliseconds(sent.saturating_sub(intended))).collect()
    }

    /// What workers with so many slots altogether made of it.
    pub fn pace(&self, slots: usize) -> Pace {
        let [quarter, half, three_quarters] =
            [0.25, 0.5, 0.75].map(|part| self.duration.mul_f64(part));
        let seconds = self.duration.saturating_sub(quarter).as_secs_f64();
        let during = |moment: Duration| quarter <= moment && moment < self.duration;
        let intended = self.entries.iter().filter(|entry| during(entry.intended)).count();
        let told = self.entries.iter().filter(|entry| entry.told.is_some_and(during)).count();
        Pace {
            offered: number(intended) / seconds,
            achieved: number(told) / seconds,
            early_backlog: self.mean_backlog(quarter, half),
            late_backlog: self.mean_backlog(three_quarters, self.duration),
            lost: self.entries.iter().filter(|entry| entry.told.is_none()).count(),
            slots,
        }
    }

    /// How many were intended and not told on average between two moments: the time that all of them
    /// together spent waiting there, by the length of it.
    fn mean_backlog(&self, from: Duration, to: Duration) -> f64 {
        let within = |entry: &Entry| {
            let end = entry.told.map_or(to, |told| told.min(to));
            end.saturating_sub(entry.intended.max(from)).as_secs_f64()
        };
        let waited: f64 = self.entries.iter().map(within).sum();
        waited / to.saturating_sub(from).as_secs_f64()
    }
}

impl Pace {
    /// Whether this could have gone on for ever: nothing was lost, and what was in the system grew by
    /// less than 5 % of what arrived between the two looks, or than two for each slot.
    pub fn sustained(&self, duration: Duration) -> bool {
        let arrived = self.offered * duration.as_secs_f64() / 2.0; // from the middle of a look to that of the other
        let chance = 2.0 * number(self.slots);
        self.lost == 0 && self.late_backlog - self.early_backlog <= (PILED_UP * arrived).max(chance)
    }
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const SLOTS: usize = 2;

    /// Ten arrive a second, evenly; one server, which takes so long for each, one after the other.
    fn served(each: Duration) -> Books {
        let mut free = Duration::ZERO;
        let entries = (0..600).map(|number| {
            let intended = Duration::from_millis(100) * number;
            free = free.max(intended) + each;
            Entry { language: 0, intended, sent: Some(intended), told: Some(free) }
        });
        let (verdicts, repeated) = (BTreeMap::new(), 0);
        Books { duration: MINUTE, entries: entries.collect(), verdicts, repeated }
    }

    fn about(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 0.05 * expected
    }

    #[test]
    fn a_rate_that_is_served_in_time_is_sustained() {
        let pace = served(Duration::from_millis(90)).pace(SLOTS);
        assert!(pace.sustained(MINUTE), "{pace:?}");
        assert!(about(pace.offered, 10.0) && about(pace.achieved, 10.0), "{pace:?}");
        // Little's law: ten a second, each there for 90 ms.
        assert!(about(pace.early_backlog, 0.9) && about(pace.late_backlog, 0.9), "{pace:?}");
    }

    #[test]
    fn a_rate_at_which_a_backlog_grows_is_not_sustained() {
        let pace = served(Duration::from_millis(125)).pace(SLOTS);
        assert!(!pace.sustained(MINUTE), "{pace:?}");
        assert!(about(pace.offered, 10.0) && about(pace.achieved, 8.0), "{pace:?}");
        // Two a second more than are served, for half a minute.
        assert!(about(pace.late_backlog - pace.early_backlog, 60.0), "{pace:?}");
    }

    #[test]
    fn what_is_lost_is_not_sustained_and_counts_with_all_its_waiting() {
        let mut books = served(Duration::from_millis(10));
        books.entries[0].told = None;
        assert!(!books.pace(SLOTS).sustained(MINUTE));
        let latencies = books.latencies(None, 2 * MINUTE);
        assert!(about(latencies[0], 120_000.0) && about(latencies[1], 10.0), "{latencies:?}");
    }

    #[test]
    fn latency_begins_when_it_was_intended_however_late_it_was_sent() {
        let mut books = served(Duration::from_millis(10));
        let late = Duration::from_secs(3);
        let first = &mut books.entries[0];
        (first.sent, first.told) = (Some(late), Some(late + Duration::from_millis(10)));
        assert!(about(books.latencies(Some(0), MINUTE)[0], 3_010.0));
        assert!(about(books.delays()[0], 3_000.0));
        assert_eq!(books.latencies(Some(1), MINUTE), [0.0; 0]);
    }
}
