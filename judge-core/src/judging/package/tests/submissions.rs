//! Reference submissions.

use super::super::*;
use super::Draft;

#[test]
fn folders_of_submissions_say_what_is_expected() {
    use ExpectedVerdict::{Accepted, RunTimeError, TimeLimitExceeded, WrongAnswer};
    let folders = ["accepted", "mixed", "run_time_error", "time_limit_exceeded", "wrong_answer"];
    let write = |draft: Draft| {
        let draft = folders.iter().fold(draft, |draft, folder| {
            draft.file(&format!("submissions/{folder}/a.py"), "pass\n")
        });
        draft.file("submissions/accepted/b/one.cpp", "").file("submissions/accepted/b/two.h", "")
    };
    let legacy = write(Draft::legacy()).read();
    assert_eq!(legacy.submissions[1].name, "accepted/b");
    assert_eq!(legacy.submissions[1].files.len(), 2);
    assert!(legacy.warnings.iter().any(|w| w.starts_with("submissions/mixed: is no folder")));
    let newer = write(Draft::newer("")).read();
    let unmet = |package: &Package, folder: &str, verdicts: &[ExpectedVerdict]| {
        let submission = package.submissions.iter().find(|s| s.name.starts_with(folder));
        let runs: Vec<_> = verdicts.iter().map(|verdict| ("secret/1", *verdict)).collect();
        submission.expect("it has one").expectation.unmet(&runs).len()
    };
    // Verdicts, and how many rules they break for each folder in order: legacy, 2025-09.
    for (verdicts, in_legacy, in_newer) in [
        (&[Accepted, Accepted][..], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]),
        (&[Accepted, WrongAnswer], [1, 0, 1, 1, 0], [1, 0, 2, 2, 0]),
        (&[Accepted, TimeLimitExceeded], [1, 0, 1, 0, 2], [1, 0, 2, 0, 2]),
        (&[WrongAnswer, TimeLimitExceeded], [1, 0, 1, 0, 1], [1, 0, 2, 1, 1]),
        (&[WrongAnswer, RunTimeError], [1, 0, 0, 2, 1], [1, 0, 1, 2, 1]),
    ] {
        assert_eq!(
            folders.map(|folder| unmet(&legacy, folder, verdicts)),
            in_legacy,
            "{verdicts:?}"
        );
        assert_eq!(folders.map(|folder| unmet(&newer, folder, verdicts)), in_newer, "{verdicts:?}");
    }
}

#[test]
fn submissions_yaml_adds_rules_to_those_of_the_folders() {
    use ExpectedVerdict::{Accepted, RunTimeError, TimeLimitExceeded, WrongAnswer};
    let yaml = "time_limit_exceeded:\n  permitted: [AC, WA, TLE]\n\
                'mixed/*.{py,cpp}':\n  language: python3\n  entrypoint: main.py\n  model_solution: true\n\
                \x20 sample: {permitted: [AC]}\n  secret/*-hard: {required: [TLE], message: slow}\n";
    let package = Draft::newer("")
        .file("submissions/submissions.yaml", yaml)
        .file("submissions/mixed/a.py", "")
        .file("submissions/time_limit_exceeded/a.py", "")
        .read();
    let [mixed, slow] = &package.submissions[..] else { panic!("there are two") };
    assert_eq!(mixed.language.as_deref(), Some("python3"));
    assert_eq!(mixed.entry_point.as_deref(), Some("main.py"));
    assert!(mixed.is_model && !slow.is_model);
    let met = [("sample/1", Accepted), ("secret/1-hard", TimeLimitExceeded)];
    assert_eq!(mixed.expectation.unmet(&met), [""; 0]);
    let broken = [("sample/1", WrongAnswer), ("secret/1-hard", RunTimeError)];
    let unmet = mixed.expectation.unmet(&broken);
    assert_eq!(
        unmet,
        [
            "mixed/*.{py,cpp}, sample: sample/1 is WA, where only AC is permitted",
            "mixed/*.{py,cpp}, secret/*-hard: no test is TLE",
        ]
    );
    let unmet =
        slow.expectation.unmet(&[("secret/1", WrongAnswer), ("secret/2", TimeLimitExceeded)]);
    assert_eq!(unmet, [""; 0]);
    let draft = Draft::newer("").file("submissions/submissions.yaml", "a: {permitted: [OK]}\n");
    assert!(draft.error().contains("a.permitted must be a sequence of AC, WA, TLE and RTE"));
}
