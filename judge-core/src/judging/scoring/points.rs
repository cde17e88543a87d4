//! The format 2025-09: points are shared out among groups and tests (*Scoring problems*).

use super::{Grade, GradeError, TestResult, ValidatorScore, bad_score, result};
use crate::judging::package::{Group, GroupRules, Member, Package, PointAggregation, Points};

pub(super) fn grade(
    package: &Package,
    results: &[Option<TestResult>],
) -> Result<Grade, GradeError> {
    let groups = &package.groups;
    let mut walk = Walk { package, results, accepted: vec![true; groups.len()], rejected_by: None };
    let (mut score, mut max_score) = (0.0, None);
    // Groups stand in the order in which they are judged: `sample`, `secret`, those in `secret`.
    for (index, group) in groups.iter().enumerate() {
        let GroupRules::Points(points) = &group.rules else {
            continue;
        };
        match group.name.as_str() {
            "sample" => walk.sample(index, group)?,
            "secret" => {
                score = walk.secret(index, group, points)?;
                max_score = points.max_score.map(whole);
            }
            _ => {}
        }
    }
    let accepted = walk.accepted.iter().all(|accepted| *accepted);
    Ok(Grade { accepted, score, max_score, rejected_by: walk.rejected_by })
}

struct Walk<'a> {
    package: &'a Package,
    results: &'a [Option<TestResult>],
    /// Of each group, whether all its tests are; true until the walk has found out.
    accepted: Vec<bool>,
    rejected_by: Option<usize>,
}

impl Walk<'_> {
    /// Samples give no points, but other groups may require them.
    fn sample(&mut self, index: usize, group: &Group) -> Result<(), GradeError> {
        for test in tests_of(group) {
            if !result(self.results, test)?.accepted {
                self.reject(index, test);
                break;
            }
        }
        Ok(())
    }

    fn secret(&mut self, index: usize, secret: &Group, points: &Points) -> Result<f64, GradeError> {
        if tests_of(secret).next().is_some() {
            return self.group(index, secret, points);
        }
        if !self.may_run(points) {
            self.accepted[index] = false;
            return Ok(0.0);
        }
        let mut scores = Vec::new();
        for member in &secret.members {
            let Member::Group(inner) = *member else {
                continue;
            };
            let group = &self.package.groups[inner];
            let GroupRules::Points(rules) = &group.rules else {
                continue;
            };
            let score = self.group(inner, group, rules)?;
            scores.push(score);
            let settled = match points.aggregation {
                PointAggregation::PassFail => !self.accepted[inner],
                PointAggregation::Minimum => score == 0.0,
                PointAggregation::Sum => false,
            };
            if settled {
                self.accepted[index] = false;
                return Ok(0.0);
            }
        }
        total(secret, points, &scores)
    }

    /// The score of a group that has tests.
    fn group(&mut self, index: usize, group: &Group, points: &Points) -> Result<f64, GradeError> {
        if !self.may_run(points) {
            self.accepted[index] = false;
            return Ok(0.0);
        }
        let most = points.max_score.map(whole);
        let most_of_test = match points.aggregation {
            PointAggregation::PassFail | PointAggregation::Minimum => most,
            PointAggregation::Sum => most.map(|most| most / whole(tests_of(group).count() as u64)),
        };
        let mut scores = Vec::new();
        for test in tests_of(group) {
            let found = result(self.results, test)?;
            let score = self.score_of(test, found, points.aggregation, most_of_test)?;
            scores.push(score);
            if !found.accepted {
                self.reject(index, test);
                if points.aggregation != PointAggregation::Sum {
                    return Ok(0.0);
                }
            }
        }
        total(group, points, &scores)
    }

    fn score_of(
        &self,
        test: usize,
        result: TestResult,
        aggregation: PointAggregation,
        most: Option<f64>,
    ) -> Result<f64, GradeError> {
        use ValidatorScore::{Absent, Multiplier, Points};
        let problem = match (result.score, most) {
            (Absent, _) if !result.accepted => return Ok(0.0),
            _ if !result.accepted => "it gives a score to an output that it rejects",
            (Absent, Some(most)) => return Ok(most),
            (Absent, None) => "there is no score.txt, which a group without max_score needs",
            _ if aggregation == PointAggregation::PassFail => "its group is pass-fail",
            (Multiplier(part), Some(most)) if (0.0..=1.0).contains(&part) => return Ok(part * most),
            (Multiplier(_), Some(_)) => "score_multiplier.txt must be from 0 to 1",
            (Multiplier(_), None) => "score_multiplier.txt has nothing to multiply here",
            (Points(points), None) if points.is_finite() && points >= 0.0 => return Ok(points),
            (Points(points), Some(most)) if (0.0..=above(most)).contains(&points) => {
                return Ok(points);
            }
            (Points(_), _) => "score.txt must be at least 0 and at most what the test can give",
        };
        Err(bad_score(self.package, test, problem))
    }

    /// *Group dependencies*.
    fn may_run(&self, points: &Points) -> bool {
        points.require_pass.iter().all(|required| self.accepted[*required])
    }

    fn reject(&mut self, group: usize, test: usize) {
        self.accepted[group] = false;
        self.rejected_by = self.rejected_by.or(Some(test));
    }
}

/// Puts the scores of members together that are all accepted, or all count.
fn total(group: &Group, points: &Points, scores: &[f64]) -> Result<f64, GradeError> {
    let most = points.max_score.map(whole);
    let score = match (points.aggregation, most) {
        (PointAggregation::PassFail, most) => most.unwrap_or(0.0),
        (PointAggregation::Sum, _) => scores.iter().sum(),
        (PointAggregation::Minimum, _) => scores.iter().copied().fold(f64::INFINITY, f64::min),
    };
    let score = if scores.is_empty() { 0.0 } else { score };
    match most {
        Some(most) if score > above(most) => {
            Err(GradeError::OutOfRange { group: group.name.clone(), score })
        }
        // The shares of a sum may miss the whole by a rounding error.
        Some(most) if (score - most).abs() <= above(most) - most => Ok(most),
        _ if !score.is_finite() => Err(GradeError::OutOfRange { group: group.name.clone(), score }),
        _ => Ok(score),
    }
}

fn tests_of(group: &Group) -> impl Iterator<Item = usize> + '_ {
    group.members.iter().filter_map(|member| match *member {
        Member::Testcase(index) => Some(index),
        Member::Group(_) => None,
    })
}

/// As far above `most` as a sum of shares of it may be by rounding.
fn above(most: f64) -> f64 {
    most * (1.0 + 1e-9)
}

#[expect(clippy::cast_precision_loss, reason = "nobody gives out 2^52 points")]
fn whole(number: u64) -> f64 {
    number as f64
}
