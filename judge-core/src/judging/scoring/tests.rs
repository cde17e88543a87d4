use super::any_package::{Tree, any_package, any_result, graded, plain, points};
use super::*;
use crate::judging::package::{Acceptance, GradeAggregation, Grading, Objective, PointAggregation};
use proptest::prelude::*;

fn grade(package: &Package, results: &[Option<TestResult>]) -> Result<Grade, GradeError> {
    Grader::new(package).grade(results)
}

impl Tree {
    /// Results as letters: `a`ccepted, `r`ejected, `-` not run.
    fn grade(&self, results: &str) -> Result<Grade, GradeError> {
        let results: Vec<_> =
            results.chars().map(|c| (c != '-').then(|| plain(c == 'a'))).collect();
        grade(&self.0, &results)
    }

    fn score(&self, results: &str) -> f64 {
        self.grade(results).expect("nothing is missing").score
    }
}

#[expect(clippy::unnecessary_wraps, reason = "`grade` takes results so")]
fn scored(score: ValidatorScore) -> Option<TestResult> {
    Some(TestResult { accepted: true, score })
}

fn scoring(validator_scores: bool) -> Kind {
    Kind::Scoring { objective: Objective::Maximise, validator_scores }
}

fn pass_fail_problem() -> Tree {
    let rules = || graded(Grading::default());
    Tree::new(Kind::PassFail, [rules(), rules(), rules()]).tests(1, 1).tests(2, 3)
}

/// Two subtasks of 50 points, as in Kattis' example package `oddecho`.
fn subtasks() -> Tree {
    let go_on = Grading { break_on_reject: false, ..Grading::default() };
    let subtask = || {
        let aggregation = GradeAggregation::Minimum;
        graded(Grading {
            accept_score: 50.0,
            range: (0.0, 50.0),
            aggregation,
            ..Grading::default()
        })
    };
    let root = Grading { ignore_sample: true, range: (0.0, 100.0), ..go_on.clone() };
    let secret = Grading { acceptance: Acceptance::Any, range: (0.0, 100.0), ..go_on.clone() };
    Tree::new(scoring(true), [graded(root), graded(go_on), graded(secret)])
        .group("secret/subtask1", Some(2), subtask())
        .group("secret/subtask2", Some(2), subtask())
        .tests(1, 1)
        .tests(3, 2)
        .tests(4, 2)
}

/// 2025-09: `secret` of 100 points with these groups in it, of two tests each.
fn with_points(secret: PointAggregation, groups: &[GroupRules]) -> Tree {
    let sample = points(None, PointAggregation::PassFail, &[]);
    let rules = [sample.clone(), sample, points(Some(100), secret, &[])];
    let mut tree = Tree::new(scoring(true), rules);
    for (i, rules) in groups.iter().enumerate() {
        tree = tree.group(&format!("secret/g{i}"), Some(2), rules.clone());
    }
    tree = tree.tests(1, 1);
    (0..groups.len()).fold(tree, |tree, i| tree.tests(3 + i, 2))
}

#[test]
fn a_pass_fail_problem_is_worth_one_point_if_all_tests_are_accepted() {
    let grade = pass_fail_problem().grade("aaaa").expect("all were run");
    let expected = Grade { accepted: true, score: 1.0, max_score: Some(1.0), rejected_by: None };
    assert_eq!(grade, expected);
}

#[test]
fn the_first_rejected_test_settles_a_pass_fail_problem() {
    let problem = pass_fail_problem();
    for results in ["ar--", "arra", "arar"] {
        let grade = problem.grade(results).expect("the rest doesn't matter");
        let expected = (false, 0.0, Some(1));
        assert_eq!((grade.accepted, grade.score, grade.rejected_by), expected);
    }
    assert_eq!(problem.grade("a-r-"), Err(GradeError::Needs(1)));
    assert_eq!(problem.grade("aa"), Err(GradeError::Needs(2)));
    assert_eq!(problem.grade(""), Err(GradeError::Needs(0)));
}

#[test]
fn subtasks_of_the_legacy_format_are_solved_one_by_one() {
    let problem = subtasks();
    for (results, accepted, score) in [
        ("aaaaa", true, 100.0),
        ("-aaaa", true, 100.0),
        ("raaaa", true, 100.0),
        ("-aaar", true, 50.0),
        ("-aar-", true, 50.0),
        ("-r-aa", true, 50.0),
        ("-arr-", false, 0.0),
        ("-r-r-", false, 0.0),
    ] {
        let grade = problem.grade(results).expect("nothing is missing");
        assert_eq!((grade.accepted, grade.score), (accepted, score), "{results}");
        assert_eq!(grade.max_score, Some(100.0));
    }
    assert_eq!(problem.grade("-a"), Err(GradeError::Needs(2)));
    assert_eq!(problem.grade("-r"), Err(GradeError::Needs(3)), "the rest of subtask 1 is skipped");
}

#[test]
fn every_aggregation_of_the_default_grader_is_computed() {
    let table = [
        (GradeAggregation::Sum, 5.0, Some(9.0)),
        (GradeAggregation::Average, 5.0 / 3.0, Some(3.0)),
        (GradeAggregation::Minimum, -1.0, Some(3.0)),
        (GradeAggregation::Maximum, 3.0, Some(3.0)),
    ];
    for (aggregation, score, max_score) in table {
        let root = || graded(Grading { break_on_reject: false, ..Grading::default() });
        let secret = Grading {
            break_on_reject: false,
            accept_score: 3.0,
            reject_score: -1.0,
            aggregation,
            acceptance: Acceptance::Always,
            ..Grading::default()
        };
        let problem = Tree::new(scoring(false), [root(), root(), graded(secret)]).tests(2, 3);
        let grade = problem.grade("ara").expect("all were run");
        assert!((grade.score - score).abs() < 1e-12, "{grade:?}");
        assert_eq!((grade.accepted, grade.max_score), (true, max_score));
    }
}

#[test]
fn a_rejected_submission_has_no_score_in_the_legacy_format() {
    let rules = || graded(Grading { break_on_reject: false, ..Grading::default() });
    let problem = Tree::new(scoring(false), [rules(), rules(), rules()]).tests(2, 3);
    let grade = problem.grade("ara").expect("all were run");
    assert_eq!((grade.accepted, grade.score, grade.rejected_by), (false, 0.0, Some(1)));
}

#[test]
fn scores_of_a_legacy_validator_are_used_and_must_be_there() {
    let rules = || graded(Grading { range: (0.0, 10.0), ..Grading::default() });
    let problem =
        Tree::new(scoring(true), [rules(), rules(), rules()]).tests(2, 1).with_validator();
    let with = |score| grade(&problem.0, &[scored(score)]);
    let grade = with(ValidatorScore::Points(2.5)).expect("it is in the range");
    assert_eq!((grade.score, grade.max_score), (2.5, Some(10.0)));
    let bad = |score| matches!(with(score), Err(GradeError::BadScore { .. }));
    assert!(bad(ValidatorScore::Absent));
    assert!(bad(ValidatorScore::Multiplier(0.5)));
    assert!(bad(ValidatorScore::Points(f64::NAN)));
    let range = with(ValidatorScore::Points(11.0));
    assert_eq!(range, Err(GradeError::OutOfRange { group: "secret".into(), score: 11.0 }));
}

#[test]
fn groups_of_the_newer_format_add_up() {
    let half = |aggregation| points(Some(50), aggregation, &[]);
    let groups = [half(PointAggregation::PassFail), half(PointAggregation::Sum)];
    let problem = with_points(PointAggregation::Sum, &groups);
    for (results, accepted, score) in [
        ("aaaaa", true, 100.0),
        ("raaaa", false, 100.0),
        ("aaaar", false, 75.0),
        ("ar-aa", false, 50.0),
        ("ar-ra", false, 25.0),
        ("ar-rr", false, 0.0),
    ] {
        let grade = problem.grade(results).expect("nothing is missing");
        assert_eq!((grade.accepted, grade.score), (accepted, score), "{results}");
        assert_eq!(grade.max_score, Some(100.0));
    }
    assert_eq!(problem.grade("ar-r"), Err(GradeError::Needs(4)), "a sum needs every test");
}

#[test]
fn a_group_that_requires_another_is_not_run_without_it() {
    let group = |require: &[usize]| points(Some(50), PointAggregation::PassFail, require);
    let problem = with_points(PointAggregation::Sum, &[group(&[1]), group(&[3])]);
    assert!(problem.score("aaaaa") > 99.0);
    assert!(problem.score("r----") < 1.0, "sample, group 0, and so group 1");
    assert!(problem.score("aar--") < 1.0);
}

#[test]
fn a_minimum_needs_nothing_more_once_it_is_zero() {
    let group = || points(Some(100), PointAggregation::Minimum, &[]);
    let problem = with_points(PointAggregation::Minimum, &[group(), group()]);
    assert!(problem.score("aaaaa") > 99.0);
    assert!(problem.score("ar---") < 1.0);
    let problem = with_points(PointAggregation::PassFail, &[group(), group()]);
    assert!(problem.score("aar--") < 1.0);
}

#[test]
fn shares_of_a_sum_add_up_to_the_whole() {
    let sample = points(None, PointAggregation::PassFail, &[]);
    let secret = points(Some(100), PointAggregation::Sum, &[]);
    for count in 1..200 {
        let rules = [sample.clone(), sample.clone(), secret.clone()];
        let problem = Tree::new(scoring(true), rules).tests(2, count);
        let score = problem.score(&"a".repeat(count));
        assert_eq!(score.to_bits(), 100.0_f64.to_bits(), "{count} tests");
    }
}

#[test]
fn scores_that_a_validator_may_not_give_are_the_problems_fault() {
    use ValidatorScore::{Absent, Multiplier, Points};
    let secret = |max, aggregation| {
        let sample = points(None, PointAggregation::PassFail, &[]);
        let rules = [sample.clone(), sample, points(max, aggregation, &[])];
        Tree::new(scoring(true), rules).tests(2, 2).with_validator()
    };
    let (sum, pass_fail) = (PointAggregation::Sum, PointAggregation::PassFail);
    let table = [
        (Some(100), sum, Absent, Some(100.0)),
        (Some(100), sum, Multiplier(0.5), Some(75.0)),
        (Some(100), sum, Points(10.0), Some(60.0)),
        (Some(100), sum, Multiplier(1.5), None),
        (Some(100), sum, Multiplier(-0.1), None),
        (Some(100), sum, Multiplier(f64::NAN), None),
        (Some(100), sum, Points(51.0), None),
        (Some(100), sum, Points(-1.0), None),
        (Some(100), sum, Points(f64::NAN), None),
        (None, sum, Absent, None),
        (None, sum, Multiplier(0.5), None),
        (None, sum, Points(f64::INFINITY), None),
        (Some(100), pass_fail, Points(1.0), None),
        (Some(100), pass_fail, Absent, Some(100.0)),
    ];
    for (max, aggregation, score, expected) in table {
        let other = if max.is_some() { Absent } else { Points(1.0) };
        let graded = grade(&secret(max, aggregation).0, &[scored(score), scored(other)]);
        match expected {
            Some(expected) => {
                let score = graded.expect("it is allowed").score;
                assert!((score - expected).abs() < 1e-9, "{score} {expected}");
            }
            None => assert!(matches!(graded, Err(GradeError::BadScore { .. })), "{graded:?}"),
        }
    }
    let unbounded = secret(None, sum);
    let graded = grade(&unbounded.0, &[scored(Points(1e6)), scored(Points(1.0))]);
    let graded = graded.expect("it is allowed");
    assert_eq!((graded.score, graded.max_score), (1_000_001.0, None));
    let rejected = TestResult { accepted: false, score: Points(1.0) };
    let graded = grade(&unbounded.0, &[Some(rejected), scored(Points(1.0))]);
    assert!(matches!(graded, Err(GradeError::BadScore { .. })), "{graded:?}");
}

fn any_problem() -> impl Strategy<Value = usize> {
    0..4_usize
}

fn problem(index: usize) -> Tree {
    let group = |aggregation, require: &[usize]| points(Some(50), aggregation, require);
    match index {
        0 => pass_fail_problem(),
        1 => subtasks(),
        2 => with_points(
            PointAggregation::Sum,
            &[group(PointAggregation::PassFail, &[1]), group(PointAggregation::Sum, &[3])],
        ),
        _ => with_points(
            PointAggregation::Minimum,
            &[group(PointAggregation::Minimum, &[]), group(PointAggregation::Sum, &[])],
        ),
    }
}

proptest! {
    #[test]
    fn tests_that_are_not_needed_never_change_the_grade(
        index in any_problem(), accepted in prop::collection::vec(any::<bool>(), 5),
    ) {
        let Tree(package) = problem(index);
        let all: Vec<_> = accepted.iter().map(|accepted| Some(plain(*accepted))).collect();
        let whole = grade(&package, &all).expect("all were run");
        let mut known = vec![None; all.len()];
        let lazy = loop {
            match grade(&package, &known) {
                Err(GradeError::Needs(next)) => {
                    prop_assert!(known[next].is_none(), "asked twice");
                    known[next] = all[next];
                }
                graded => break graded.expect("the rules are followed"),
            }
        };
        prop_assert_eq!(lazy, whole);
        if let (Some(most), false) = (whole.max_score, whole.score == 0.0) {
            prop_assert!(whole.score > 0.0 && whole.score <= most);
        }
    }

    #[test]
    fn a_grader_that_goes_on_finds_what_one_that_begins_anew_finds(
        package in any_package(),
        (results, order) in prop::collection::vec(any_result(), 40).prop_flat_map(|results| {
            let order: Vec<usize> = (0..results.len()).collect();
            (Just(results), Just(order).prop_shuffle())
        }),
    ) {
        let mut known = vec![None; package.testcases.len()];
        let mut grader = Grader::new(&package);
        for index in order.into_iter().filter(|index| *index < package.testcases.len()) {
            prop_assert_eq!(grader.grade(&known), grade(&package, &known));
            known[index] = Some(results[index]);
        }
        prop_assert_eq!(grader.grade(&known), grade(&package, &known));
    }
}
