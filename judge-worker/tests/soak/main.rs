//! A worker that has judged for long is as large as one that has judged for a while: memory,
//! descriptors, threads, processes, cgroups, mounts and temporary files, looked at when nothing is in
//! hand. `JUDGE_SOAK_SUBMISSIONS` makes it longer: see `make soak`.

#[path = "../support/rabbit.rs"]
mod rabbit;
#[path = "../support/serving.rs"]
mod serving;
mod size;
#[path = "../support/wire.rs"]
mod wire;

use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::Serving;
use size::Size;
use wire::{Wire, until};

const SUBMISSIONS: &str = "judge.submissions";

/// After each of these is looked, and the first is the measure of all others.
const BATCHES: usize = 20;

/// How many wait at a time.
const WINDOW: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_is_as_large_after_all_submissions_as_after_the_first_few() {
    let wanted = std::env::var("JUDGE_SOAK_SUBMISSIONS").ok();
    let wanted: usize =
        wanted.map_or(400, |number| number.parse().expect("a number of submissions"));
    let batch = wanted.div_ceil(BATCHES);
    let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
    let amqp = rabbit.url();
    let temporary = tempfile::tempdir().expect("a folder");
    let settings = [
        ("JUDGE_AMQP_URL", amqp.as_str()),
        ("JUDGE_DATABASE_URL", "sqlite://history.sqlite"),
        ("TMPDIR", temporary.path().to_str().expect("UTF-8")),
    ];
    let mut worker = Serving::start("soak", &settings);
    worker.wait_until_ready();
    let wire = Wire::open(&amqp).await;
    wire.declare_queue("verdicts").await;
    wire.bind("verdicts", "judge.events", "verdict.#").await;

    let mut first: Option<Size> = None;
    for number in 0..BATCHES {
        judge(&wire, number * batch, batch).await;
        until("nothing is in hand", async || is_idle(&worker)).await;
        let size = Size::of(&worker, temporary.path());
        println!("{:6} {size}", (number + 1) * batch);
        match &first {
            None => first = Some(size),
            Some(first) => size.expect_no_larger_than(first),
        }
    }
    worker.terminate();
    worker.expect_clean_end();
}

/// Has `count` submissions judged, numbered from `from`.
async fn judge(wire: &Wire, from: usize, count: usize) {
    let mut sent = from;
    for told in from..from + count {
        while sent < (told + WINDOW).min(from + count) {
            wire.publish(SUBMISSIONS, &submission(sent)).await;
            sent += 1;
        }
        let verdict: Value =
            serde_json::from_slice(&wire.get("verdicts").await.body).expect("JSON");
        assert_eq!(verdict["verdict"], "AC", "{verdict}");
    }
}

fn submission(number: usize) -> Vec<u8> {
    let message = json!({
        "submissionId": format!("s-{number}"), "problemId": "sums", "language": "python3",
        "mode": "custom", "stdin": "", "source": format!("print({number})\n"),
    });
    message.to_string().into_bytes()
}

fn is_idle(worker: &Serving) -> bool {
    let (_, metrics) = worker.get("/metrics");
    let says = |line: &str| metrics.lines().any(|found| found == line);
    says("judge_in_flight 0") && says(r#"judge_slots{state="busy"} 0"#)
}
