//! Runs a second, with one lane and with two at the same time.
//!
//! Everyone gets short slices of time in turn, in an order of its own in each round, so that what the
//! machine does meanwhile befalls all alike; and two lanes by one lane is a ratio within a round.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Fallible;
use crate::system::Runner;

/// Two lanes of one system.
pub type Lanes<'a> = [Box<dyn Runner + 'a>; 2];

/// Runs a second of one system, in the order of the rounds.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// With its first lane alone.
    pub one: Vec<f64>,
    /// With both.
    pub two: Vec<f64>,
}

/// Measures each system for `slice` with one lane and for `slice` with two, in each round.
pub fn rounds_of(
    systems: &mut [Lanes<'_>],
    rounds: usize,
    slice: Duration,
    random: &mut Rng,
) -> Fallible<Vec<Rates>> {
    let mut rates = vec![Rates::default(); systems.len()];
    let mut order: Vec<(usize, usize)> =
        (0..systems.len()).flat_map(|which| [(which, 1), (which, 2)]).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &(which, lanes) in &order {
            let rate = rate_of(&mut systems[which][..lanes], slice)?;
            let Rates { one, two } = &mut rates[which];
            if lanes == 1 { one } else { two }.push(rate);
        }
    }
    Ok(rates)
}

/// Each lane on a thread of its own, all from the same moment on. A lane's rate is by its own clock,
/// from there to the end of its last run, which may be somewhat after the slice.
fn rate_of(lanes: &mut [Box<dyn Runner + '_>], slice: Duration) -> Fallible<f64> {
    let start = Barrier::new(lanes.len());
    thread::scope(|scope| {
        let threads: Vec<_> = lanes
            .iter_mut()
            .map(|lane| {
                scope.spawn(|| {
                    start.wait();
                    let began = Instant::now();
                    let mut runs = 0_u32;
                    while began.elapsed() < slice {
                        lane.run()?;
                        runs += 1;
                    }
                    Ok(f64::from(runs) / began.elapsed().as_secs_f64())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("lanes don't panic")).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meets the other lane in each run, and hangs when that does not run at the same time.
    struct Meeting<'a>(&'a Barrier, u32);

    impl Runner for Meeting<'_> {
        fn run(&mut self) -> Fallible<()> {
            self.0.wait();
            self.1 += 1;
            // Both see the same number of runs, so both end at the same one.
            if self.1 < 3 { Ok(()) } else { Err("enough".into()) }
        }
    }

    #[test]
    fn two_lanes_run_at_the_same_time_and_a_failure_ends_the_measurement() {
        let meeting = Barrier::new(2);
        let mut lanes: Lanes<'_> = [Box::new(Meeting(&meeting, 0)), Box::new(Meeting(&meeting, 0))];
        let failed = rate_of(&mut lanes, Duration::from_secs(3600)).unwrap_err();
        assert_eq!(failed.to_string(), "enough");
    }
}
