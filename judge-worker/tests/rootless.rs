//! What an ordinary user is told who has neither cgroups nor ids to give to programs. Needs root, to
//! become that user, and a host whose cgroups are not everybody's.

#[path = "support/serving.rs"]
mod serving;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use judge_core::sandbox::Loss;
use serde_json::{Value, json};
use serving::problems;
use tempfile::TempDir;

/// No user of any distribution has it by default, and `/etc/subuid` does not know it.
const UID: &str = "48232";

/// A copy of the binary and a problem where the user can get at them.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_judge-worker"), dir.path().join("judge-worker")).unwrap();
        let mut copy = Command::new("cp");
        let copied = copy.arg("-R").arg(problems().join("sums")).arg(dir.path()).status();
        assert!(copied.unwrap().success());
        Self(dir)
    }

    /// As that user, in two other groups, with nothing of our environment.
    fn worker(&self, arguments: &[&str]) -> Output {
        let user = [format!("--reuid={UID}"), format!("--regid={UID}"), "--groups=4,27".to_owned()];
        let mut command = Command::new("setpriv");
        command.args(user).args(["--inh-caps=-all", "--bounding-set=-all"]);
        command.arg(self.0.path().join("judge-worker")).args(arguments);
        command.current_dir(self.0.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("JUDGE_QUEUE", "stdio").env("COLUMNS", "400").output().unwrap()
    }
}

/// All words, as one line: a table breaks them anywhere.
fn words(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).replace(['│', '┆'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn without_cgroups_a_user_is_refused_and_told_what_to_do() {
    let output = Place::new().worker(&["judge", "sums", "sums/submissions/accepted/add.c"]);
    let said = words(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for expected in ["cannot bound memory", "Delegate=yes", "allow_no_cgroup"] {
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn doctor_says_of_each_loss_what_it_is_and_what_to_do() {
    let output = Place::new().worker(&["doctor", "--allow-no-cgroup", "--problems", "."]);
    let said = words(&output.stdout);
    for loss in Loss::ALL {
        assert!(said.contains(&rows_of(loss.sentence())), "{loss:?}: {said}");
        assert!(said.contains(&rows_of(loss.remedy())), "{loss:?}: {said}");
    }
}

fn rows_of(text: &str) -> String {
    words(text.as_bytes())
}

#[test]
fn every_verdict_says_what_was_lost() {
    let arguments =
        ["judge", "sums", "sums/submissions/accepted/add.c", "--allow-no-cgroup", "--json"];
    let output = Place::new().worker(&arguments);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!(verdict["verdict"], "AC");
    assert_eq!(verdict["provenance"]["losses"], json!(["noCgroups", "ownUser", "keptGroups"]));
    assert_eq!(verdict["provenance"]["memoryEnforced"], json!(false));
}
