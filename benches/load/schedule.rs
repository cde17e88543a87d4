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
