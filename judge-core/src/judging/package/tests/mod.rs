//! Packages written into temporary folders, one peculiarity each.

mod bounds;
mod data;
mod limits;
mod submissions;

use super::*;
use std::{fs, os::unix::fs::symlink, time::Duration};

/// A package being written into a temporary folder.
struct Draft {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Draft {
    fn named(id: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let root = dir.path().join(id);
        fs::create_dir(&root).expect("it is empty");
        Self { _dir: dir, root }
    }

    /// The least that the legacy format and this judge want.
    fn legacy() -> Self {
        let draft = Self::named("sum").file("problem.yaml", "name: Sum\n");
        draft.file(".timelimit", "2\n").test("secret/1")
    }

    fn newer(problem_yaml: &str) -> Self {
        let head = "problem_format_version: 2025-09\nname: Sum\nuuid: x\n";
        let limits =
            if problem_yaml.contains("limits:") { "" } else { "limits: {time_limit: 2}\n" };
        let yaml = format!("{head}{limits}{problem_yaml}");
        Self::named("sum").file("problem.yaml", &yaml).test("secret/1")
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("it is in the package")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
        self
    }

    fn test(self, name: &str) -> Self {
        self.file(&format!("data/{name}.in"), "1 2\n").file(&format!("data/{name}.ans"), "3\n")
    }

    fn without(self, path: &str) -> Self {
        fs::remove_file(self.root.join(path)).expect("it was there");
        self
    }

    fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.root.join(path)).expect("a link can be made");
        self
    }

    fn read(&self) -> Package {
        Package::read(&self.root).expect("the package is right")
    }

    fn error(&self) -> String {
        Package::read(&self.root).expect_err("the package is refused").to_string()
    }
}

fn names(package: &Package) -> Vec<&str> {
    package.testcases.iter().map(|test| &*test.name).collect()
}

#[test]
fn a_minimal_legacy_package_gets_the_defaults_of_the_format() {
    let draft = Draft::legacy();
    let package = draft.read();
    assert_eq!((package.id.as_str(), package.title()), ("sum", "Sum"));
    assert_eq!((package.format, package.kind), (FormatVersion::Legacy, Kind::PassFail));
    assert_eq!(package.validation, Validation::Default);
    let mib = |n: u64| n << 20;
    let expected = ProblemLimits {
        time: Duration::from_secs(2),
        margins: TimeMargins { accepted_to_limit: 5.0, limit_to_too_slow: 2.0 },
        memory_bytes: mib(2048),
        output_bytes: mib(8),
        code_bytes: 128 << 10,
        compilation_time: Duration::from_mins(1),
        compilation_memory_bytes: mib(2048),
        validation_time: Duration::from_mins(1),
        validation_memory_bytes: mib(2048),
        validation_output_bytes: mib(8),
    };
    assert_eq!(package.limits, expected);
    let [test] = &package.testcases[..] else { panic!("it has one test") };
    assert_eq!((test.ordinal, &*test.name), (1, "secret/1"));
    assert_eq!(test.visibility, Visibility::Hidden);
    assert_eq!(package.group_name(test), "secret");
    assert_eq!(fs::read(&test.input).expect("it is there"), b"1 2\n");
    assert_eq!(fs::read(&test.answer).expect("it is there"), b"3\n");
    assert_eq!(test.comparison, Some(ComparisonFlags::default()));
}

#[test]
fn broken_yaml_is_refused_with_its_line() {
    let error = Draft::legacy().file("problem.yaml", "name: Sum\nlimits: {\n").error();
    assert!(error.starts_with("problem.yaml, line 3, column 1: "), "{error}");
    let error = Draft::legacy().file("problem.yaml", "name: a\nname: b\n").error();
    assert!(error.starts_with("problem.yaml, line "), "{error}");
    let error = Draft::legacy().file("problem.yaml", "- a\n").error();
    assert_eq!(error, "problem.yaml: the file must be a map of keys to values");
    let error = Draft::legacy().file("data/secret/testdata.yaml", "a: b: c\n").error();
    assert!(error.starts_with("data/secret/testdata.yaml, line 1, column "), "{error}");
}

#[test]
fn what_the_judge_cannot_do_is_refused() {
    for (yaml, expected) in [
        ("validation: custom interactive\n", "an interactive problem"),
        ("validation: other\n", "validation must begin with default or custom"),
        ("validation: custom score\n", "validation can't have \"score\" here"),
        ("type: guessing\n", "type is \"guessing\"; it must be pass-fail or scoring"),
        ("problem_format_version: 2099-01\n", "known are legacy, 2023-07-draft and 2025-09"),
    ] {
        let error = Draft::legacy().file("problem.yaml", yaml).error();
        assert!(error.contains(expected), "{error}");
    }
    for (yaml, expected) in [
        ("type: [pass-fail, interactive]\n", "a problem of type interactive"),
        ("type: multi-pass\n", "a problem of type multi-pass"),
        ("type: submit-answer\n", "a problem of type submit-answer"),
        ("type: [pass-fail, scoring]\n", "type must be one of"),
        ("type: []\n", "type must be one of"),
    ] {
        let error = Draft::newer(yaml).error();
        assert!(error.contains(expected), "{error}");
    }
    let error = Draft::legacy().file("include/cpp/a.h", "").error();
    assert!(error.starts_with("include: code that is compiled with every submission"), "{error}");
    let error = Draft::newer("").file("data/secret/1.files/a.txt", "").error();
    assert!(error.starts_with("data/secret/1.files: a test case with files"), "{error}");
}

#[test]
fn a_folder_that_is_no_package_is_refused() {
    let error = Draft::legacy().without("problem.yaml").error();
    assert!(error.starts_with("problem.yaml is missing: "), "{error}");
    let error = Package::read(Path::new("/nowhere/at/all")).expect_err("it isn't there");
    assert!(error.to_string().contains("there is no such problem package"), "{error}");
}

#[test]
fn unknown_keys_are_warnings() {
    let draft = Draft::legacy().file("problem.yaml", "name: A\ncolour: red\nlimits: {speed: 9}\n");
    let warnings = draft.read().warnings;
    for key in ["colour", "limits.speed"] {
        let expected = format!("problem.yaml: {key} is no key of the format and is ignored");
        assert!(warnings.contains(&expected), "{warnings:?}");
    }
}

#[test]
fn a_custom_validator_is_a_file_or_a_folder() {
    let legacy =
        || Draft::legacy().file("problem.yaml", "validation: custom\nvalidator_flags: x\n");
    let error = legacy().error();
    assert!(error.starts_with("output_validators is missing: "), "{error}");
    for (draft, folder, name, files) in [
        (
            legacy().file("output_validators/check.cpp", ""),
            "output_validators",
            "check",
            vec!["check.cpp"],
        ),
        (
            legacy()
                .file("output_validators/checker/a.cpp", "")
                .file("output_validators/checker/a.h", ""),
            "output_validators/checker",
            "checker",
            vec!["a.cpp", "a.h"],
        ),
        (
            Draft::newer("")
                .file("output_validator/a.h", "")
                .file("output_validator/check.cpp", ""),
            "output_validator",
            "a",
            vec!["a.h", "check.cpp"],
        ),
        (
            Draft::newer("").file("output_validator/checker/build", ""),
            "output_validator/checker",
            "checker",
            vec!["build"],
        ),
    ] {
        let package = draft.read();
        let Validation::Custom(program) = &package.validation else { panic!("{folder}") };
        let folder = package.root.join(folder);
        assert_eq!((&*program.name, &program.folder), (name, &folder));
        let expected: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
        assert_eq!(program.files, expected);
        assert_eq!(package.testcases[0].comparison, None);
    }
    let error = legacy().file("output_validators/a.cpp", "").file("output_validators/b.cpp", "");
    assert!(error.error().starts_with("output_validators: several output validators"));
}

#[test]
fn titles_and_statements_are_found_by_language() {
    let package = Draft::legacy()
        .file("problem_statement/problem.en.md", "# Sum\n")
        .file("problem_statement/problem.sv.tex", "\\problemname{Summan av {$n$} tal}\n")
        .file("problem_statement/problem.de.tex", "%% plainproblemname: Summe\n\\problemname{x}")
        .file("problem_statement/picture.png", "")
        .read();
    assert_eq!(package.title(), "Sum");
    assert_eq!(package.titles["sv"], "Summan av {$n$} tal");
    assert_eq!(package.titles["de"], "Summe");
    let languages: Vec<_> = package.statements.iter().map(|s| &*s.language).collect();
    assert_eq!(languages, ["de", "en", "sv"]);
    assert_eq!(package.statements[1].format, StatementFormat::Markdown);

    let package = Draft::newer("").file("statement/problem.en.md", "").read();
    assert!(package.warnings.is_empty() || !package.warnings[0].contains("name must have"));
    let package = Draft::newer("").file("statement/problem.sv.md", "").read();
    assert!(package.warnings.iter().any(|w| w.contains("exactly the languages")));
}

#[test]
fn the_version_changes_with_what_can_change_a_verdict_and_with_nothing_else() {
    let draft = Draft::newer("").file("output_validator/v.py", "1");
    let version = draft.read().version;
    assert!(version.len() == 64 && version.bytes().all(|b| b"0123456789abcdef".contains(&b)));
    let draft = draft
        .file("statement/problem.en.md", "text")
        .file("submissions/accepted/a.py", "")
        .file("data/secret/1.png", "")
        .file("data/invalid_input/1.in", "");
    assert_eq!(draft.read().version, version);
    let mut seen = vec![version];
    let changes = [
        ("output_validator/v.py", "2"),
        ("data/secret/1.in", "2 1\n"),
        ("data/secret/1.ans", "4\n"),
        ("data/secret/1.yaml", "args: [x]\n"),
        ("data/secret/test_group.yaml", "args: [y]\n"),
    ];
    let mut draft = draft;
    for (path, text) in changes {
        draft = draft.file(path, text);
        seen.push(draft.read().version);
    }
    draft = draft.test("sample/1");
    seen.push(draft.read().version);
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
}
