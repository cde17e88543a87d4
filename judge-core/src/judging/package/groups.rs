//! Test data groups: how the tests of a problem hang together, and the settings of each group.

use super::{PackageError, metadata::words_of, yaml::Keys};

/// A node of the tree of test data. The root is called `data` and has the groups `sample` and
/// `secret`; all others are named by their path under `data/`, as in `secret/group1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Unique in the package.
    pub name: String,
    /// Index into [`Package::groups`](super::Package::groups), smaller than this group's own; the
    /// root has none.
    pub parent: Option<usize>,
    /// In the order in which they are judged.
    pub members: Vec<Member>,
    /// How results of the members make the result of the group.
    pub rules: GroupRules,
}

/// What a group is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// Index into [`Package::groups`](super::Package::groups).
    Group(usize),
    /// Index into [`Package::testcases`](super::Package::testcases).
    Testcase(usize),
}

/// The two ways of the formats to score a group. Of no effect in pass-fail problems.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupRules {
    /// A grader turns the verdicts and scores of the members into those of the group.
    Graded(Grading),
    /// Points are shared out among the members.
    Points(Points),
}

/// legacy, *Test data groups* and *Default grader specification*.
#[derive(Debug, Clone, PartialEq)]
pub struct Grading {
    /// Whether a member that isn't accepted ends the judging of this group.
    pub break_on_reject: bool,
    /// What an accepted test scores if its validator gives no score; 1 by default.
    pub accept_score: f64,
    /// What a rejected test scores; 0 by default.
    pub reject_score: f64,
    /// The lowest and highest score the group may get, inclusive; both may be infinite.
    pub range: (f64, f64),
    /// How scores are put together.
    pub aggregation: GradeAggregation,
    /// When the group is accepted.
    pub acceptance: Acceptance,
    /// Only `secret` counts, `sample` doesn't. At the root only.
    pub ignore_sample: bool,
}

/// Verdict modes of the default grader. Those that only choose among errors are left out: the
/// verdict of a rejected submission is that of its first rejected test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// All members must be accepted; the default.
    All,
    /// One accepted member suffices.
    Any,
    /// Whatever the members are.
    Always,
}

/// Score modes of the default grader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradeAggregation {
    /// The default.
    Sum,
    /// The arithmetic mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// 2025-09, *Test data configuration* and *Scoring problems*.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// The most the group can score, inclusive; `None` is unbounded.
    pub max_score: Option<u64>,
    /// How scores are put together.
    pub aggregation: PointAggregation,
    /// The group is run only if all tests of these groups were accepted. Indices into
    /// [`Package::groups`](super::Package::groups), smaller than this group's own.
    pub require_pass: Vec<usize>,
}

/// `score_aggregation` of the format 2025-09.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointAggregation {
    /// All of `max_score` if every test is accepted, otherwise nothing.
    PassFail,
    /// Each test has an equal share of `max_score`.
    Sum,
    /// Each test can give all of `max_score`; the worst one counts.
    Minimum,
}

impl Default for Grading {
    fn default() -> Self {
        Self {
            break_on_reject: true,
            accept_score: 1.0,
            reject_score: 0.0,
            range: (f64::NEG_INFINITY, f64::INFINITY),
            aggregation: GradeAggregation::Sum,
            acceptance: Acceptance::All,
            ignore_sample: false,
        }
    }
}

impl Grading {
    /// The settings of `testdata.yaml`. What it doesn't say is taken over from `parent`.
    pub(super) fn read(
        keys: &mut Keys<'_>,
        parent: &Self,
        scoring: bool,
        at_root: bool,
    ) -> Result<Self, PackageError> {
        let mut grading = parent.clone();
        match keys.text("on_reject")?.as_deref() {
            None => {}
            Some("break") => grading.break_on_reject = true,
            Some("continue") => grading.break_on_reject = false,
            Some(_) => return Err(keys.invalid("on_reject", "must be break or continue")),
        }
        match keys.text("grading")?.as_deref() {
            None | Some("default") => {}
            Some("custom") => return Err(keys.unsupported("a custom grader")),
            Some(_) => return Err(keys.invalid("grading", "must be default or custom")),
        }
        if !scoring {
            // "Graders are only allowed for scoring problems", and so are scores.
            for key in ["grader_flags", "accept_score", "reject_score", "range"] {
                if keys.take(key).is_some() {
                    keys.warn(key, "is for scoring problems and is ignored");
                }
            }
            return Ok(grading);
        }
        let flags = keys.text("grader_flags")?;
        if let Some(flags) = flags {
            grading.set_flags(keys, &words_of(Some(&flags)))?;
        }
        if grading.ignore_sample && !at_root {
            grading.ignore_sample = false; // taken over, or out of place
        }
        grading.accept_score = keys.number("accept_score")?.unwrap_or(grading.accept_score);
        grading.reject_score = keys.number("reject_score")?.unwrap_or(grading.reject_score);
        if let Some(range) = keys.text("range")? {
            let wanted = "must be two numbers, the lower one first, as in `0 100`";
            let range = score_range(&range).ok_or_else(|| keys.invalid("range", wanted))?;
            grading.range = range;
        }
        Ok(grading)
    }

    /// Sets the modes afresh: flags are one setting, they are taken over as a whole or not at all.
    fn set_flags(&mut self, keys: &Keys<'_>, flags: &[String]) -> Result<(), PackageError> {
        self.aggregation = GradeAggregation::Sum;
        self.ignore_sample = false;
        let (mut any, mut always) = (false, false);
        for flag in flags {
            match flag.as_str() {
                "worst_error" | "first_error" | "no_errors" => always = false,
                "always_accept" => always = true,
                "sum" => self.aggregation = GradeAggregation::Sum,
                "avg" => self.aggregation = GradeAggregation::Average,
                "min" => self.aggregation = GradeAggregation::Minimum,
                "max" => self.aggregation = GradeAggregation::Maximum,
                "ignore_sample" => self.ignore_sample = true,
                "accept_if_any_accepted" => any = true,
                other => {
                    let problem = format!("has {other:?}, which the default grader doesn't know");
                    return Err(keys.invalid("grader_flags", &problem));
                }
            }
        }
        self.acceptance = match (always, any) {
            (true, _) => Acceptance::Always,
            (false, true) => Acceptance::Any,
            (false, false) => Acceptance::All,
        };
        Ok(())
    }
}

impl Points {
    /// Settings of a group of this name (`secret` has defaults of its own) without a file.
    pub(super) fn default_of(group: &str) -> Self {
        match group {
            "secret" => Self {
                max_score: Some(100),
                aggregation: PointAggregation::Sum,
                require_pass: Vec::new(),
            },
            _ => Self {
                max_score: None,
                aggregation: PointAggregation::PassFail,
                require_pass: Vec::new(),
            },
        }
    }

    /// The settings of `test_group.yaml`. The names under `require_pass` are found among `earlier`.
    pub(super) fn read(
        keys: &mut Keys<'_>,
        name: &str,
        earlier: &[Group],
    ) -> Result<Self, PackageError> {
        let mut points = Self::default_of(name);
        if let Some(max_score) = keys.take("max_score") {
            points.max_score = match (max_score.as_u64(), max_score.as_str()) {
                (Some(number), _) => Some(number),
                (None, Some("unbounded")) => None,
                _ => {
                    let wanted = "must be a whole number of at least 0, or unbounded";
                    return Err(keys.invalid("max_score", wanted));
                }
            };
        }
        match keys.text("score_aggregation")?.as_deref() {
            None => {}
            Some("pass-fail") => points.aggregation = PointAggregation::PassFail,
            Some("sum") => points.aggregation = PointAggregation::Sum,
            Some("min") => points.aggregation = PointAggregation::Minimum,
            Some(_) => {
                return Err(keys.invalid("score_aggregation", "must be pass-fail, sum or min"));
            }
        }
        for required in keys.one_or_more("require_pass")?.unwrap_or_default() {
            let earlier = earlier.iter().position(|group| group.name == required);
            let Some(index) = earlier.filter(|_| name != "sample" && required != "secret") else {
                let problem = format!("has {required:?}, which is no earlier group");
                return Err(keys.invalid("require_pass", &problem));
            };
            points.require_pass.push(index);
        }
        if keys.take("static_validation_score").is_some() {
            return Err(keys.unsupported("a static validator"));
        }
        Ok(points)
    }
}

/// Two numbers with whitespace between them, either of which may be `inf` with a sign.
fn score_range(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text.split_whitespace().map(str::parse::<f64>);
    let (low, high) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    (low <= high && numbers.next().is_none()).then_some((low, high)) // NaN is not `<=` anything
}
