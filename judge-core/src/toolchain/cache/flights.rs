//! Which keys are being compiled right now, so that nobody compiles the same beside.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Key;
use crate::sandbox::Cancel;

/// As many as there are callers.
#[derive(Default)]
pub struct Flights(Mutex<HashMap<Key, Arc<State>>>);

#[derive(Default)]
struct State {
    end: Mutex<Option<End>>,
    ended: Condvar,
}

#[derive(Clone, Copy)]
enum End {
    Landed,
    Lost,
}

/// What became of asking for a key.
pub enum Flight<'a> {
    /// Nobody was at it: the caller is now.
    Ours(OwnFlight<'a>),
    /// Somebody was, and has kept the result.
    Landed,
    /// Somebody was, and there is nothing kept; or the caller was cancelled.
    Lost,
}

/// Ends when dropped.
pub struct OwnFlight<'a> {
    flights: &'a Flights,
    key: Key,
    end: End,
}

/// How often who waits looks whether he was cancelled, of which nobody tells him.
const CANCEL_INTERVAL: Duration = Duration::from_millis(10);

impl Flights {
    /// Takes off, or waits for the one in the air.
    pub fn join(&self, key: Key, cancel: &Cancel) -> Flight<'_> {
        let state = {
            let mut flights = self.flights();
            let Some(state) = flights.get(&key) else {
                flights.insert(key, Arc::default());
                return Flight::Ours(OwnFlight { flights: self, key, end: End::Lost });
            };
            Arc::clone(state)
        };
        let mut end = state.end.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *end {
                Some(End::Landed) => return Flight::Landed,
                Some(End::Lost) => return Flight::Lost,
                None if cancel.is_cancelled() => return Flight::Lost,
                None => {}
            }
            let waited = state.ended.wait_timeout(end, CANCEL_INTERVAL);
            end = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether so many wait for the one in the air.
    #[cfg(test)]
    pub fn is_waited_for(&self, key: &Key, times: usize) -> bool {
        // One is the table's.
        self.flights().get(key).is_some_and(|state| Arc::strong_count(state) == times + 1)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Arc<State>>> {
        // A panic elsewhere left it whole: each change is one insert or remove.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnFlight<'_> {
    /// The result is kept. Without this, those who wait are told that there is none.
    pub fn land(mut self) {
        self.end = End::Landed;
    }
}

impl Drop for OwnFlight<'_> {
    fn drop(&mut self) {
        let Some(state) = self.flights.flights().remove(&self.key) else { return };
        *state.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.end);
        state.ended.notify_all();
    }
}
