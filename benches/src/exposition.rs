//! What a worker's `/metrics` says of how long things took.
//!
//! A histogram there counts from the start of its process. What happened between two looks is the
//! difference, and what happened in several workers the sum.

use std::ops::{Add, Sub};

/// One histogram, of the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// Upper bounds, ascending and inclusive, the last one infinite; each with how many were no greater.
    buckets: Vec<(f64, f64)>,
    sum: f64,
}

impl Histogram {
    /// The histogram `family` in what a worker says, over all its series that have `label`, a name
    /// and a value; over all that it has without one. Empty when there is no such series.
    ///
    /// Understands what our own worker writes: no value of its labels has a comma or a quote in it.
    pub fn of(exposition: &str, family: &str, label: Option<(&str, &str)>) -> Self {
        let mut histogram = Self::default();
        for (name, labels, value) in exposition.lines().filter_map(series) {
            if label.is_some_and(|wanted| labels.clone().all(|label| label != wanted)) {
                continue;
            }
            match name.strip_prefix(family) {
                Some("_sum") => histogram.sum += value,
                Some("_bucket") => {
                    let bound = labels.into_iter().find_map(|(name, value)| {
                        (name == "le").then(|| value.parse().ok()).flatten()
                    });
                    if let Some(bound) = bound {
                        histogram.count(bound, value);
                    }
                }
                _ => {}
            }
        }
        histogram
    }

    fn count(&mut self, bound: f64, many: f64) {
        let place = self.buckets.partition_point(|(known, _)| known.total_cmp(&bound).is_lt());
        match self.buckets.get_mut(place) {
            Some((known, count)) if known.total_cmp(&bound).is_eq() => *count += many,
            _ => self.buckets.insert(place, (bound, many)),
        }
    }

    /// How many values there are.
    pub fn total(&self) -> f64 {
        self.buckets.last().map_or(0.0, |(_, count)| *count)
    }

    /// The mean, which is exact; nothing without values.
    pub fn mean(&self) -> Option<f64> {
        (0.0 < self.total()).then(|| self.sum / self.total())
    }

    /// About the value that `percent` (0 to 100) in a hundred don't exceed; nothing without values.
    ///
    /// As Prometheus's `histogram_quantile`: values are taken to lie evenly within a bucket, from 0 on
    /// in the first one; of those above the last finite bound that bound is said.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let rank = self.total() * percent / 100.0;
        if self.total() <= 0.0 {
            return None;
        }
        let (mut lower, mut below) = (0.0, 0.0);
        for &(bound, count) in &self.buckets {
            if rank <= count && below < count {
                let within = (rank - below) / (count - below);
                return Some(if bound.is_finite() {
                    lower + (bound - lower) * within
                } else {
                    lower
                });
            }
            (lower, below) = (bound, count);
        }
        Some(lower)
    }
}

/// What has been counted since.
impl Sub<&Histogram> for Histogram {
    type Output = Self;

    fn sub(mut self, before: &Self) -> Self {
        before.buckets.iter().for_each(|&(bound, many)| self.count(bound, -many));
        self.sum -= before.sum;
        self
    }
}

/// What both have counted.
impl Add<&Histogram> for Histogram {
    type Output = Self;

    fn add(mut self, other: &Self) -> Self {
        other.buckets.iter().for_each(|&(bound, many)| self.count(bound, many));
        self.sum += other.sum;
        self
    }
}

/// Name, labels and value of a line that is a sample.
fn series(line: &str) -> Option<(&str, impl Iterator<Item = (&str, &str)> + Clone, f64)> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split(',').filter_map(|label| {
        let (name, value) = label.split_once('=')?;
        Some((name, value.trim_matches('"')))
    });
    Some((name, labels, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"# TYPE phase histogram
phase_bucket{phase="run",le="1"} 1
phase_bucket{phase="run",le="2"} 1
phase_bucket{phase="run",le="+Inf"} 1
phase_sum{phase="run"} 0.5
phase_count{phase="run"} 1
"#;

    /// Three more runs, of 1.5, 1.7 and 9, and something else.
    const AFTER: &str = r#"# TYPE phase histogram
phase_bucket{phase="run",le="1"} 1
phase_bucket{phase="run",le="2"} 3
phase_bucket{phase="run",le="+Inf"} 4
phase_sum{phase="run"} 12.7
phase_count{phase="run"} 4
phase_bucket{phase="store",le="1"} 7
phase_bucket{phase="store",le="2"} 7
phase_bucket{phase="store",le="+Inf"} 7
phase_sum{phase="store"} 0.7
phase_count{phase="store"} 7
"#;

    fn run(exposition: &str) -> Histogram {
        Histogram::of(exposition, "phase", Some(("phase", "run")))
    }

    fn close(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn what_happened_between_two_looks_is_the_difference() {
        let meanwhile = run(AFTER) - &run(BEFORE);
        assert_eq!(meanwhile.buckets, [(1.0, 0.0), (2.0, 2.0), (f64::INFINITY, 3.0)]);
        assert!(close(meanwhile.mean(), 12.2 / 3.0), "{meanwhile:?}");
    }

    #[test]
    fn a_percentile_lies_within_its_bucket_and_at_most_at_the_last_bound() {
        let meanwhile = run(AFTER) - &run(BEFORE);
        assert!(close(meanwhile.percentile(50.0), 1.75), "{meanwhile:?}");
        assert!(close(meanwhile.percentile(99.0), 2.0), "{meanwhile:?}");
    }

    #[test]
    fn series_and_workers_are_summed_up() {
        let all = Histogram::of(AFTER, "phase", None);
        assert!(close(Some(all.total()), 11.0) && close(all.mean(), 13.4 / 11.0), "{all:?}");
        let both = run(AFTER) + &run(BEFORE);
        assert!(close(Some(both.total()), 5.0), "{both:?}");
    }

    #[test]
    fn what_is_not_there_has_no_figures() {
        let nothing = Histogram::of(AFTER, "pha", None);
        assert_eq!((nothing.mean(), nothing.percentile(50.0)), (None, None));
        assert_eq!(run(AFTER).sub(&run(AFTER)).percentile(50.0), None);
    }
}
