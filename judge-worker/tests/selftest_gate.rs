//! The gate: with a wall missing, a worker consumes nothing, says which wall it is, and stays up to
//! say so; with the wall mended, it judges what was waiting. Real workers, a real broker, and
//! profiles that are wrong by a line of data.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::{
    fs,
    path::{Path, PathBuf},
};

use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::{Serving, judge_worker, problems};
use tempfile::TempDir;
use wire::{Wire, until};

const QUEUE: &str = "judge.submissions";

/// A copy of the shipped profiles, to be spoilt.
struct Spoilt(TempDir);

impl Spoilt {
    fn new() -> Self {
        let copy = Self(tempfile::tempdir().expect("a temporary folder"));
        copy.mend();
        copy
    }

    fn path(&self) -> &str {
        self.0.path().to_str().expect("UTF-8")
    }

    /// Everything as it is shipped.
    fn mend(&self) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox-profiles");
        copy_folder(&shipped, self.0.path());
    }

    fn change(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.0.path().join(file);
        let text = fs::read_to_string(&path).expect("a profile file");
        let changed = change(text.clone());
        assert_ne!(changed, text, "{file} is as before");
        fs::write(path, changed).expect("a profile file");
    }

    /// The calls of the group with this action that names `call` are allowed instead.
    fn allow(&self, call: &str) {
        self.change("seccomp/program.json", |text| {
            let mut rules: Value = serde_json::from_str(&text).expect("JSON");
            for group in rules["groups"].as_array_mut().expect("groups") {
                let calls = group["syscalls"].as_array().cloned().unwrap_or_default();
                if calls.contains(&json!(call)) {
                    *group = json!({"action": "allow", "reason": "a mistake", "syscalls": calls});
                }
            }
            rules.to_string()
        });
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target: PathBuf = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Messages that wait, messages in somebody's hand, and consumers, of the queue of submissions.
fn queue(rabbit: &Rabbit) -> (u32, u32, u32) {
    const IN_HAND: &str = "messages_unacknowledged";
    let columns = ["name", "messages_ready", IN_HAND, "consumers", "--no-table-headers"];
    let listed = rabbit.ctl(&[&["list_queues"], &columns[..]].concat());
    let line = listed.lines().find(|line| line.split_whitespace().next() == Some(QUEUE));
    let numbers: Vec<u32> = line
        .unwrap_or_else(|| panic!("no {QUEUE} in {listed}"))
        .split_whitespace()
        .skip(1)
        .map(|number| number.parse().expect("a number"))
        .collect();
    (numbers[0], numbers[1], numbers[2])
}

/// The worker says in every place that these walls are missing.
fn says_what_is_missing(worker: &mut Serving, walls: &[&str]) {
    let reason = worker.wait_for("its self-test", |worker| {
        let (status, body) = worker.try_get("/readyz")?;
        assert_eq!(status, 503, "ready without a wall: {body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        let condition = &body["conditions"]["sandbox_selftest_passed"];
        let reason = condition["reason"].as_str().expect("a reason").to_owned();
        (reason != "not checked yet").then_some(reason)
    });
    assert_eq!(reason, format!("these walls do not hold: {}", walls.join(", ")));
    assert_eq!(worker.get("/healthz").0, 200, "it lives, to say so");
    let (_, metrics) = worker.get("/metrics");
    let has = |line: &str| metrics.lines().any(|have| have == line);
    assert!(has("judge_sandbox_selftest 0"), "{metrics}");
    let down = metrics
        .lines()
        .filter(|line| line.starts_with("judge_sandbox_wall_holds{") && line.ends_with(" 0"));
    assert_eq!(down.count(), walls.len(), "{metrics}");
    for wall in walls {
        assert!(has(&format!("judge_sandbox_wall_holds{{wall=\"{wall}\"}} 0")), "{metrics}");
    }
    assert!(has("judge_sandbox_wall_holds{wall=\"memory\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_missing_wall_keeps_every_submission_in_the_queue_until_it_is_mended() {
    let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}", dir.path().join("history.sqlite").display());
    let profiles = Spoilt::new();
    let amqp = rabbit.url();
    let settings = [
        ("JUDGE_AMQP_URL", amqp.as_str()),
        ("JUDGE_DATABASE_URL", &database),
        ("JUDGE_PROFILES", profiles.path()),
    ];

    // A worker with sound profiles makes the queues, and shows what readiness looks like.
    let mut sound = Serving::start("gate-sound", &settings);
    sound.wait_until_ready();
    sound.terminate();
    sound.expect_clean_end();

    let wire = Wire::open(&amqp).await;
    wire.declare_queue("watch").await;
    wire.bind("watch", "judge.events", "#").await;
    let source = fs::read_to_string(problems().join("sums/submissions/accepted/add.c"));
    let submission = json!({
        "submissionId": "waiting", "problemId": "sums", "language": "c",
        "source": source.expect("a shipped submission"),
    });
    wire.publish(QUEUE, submission.to_string().as_bytes()).await;
    until("the message waits", async || queue(&rabbit).0 == 1).await;

    profiles.change("mounts.toml", |text| {
        text + "\n[[bind]]\nfrom = \"/root\"\nreason = \"a mistake\"\n"
    });
    profiles.change("profiles/validate.toml", |text| text.replace("inodes = 4096", "inodes = 0"));
    profiles.allow("ptrace");
    let missing = ["host-tree", "tmpfs-inodes", "forbidden-calls"];
    let mut worker = Serving::start("gate-shut", &settings);
    says_what_is_missing(&mut worker, &missing);
    assert_eq!(queue(&rabbit), (1, 0, 0), "one message waits, and nobody consumes");
    assert!(wire.try_get("watch").await.is_none(), "something was published");
    let lines: Vec<_> = worker.log_lines().filter(|line| line["level"] == "ERROR").collect();
    for wall in missing {
        assert!(lines.iter().any(|line| line["wall"] == wall), "{wall} is not logged: {lines:?}");
    }
    // It ends like any other worker when it is asked to.
    worker.terminate();
    worker.expect_clean_end();
    assert_eq!(queue(&rabbit), (1, 0, 0));

    profiles.mend();
    let mut worker = Serving::start("gate-open", &settings);
    worker.wait_until_ready();
    let verdict = loop {
        let event: Value = serde_json::from_slice(&wire.get("watch").await.body).expect("JSON");
        if event["type"] == "verdict" {
            break event;
        }
    };
    assert_eq!((&verdict["submissionId"], &verdict["verdict"]), (&json!("waiting"), &json!("AC")));
    until("the message is settled", async || queue(&rabbit) == (0, 0, 1)).await;
    worker.terminate();
    worker.expect_clean_end();
}

#[test]
fn what_the_operator_gave_up_is_named_and_does_not_shut_the_gate() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}", dir.path().join("history.sqlite").display());
    let settings = [
        ("JUDGE_DATABASE_URL", database.as_str()),
        ("JUDGE_QUEUE", "stdio"),
        ("JUDGE_ALLOW_NO_CGROUP", "true"),
        // Below a file there can be no group.
        ("JUDGE_CGROUP_PARENT", "cgroup.procs/none"),
    ];
    // Its input is over at once, so that it ends when it would begin.
    let worker = Serving::start("gate-no-cgroup", &settings);
    let log = worker.expect_end();
    let given_up: Vec<&str> = log
        .iter()
        .filter(|line| line["message"] == "judging without this wall")
        .filter_map(|line| line["wall"].as_str())
        .collect();
    assert_eq!(given_up, ["memory", "processes"]);
    assert!(log.iter().any(|line| line["message"] == "serving"), "{log:?}");
}

#[test]
fn doctor_names_the_missing_wall_and_the_remedy_and_fails() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}", dir.path().join("history.sqlite").display());
    let profiles = Spoilt::new();
    let doctor = || {
        let output = judge_worker()
            .args(["doctor", "--queue", "stdio", "--profiles", profiles.path()])
            .args(["--database-url", &database, "--problems"])
            .arg(problems())
            .env("COLUMNS", "300")
            .output()
            .expect("the binary can be run");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, table) = doctor();
    assert_eq!(code, Some(0), "{table}");
    profiles.change("mounts.toml", |text| {
        text + "\n[[device]]\npath = \"/dev/tty\"\nreason = \"a mistake\"\n"
    });
    let (code, table) = doctor();
    assert_eq!(code, Some(1), "{table}");
    let text = table.split_whitespace().collect::<Vec<_>>().join(" ");
    let missing: Vec<&str> = table.lines().filter(|line| line.contains(" missing ")).collect();
    assert_eq!(missing.len(), 1, "{table}");
    assert!(missing[0].contains("wall few-devices"), "{table}");
    assert!(text.contains("/dev/tty is there"), "{table}");
    assert!(text.contains("take the [[device]] out"), "{table}");
}
