//! While many submissions of one user are being parked, others may stand behind them in the queue that
//! nobody has seen yet. Until the queue is silent the lanes stay closed, so that those others are not
//! behind what was parked meanwhile. That can leave slots idle, so it has a bound.

use std::time::Duration;

use tokio::time::Instant;

/// Silence after which the queue is taken to be empty: several times what the broker takes from an ack
/// to the next delivery.
pub(super) const QUIET: Duration = Duration::from_millis(50);

/// The longest that the lanes are closed at one time: enough for some thousand submissions.
const LONGEST: Duration = Duration::from_secs(1);

/// From one closing to the next at least: whoever never stops sending costs one part in ten of the time.
const INTERVAL: Duration = Duration::from_secs(10);

/// Whether submissions are being parked.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// When the lanes were closed.
    closed: Option<Instant>,
    /// When something was parked, or came while that was not long ago.
    stirred: Option<Instant>,
    /// How many are on their way into a lane. While the broker takes its time to confirm them, its
    /// silence says nothing.
    parking: usize,
}

impl Sweep {
    /// Something is to be parked.
    pub(super) fn parks(&mut self, now: Instant) {
        if self.closed.is_none_or(|closed| closed + INTERVAL <= now) {
            self.closed = Some(now);
        }
        self.stirred = Some(now);
        self.parking += 1;
    }

    /// What was to be parked is, or could not be.
    pub(super) fn parked(&mut self, now: Instant) {
        self.parking = self.parking.saturating_sub(1);
        self.stirred = Some(now);
    }

    /// Something has come that stays here.
    pub(super) fn stirs(&mut self, now: Instant) {
        if 0 < self.parking || self.stirred.is_some_and(|stirred| now < stirred + QUIET) {
            self.stirred = Some(now);
        }
    }

    /// When the lanes open, if nothing more happens; `None` if they are open.
    pub(super) fn opens(&self, now: Instant) -> Option<Instant> {
        let (silent, latest) = (self.stirred? + QUIET, self.closed? + LONGEST);
        let opens = if 0 < self.parking { latest } else { silent.min(latest) };
        (now < opens).then_some(opens)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lanes_are_closed_until_the_queue_is_silent() {
        let (mut sweep, start) = (Sweep::default(), Instant::now());
        sweep.stirs(start);
        assert_eq!(sweep.opens(start), None);
        sweep.parks(start);
        assert_eq!(sweep.opens(start), Some(start + LONGEST), "while it is not confirmed");
        sweep.parked(start);
        assert_eq!(sweep.opens(start), Some(start + QUIET));
        sweep.stirs(start + QUIET / 2);
        assert_eq!(sweep.opens(start + QUIET), Some(start + QUIET / 2 + QUIET));
        assert_eq!(sweep.opens(start + 2 * QUIET), None);
    }

    proptest! {
        #[test]
        fn however_much_is_sent_the_lanes_are_open_for_nine_parts_in_ten(
            pauses_ms in prop::collection::vec(0_u64..400, 300..600),
        ) {
            let (mut sweep, start) = (Sweep::default(), Instant::now());
            let (mut now, mut closed) = (start, Duration::ZERO);
            for pause in pauses_ms {
                sweep.parks(now);
                sweep.parked(now);
                let pause = Duration::from_millis(pause);
                closed += sweep.opens(now).map_or(Duration::ZERO, |opens| pause.min(opens - now));
                now += pause;
            }
            prop_assert!(closed <= (now - start) / 10 + LONGEST);
        }
    }
}
