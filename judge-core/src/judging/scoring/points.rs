//! The format 2025-09: points are shared out among groups and tests (*Scoring problems*).

use super::{Grade, GradeError, TestResult, ValidatorScore, bad_score, result};
use crate::judging::package::{Group, GroupRules, Member, Package, PointAggregation, Points};

/// Stands before the first test that is missing.
pub(super) struct Walk<'a> {
    package: &'a Package,
    /// Of each group, whether all its tests are; true until the walk has found out.
    accepted: Vec<bool>,
    rejected_by: Option<usize>,
    /// The group that it stands in, of all; of `secret`'s members; and the member of the innermost.
    at: At,
    /// What the innermost has scored so far, and what each of its tests can give.
    scores: Scores,
    most_of_test: Option<f64>,
    /// What the groups in `secret` have scored so far.
    scores_of_secret: Scores,
    score: f64,
    max_score: Option<f64>,
}

#[derive(Default)]
struct At {
    group: usize,
    inner: usize,
    test: usize,
}

impl<'a> Walk<'a> {
    pub fn new(package: &'a Package) -> Self {
        Self {
            package,
            accepted: vec![true; package.groups.len()],
            rejected_by: None,
            at: At::default(),
            scores: Scores::default(),
            most_of_test: None,
            scores_of_secret: Scores::default(),
            score: 0.0,
            max_score: None,
        }
    }

    /// Goes on to the end, or to the next test that is missing.
    pub fn go_on(&mut self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        // Groups stand in the order in which they are judged: `sample`, `secret`, those in `secret`.
        while let Some(group) = self.package.groups.get(self.at.group) {
            if let GroupRules::Points(points) = &group.rules {
                match group.name.as_str() {
                    "sample" => self.sample(group, results)?,
                    "secret" => {
                        self.score = self.secret(group, points, results)?;
                        self.max_score = points.max_score.map(whole);
                    }
                    _ => {}
                }
            }
            self.at.group += 1;
        }
        let accepted = self.accepted.iter().all(|accepted| *accepted);
        let (score, max_score) = (self.score, self.max_score);
        Ok(Grade { accepted, score, max_score, rejected_by: self.rejected_by })
    }

    /// Samples give no points, but other groups may require them.
    fn sample(&mut self, sample: &Group, results: &[Option<TestResult>]) -> Result<(), GradeError> {
        while let Some(test) = self.test_of(sample) {
            if !result(results, test)?.accepted {
                self.reject(self.at.group, test);
                break;
            }
            self.at.test += 1;
        }
        self.at.test = 0;
        Ok(())
    }

    fn secret(
        &mut self,
        secret: &Group,
        points: &Points,
        results: &[Option<TestResult>],
    ) -> Result<f64, GradeError> {
        let index = self.at.group;
        if tests_of(secret).next().is_some() {
            return self.group(index, secret, points, results);
        }
        if self.at.inner == 0 && self.at.test == 0 && !self.may_run(points) {
            self.accepted[index] = false;
            return Ok(0.0);
        }
        while let Some(member) = secret.members.get(self.at.inner) {
            if let Member::Group(inner) = *member
                && let group = &self.package.groups[inner]
                && let GroupRules::Points(rules) = &group.rules
            {
                let score = self.group(inner, group, rules, results)?;
                self.scores_of_secret.add(score);
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
            self.at.inner += 1;
        }
        total(secret, points, &self.scores_of_secret)
    }

    /// The score of a group that has tests.
    fn group(
        &mut self,
        index: usize,
        group: &Group,
        points: &Points,
        results: &[Option<TestResult>],
    ) -> Result<f64, GradeError> {
        if self.at.test == 0 {
            if !self.may_run(points) {
                self.accepted[index] = false;
                return Ok(0.0);
            }
            let most = points.max_score.map(whole);
            self.scores = Scores::default();
            self.most_of_test = match points.aggregation {
                PointAggregation::PassFail | PointAggregation::Minimum => most,
                PointAggregation::Sum => {
                    most.map(|most| most / whole(tests_of(group).count() as u64))
                }
            };
        }
        while let Some(test) = self.test_of(group) {
            let found = result(results, test)?;
            let score = self.score_of(test, found, points.aggregation, self.most_of_test)?;
            self.scores.add(score);
            self.at.test += 1;
            if !found.accepted {
                self.reject(index, test);
                if points.aggregation != PointAggregation::Sum {
                    self.at.test = 0;
                    return Ok(0.0);
                }
            }
        }
        self.at.test = 0;
        total(group, points, &self.scores)
    }

    /// The test that it stands before in `group`, if there is one more.
    fn test_of(&mut self, group: &Group) -> Option<usize> {
        while let Some(member) = group.members.get(self.at.test) {
            if let Member::Testcase(test) = *member {
                return Some(test);
            }
            self.at.test += 1;
        }
        None
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

/// Scores of members.
struct Scores {
    count: usize,
    sum: f64,
    least: f64,
}

impl Default for Scores {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, least: f64::INFINITY }
    }
}

impl Scores {
    fn add(&mut self, score: f64) {
        self.count += 1;
        self.sum += score;
        self.least = self.least.min(score);
    }
}

/// Puts the scores of members together that are all accepted, or all count.
fn total(group: &Group, points: &Points, scores: &Scores) -> Result<f64, GradeError> {
    let most = points.max_score.map(whole);
    let score = match (points.aggregation, most) {
        (PointAggregation::PassFail, most) => most.unwrap_or(0.0),
        (PointAggregation::Sum, _) => scores.sum,
        (PointAggregation::Minimum, _) => scores.least,
    };
    let score = if scores.count == 0 { 0.0 } else { score };
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
