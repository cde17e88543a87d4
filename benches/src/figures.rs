//! From many times to few figures.

use std::time::Duration;

/// The smallest of `values` that at least `percent` (above 0, at most 100) in a hundred of them don't
/// exceed: the nearest rank. Panics without values.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is far below the 2^52 up to which the conversions are exact"
)]
pub fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Half of the values are no larger. Panics without values.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// Each value by the one of the same round.
pub fn ratios(values: &[f64], base: &[f64]) -> Vec<f64> {
    values.iter().zip(base).map(|(value, base)| value / base).collect()
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A number with as many digits as are worth reading: three.
pub fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&hundred, 50.0).to_bits(), 50_f64.to_bits());
        assert_eq!(percentile(&hundred, 99.0).to_bits(), 99_f64.to_bits());
        assert_eq!(percentile(&hundred, 99.9).to_bits(), 100_f64.to_bits());
        assert_eq!(percentile(&hundred, 100.0).to_bits(), 100_f64.to_bits());
        assert_eq!(percentile(&[7.0], 1.0).to_bits(), 7_f64.to_bits());
        assert_eq!(median(&[3.0, 1.0, 2.0]).to_bits(), 2_f64.to_bits());
    }

    #[test]
    fn a_ratio_is_taken_within_a_round() {
        assert_eq!(ratios(&[2.0, 9.0], &[1.0, 3.0]), [2.0, 3.0]);
    }

    #[test]
    fn numbers_are_shown_with_three_digits() {
        let shown = [0.123_4, 1.0, 9.996, 12.34, 99.96, 1321.4].map(three_digits);
        assert_eq!(shown, ["0.12", "1.00", "10.0", "12.3", "100", "1321"]);
    }
}
