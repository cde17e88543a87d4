//! Decides which steps of a submission become progress messages: a state machine without a clock.

use std::time::{Duration, Instant};

use super::progress::Stage;

/// Two progress messages of one submission are at least this far apart.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How far judging has come. Later ones compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counts {
    /// What is being done.
    pub stage: Stage,
    /// Tests judged.
    pub tests_done: u32,
    /// Tests in all, 0 while unknown.
    pub tests_total: u32,
}

/// A progress message to send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub seq: u64,
    /// What it says.
    pub counts: Counts,
}

/// Thins out the steps of one submission.
///
/// The first one passes at once. One that comes too early is held until its time has come or a
/// later one takes its place, so the newest is never lost: either it is sent, or it is still held
/// when the verdict, which says more, makes it pointless.
///
/// ```text
/// offer: a     b  c        d
///        │     └──┴─┐      └ (100 ms after c was sent)
/// sent:  a          c          d
/// ```
#[derive(Debug)]
pub struct ProgressThrottle {
    next_seq: u64,
    /// No message may be sent before this.
    not_before: Option<Instant>,
    newest: Option<Counts>,
    /// Whether `newest` is still to be sent.
    held: bool,
}

impl ProgressThrottle {
    /// `attempt` counts the times that the submission was begun by any worker (its fencing token
    /// will do). Numbers of a later attempt are greater than all of an earlier one, so that a
    /// consumer that drops what is out of date does not drop a second worker's progress.
    pub fn new(attempt: u32) -> Self {
        // Below 2^53 for the first two million attempts: every JSON reader takes them for integers.
        let next_seq = (u64::from(attempt) << 32) + 1;
        Self { next_seq, not_before: None, newest: None, held: false }
    }

    /// Takes note of a step and returns what is to be sent now. A step that is not later than one
    /// seen before is ignored: runs in parallel may report out of order.
    pub fn offer(&mut self, counts: Counts, now: Instant) -> Option<Step> {
        if self.newest.is_none_or(|newest| newest < counts) {
            self.newest = Some(counts);
            self.held = true;
        }
        self.poll(now)
    }

    /// When [`Self::poll`] will have something to send, if it will.
    pub fn due(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.held)
    }

    /// Returns the step that was held, once its time has come.
    pub fn poll(&mut self, now: Instant) -> Option<Step> {
        if !self.held || self.not_before.is_some_and(|not_before| now < not_before) {
            return None;
        }
        let counts = self.newest?;
        self.held = false;
        self.not_before = Some(now + PROGRESS_INTERVAL);
        let seq = self.next_seq;
        self.next_seq += 1;
        Some(Step { seq, counts })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn running(tests_done: u32) -> Counts {
        Counts { stage: Stage::Running, tests_done, tests_total: 9 }
    }

    fn received() -> Counts {
        Counts { stage: Stage::Received, tests_done: 0, tests_total: 0 }
    }

    #[test]
    fn the_first_step_passes_and_the_newest_of_the_early_ones_follows() {
        let start = Instant::now();
        let mut throttle = ProgressThrottle::new(0);
        assert_eq!(throttle.offer(received(), start).map(|step| step.seq), Some(1));
        assert_eq!(throttle.due(), None);
        assert_eq!(throttle.offer(running(0), start), None);
        assert_eq!(throttle.offer(running(1), start), None);
        let due = throttle.due().expect("a step is held");
        assert_eq!(due, start + PROGRESS_INTERVAL);
        assert_eq!(throttle.poll(due), Some(Step { seq: 2, counts: running(1) }));
        assert_eq!(throttle.poll(due + PROGRESS_INTERVAL), None);
    }

    #[test]
    fn a_step_back_is_ignored() {
        let start = Instant::now();
        let mut throttle = ProgressThrottle::new(0);
        throttle.offer(running(3), start);
        let later = start + 2 * PROGRESS_INTERVAL;
        assert_eq!(throttle.offer(running(2), later), None);
        assert_eq!(throttle.offer(received(), later), None);
        assert_eq!(throttle.due(), None);
    }

    #[test]
    fn a_second_attempt_starts_above_the_first() {
        let start = Instant::now();
        let first = ProgressThrottle::new(1).offer(received(), start).unwrap();
        let second = ProgressThrottle::new(2).offer(received(), start).unwrap();
        assert!(first.seq + u64::from(u32::MAX) < second.seq);
    }

    proptest! {
        #[test]
        fn steps_are_spaced_rise_and_end_with_the_newest(
            offers in proptest::collection::vec((0_u64..150, 0_u32..50), 1..60)
        ) {
            let mut now = Instant::now();
            let mut throttle = ProgressThrottle::new(0);
            let mut sent: Vec<(Instant, Step)> = Vec::new();
            for &(wait_ms, tests_done) in &offers {
                let next = now + Duration::from_millis(wait_ms);
                // What a task does that sleeps until `due` or the next event.
                if let Some(due) = throttle.due().filter(|due| *due <= next) {
                    sent.extend(throttle.poll(due).map(|step| (due, step)));
                }
                now = next;
                sent.extend(throttle.offer(running(tests_done), now).map(|step| (now, step)));
            }
            if let Some(due) = throttle.due() {
                sent.extend(throttle.poll(due).map(|step| (due, step)));
            }
            for pair in sent.windows(2) {
                let [(before, a), (after, b)] = pair else { unreachable!("windows of two") };
                prop_assert!(*after - *before >= PROGRESS_INTERVAL);
                prop_assert_eq!(a.seq + 1, b.seq);
                prop_assert!(a.counts < b.counts);
            }
            let newest = offers.iter().map(|&(_, tests_done)| running(tests_done)).max();
            prop_assert_eq!(sent.last().map(|(_, step)| step.counts), newest);
        }
    }
}
