//! Holds our reading of the problem package format against cases that others wrote.
//!
//! `JUDGE_THIRD_PARTY_CASES` names a folder with `default_validator_tests/` (one folder a case, as
//! in Kattis' problemtools: `args.txt`, `judge.ans`, `user.out`, `expected_exit_code.txt`) and
//! `packages/` (problem packages). They are not ours to distribute.

use judge_core::judging::comparison::{ComparisonFlags, compare};
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
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
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
