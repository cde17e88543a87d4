//! The submissions in hand, and how long the oldest has been.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Which submissions are in hand. As many entries as there are [`InFlight`] guards, so bounded by
/// the prefetch.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlightSet(Arc<Mutex<Started>>);

#[derive(Debug, Default)]
struct Started {
    next: u64,
    /// In order of arrival, so the first is the oldest.
    at: BTreeMap<u64, Instant>,
}

/// One submission in hand, from its delivery to its settling: however that ends, dropping this
/// takes it out of the gauges.
#[derive(Debug)]
#[must_use = "dropping it says that the submission is no longer in hand"]
pub struct InFlight {
    set: InFlightSet,
    key: u64,
}

impl InFlightSet {
    pub(super) fn start(&self, now: Instant) -> InFlight {
        let key = self.with(|started| {
            let key = started.next;
            started.next += 1;
            started.at.insert(key, now);
            key
        });
        InFlight { set: self.clone(), key }
    }

    /// How many there are, and the age of the oldest at `now`: zero if there is none.
    pub(super) fn read(&self, now: Instant) -> (usize, Duration) {
        self.with(|started| {
            let oldest = started.at.first_key_value().map(|(_, at)| *at);
            let age = oldest.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
            (started.at.len(), age)
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Started) -> T) -> T {
        // Nothing in here panics while it holds the lock, and a metric must never bring one.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.set.with(|started| started.at.remove(&self.key));
    }
}

#[cfg(test)]
mod tests {
    use super::InFlightSet;
    use std::time::{Duration, Instant};

    #[test]
    fn the_oldest_in_hand_sets_the_age_whatever_order_they_end_in() {
        let set = InFlightSet::default();
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let first = set.start(at(0));
        let second = set.start(at(3));
        let third = set.start(at(5));
        assert_eq!(set.read(at(10)), (3, Duration::from_secs(10)));
        drop(second);
        assert_eq!(set.read(at(10)), (2, Duration::from_secs(10)));
        drop(first);
        assert_eq!(set.read(at(10)), (1, Duration::from_secs(5)));
        drop(third);
        assert_eq!(set.read(at(10)), (0, Duration::ZERO));
    }
}
