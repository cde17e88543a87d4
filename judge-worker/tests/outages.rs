//! Broker and database that go away while a submission is judged, or are not there yet: the worker says
//! so, keeps what it has in hand, and goes on where it was. And a cancel that finds a busy worker.

#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/servers.rs"]
mod servers;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::time::Instant;

use lapin::BasicProperties;
use mariadb::MariaDb;
use rabbit::Rabbit;
use serde_json::{Value, json};
use servers::Servers;
use serving::Serving;
use sqlx::Connection;
use wire::Wire;

const SUBMISSIONS: &str = "judge.submissions";

/// A worker with a private broker and database.
struct Scene {
    rabbit: Rabbit,
    database: MariaDb,
    wire: Wire,
}

impl Scene {
    async fn open() -> Self {
        let Servers { rabbit, database, wire } = Servers::start().await;
        Self { rabbit, database, wire }
    }

    fn worker(&self, name: &str) -> Serving {
        let (amqp, database) = (self.rabbit.url(), self.database.url());
        Serving::start(name, &[("JUDGE_AMQP_URL", &amqp), ("JUDGE_DATABASE_URL", &database)])
    }

    async fn listen(&self) {
        self.wire.declare_queue("verdicts").await;
        self.wire.bind("verdicts", "judge.events", "verdict.#").await;
        self.wire.declare_queue("progress").await;
        self.wire.bind("progress", "judge.events", "progress.#").await;
        self.rabbit.sync_queues();
    }

    /// Until the worker says that the program of this submission runs. (Its gauges are seconds old.)
    async fn until_running(&self, id: &str) {
        loop {
            let told = self.wire.get("progress").await;
            let told: Value = serde_json::from_slice(&told.body).expect("JSON");
            if told["submissionId"] == id && told["stage"] == "running" {
                return;
            }
        }
    }

    async fn verdict(&self) -> Value {
        serde_json::from_slice(&self.wire.get("verdicts").await.body).expect("JSON")
    }

    /// Verdict, number of claims, and tries that failed, of each request.
    async fn history(&self) -> Vec<(String, String, i64, i64)> {
        let mut database =
            sqlx::MySqlConnection::connect(&self.database.url()).await.expect("it is up");
        let select = "SELECT h.request_id, h.verdict, s.fence, s.failed_tries \
                      FROM judge_history h JOIN judge_submission s USING (request_id) ORDER BY id";
        sqlx::query_as(select).fetch_all(&mut database).await.expect("the history")
    }
}

/// One that runs for `seconds`.
fn submission(id: &str, seconds: f64) -> Vec<u8> {
    let source = format!("import time\ntime.sleep({seconds})\nprint('done')\n");
    let message = json!({
        "submissionId": id, "problemId": "sums", "language": "python3", "mode": "custom",
        "stdin": "", "source": source,
    });
    message.to_string().into_bytes()
}

/// Waits until the worker is not ready, for what this condition says.
fn wait_until_it_lacks(worker: &mut Serving, condition: &str) {
    worker.wait_for(&format!("lacking {condition}"), |worker| {
        let (status, report) = worker.try_get("/readyz")?;
        let report: Value = serde_json::from_str(&report).ok()?;
        (status == 503 && report["conditions"][condition]["ok"] == false).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_while_judging_costs_time_and_no_try() {
    let mut scene = Scene::open().await;
    scene.database.kill9();
    // Not there yet: the worker waits for it.
    let mut worker = scene.worker("greta");
    wait_until_it_lacks(&mut worker, "database_reachable");
    scene.database.restart().await;
    worker.wait_until_ready();
    scene.listen().await;

    scene.wire.publish(SUBMISSIONS, &submission("s-1", 3.0)).await;
    scene.until_running("s-1").await;
    scene.database.kill9();
    scene.wire.publish(SUBMISSIONS, &submission("s-2", 0.0)).await;
    worker.wait_for("a judgement that can't be stored", |worker| {
        let waits = |line: Value| {
            line["message"] == "waiting for the database"
                && line["error"].as_str().is_some_and(|error| error.contains("store a judgement"))
        };
        worker.log_lines().any(waits).then_some(())
    });
    wait_until_it_lacks(&mut worker, "database_reachable");
    let queues = scene.rabbit.ctl(&["list_queues", "name", "messages", "--no-table-headers"]);
    let holds =
        |queue: &str, count: &str| queues.lines().any(|line| line == format!("{queue}\t{count}"));
    assert!(holds(SUBMISSIONS, "2"), "nothing is acked: {queues}");
    assert!(holds("judge.retry", "0") && holds("judge.dead", "0"), "nothing is moved: {queues}");

    scene.database.restart().await;
    // Each asks the database again in its own time, so that either may be first.
    let mut told = [scene.verdict().await, scene.verdict().await]
        .map(|told| (told["requestId"].to_string(), told["verdict"].to_string()));
    told.sort();
    assert_eq!(told, ["\"s-1\"", "\"s-2\""].map(|id| (id.to_owned(), "\"AC\"".to_owned())));
    let once = |id: &str| (id.to_owned(), "AC".to_owned(), 1, 0);
    let mut history = scene.history().await;
    history.sort();
    assert_eq!(history, [once("s-1"), once("s-2")], "each was judged once");
    worker.wait_until_ready();
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_away_while_judging_hears_the_verdict_when_it_is_back() {
    let mut scene = Scene::open().await;
    let mut worker = scene.worker("hanna");
    worker.wait_until_ready();
    scene.listen().await;
    scene.wire.publish(SUBMISSIONS, &submission("s-1", 3.0)).await;
    scene.until_running("s-1").await;
    scene.rabbit.kill9();
    wait_until_it_lacks(&mut worker, "broker_connected");
    scene.rabbit.restart();
    scene.wire = Wire::open(&scene.rabbit.url()).await;
    let told = scene.verdict().await;
    assert_eq!((&told["requestId"], &told["verdict"]), (&json!("s-1"), &json!("AC")));
    worker.wait_until_ready();
    assert_eq!(scene.history().await, [("s-1".to_owned(), "AC".to_owned(), 1, 0)]);
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_ends_a_running_program_long_before_its_time_while_others_wait() {
    let scene = Scene::open().await;
    let mut worker = scene.worker("ida");
    worker.wait_until_ready();
    scene.listen().await;
    let own_time = 20.0;
    for number in 0..30 {
        let seconds = if number == 0 { own_time } else { 0.01 };
        scene.wire.publish(SUBMISSIONS, &submission(&format!("s-{number}"), seconds)).await;
    }
    scene.until_running("s-0").await;
    // Others that were fetched with it may have had the slot first; now it is the only one there.
    let mut before = 0;
    while scene.wire.try_get("verdicts").await.is_some() {
        before += 1;
    }
    let cancelled = Instant::now();
    let cancel = br#"{"type":"cancel","submissionId":"s-0"}"#;
    scene.wire.publish_with("judge.control", "", cancel, BasicProperties::default()).await;
    let told = scene.verdict().await;
    println!("told {:?} after the cancel was published", cancelled.elapsed());
    assert_eq!((&told["requestId"], &told["verdict"]), (&json!("s-0"), &json!("CANCELLED")));
    assert!(cancelled.elapsed().as_secs_f64() < own_time, "it was not left to its own end");
    for _ in before + 1..30 {
        assert_eq!(scene.verdict().await["verdict"], "AC");
    }
    let history = scene.history().await;
    assert_eq!(history.iter().filter(|row| row.1 == "CANCELLED").count(), 1);
    assert_eq!(history.len(), 30);
    worker.terminate();
    worker.expect_clean_end();
}
