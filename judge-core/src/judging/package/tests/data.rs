//! Tests, their order, groups and flags.

use super::super::*;
use super::{Draft, names};

#[test]
fn samples_come_first_and_every_folder_is_in_the_order_of_its_names() {
    let draft = ["secret/b/1", "secret/a", "secret/10", "secret/2", "secret/a-b", "sample/2"]
        .into_iter()
        .chain(["sample/10", "secret/b/0", "secret/c"])
        .fold(Draft::legacy(), Draft::test);
    let package = draft.read();
    let expected = [
        "sample/10",
        "sample/2",
        "secret/1",
        "secret/10",
        "secret/2",
        "secret/a",
        "secret/a-b",
        "secret/b/0",
        "secret/b/1",
        "secret/c",
    ];
    assert_eq!(names(&package), expected);
    let ordinals: Vec<_> = package.testcases.iter().map(|test| test.ordinal).collect();
    assert_eq!(ordinals, (1..=10).collect::<Vec<_>>());
    let public = package.testcases.iter().filter(|t| t.visibility == Visibility::Public).count();
    assert_eq!(public, 2);
}

#[test]
fn an_input_without_an_answer_is_refused_and_the_other_way_round() {
    let error = Draft::legacy().without("data/secret/1.ans").error();
    assert_eq!(error, "data/secret/1.in: this test case has no answer file; add 1.ans");
    let error = Draft::legacy().without("data/secret/1.in").error();
    assert_eq!(error, "data/secret/1.ans: this answer file has no input; add 1.in");
}

#[test]
fn a_package_needs_secret_tests() {
    let draft = Draft::legacy().without("data/secret/1.in").without("data/secret/1.ans");
    let error = draft.test("sample/1").error();
    assert!(error.starts_with("data/secret is missing: "), "{error}");
}

#[test]
fn validator_flags_of_problem_and_group_are_put_together_in_the_legacy_format() {
    let package = Draft::legacy()
        .file("problem.yaml", "validator_flags: case_sensitive float_tolerance 1e-6\n")
        .file("data/secret/exact/testdata.yaml", "output_validator_flags: float_tolerance 0\n")
        .test("secret/exact/1")
        .test("secret/exact/deep/1")
        .read();
    let flags: Vec<_> =
        package.testcases.iter().map(|test| test.validator_flags.join(" ")).collect();
    let problem = "case_sensitive float_tolerance 1e-6";
    let group = format!("{problem} float_tolerance 0");
    assert_eq!(flags, [problem, &group, &group]);
    let comparison = package.testcases[1].comparison.expect("it is the default validator's");
    assert_eq!(comparison.float_absolute_tolerance, Some(0.0));
    assert!(comparison.case_sensitive);
}

#[test]
fn arguments_of_a_test_replace_those_of_its_group_in_the_newer_format() {
    let package = Draft::newer("")
        .file("data/secret/test_group.yaml", "output_validator_args: [case_sensitive]\nargs: [a]\n")
        .file("data/secret/2.yaml", "output_validator_args: [float_tolerance, '1e-6']\n")
        .test("secret/2")
        .test("sample/1")
        .read();
    let flags: Vec<_> =
        package.testcases.iter().map(|test| test.validator_flags.join(" ")).collect();
    assert_eq!(flags, ["", "case_sensitive", "float_tolerance 1e-6"]);
    let args: Vec<_> = package.testcases.iter().map(|test| test.args.join(" ")).collect();
    assert_eq!(args, ["", "a", "a"]);
}

#[test]
fn flags_that_the_default_validator_does_not_know_are_refused() {
    let error = Draft::legacy().file("problem.yaml", "validator_flags: fuzzy\n").error();
    assert!(error.contains("the default output validator has no flag \"fuzzy\""), "{error}");
}

#[test]
fn groups_of_the_newer_format_are_all_or_none_of_the_folders_in_secret() {
    let one = || Draft::newer("").file("data/secret/g1/test_group.yaml", "").test("secret/g1/1");
    let grouped = || one().without("data/secret/1.in").without("data/secret/1.ans");
    let package = grouped().test("secret/g1/deep/1").read();
    let groups: Vec<_> = package.groups.iter().map(|group| &*group.name).collect();
    assert_eq!(groups, ["data", "secret", "secret/g1"]);
    assert!(package.testcases.iter().all(|test| package.group_name(test) == "secret/g1"));
    for (draft, expected) in [
        (one(), "data/secret/1.in: there are test data groups beside it"),
        (grouped().test("secret/g2/1"), "data/secret/g2: it needs a test_group.yaml"),
        (
            grouped().file("data/secret/g2/test_group.yaml", ""),
            "data/secret/g2: a test data group needs a test case",
        ),
        (
            grouped().file("data/secret/g1/deep/test_group.yaml", ""),
            "data/secret/g1/deep: test data groups may be in data/secret only",
        ),
        (grouped().test("secret/g1/1/2"), "data/secret/g1/1: a test case has the same name"),
    ] {
        let error = draft.error();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn scoring_settings_of_the_newer_format_must_fit_together() {
    let draft = |secret: &str, group: &str| {
        let draft = Draft::newer("type: scoring\n").without("data/secret/1.in");
        let draft = draft.without("data/secret/1.ans").test("secret/g1/1").test("sample/1");
        let draft = draft.file("data/secret/test_group.yaml", secret);
        draft.file("data/secret/g1/test_group.yaml", group)
    };
    let package = draft("", "max_score: 40\nrequire_pass: sample\nscore_aggregation: min\n").read();
    let expected = Points {
        max_score: Some(40),
        aggregation: PointAggregation::Minimum,
        require_pass: vec![1],
    };
    assert_eq!(package.groups[3].rules, GroupRules::Points(expected));
    for (secret, group, expected) in [
        ("", "score_aggregation: sum\n", "max_score: secret has a bound"),
        ("", "", "max_score: a pass-fail group needs a bound"),
        ("", "max_score: -1\n", "max_score must be a whole number"),
        ("", "max_score: 1\nrequire_pass: secret/g9\n", "require_pass has \"secret/g9\""),
        ("", "max_score: 1\nscore_aggregation: max\n", "must be pass-fail, sum or min"),
        (
            "score_aggregation: pass-fail\n",
            "max_score: 1\nscore_aggregation: sum\n",
            "is pass-fail",
        ),
        ("static_validation_score: 3\n", "max_score: 1\n", "a static validator"),
    ] {
        let error = draft(secret, group).error();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn grading_of_the_legacy_format_is_taken_over_by_inner_groups() {
    let package = Draft::legacy()
        .file("problem.yaml", "type: scoring\n")
        .file(
            "data/testdata.yaml",
            "on_reject: continue\ngrader_flags: ignore_sample\nrange: 0 100\n",
        )
        .file(
            "data/secret/g/testdata.yaml",
            "accept_score: 30\ngrader_flags: min accept_if_any_accepted\n",
        )
        .test("secret/g/1")
        .read();
    let rules = |index: usize| match &package.groups[index].rules {
        GroupRules::Graded(grading) => grading.clone(),
        GroupRules::Points(_) => panic!("the legacy format has graders"),
    };
    let root = Grading {
        break_on_reject: false,
        ignore_sample: true,
        range: (0.0, 100.0),
        ..Grading::default()
    };
    assert_eq!(rules(0), root);
    assert_eq!(rules(1), Grading { ignore_sample: false, ..root.clone() });
    let group = Grading {
        accept_score: 30.0,
        aggregation: GradeAggregation::Minimum,
        acceptance: Acceptance::Any,
        ignore_sample: false,
        ..root
    };
    assert_eq!(rules(2), group);
    for (yaml, expected) in [
        ("on_reject: stop\n", "on_reject must be break or continue"),
        ("grading: custom\n", "a custom grader"),
        ("grader_flags: median\n", "grader_flags has \"median\""),
        ("range: 5 1\n", "range must be two numbers"),
        ("range: nan 1\n", "range must be two numbers"),
        ("accept_score: .nan\n", "accept_score must be a finite number"),
    ] {
        let draft = Draft::legacy().file("problem.yaml", "type: scoring\n");
        let error = draft.file("data/secret/testdata.yaml", yaml).error();
        assert!(error.contains(expected), "{error}");
    }
}
