//! Two processes, seen from outside: the one that judges has no credential, the one that has them
//! has nothing of a run, and either may be killed at any time.

#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{fs::FileExt, net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::Stdio,
};

use lapin::BasicProperties;
use mariadb::MariaDb;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::Serving;
use sqlx::{AssertSqlSafe, Connection, Executor};
use wire::Wire;

const SUBMISSIONS: &str = "judge.submissions";
const EVENTS: &str = "events";
const AMQP_PASSWORD: &str = "canary-of-amqp-5f2d81c07b";
const SQL_PASSWORD: &str = "canary-of-sql-91e6a3d44c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credential_reaches_the_engine_and_nothing_of_a_run_the_front() {
    let rabbit = blocking(Rabbit::start).await;
    let database = MariaDb::start().await;
    rabbit.ctl(&["add_user", "front", AMQP_PASSWORD]);
    rabbit.ctl(&["set_permissions", "front", ".*", ".*", ".*"]);
    let mut root = database.root().await;
    for sql in [
        format!("CREATE USER front@'127.0.0.1' IDENTIFIED BY '{SQL_PASSWORD}'"),
        "GRANT ALL ON judge.* TO front@'127.0.0.1'".to_owned(),
    ] {
        root.execute(AssertSqlSafe(sql)).await.expect("root may do it");
    }
    root.close().await.expect("the server is up");
    let amqp = rabbit.url_as("front", AMQP_PASSWORD);
    let sql = database.url().replace("judge:hidden-password", &format!("front:{SQL_PASSWORD}"));
    let settings = [("JUDGE_AMQP_URL", amqp.as_str()), ("JUDGE_DATABASE_URL", sql.as_str())];
    let mut worker = Serving::start("dora", &settings);
    worker.wait_until_ready();
    let wire = listening(&rabbit.url()).await;
    wire.publish(SUBMISSIONS, &slow_submission("s-1", 3)).await;
    until_it_runs(&wire).await;

    let (front, engine) = (worker.pid(), engine_of(&worker));
    let (mut of_front, of_engine) = (descriptors(front), descriptors(engine));
    // What the test was started with, such as the job server of make, the front may have too. It
    // is not handed on: the engine is looked at below.
    let of_test = descriptors(i32::try_from(std::process::id()).expect("a pid fits"));
    of_front.retain(|name| !of_test.contains(name));
    let of_a_run = |name: &&String| {
        ["pipe:", "/memfd:", "/sys/fs/cgroup"].iter().any(|start| name.starts_with(start))
    };
    assert!(of_engine.iter().any(|name| of_a_run(&name)), "no run is seen in {of_engine:?}");
    assert_eq!(of_front.iter().filter(of_a_run).collect::<Vec<_>>(), [""; 0]);
    let shared: Vec<_> = descriptors(front).intersection(&of_engine).cloned().collect();
    let harmless = |name: &&String| {
        name.starts_with("/dev/null") || name.starts_with("anon_inode:") || name.ends_with("/log")
    };
    assert_eq!(shared.iter().filter(|name| !harmless(name)).collect::<Vec<_>>(), [""; 0]);

    for (whose, password) in [("AMQP", AMQP_PASSWORD), ("SQL", SQL_PASSWORD)] {
        assert!(memory_holds(front, password), "the search finds the {whose} password nowhere");
        for (pid, _) in worker.descendants() {
            assert!(!memory_holds(pid, password), "{} has the {whose} password", name_of(pid));
        }
    }
    let environment = fs::read(format!("/proc/{engine}/environ")).expect("the engine runs");
    assert_eq!(String::from_utf8_lossy(&environment), "");

    assert_eq!(verdicts(&wire, 1).await, [("s-1".to_owned(), "AC".to_owned())]);
    worker.note_processes();
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_engine_had_in_hand_is_judged_by_the_next_one_and_told_once() {
    let rabbit = blocking(Rabbit::start).await;
    let profiles = tempfile::tempdir().expect("a temporary folder");
    let (here, away) = (profiles.path().join("profiles"), profiles.path().join("away"));
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox-profiles"), &here);
    let amqp = rabbit.url();
    let mut worker = Serving::start(
        "emil",
        &[
            ("JUDGE_AMQP_URL", &amqp),
            ("JUDGE_DATABASE_URL", "sqlite://history.sqlite"),
            ("JUDGE_PROFILES", here.to_str().expect("a path of ours")),
        ],
    );
    worker.wait_until_ready();
    let wire = listening(&amqp).await;
    wire.publish(SUBMISSIONS, &slow_submission("s-1", 3)).await;
    until_it_runs(&wire).await;
    let first = engine_of(&worker);
    worker.note_processes();

    // So that the next one can't be started yet.
    fs::rename(&here, &away).expect("a folder of ours");
    kill(Pid::from_raw(first), Signal::SIGKILL).expect("it runs");
    let reason = worker.wait_for("saying why it is not ready", |worker| {
        let (status, body) = worker.try_get("/readyz")?;
        let report: Value = serde_json::from_str(&body).ok()?;
        let condition = &report["conditions"]["engine_running"];
        let reason = condition["reason"].as_str()?.to_owned();
        (status == 503 && condition["ok"] == false && reason.contains("profile file"))
            .then_some(reason)
    });
    assert!(worker.log().contains("signal: 9"), "the log tells how it ended; then: {reason}");
    fs::rename(&away, &here).expect("a folder of ours");
    worker.wait_until_ready();

    assert_eq!(verdicts(&wire, 1).await, [("s-1".to_owned(), "AC".to_owned())]);
    assert_ne!(engine_of(&worker), first);
    // Whoever comes next is judged too, and no second verdict of the first has come before.
    wire.publish(SUBMISSIONS, &slow_submission("s-2", 0)).await;
    assert_eq!(verdicts(&wire, 1).await, [("s-2".to_owned(), "AC".to_owned())]);
    worker.note_processes();
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_a_front_that_was_killed() {
    let rabbit = blocking(Rabbit::start).await;
    let amqp = rabbit.url();
    let settings =
        [("JUDGE_AMQP_URL", amqp.as_str()), ("JUDGE_DATABASE_URL", "sqlite://history.sqlite")];
    let mut worker = Serving::start("fritz", &settings);
    worker.wait_until_ready();
    let wire = listening(&amqp).await;
    wire.publish(SUBMISSIONS, &slow_submission("s-1", 60)).await;
    until_it_runs(&wire).await;
    assert!(3 <= worker.note_processes(), "engine, init and program run");
    worker.kill9();
    worker.expect_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_submission_does_not_wait_for_its_program() {
    let rabbit = blocking(Rabbit::start).await;
    let amqp = rabbit.url();
    let settings =
        [("JUDGE_AMQP_URL", amqp.as_str()), ("JUDGE_DATABASE_URL", "sqlite://history.sqlite")];
    let mut worker = Serving::start("gerda", &settings);
    worker.wait_until_ready();
    let wire = listening(&amqp).await;
    wire.publish(SUBMISSIONS, &slow_submission("s-1", 600)).await;
    until_it_runs(&wire).await;
    let cancel = json!({ "type": "cancel", "submissionId": "s-1" }).to_string();
    wire.publish_with("judge.control", "", cancel.as_bytes(), BasicProperties::default()).await;
    // Its wall limit would make another verdict of it.
    assert_eq!(verdicts(&wire, 1).await, [("s-1".to_owned(), "CANCELLED".to_owned())]);
    worker.note_processes();
    worker.terminate();
    worker.expect_clean_end();
}

#[test]
fn an_engine_ends_with_its_socket_and_at_a_frame_that_is_too_long() {
    for (said, code) in [(&[][..], 0), (&[0xff; 4], 1)] {
        let (mut ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let engine = serving::judge_worker()
            .arg0("judge-worker-engine")
            .stdin(OwnedFd::from(theirs))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        ours.write_all(said).expect("the engine holds the other end");
        ours.shutdown(Shutdown::Write).expect("it is connected");
        let ended = engine.wait_with_output().expect("a child of ours");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{errors}");
        assert_eq!(errors.contains("too large"), code == 1, "{errors}");
    }
}

async fn blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(job).await.expect("it does not panic")
}

async fn listening(amqp: &str) -> Wire {
    let wire = Wire::open(amqp).await;
    wire.declare_queue(EVENTS).await;
    wire.bind(EVENTS, "judge.events", "#").await;
    wire
}

/// A program that says that it has begun, and then sleeps for so long; its wall limit is 17 s.
fn slow_submission(id: &str, seconds: u32) -> Vec<u8> {
    let source = format!("import time\nprint('begun', flush=True)\ntime.sleep({seconds})\n");
    let message = json!({
        "submissionId": id, "problemId": "shortestpath", "language": "python3", "mode": "custom",
        "stdin": "", "source": source,
    });
    message.to_string().into_bytes()
}

async fn next_event(wire: &Wire) -> Value {
    serde_json::from_slice(&wire.get(EVENTS).await.body).expect("JSON")
}

async fn until_it_runs(wire: &Wire) {
    while next_event(wire).await["stage"] != "running" {}
}

/// The next `count` verdicts, with whose they are.
async fn verdicts(wire: &Wire, count: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < count {
        let event = next_event(wire).await;
        if event["type"] == "verdict" {
            let text = |key: &str| event[key].as_str().expect("a text").to_owned();
            found.push((text("submissionId"), text("verdict")));
        }
    }
    found
}

fn name_of(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(line.split(|&b| b == 0).next().unwrap_or_default()).into_owned()
}

fn engine_of(worker: &Serving) -> i32 {
    let pids = worker.descendants().into_iter().map(|(pid, _)| pid);
    let engines: Vec<i32> = pids.filter(|&pid| name_of(pid) == "judge-worker-engine").collect();
    let [engine] = engines[..] else { panic!("not one engine but {engines:?}") };
    engine
}

/// What the descriptors of a process refer to.
fn descriptors(pid: i32) -> BTreeSet<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    let names = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    names.map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Whether a text stands anywhere in the memory of a process that can have been written to: heap,
/// stacks, what its binary and libraries keep. A process that has ended holds nothing.
fn memory_holds(pid: i32, text: &str) -> bool {
    const CHUNK: usize = 1 << 20;
    let Ok(maps) = fs::read_to_string(format!("/proc/{pid}/maps")) else { return false };
    let Ok(memory) = File::open(format!("/proc/{pid}/mem")) else { return false };
    // `proc_pid_maps(5)`: range, rights, offset, device, inode, path.
    let ranges = maps.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (from, to) = fields.next()?.split_once('-')?;
        fields.next()?.starts_with("rw").then_some(())?;
        Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
    });
    for (from, to) in ranges {
        let mut at = from;
        while at < to {
            // Chunks overlap, so that a text at the seam is found.
            let mut chunk = vec![0; CHUNK + text.len()];
            let length = usize::try_from(to - at).map_or(chunk.len(), |rest| rest.min(chunk.len()));
            let read = memory.read_at(&mut chunk[..length], at).unwrap_or(0);
            if holds(&chunk[..read], text.as_bytes()) {
                return true;
            }
            at += CHUNK as u64;
        }
    }
    false
}

fn holds(mut bytes: &[u8], text: &[u8]) -> bool {
    while let Some(begin) = bytes.iter().position(|byte| *byte == text[0]) {
        bytes = &bytes[begin..];
        if bytes.starts_with(text) {
            return true;
        }
        bytes = &bytes[1..];
    }
    false
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a new folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copy = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).expect("a readable file");
        }
    }
}
