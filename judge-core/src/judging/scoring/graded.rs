//! The legacy format: each group has a grader (*Test data groups*, *Default grader specification*).

use super::{Grade, GradeError, TestResult, ValidatorScore, bad_score, result};
use crate::judging::package::{
    Acceptance, FormatVersion, GradeAggregation, Grading, GroupRules, Kind, Member, Objective,
    Package, Validation,
};

pub(super) fn grade(
    package: &Package,
    objective: Objective,
    results: &[Option<TestResult>],
) -> Result<Grade, GradeError> {
    let walk = Walk { package, results };
    let root = walk.group(0)?;
    let max_score = match objective {
        Objective::Maximise => Some(walk.best(0)).filter(|best| best.is_finite()),
        Objective::Minimise => None,
    };
    Ok(Grade {
        accepted: root.accepted,
        // "In scoring problems, a submission that is accepted is additionally given a score".
        score: if root.accepted { root.score } else { 0.0 },
        max_score,
        rejected_by: root.rejected_by.filter(|_| !root.accepted),
    })
}

/// What a test or a group hands to the grader around it.
#[derive(Clone, Copy)]
struct SubResult {
    accepted: bool,
    score: f64,
    rejected_by: Option<usize>,
}

struct Walk<'a> {
    package: &'a Package,
    results: &'a [Option<TestResult>],
}

impl Walk<'_> {
    fn group(&self, index: usize) -> Result<SubResult, GradeError> {
        let group = &self.package.groups[index];
        let GroupRules::Graded(grading) = &group.rules else {
            return Ok(nothing());
        };
        let mut members = Vec::new();
        for member in &group.members {
            if self.is_ignored(grading, *member) {
                continue;
            }
            let sub_result = match *member {
                Member::Group(inner) if self.is_empty(inner) => continue,
                Member::Group(inner) => self.group(inner)?,
                Member::Testcase(test) => self.testcase(test, grading)?,
            };
            members.push(sub_result);
            if !sub_result.accepted && grading.break_on_reject {
                break;
            }
        }
        if members.is_empty() {
            return Ok(nothing());
        }
        let accepted = match grading.acceptance {
            Acceptance::Always => true,
            Acceptance::Any => members.iter().any(|member| member.accepted),
            Acceptance::All => members.iter().all(|member| member.accepted),
        };
        let score = aggregate(grading.aggregation, members.iter().map(|member| member.score));
        let (low, high) = grading.range;
        if accepted && !((low..=high).contains(&score) && score.is_finite()) {
            return Err(GradeError::OutOfRange { group: group.name.clone(), score });
        }
        let rejected_by = members.iter().find_map(|member| member.rejected_by);
        Ok(SubResult { accepted, score, rejected_by: rejected_by.filter(|_| !accepted) })
    }

    fn testcase(&self, index: usize, grading: &Grading) -> Result<SubResult, GradeError> {
        let TestResult { accepted, score } = result(self.results, index)?;
        let default = if accepted { grading.accept_score } else { grading.reject_score };
        let score = match score {
            ValidatorScore::Absent if accepted && self.must_score() => {
                return Err(bad_score(self.package, index, "there is no score.txt"));
            }
            ValidatorScore::Absent => default,
            ValidatorScore::Points(_) if !self.validator_scores() => {
                let problem = "there is a score.txt, but problem.yaml doesn't say custom score";
                return Err(bad_score(self.package, index, problem));
            }
            ValidatorScore::Points(points) if points.is_finite() => points,
            ValidatorScore::Points(_) => {
                return Err(bad_score(self.package, index, "it must be finite"));
            }
            ValidatorScore::Multiplier(_) => {
                let problem = "this format has no score_multiplier.txt";
                return Err(bad_score(self.package, index, problem));
            }
        };
        let rejected_by = if accepted { None } else { Some(index) };
        Ok(SubResult { accepted, score, rejected_by })
    }

    /// The most that a group can score.
    fn best(&self, index: usize) -> f64 {
        let group = &self.package.groups[index];
        let GroupRules::Graded(grading) = &group.rules else {
            return 0.0;
        };
        let counted = group.members.iter().filter(|member| !self.is_ignored(grading, **member));
        let counted = counted.filter_map(|member| match *member {
            Member::Group(inner) => (!self.is_empty(inner)).then(|| self.best(inner)),
            Member::Testcase(_) if self.validator_scores() => Some(f64::INFINITY),
            Member::Testcase(_) => Some(grading.accept_score.max(grading.reject_score)),
        });
        let counted: Vec<_> = counted.collect();
        if counted.is_empty() {
            return 0.0;
        }
        aggregate(grading.aggregation, counted.into_iter()).min(grading.range.1)
    }

    fn is_ignored(&self, grading: &Grading, member: Member) -> bool {
        let is_sample = |index: usize| self.package.groups[index].name == "sample";
        grading.ignore_sample && matches!(member, Member::Group(index) if is_sample(index))
    }

    /// A group without tests, in it and below, takes no part.
    fn is_empty(&self, index: usize) -> bool {
        self.package.groups[index].members.iter().all(|member| match *member {
            Member::Group(inner) => self.is_empty(inner),
            Member::Testcase(_) => false,
        })
    }

    fn validator_scores(&self) -> bool {
        let may_score = matches!(self.package.kind, Kind::Scoring { validator_scores: true, .. });
        may_score && self.package.validation != Validation::Default
    }

    /// legacy, *Validation*: `score` says that there is one. The draft of 2023-07 leaves it open.
    fn must_score(&self) -> bool {
        self.validator_scores() && self.package.format == FormatVersion::Legacy
    }
}

fn nothing() -> SubResult {
    SubResult { accepted: true, score: 0.0, rejected_by: None }
}

/// Of at least one score.
fn aggregate(aggregation: GradeAggregation, scores: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a package has fewer tests than 2^52")]
    let count = scores.len() as f64;
    match aggregation {
        GradeAggregation::Sum => scores.sum(),
        GradeAggregation::Average => scores.sum::<f64>() / count,
        GradeAggregation::Minimum => scores.fold(f64::INFINITY, f64::min),
        GradeAggregation::Maximum => scores.fold(f64::NEG_INFINITY, f64::max),
    }
}
