//! Holds our reading of the problem package format against cases that others wrote.
//!
//! `JUDGE_THIRD_PARTY_CASES` names a folder with `default_validator_tests/` (one folder a case, as
//! in Kattis' problemtools: `args.txt`, `judge.ans`, `user.out`, `expected_exit_code.txt`) and
//! `packages/` (problem packages). They are not ours to distribute.

use judge_core::judging::{
    comparison::{ComparisonFlags, compare},
    package::{FormatVersion, Package, Validation},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn third_party(folder: &str) -> PathBuf {
    let root = env::var_os("JUDGE_THIRD_PARTY_CASES")
        .expect("JUDGE_THIRD_PARTY_CASES must name the folder with the cases");
    Path::new(&root).join(folder)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    paths
}

#[test]
#[ignore = "needs JUDGE_THIRD_PARTY_CASES"]
fn the_default_validator_agrees_with_that_of_kattis() {
    let mut ran = 0;
    for case in entries(&third_party("default_validator_tests")) {
        let read = |name: &str| fs::read(case.join(name)).expect("every case has this file");
        let args = fs::read_to_string(case.join("args.txt")).unwrap_or_default();
        let args: Vec<_> = args.split_whitespace().collect();
        let flags = ComparisonFlags::parse_legacy(&args).expect("the flags are valid");
        let expected = String::from_utf8(read("expected_exit_code.txt")).expect("it is a number");
        let exit_code = match compare(&read("judge.ans"), &read("user.out"), flags) {
            Ok(()) => "42",
            Err(_) => "43",
        };
        assert_eq!(exit_code, expected.trim(), "{}", case.display());
        ran += 1;
    }
    assert!(ran >= 24, "only {ran} cases in the folder");
}

/// A copy of one of the packages, made whole: they come without time limits and validators.
fn completed(name: &str) -> (tempfile::TempDir, PathBuf) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder can be made");
        for entry in entries(from) {
            let target = to.join(entry.file_name().expect("it was listed"));
            if entry.is_dir() {
                copy(&entry, &target);
            } else {
                fs::copy(&entry, &target).expect("a file can be copied");
            }
        }
    }
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let root = dir.path().join(name);
    copy(&third_party("packages").join(name), &root);
    fs::write(root.join(".timelimit"), "1\n").expect("it can be written");
    (dir, root)
}

#[test]
#[ignore = "needs JUDGE_THIRD_PARTY_CASES"]
fn packages_made_for_kattis_are_read() {
    let (_dir, root) = completed("hello");
    let hello = Package::read(&root).expect("it is a right package");
    assert_eq!(hello.title(), "Hello World!");
    assert_eq!(hello.limits.memory_bytes, 512 << 20);
    assert_eq!(hello.testcases.len(), 1);

    let (_dir, root) = completed("different");
    let error = Package::read(&root).expect_err("it has no validator");
    assert!(error.to_string().starts_with("output_validators is missing"), "{error}");
    fs::create_dir(root.join("output_validators")).expect("a folder can be made");
    fs::write(root.join("output_validators/validate.py"), "").expect("it can be written");
    let different = Package::read(&root).expect("it is a right package");
    assert!(matches!(different.validation, Validation::Custom(_)));
    let names: Vec<_> = different.testcases.iter().map(|test| &*test.name).collect();
    assert_eq!(names, ["sample/1", "secret/01", "secret/02_extreme_cases"]);
}

#[test]
#[ignore = "needs JUDGE_THIRD_PARTY_CASES"]
fn a_scoring_package_of_the_draft_format_has_its_groups() {
    let (_dir, root) = completed("oddecho");
    let oddecho = Package::read(&root).expect("it is a right package");
    assert_eq!(oddecho.format, FormatVersion::Draft2023_07);
    assert_eq!((oddecho.title(), &*oddecho.titles["sv"]), ("Odd Echo", "Udda eko"));
    let groups: Vec<_> = oddecho.groups.iter().map(|group| &*group.name).collect();
    let expected = ["data", "sample", "secret", "secret/subtask1", "secret/subtask2"];
    assert_eq!(groups, expected);
    let tests_in =
        |group| oddecho.testcases.iter().filter(|test| oddecho.group_name(test) == group).count();
    assert_eq!(expected.map(tests_in), [0, 2, 0, 3, 13]);
}
