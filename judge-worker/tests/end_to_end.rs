//! The main job, from the outside: real submissions through a real broker to real workers, a real
//! database and a real Prometheus, sent and checked by a client in Python that shares no code with
//! the worker (`e2e/client.py`).

#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "support/prometheus.rs"]
mod prometheus;
#[path = "support/python.rs"]
mod python;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mariadb::MariaDb;
use prometheus::{Prometheus, deploy};
use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::{Serving, problems};
use sqlx::Connection;
use wire::{Wire, until};

const SUBMISSIONS: &str = "judge.submissions";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_judge_two_hundred_submissions_and_every_promise_holds() {
    let python = tokio::task::spawn_blocking(python::interpreter);
    let rabbit = tokio::task::spawn_blocking(Rabbit::start);
    let database = MariaDb::start().await;
    let rabbit = rabbit.await.expect("RabbitMQ starts");
    let python = python.await.expect("Python is there");

    let (amqp, mysql) = (rabbit.url(), database.url());
    let settings = [("JUDGE_AMQP_URL", amqp.as_str()), ("JUDGE_DATABASE_URL", mysql.as_str())];
    let mut workers = ["anna", "ben"].map(|name| Serving::start(name, &settings));
    for worker in &mut workers {
        worker.wait_until_ready();
    }
    let addresses: Vec<_> = workers.iter().map(|worker| worker.address.clone()).collect();
    let prometheus = Prometheus::scraping(&addresses);

    let client = Command::new(&python)
        .arg(here("tests/e2e/client.py"))
        .args(["--amqp", &amqp, "--database", &mysql])
        .arg("--problems")
        .arg(problems())
        .arg("--schemas")
        .arg(here("schemas"))
        .output()
        .expect("the client can be run");
    let told = String::from_utf8_lossy(&client.stdout);
    println!("{told}");
    let errors = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "the client finds fault:\n{told}{errors}");

    nothing_waits(&rabbit).await;
    let judged_by = workers_in_history(&database).await;
    assert_eq!(judged_by, BTreeSet::from(["anna".to_owned(), "ben".to_owned()]));
    for worker in &workers {
        let (status, metrics) = worker.get("/metrics");
        assert_eq!(status, 200);
        promtool_accepts(&metrics);
        histograms_are_filled(&metrics);
    }
    dashboards_have_data(&prometheus);
    for worker in &workers {
        worker.terminate();
    }
    workers.into_iter().for_each(Serving::expect_clean_end);
    nothing_waits(&rabbit).await;
}

#[test]
fn the_client_would_find_fault_with_a_worker_that_is_wrong() {
    let checks = Command::new(python::interpreter())
        .arg(here("tests/e2e/test_checks.py"))
        .arg(problems())
        .output()
        .expect("Python can be run");
    assert!(checks.status.success(), "{}", String::from_utf8_lossy(&checks.stderr));
}

/// Every queue is empty, and no delivery is in anybody's hand.
async fn nothing_waits(rabbit: &Rabbit) {
    until("no message waits or is unacked", async || {
        let listed = rabbit.ctl(&["list_queues", "name", "messages", "--no-table-headers"]);
        let mut queues = listed.lines().filter(|line| !line.trim().is_empty());
        queues.all(|line| line.split_whitespace().last() == Some("0"))
    })
    .await;
}

async fn workers_in_history(database: &MariaDb) -> BTreeSet<String> {
    let mut root = database.root().await;
    let query = sqlx::query_scalar("SELECT DISTINCT worker FROM judge.judge_history");
    let workers: Vec<String> = query.fetch_all(&mut root).await.expect("the history");
    root.close().await.expect("the server is up");
    workers.into_iter().collect()
}

fn promtool_accepts(metrics: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a promtool: `make test` installs it (Debian: prometheus)");
    let mut stdin = promtool.stdin.take().expect("piped");
    stdin.write_all(metrics.as_bytes()).expect("promtool reads");
    drop(stdin);
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "promtool: {said}");
}

fn histograms_are_filled(metrics: &str) {
    let count = |series: &str| -> f64 {
        let lines = metrics.lines().filter(|line| line.starts_with(series));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    for name in [
        "judge_submission_duration_seconds_count{",
        "judge_queue_wait_seconds_count ",
        "judge_phase_duration_seconds_count{phase=\"check\"",
        "judge_phase_duration_seconds_count{phase=\"compile\"",
        "judge_phase_duration_seconds_count{phase=\"publish\"",
        "judge_phase_duration_seconds_count{phase=\"run\"",
        "judge_phase_duration_seconds_count{phase=\"store\"",
        "judge_compile_duration_seconds_count{",
        "judge_test_cpu_seconds_count{",
        "judge_sandbox_overhead_seconds_count ",
        "judge_worker_throughput_submissions_per_second_count ",
        "judge_test_memory_bytes_count ",
    ] {
        assert!(0.0 < count(name), "{name} is empty in:\n{metrics}");
    }
}

fn dashboards_have_data(prometheus: &Prometheus) {
    let mut dashboards = 0;
    for entry in fs::read_dir(deploy("grafana/dashboards")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let output = prometheus.dashboard_queries(&path, &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{errors}", path.display());
        dashboards += 1;
    }
    assert!(0 < dashboards);
}

/// A program that is still running when the test has seen it run.
fn slow_submission(id: &str) -> Vec<u8> {
    let source = "import time\nprint('begun', flush=True)\ntime.sleep(3)\nprint('done')\n";
    let message = json!({
        "submissionId": id, "userId": id, "problemId": "sums", "language": "python3",
        "mode": "custom", "stdin": "", "source": source,
    });
    message.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_hand_at_a_sigterm_is_finished_and_the_rest_stays_in_the_queue() {
    let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
    let (amqp, sqlite) = (rabbit.url(), "sqlite://history.sqlite");
    let settings = [("JUDGE_AMQP_URL", amqp.as_str()), ("JUDGE_DATABASE_URL", sqlite)];
    let mut worker = Serving::start("clara", &settings);
    worker.wait_until_ready();
    let wire = Wire::open(&amqp).await;
    wire.declare_queue("events").await;
    wire.bind("events", "judge.events", "#").await;
    let sent = ["s-1", "s-2", "s-3", "s-4", "s-5"];
    for id in sent {
        wire.publish(SUBMISSIONS, &slow_submission(id)).await;
    }

    let mut events = Vec::new();
    while !events.iter().any(|event: &Value| event["stage"] == "running") {
        events.push(json_of(&wire.get("events").await.body));
    }
    assert!(0 < worker.note_processes(), "the program runs");
    worker.terminate();
    worker.wait_for("saying that it drains", |worker| {
        let (status, _) = worker.try_get("/readyz")?;
        (status == 503).then_some(())
    });
    worker.expect_clean_end();

    while let Some(event) = wire.try_get("events").await {
        events.push(json_of(&event.body));
    }
    let verdicts = events.iter().filter(|event| event["type"] == "verdict");
    let mut told: Vec<_> = verdicts
        .map(|verdict| {
            assert_eq!(verdict["verdict"], "AC", "{verdict}");
            assert_eq!(verdict["tests"][0]["actual"], "begun\ndone\n");
            verdict["submissionId"].as_str().expect("an id").to_owned()
        })
        .collect();
    assert!(!told.is_empty(), "the submission in hand got its verdict");
    let mut waiting = Vec::new();
    until("whatever was not judged is in the queue again", async || {
        let listed = rabbit.ctl(&["list_queues", "name", "messages_ready", "--no-table-headers"]);
        let line = listed.lines().find(|line| line.starts_with(SUBMISSIONS)).expect("the queue");
        line.ends_with(&format!("\t{}", sent.len() - told.len()))
    })
    .await;
    while let Some(message) = wire.try_get(SUBMISSIONS).await {
        let message = json_of(&message.body);
        waiting.push(message["submissionId"].as_str().expect("an id").to_owned());
    }
    assert!(!waiting.is_empty(), "five times 3 s of work were more than it had in hand");
    told.extend(waiting);
    told.sort();
    assert_eq!(told, sent, "each is judged once or still waits");
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}
