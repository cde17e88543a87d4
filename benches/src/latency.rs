//! Times of single runs, everyone's in the same rounds.

use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Fallible;
use crate::figures::milliseconds;
use crate::system::Runner;

/// Rounds before those that count: caches fill, and each system proves that it works.
pub const WARM_UP_ROUNDS: usize = 10;

/// The wall times of each runner in milliseconds, in the order of the rounds. In each round all of
/// them run once, in an order of its own, so that none always finds what the same other one has left
/// in the caches. Before each run this thread sleeps for `idle`, if that is not zero.
pub fn rounds_of(
    runners: &mut [Box<dyn Runner + '_>],
    rounds: usize,
    idle: Duration,
    random: &mut Rng,
) -> Fallible<Vec<Vec<f64>>> {
    let mut times = vec![Vec::with_capacity(rounds); runners.len()];
    let mut order: Vec<usize> = (0..runners.len()).collect();
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &which in &order {
            if !idle.is_zero() {
                sleep(idle);
            }
            let began = Instant::now();
            runners[which].run()?;
            times[which].push(milliseconds(began.elapsed()));
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting<'a>(&'a std::sync::Mutex<Vec<usize>>, usize);

    impl Runner for Counting<'_> {
        fn run(&mut self) -> Fallible<()> {
            self.0.lock().unwrap().push(self.1);
            Ok(())
        }
    }

    #[test]
    fn everyone_runs_once_a_round_in_an_order_that_changes() {
        let seen = std::sync::Mutex::default();
        let mut runners: Vec<Box<dyn Runner + '_>> =
            (0..4).map(|number| Box::new(Counting(&seen, number)) as Box<dyn Runner>).collect();
        let times = rounds_of(&mut runners, 50, Duration::ZERO, &mut Rng::with_seed(1)).unwrap();
        assert!(times.iter().all(|times| times.len() == 50));
        let seen = seen.lock().unwrap();
        let rounds: std::collections::BTreeSet<&[usize]> = seen.chunks(4).collect();
        assert!(10 < rounds.len(), "of 24 orders there were only {rounds:?}");
        for round in rounds {
            let mut sorted = round.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
        }
    }
}
