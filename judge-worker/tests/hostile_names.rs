//! The names of `testcases/hostile/names`, as a message brings them: each case says whether they are
//! refused there, before anything is compiled.

use std::fs;
use std::path::Path;

use judge_worker::message::{MessageLimits, RejectReason, Submission};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Case {
    language: String,
    message: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: Option<String>,
    content: String,
}

fn parsed(case: &Case) -> Result<Submission, judge_worker::message::RejectedMessage> {
    let mut message = json!({ "submissionId": "s", "problemId": "p", "language": case.language });
    match &case.files[..] {
        [File { name: None, content }] => message["source"] = json!(content),
        files => {
            let file = |file: &File| json!({ "name": file.name, "content": file.content });
            message["files"] = files.iter().map(file).collect();
        }
    }
    Submission::parse(message.to_string().as_bytes(), &MessageLimits::default())
}

#[test]
fn a_message_refuses_every_name_that_could_be_anything_else_and_says_where() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testcases/hostile/names");
    let mut counts = [0, 0];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display();
        let case: Case = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        match (case.message.as_str(), parsed(&case)) {
            ("accepted", Ok(_)) => counts[0] += 1,
            ("refused", Err(rejected)) => {
                assert_eq!(rejected.reason(), RejectReason::BadSource, "{name}");
                let detail = rejected.detail();
                assert!(detail.starts_with("$.files["), "{name}: {detail}");
                assert!(!detail.chars().any(char::is_control), "{name}: {detail:?}");
                assert!(!detail.contains('\u{202e}'), "{name}: {detail:?}");
                counts[1] += 1;
            }
            (expected, happened) => panic!("{name}: expected {expected}, {happened:?}"),
        }
    }
    let [accepted, refused] = counts;
    assert!(10 <= accepted && 15 <= refused, "{accepted} accepted, {refused} refused");
}
