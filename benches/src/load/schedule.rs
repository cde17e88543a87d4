//! When submissions are to be sent: settled before the first one is.

use std::time::Duration;

use clap::ValueEnum;
use fastrand::Rng;

/// How arrivals follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// At random, as those of people who don't know of each other: a Poisson process.
    Poisson,
    /// One after the other, all gaps alike.
    Constant,
}

/// Moments from 0 up to `duration`, ascending, `rate` (above 0) a second on average.
///
/// They are the same for the same random numbers, and depend on nothing that happens later: a worker
/// that is slow does not get its next submissions later for that.
pub fn moments(
    arrivals: Arrivals,
    rate: f64,
    duration: Duration,
    random: &mut Rng,
) -> Vec<Duration> {
    let mut gap = || match arrivals {
        // The gaps of a Poisson process are distributed exponentially. 1 - f64() is never 0.
        Arrivals::Poisson => -(1.0 - random.f64()).ln() / rate,
        Arrivals::Constant => 1.0 / rate,
    };
    let mut moments = Vec::new();
    let mut next = gap();
    while next < duration.as_secs_f64() {
        moments.push(Duration::from_secs_f64(next));
        next += gap();
    }
    moments
}

/// A language and its share of all submissions, relative to the other shares.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// As submissions name it.
    pub language: String,
    /// Above 0.
    pub weight: f64,
}

impl std::str::FromStr for Share {
    type Err = String;

    /// `cpp20=3`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('=').and_then(|(language, weight)| {
            let weight: f64 = weight.parse().ok()?;
            let sensible = !language.is_empty() && weight.is_finite() && 0.0 < weight;
            sensible.then(|| Self { language: language.into(), weight })
        });
        parsed.ok_or_else(|| "say LANGUAGE=WEIGHT, such as cpp20=3, the weight above 0".into())
    }
}

/// Draws one of the languages, by its place in `mix`, which must not be empty.
pub fn draw(mix: &[Share], random: &mut Rng) -> usize {
    let all: f64 = mix.iter().map(|share| share.weight).sum();
    let mut left = random.f64() * all;
    for (place, share) in mix.iter().enumerate() {
        left -= share.weight;
        if left < 0.0 {
            return place;
        }
    }
    mix.len() - 1 // rounding may leave a bit
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn poisson(rate: f64, seed: u64) -> Vec<Duration> {
        moments(Arrivals::Poisson, rate, MINUTE, &mut Rng::with_seed(seed))
    }

    #[test]
    fn constant_arrivals_have_equal_gaps() {
        let random = &mut Rng::with_seed(1);
        let moments = moments(Arrivals::Constant, 4.0, Duration::from_secs(1), random);
        let expected = [250, 500, 750].map(Duration::from_millis);
        assert_eq!(moments, expected);
    }

    #[test]
    fn random_arrivals_ascend_within_the_schedule_and_follow_from_the_seed() {
        let moments = poisson(50.0, 7);
        assert!(moments.is_sorted() && moments.last().is_some_and(|last| *last < MINUTE));
        assert_eq!(moments, poisson(50.0, 7));
        assert_ne!(moments, poisson(50.0, 8));
    }

    #[test]
    fn gaps_of_random_arrivals_are_exponential() {
        let moments = poisson(200.0, 1);
        // Of 12,000, by five standard deviations of a Poisson distribution.
        assert!(moments.len().abs_diff(12_000) < 550, "{} arrivals", moments.len());
        let gaps: Vec<_> = moments.windows(2).map(|two| two[1].saturating_sub(two[0])).collect();
        let long = gaps.iter().filter(|gap| 1.0 / 200.0 < gap.as_secs_f64()).count();
        let share = 100 * long / gaps.len();
        assert!((34..=39).contains(&share), "{share} % are longer than the mean, not 1/e of them");
    }

    #[test]
    fn languages_are_drawn_by_their_shares() {
        let mix: Vec<Share> = ["a=1", "b=3"].map(|text| text.parse().unwrap()).into();
        let random = &mut Rng::with_seed(1);
        let second = (0..10_000).filter(|_| draw(&mix, random) == 1).count();
        assert!(second.abs_diff(7_500) < 250, "{second} of 10000");
    }

    #[test]
    fn a_share_has_a_language_and_a_weight_above_0() {
        for wrong in ["cpp20", "=1", "cpp20=0", "cpp20=-1", "cpp20=inf", "cpp20=x"] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
