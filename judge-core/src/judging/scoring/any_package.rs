//! Packages for tests: of groups that a test puts together, and any at all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::{GroupRules, Kind, Package, TestResult, ValidatorScore};
use crate::judging::package::{
    Acceptance, FormatVersion, GradeAggregation, Grading, Group, Member, Objective,
    PointAggregation, Points, ProblemId, ProblemLimits, Testcase, TimeMargins, Validation,
    ValidatorProgram, Visibility,
};

/// A package with the groups `data`, `sample` and `secret`, and what is added.
#[derive(Debug)]
pub(in crate::judging) struct Tree(pub Package);

impl Tree {
    pub fn new(kind: Kind, rules: [GroupRules; 3]) -> Self {
        let limits = ProblemLimits {
            time: Duration::from_secs(1),
            margins: TimeMargins { accepted_to_limit: 2.0, limit_to_too_slow: 1.5 },
            memory_bytes: 1,
            output_bytes: 1,
            code_bytes: 1,
            compilation_time: Duration::from_secs(1),
            compilation_memory_bytes: 1,
            validation_time: Duration::from_secs(1),
            validation_memory_bytes: 1,
            validation_output_bytes: 1,
        };
        let mut tree = Self(Package {
            id: ProblemId::new("p").expect("it is an id"),
            root: PathBuf::new(),
            format: FormatVersion::Legacy,
            titles: BTreeMap::new(),
            limits,
            validation: Validation::Default,
            kind,
            languages: None,
            allow_file_writing: false,
            statements: Vec::new(),
            testcases: Vec::new(),
            groups: Vec::new(),
            submissions: Vec::new(),
            version: String::new(),
            warnings: Vec::new(),
        });
        let [root, sample, secret] = rules;
        tree = tree.group("data", None, root).group("sample", Some(0), sample);
        tree.group("secret", Some(0), secret)
    }

    pub fn group(mut self, name: &str, parent: Option<usize>, rules: GroupRules) -> Self {
        let index = self.0.groups.len();
        self.0.groups.push(Group { name: name.into(), parent, members: Vec::new(), rules });
        if let Some(parent) = parent {
            self.0.groups[parent].members.push(Member::Group(index));
        }
        self
    }

    pub fn tests(mut self, group: usize, count: usize) -> Self {
        for _ in 0..count {
            let index = self.0.testcases.len();
            self.0.groups[group].members.push(Member::Testcase(index));
            self.0.testcases.push(Testcase {
                ordinal: u32::try_from(index + 1).expect("there are few"),
                name: format!("{}/{index}", self.0.groups[group].name),
                visibility: if group == 1 { Visibility::Public } else { Visibility::Hidden },
                group,
                input: PathBuf::new(),
                answer: PathBuf::new(),
                args: Vec::new(),
                validator_flags: Vec::new(),
                comparison: None,
            });
        }
        self
    }

    pub fn with_validator(mut self) -> Self {
        let program =
            ValidatorProgram { name: "v".into(), folder: PathBuf::new(), files: Vec::new() };
        self.0.validation = Validation::Custom(program);
        self
    }
}

pub(in crate::judging) fn plain(accepted: bool) -> TestResult {
    TestResult { accepted, score: ValidatorScore::Absent }
}

pub(in crate::judging) fn graded(grading: Grading) -> GroupRules {
    GroupRules::Graded(grading)
}

pub(in crate::judging) fn points(
    max_score: Option<u64>,
    aggregation: PointAggregation,
    require: &[usize],
) -> GroupRules {
    GroupRules::Points(Points { max_score, aggregation, require_pass: require.into() })
}

/// A package of up to 7 groups of up to 4 tests each, graded by either format's rules or by none, and
/// in an order of tests that need not be that of grading.
pub(in crate::judging) fn any_package() -> impl Strategy<Value = Package> {
    let pass_fail = (0..3_usize, 0..9_usize).prop_map(|(samples, tests)| {
        let rules = || graded(Grading::default());
        let tree = Tree::new(Kind::PassFail, [rules(), rules(), rules()]);
        tree.tests(1, samples).tests(2, tests)
    });
    prop_oneof![pass_fail, any_graded(), any_points()].prop_map(|Tree(package)| package)
}

fn any_graded() -> impl Strategy<Value = Tree> {
    let groups = prop::collection::vec((any_grading(), any::<prop::sample::Index>()), 0..4);
    let scored = (any::<bool>(), select(vec![Objective::Maximise, Objective::Minimise]));
    let rules = [any_grading(), any_grading(), any_grading()];
    (rules, groups, prop::collection::vec(0..4_usize, 7), scored).prop_map(
        |(rules, groups, tests, (validator_scores, objective))| {
            let kind = Kind::Scoring { objective, validator_scores };
            let mut tree = Tree::new(kind, rules.map(graded));
            for (number, (grading, parent)) in groups.iter().enumerate() {
                let parent = 1 + parent.index(tree.0.groups.len() - 1);
                tree = tree.group(&format!("g{number}"), Some(parent), graded(grading.clone()));
            }
            let groups = 1..tree.0.groups.len();
            let tree =
                groups.zip(tests).fold(tree, |tree, (group, count)| tree.tests(group, count));
            if validator_scores { tree.with_validator() } else { tree }
        },
    )
}

fn any_grading() -> impl Strategy<Value = Grading> {
    use GradeAggregation::{Average, Maximum, Minimum, Sum};
    let aggregation = select(vec![Sum, Average, Minimum, Maximum]);
    let acceptance = select(vec![Acceptance::All, Acceptance::Any, Acceptance::Always]);
    let range = select(vec![(f64::NEG_INFINITY, f64::INFINITY), (0.0, 20.0)]);
    let scores = (0..9_u8, -2..3_i8);
    (any::<bool>(), any::<bool>(), scores, range, aggregation, acceptance).prop_map(
        |(break_on_reject, ignore_sample, (accept, reject), range, aggregation, acceptance)| {
            let (accept_score, reject_score) = (accept.into(), reject.into());
            Grading {
                break_on_reject,
                accept_score,
                reject_score,
                range,
                aggregation,
                acceptance,
                ignore_sample,
            }
        },
    )
}

fn any_points() -> impl Strategy<Value = Tree> {
    let rules = || {
        use PointAggregation::{Minimum, PassFail, Sum};
        let required = prop::collection::vec(any::<prop::sample::Index>(), 0..2);
        (prop::option::of(1..90_u64), select(vec![PassFail, Sum, Minimum]), required)
    };
    let groups = prop::collection::vec(rules(), 0..5);
    let tests = prop::collection::vec(0..4_usize, 7);
    (rules(), groups, tests, any::<bool>()).prop_map(|(secret, groups, tests, scores)| {
        let kind = Kind::Scoring { objective: Objective::Maximise, validator_scores: scores };
        let sample = points(None, PointAggregation::PassFail, &[]);
        let mut tree = Tree::new(kind, [sample.clone(), sample, points(secret.0, secret.1, &[])]);
        for (number, (most, aggregation, required)) in groups.iter().enumerate() {
            // `sample`, or a group in `secret` that stands before this one.
            let earlier: Vec<usize> = std::iter::once(1).chain(3..3 + number).collect();
            let required: Vec<usize> = required.iter().map(|index| *index.get(&earlier)).collect();
            let name = format!("secret/g{number}");
            tree = tree.group(&name, Some(2), points(*most, *aggregation, &required));
        }
        // Tests stand in `secret` itself, or in groups in it.
        let in_groups = if groups.is_empty() { 2..3 } else { 3..tree.0.groups.len() };
        let tree = in_groups
            .zip(tests)
            .fold(tree.tests(1, 1), |tree, (group, count)| tree.tests(group, count));
        if scores { tree.with_validator() } else { tree }
    })
}

/// What a test may come to; scores that a validator may not give are rare.
pub(in crate::judging) fn any_result() -> impl Strategy<Value = TestResult> {
    let score = prop_oneof![
        12 => Just(ValidatorScore::Absent),
        1 => (0..40_u8).prop_map(|points| ValidatorScore::Points(points.into())),
        1 => (0..5_u8).prop_map(|part| ValidatorScore::Multiplier(f64::from(part) / 4.0)),
    ];
    (prop::bool::weighted(0.8), score).prop_map(|(accepted, score)| TestResult { accepted, score })
}
