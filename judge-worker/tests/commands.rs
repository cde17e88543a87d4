//! The commands that need no server, as a user or a script runs them: the real binary, its output and
//! its exit codes.

#[path = "support/python.rs"]
mod python;
#[path = "support/serving.rs"]
mod serving;

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use serving::{judge_worker, problems};
use sqlx::{Connection, Row, sqlite::SqliteConnection};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn reference(path: &str) -> String {
    fs::read_to_string(problems().join(path)).expect("a shipped submission")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `serve --queue stdio` on these lines, up to the end of its input.
fn serve_stdio(history: &Path, lines: &[String]) -> Output {
    let mut worker = judge_worker()
        .args(["serve", "--queue", "stdio", "--log-format", "json", "--slots", "1"])
        .args(["--http-addr", "127.0.0.1:0", "--problems"])
        .arg(problems())
        .env("JUDGE_DATABASE_URL", format!("sqlite://{}", history.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be run");
    let mut stdin = worker.stdin.take().expect("piped");
    let input = lines.join("\n") + "\n";
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = worker.wait_with_output().expect("the worker ends");
    writing.join().expect("no panic").expect("the worker reads everything");
    output
}

fn submission(id: &str, more: &Value) -> String {
    let mut message = json!({"submissionId": id, "problemId": "sums", "language": "c"});
    let more = more.as_object().expect("an object").clone();
    message.as_object_mut().expect("an object").extend(more);
    message.to_string()
}

#[test]
fn a_program_that_was_compiled_before_is_found_by_the_next_worker() {
    let dir = folder();
    let compiled = |cache_dir: &Path| {
        let output = judge_worker()
            .args(["judge", "--json", "--sample"])
            .args(["sums", "sums/submissions/accepted/add.c"].map(|path| problems().join(path)))
            .env("JUDGE_CACHE_DIR", cache_dir)
            .env("JUDGE_COMPILE_CACHE_MIB", "8")
            .output()
            .expect("the binary can be run");
        let log = text(&output.stderr);
        let verdict: Value = serde_json::from_slice(&output.stdout).expect(&log);
        (verdict["verdict"].clone(), verdict["compile"]["cached"].clone())
    };
    let mine = dir.path().join("mine");
    assert_eq!(compiled(&mine), (json!("AC"), json!(false)));
    assert_eq!(compiled(&mine), (json!("AC"), json!(true)));
    assert_eq!(compiled(&dir.path().join("other")), (json!("AC"), json!(false)));
}

#[test]
fn a_cache_folder_that_programs_could_read_or_others_write_is_refused() {
    let dir = folder();
    let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o777);
    fs::set_permissions(dir.path(), open).expect("ours");
    for (cache_dir, why) in [(dir.path(), "nobody else may write"), (Path::new("/usr/lib"), "/usr")]
    {
        let output = judge_worker()
            .args(["judge", "--sample"])
            .args(["sums", "sums/submissions/accepted/add.c"].map(|path| problems().join(path)))
            .env("JUDGE_CACHE_DIR", cache_dir)
            .env("JUDGE_COMPILE_CACHE_MIB", "8")
            .output()
            .expect("the binary can be run");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[tokio::test]
async fn stdio_takes_a_submission_a_line_and_gives_an_event_a_line_and_a_history_row() {
    let (dir, right) = (folder(), reference("sums/submissions/accepted/add.c"));
    let history = dir.path().join("history.sqlite");
    let first = submission("s-right", &json!({"source": right, "historyKey": "key:1"}));
    let wrong = reference("sums/submissions/wrong_answer/drops_signs.py");
    let output = serve_stdio(
        &history,
        &[
            first.clone(),
            submission("s-wrong", &json!({"language": "python3", "source": wrong})),
            r#"{"submissionId": "#.to_owned(),
            "no JSON at all".to_owned(),
            submission("s-unknown", &json!({"problemId": "nothing", "source": right})),
            submission("s-sample", &json!({"mode": "sample", "source": right})),
            submission("s-other", &json!({"requestId": "s-right", "source": "int main;"})),
            first,
        ],
    );
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("a log line is JSON");
        assert!(line["level"].is_string() && line["type"].is_null(), "an event in the log: {line}");
    }

    let mut verdicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut history_ids = BTreeMap::new();
    for line in text(&output.stdout).lines() {
        let event: Value = serde_json::from_str(line).expect("an event is JSON");
        match event["type"].as_str() {
            Some("progress") => {}
            Some("verdict") => {
                let id = event["submissionId"].as_str().expect("an id").to_owned();
                history_ids.insert(id.clone(), event["historyId"].as_i64());
                verdicts.entry(id).or_default().push(line.to_owned());
            }
            other => panic!("an event of the type {other:?}: {line}"),
        }
    }
    let codes: BTreeMap<_, _> = verdicts
        .iter()
        .map(|(id, lines)| {
            let verdict: Value = serde_json::from_str(&lines[0]).expect("JSON");
            (id.as_str(), verdict["verdict"].as_str().expect("a code").to_owned())
        })
        .collect();
    let expected = [("s-right", "AC"), ("s-sample", "AC"), ("s-unknown", "JE"), ("s-wrong", "WA")];
    assert_eq!(codes, expected.map(|(id, code)| (id, code.to_owned())).into());
    let again = &verdicts["s-right"];
    assert_eq!(again.len(), 2, "the same request is answered again");
    assert_eq!(again[0], again[1], "with the same verdict");

    let url = format!("sqlite://{}", history.display());
    let mut history = SqliteConnection::connect(&url).await.expect("the history");
    let query = "SELECT id, submission_id, verdict, history_key FROM judge_history";
    let rows = sqlx::query(query).fetch_all(&mut history).await.expect("rows");
    assert_eq!(rows.len(), 4, "one a request");
    for row in rows {
        let id: String = row.get("submission_id");
        assert_eq!(history_ids[&id], Some(row.get("id")));
        assert_eq!(codes[id.as_str()], row.get::<String, _>("verdict"));
        let key: Option<String> = row.get("history_key");
        assert_eq!(key, (id == "s-right").then(|| "key:1".to_owned()));
    }
}

fn judge(args: &[&str]) -> Output {
    let mut command = judge_worker();
    command.arg("judge").args(args).current_dir(problems());
    command.output().expect("the binary can be run")
}

#[test]
fn judge_prints_one_object_that_the_schema_of_verdicts_describes() {
    let python = python::interpreter();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/verdict.json");
    for (source, code) in [
        ("sums/submissions/accepted/add.c", "AC"),
        ("sums/submissions/wrong_answer/silent.c", "WA"),
        ("sums/submissions/rejected/missing_header.cpp", "CE"),
    ] {
        let output = judge(&["sums", source, "--json"]);
        let verdict: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(verdict["verdict"], code, "{verdict}");
        let mut check = Command::new(&python)
            .args(["-m", "jsonschema", "--instance", "/dev/stdin"])
            .arg(&schema)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the checker can be run");
        let mut stdin = check.stdin.take().expect("piped");
        stdin.write_all(&output.stdout).expect("the checker reads");
        drop(stdin);
        let checked = check.wait_with_output().expect("the checker ends");
        assert!(checked.status.success(), "{verdict}:\n{}", text(&checked.stderr));
    }
}

#[test]
fn the_exit_code_of_judge_tells_accepted_from_other_verdicts_from_mistakes() {
    let right = "sums/submissions/accepted/add_lines.py";
    for (args, code) in [
        (&["sums", right][..], 0),
        (&["sums", right, "--sample"], 0),
        (&["sums", "sums/submissions/wrong_answer/drops_signs.py"], 1),
        (&["sums", "sums/submissions/rejected/missing_semicolon.c"], 1),
        (&["sums", "no_such_file.py"], 2),
        (&["no-such-problem", right], 2),
        (&["sums", right, "--language", "cobol"], 2),
        (&["sums", right, "--no-such-flag"], 2),
        (&["sums"], 2),
    ] {
        let output = judge(args);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "judge {args:?}: {said}");
        assert!(!said.is_empty(), "judge {args:?} says nothing");
    }
}

#[test]
fn an_output_validator_that_fails_is_our_failure_and_not_a_verdict_on_the_program() {
    let dir = folder();
    let package = copy_of("twoaddends", dir.path());
    let validators = package.join("output_validators");
    fs::remove_dir_all(&validators).expect("the copy is ours");
    fs::create_dir(&validators).expect("the copy is ours");
    fs::write(validators.join("validate.py"), "import sys\nsys.exit(1)\n").expect("written");
    let source = package.join("submissions/accepted/remembered.py");
    let args = [package.to_str().expect("UTF-8"), source.to_str().expect("UTF-8")];
    let output = judge(&args);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("JE"), "{said}");
}

/// A copy of a shipped package that can be spoilt.
fn copy_of(name: &str, below: &Path) -> PathBuf {
    let copy = below.join(name);
    copy_folder(&problems().join(name), &copy);
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let (from, to) = entry.map(|e| (e.path(), to.join(e.file_name()))).expect("an entry");
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).expect("copied");
        }
    }
}

/// `caseandspace` with a few quick submissions only.
fn quick_package(below: &Path) -> PathBuf {
    let package = copy_of("caseandspace", below);
    let submissions = package.join("submissions");
    fs::remove_dir_all(&submissions).expect("the copy is ours");
    for path in [
        "accepted/capitalize.py",
        "accepted/printf_width.c",
        "wrong_answer/title.py",
        "run_time_error/index_error.py",
    ] {
        let to = submissions.join(path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("the copy is ours");
        fs::copy(problems().join("caseandspace/submissions").join(path), to).expect("copied");
    }
    package
}

fn verify(package: &Path) -> (Option<i32>, String) {
    let output = judge_worker().arg("verify").arg(package).output();
    let output = output.expect("the binary can be run");
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn verify_is_content_with_a_package_whose_submissions_fare_as_their_folders_say() {
    let dir = folder();
    let (code, said) = verify(&quick_package(dir.path()));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("4 submissions, 0 not as expected"), "{said}");
}

#[test]
fn verify_names_the_submission_that_fares_otherwise_than_its_folder_says() {
    let dir = folder();
    let package = quick_package(dir.path());
    let from = package.join("submissions/wrong_answer/title.py");
    fs::rename(from, package.join("submissions/accepted/title.py")).expect("moved");
    let (code, said) = verify(&package);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("4 submissions, 1 not as expected"), "{said}");
    let row = said.lines().find(|line| line.contains("accepted/title.py"));
    assert!(row.is_some_and(|row| row.contains("WA")), "{said}");
}

#[test]
fn verify_refuses_a_package_that_cannot_be_read() {
    let dir = folder();
    let package = quick_package(dir.path());
    fs::write(package.join("problem.yaml"), "name: [\n").expect("written");
    let (code, said) = verify(&package);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("problem.yaml"), "{said}");
}
