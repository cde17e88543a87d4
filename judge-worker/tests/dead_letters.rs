//! What becomes of submissions that nobody can judge, or that come twice: real workers, a real broker,
//! and the command by which operators see to it.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::process::Output;

use lapin::BasicProperties;
use rabbit::Rabbit;
use serde_json::{Value, json};
use serving::{Serving, judge_worker};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use wire::{Wire, until};

const SUBMISSIONS: &str = "judge.submissions";
const DEAD: &str = "judge.dead";
const UNANSWERED: &str = "judge.dead.unanswered";

/// A broker, a database that all workers share, and a queue that gets every verdict.
struct Scene {
    rabbit: Rabbit,
    dir: TempDir,
    wire: Wire,
}

impl Scene {
    /// With the queues that workers declare, made by the first that comes and goes.
    async fn open() -> Self {
        let rabbit = tokio::task::spawn_blocking(Rabbit::start).await.expect("RabbitMQ starts");
        let dir = tempfile::tempdir().expect("a folder");
        let wire = Wire::open(&rabbit.url()).await;
        Self { rabbit, dir, wire }
    }

    async fn worker(&self, name: &str, settings: &[(&str, &str)]) -> Serving {
        let (amqp, database) = (self.rabbit.url(), self.database());
        let mut all = vec![
            ("JUDGE_AMQP_URL", amqp.as_str()),
            ("JUDGE_DATABASE_URL", database.as_str()),
            // The shortest there is: a test waits for it to run out.
            ("JUDGE_LEASE_SECONDS", "10"),
        ];
        all.extend(settings);
        let mut worker = Serving::start(name, &all);
        worker.wait_until_ready();
        self.wire.declare_queue("verdicts").await;
        self.wire.bind("verdicts", "judge.events", "verdict.#").await;
        worker
    }

    fn database(&self) -> String {
        format!("sqlite://{}", self.dir.path().join("history.sqlite").display())
    }

    async fn verdict(&self) -> Value {
        json_of(&self.wire.get("verdicts").await.body)
    }

    /// Request ids and verdicts of the history, in the order of their rows.
    async fn history(&self) -> Vec<(String, String)> {
        let mut database = SqliteConnection::connect(&self.database()).await.expect("a database");
        let select = "SELECT request_id, verdict FROM judge_history ORDER BY id";
        sqlx::query_as(select).fetch_all(&mut database).await.expect("the history")
    }

    /// How many requests are neither judged nor given up.
    async fn open_claims(&self) -> i64 {
        let mut database = SqliteConnection::connect(&self.database()).await.expect("a database");
        let count = "SELECT COUNT(*) FROM judge_submission WHERE state <> 'finished'";
        sqlx::query_scalar(count).fetch_one(&mut database).await.expect("the claims")
    }

    fn dead(&self, args: &[&str]) -> Output {
        let mut command = judge_worker();
        command.arg("dead").args(args).env("JUDGE_AMQP_URL", self.rabbit.url());
        command.output().expect("the binary can be run")
    }

    /// What `dead … --json` prints, line by line.
    fn dead_json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.dead(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .lines()
            .map(|l| json_of(l.as_bytes()))
            .collect()
    }

    /// Waits until so many letters are dead.
    async fn until_dead(&self, count: usize) {
        until(&format!("{count} dead letters"), async || {
            let listed =
                self.rabbit.ctl(&["list_queues", "name", "messages_ready", "--no-table-headers"]);
            listed.lines().any(|line| line == format!("{DEAD}\t{count}"))
        })
        .await;
    }
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("JSON")
}

fn submission(request: &str, source: &str) -> Vec<u8> {
    let message = json!({
        "requestId": request, "submissionId": format!("s-{request}"), "problemId": "sums",
        "language": "python3", "mode": "custom", "stdin": "", "source": source,
    });
    message.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_see_dead_letters_where_they_are_and_replay_or_drop_them() {
    let scene = Scene::open().await;
    let nothing = tempfile::tempdir().expect("a folder");
    let empty = nothing.path().to_str().expect("UTF-8");
    let worker = scene.worker("without", &[("JUDGE_PROBLEMS", empty)]).await;
    scene.wire.publish(SUBMISSIONS, b"no JSON \x1b[31m").await;
    scene.wire.publish(SUBMISSIONS, &submission("r-1", "print(1)")).await;
    let told = scene.verdict().await;
    assert_eq!((&told["requestId"], &told["verdict"]), (&json!("r-1"), &json!("JE")));
    scene.until_dead(2).await;
    worker.terminate();
    worker.expect_clean_end();

    let listed = scene.dead_json(&["list"]);
    let of = |key: &str| listed.iter().map(|letter| letter[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("reason"), ["not_json", "unknown_problem"]);
    assert_eq!(of("requestId"), [Value::Null, json!("r-1")]);
    assert_eq!(of("deliveries"), [1, 1]);
    assert_eq!(scene.dead_json(&["list"]), listed, "looking changes nothing");
    assert_eq!(scene.dead_json(&["list", "--reason", "not_json"]), listed[..1]);
    let shown = scene.dead(&["show", "@1"]);
    let text = String::from_utf8(shown.stdout).expect("UTF-8");
    assert!(shown.status.success() && text.contains("not_json") && text.contains("no JSON"));
    assert!(!text.contains('\x1b'), "a terminal would obey it: {text:?}");
    let shown = scene.dead_json(&["show", "r-1"]);
    assert_eq!(json_of(shown[0]["body"].as_str().expect("text").as_bytes())["requestId"], "r-1");
    assert_eq!(scene.dead(&["show", "r-2"]).status.code(), Some(1));
    assert_eq!(scene.dead(&["drop"]).status.code(), Some(2), "what to drop is to be said");

    let dropped = scene.dead(&["drop", "@1"]);
    assert!(dropped.status.success());
    let log = String::from_utf8_lossy(&dropped.stderr).into_owned();
    assert!(log.contains("a dead letter is gone") && log.contains("not_json"), "{log}");
    assert!(!log.contains("guest:guest"), "{log}");

    // The problem is there now. A crash between publish and ack leaves the letter in both queues.
    let letter = scene.wire.get(DEAD).await;
    for _ in 0..2 {
        scene.wire.publish_with("", DEAD, &letter.body, letter.properties.clone()).await;
    }
    let replayed = scene.dead_json(&["replay", "--reason", "unknown_problem"]);
    assert_eq!(replayed.len(), 2);
    let new = replayed[0]["newRequestId"].as_str().expect("an id").to_owned();
    assert_eq!(replayed[1]["newRequestId"], new.as_str());
    assert_eq!(scene.dead_json(&["list"]), Vec::<Value>::new());
    let worker = scene.worker("with", &[]).await;
    for _ in 0..2 {
        let told = scene.verdict().await;
        assert_eq!((&told["requestId"], &told["submissionId"]), (&json!(new), &json!("s-r-1")));
        assert_eq!(told["verdict"], "AC", "{told}");
    }
    let history = [("r-1".to_owned(), "JE".to_owned()), (new, "AC".to_owned())];
    assert_eq!(scene.history().await, history);
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_comes_twice_is_judged_once_and_one_with_other_content_is_refused() {
    let scene = Scene::open().await;
    let mut workers = Vec::new();
    for name in ["dora", "emil"] {
        workers.push(scene.worker(name, &[("JUDGE_READ_AHEAD", "0")]).await);
    }
    // Long enough for both workers to have it in hand at one time.
    let slow = "import time\ntime.sleep(1.5)\nprint('once')\n";
    let requests = ["twice-1", "twice-2"];
    for request in requests {
        for _ in 0..2 {
            scene.wire.publish(SUBMISSIONS, &submission(request, slow)).await;
        }
    }
    let mut told = Vec::new();
    while told.len() < 2 * requests.len() {
        told.push(scene.verdict().await);
    }
    for request in requests {
        let of_it: Vec<_> = told.iter().filter(|v| v["requestId"] == request).collect();
        assert_eq!(of_it.len(), 2, "one is the other again");
        assert_eq!(of_it[0], of_it[1]);
        assert_eq!(of_it[0]["verdict"], "AC");
    }
    let met = workers.iter().any(|worker| worker.log().contains("the request is in hand of"));
    assert!(met, "the two workers had one request at one time");

    let unreadable = br#"{"requestId": "twice-1", "submissionId": "s-twice-1"}"#.to_vec();
    let mut unknown = json_of(&submission("twice-1", slow));
    unknown["problemId"] = json!("no-such-problem");
    let others =
        [submission("twice-1", "print('other')\n"), unreadable, unknown.to_string().into_bytes()];
    for other in &others {
        scene.wire.publish(SUBMISSIONS, other).await;
    }
    scene.until_dead(others.len()).await;
    let mut dead = Vec::new();
    while let Some(letter) = scene.wire.try_get(DEAD).await {
        assert_eq!(letter.text("x-judge-reason").as_deref(), Some("conflict"));
        dead.push(letter.body);
    }
    dead.sort();
    let mut others = others.to_vec();
    others.sort();
    assert_eq!(dead, others);
    let mut history = scene.history().await;
    history.sort();
    assert_eq!(history, requests.map(|request| (request.to_owned(), "AC".to_owned())));
    assert!(scene.wire.try_get("verdicts").await.is_none(), "the first verdict stands alone");
    for worker in &workers {
        worker.terminate();
    }
    workers.into_iter().for_each(Serving::expect_clean_end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_gave_up_is_answered_and_buried_once() {
    let scene = Scene::open().await;
    let worker = scene.worker("frida", &[]).await;
    // As the broker moves it; twice, as a crash of whoever answers leaves it.
    for _ in 0..2 {
        let properties = BasicProperties::default().with_message_id("m".into());
        scene.wire.publish_with("", UNANSWERED, &submission("r-1", "print(1)"), properties).await;
    }
    scene.wire.publish(UNANSWERED, b"no JSON").await;
    scene.until_dead(3).await;
    let (first, again) = (scene.verdict().await, scene.verdict().await);
    assert_eq!(first, again, "the same verdict, told again");
    assert_eq!((&first["requestId"], &first["verdict"]), (&json!("r-1"), &json!("JE")));
    assert!(first["historyId"].is_i64() && first["reason"]["text"].is_string(), "{first}");
    assert_eq!(scene.history().await, [("r-1".to_owned(), "JE".to_owned())]);
    assert_eq!(scene.open_claims().await, 0);
    let listed = scene.dead_json(&["list"]);
    let reasons: Vec<_> = listed.iter().map(|letter| letter["reason"].clone()).collect();
    assert_eq!(reasons, ["delivery_limit", "delivery_limit", "not_json"]);
    worker.terminate();
    worker.expect_clean_end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_that_kills_every_worker_is_quarantined_and_the_next_one_is_judged() {
    /// More than any limit.
    const MOST_DEATHS: usize = 12;
    let scene = Scene::open().await;
    let mut worker = scene.worker("victim-0", &[]).await;
    let killer = submission("killer", "import time\ntime.sleep(5)\n");
    scene.wire.publish(SUBMISSIONS, &killer).await;
    let mut deaths = 0;
    let told = loop {
        // Either it is in hand, or somebody has said that nobody will take it in hand.
        let running = tokio::task::block_in_place(|| {
            worker.wait_for("a program or a verdict", |worker| {
                let log = worker.log();
                if log.contains("given up") {
                    return Some(false);
                }
                in_hand(worker).then_some(true)
            })
        });
        if !running {
            break scene.verdict().await;
        }
        worker.kill9();
        worker.expect_nothing_left();
        deaths += 1;
        assert!(deaths <= MOST_DEATHS, "it goes on killing");
        worker = scene.worker(&format!("victim-{deaths}"), &[]).await;
    };
    assert!(1 < deaths, "one death may be anybody's fault");
    assert_eq!((&told["requestId"], &told["verdict"]), (&json!("killer"), &json!("JE")));
    scene.until_dead(1).await;
    let listed = scene.dead_json(&["list"]);
    assert_eq!(listed[0]["reason"], "delivery_limit");
    assert_eq!(listed[0]["answered"], true);

    scene.wire.publish(SUBMISSIONS, &submission("innocent", "print(1)")).await;
    assert_eq!(scene.verdict().await["verdict"], "AC");
    let history = scene.history().await;
    let expected = [("killer", "JE"), ("innocent", "AC")];
    assert_eq!(history, expected.map(|(id, verdict)| (id.to_owned(), verdict.to_owned())));
    assert_eq!(scene.open_claims().await, 0);
    worker.terminate();
    worker.expect_clean_end();
}

/// Whether its metrics say that it has a delivery in hand, and its slot is at work.
fn in_hand(worker: &Serving) -> bool {
    let Some((200, metrics)) = worker.try_get("/metrics") else { return false };
    metrics.lines().any(|line| line == r#"judge_slots{state="busy"} 1"#)
}
