//! The legacy format: each group has a grader (*Test data groups*, *Default grader specification*).

use super::{Grade, GradeError, TestResult, ValidatorScore, bad_score, result};
use crate::judging::package::{
    Acceptance, FormatVersion, GradeAggregation, Grading, Group, GroupRules, Kind, Member,
    Objective, Package, Validation,
};

/// Stands before the first test that is missing.
pub(super) struct Walk<'a> {
    rules: Rules<'a>,
    objective: Objective,
    /// The groups that it stands in, the innermost last.
    open: Vec<OpenGroup<'a>>,
}

impl<'a> Walk<'a> {
    /// `root` is the first group's rules.
    pub fn new(package: &'a Package, objective: Objective, root: &'a Grading) -> Self {
        let open = vec![OpenGroup::new(&package.groups[0], root)];
        Self { rules: Rules { package }, objective, open }
    }

    /// Goes on to the end, or to the next test that is missing.
    pub fn go_on(&mut self, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
        let root = self.root(results)?;
        let max_score = match self.objective {
            Objective::Maximise => Some(self.rules.best(0)).filter(|best| best.is_finite()),
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

    fn root(&mut self, results: &[Option<TestResult>]) -> Result<SubResult, GradeError> {
        let Rules { package } = self.rules;
        while let Some(innermost) = self.open.last_mut() {
            let sub_result = match innermost.group.members.get(innermost.next).copied() {
                None => {
                    let done = innermost.done()?;
                    self.open.pop();
                    done
                }
                Some(member) if self.rules.is_ignored(innermost.grading, member) => {
                    innermost.next += 1;
                    continue;
                }
                Some(Member::Testcase(test)) => {
                    self.rules.testcase(test, innermost.grading, results)?
                }
                Some(Member::Group(inner)) if self.rules.is_empty(inner) => {
                    innermost.next += 1;
                    continue;
                }
                Some(Member::Group(inner)) => {
                    let group = &package.groups[inner];
                    match &group.rules {
                        GroupRules::Graded(grading) => {
                            self.open.push(OpenGroup::new(group, grading));
                            continue;
                        }
                        GroupRules::Points(_) => nothing(),
                    }
                }
            };
            match self.open.last_mut() {
                Some(outer) => outer.take(sub_result),
                None => return Ok(sub_result),
            }
        }
        Ok(nothing())
    }
}

/// What a test or a group hands to the grader around it.
#[derive(Clone, Copy)]
struct SubResult {
    accepted: bool,
    score: f64,
    rejected_by: Option<usize>,
}

/// A group, some of whose members are known.
struct OpenGroup<'a> {
    group: &'a Group,
    grading: &'a Grading,
    /// The member that it stands before.
    next: usize,
    /// How many took part.
    count: u32,
    any_accepted: bool,
    all_accepted: bool,
    /// Of the scores: their sum, or the least or greatest.
    score: f64,
    rejected_by: Option<usize>,
}

impl<'a> OpenGroup<'a> {
    fn new(group: &'a Group, grading: &'a Grading) -> Self {
        let score = match grading.aggregation {
            GradeAggregation::Sum | GradeAggregation::Average => 0.0,
            GradeAggregation::Minimum => f64::INFINITY,
            GradeAggregation::Maximum => f64::NEG_INFINITY,
        };
        Self {
            group,
            grading,
            next: 0,
            count: 0,
            any_accepted: false,
            all_accepted: true,
            score,
            rejected_by: None,
        }
    }

    /// The member that it stands before has come to this.
    fn take(&mut self, member: SubResult) {
        self.next += 1;
        self.count += 1;
        self.any_accepted |= member.accepted;
        self.all_accepted &= member.accepted;
        self.score = match self.grading.aggregation {
            GradeAggregation::Sum | GradeAggregation::Average => self.score + member.score,
            GradeAggregation::Minimum => self.score.min(member.score),
            GradeAggregation::Maximum => self.score.max(member.score),
        };
        self.rejected_by = self.rejected_by.or(member.rejected_by);
        if !member.accepted && self.grading.break_on_reject {
            self.next = self.group.members.len();
        }
    }

    /// When no member is left.
    fn done(&self) -> Result<SubResult, GradeError> {
        if self.count == 0 {
            return Ok(nothing());
        }
        let accepted = match self.grading.acceptance {
            Acceptance::Always => true,
            Acceptance::Any => self.any_accepted,
            Acceptance::All => self.all_accepted,
        };
        let score = match self.grading.aggregation {
            GradeAggregation::Average => self.score / f64::from(self.count),
            GradeAggregation::Sum | GradeAggregation::Minimum | GradeAggregation::Maximum => {
                self.score
            }
        };
        let (low, high) = self.grading.range;
        if accepted && !((low..=high).contains(&score) && score.is_finite()) {
            return Err(GradeError::OutOfRange { group: self.group.name.clone(), score });
        }
        Ok(SubResult { accepted, score, rejected_by: self.rejected_by.filter(|_| !accepted) })
    }
}

#[derive(Clone, Copy)]
struct Rules<'a> {
    package: &'a Package,
}

impl Rules<'_> {
    fn testcase(
        self,
        index: usize,
        grading: &Grading,
        results: &[Option<TestResult>],
    ) -> Result<SubResult, GradeError> {
        let TestResult { accepted, score } = result(results, index)?;
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
    fn best(self, index: usize) -> f64 {
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

    fn is_ignored(self, grading: &Grading, member: Member) -> bool {
        let is_sample = |index: usize| self.package.groups[index].name == "sample";
        grading.ignore_sample && matches!(member, Member::Group(index) if is_sample(index))
    }

    /// A group without tests, in it and below, takes no part.
    fn is_empty(self, index: usize) -> bool {
        self.package.groups[index].members.iter().all(|member| match *member {
            Member::Group(inner) => self.is_empty(inner),
            Member::Testcase(_) => false,
        })
    }

    fn validator_scores(self) -> bool {
        let may_score = matches!(self.package.kind, Kind::Scoring { validator_scores: true, .. });
        may_score && self.package.validation != Validation::Default
    }

    /// legacy, *Validation*: `score` says that there is one. The draft of 2023-07 leaves it open.
    fn must_score(self) -> bool {
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
