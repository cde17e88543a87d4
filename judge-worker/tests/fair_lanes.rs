//! One user sends hundreds of submissions, and others hardly notice: real workers, a real broker, a
//! real database. Who is judged after whom is read off the verdicts.

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

use std::collections::BTreeSet;

use judge_worker::message::Submitter;
use mariadb::MariaDb;
use rabbit::Rabbit;
use serde_json::{Value, json};
use servers::Servers;
use serving::Serving;
use sqlx::Connection;
use wire::{Wire, until};

const SUBMISSIONS: &str = "judge.submissions";
const VERDICTS: &str = "verdicts";

/// As many as a worker has unless told otherwise.
const LANES: u16 = 16;

/// A slot, and what is read ahead.
const PLACES: usize = 2;

/// `JUDGE_FAIR_SUBMISSIONS` has one user send more.
fn many() -> usize {
    let number = std::env::var("JUDGE_FAIR_SUBMISSIONS").ok();
    number.map_or(200, |number| number.parse().expect("JUDGE_FAIR_SUBMISSIONS is a number"))
}

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

    fn start(&self, name: &str, more: &[(&str, &str)]) -> Serving {
        let (amqp, mysql) = (self.rabbit.url(), self.database.url());
        let mut settings = vec![
            ("JUDGE_AMQP_URL", amqp.as_str()),
            ("JUDGE_DATABASE_URL", mysql.as_str()),
            ("JUDGE_LEASE_SECONDS", "10"),
            // Equal programs are compiled once: it is the order that counts.
            ("JUDGE_COMPILE_CACHE_MIB", "64"),
            ("JUDGE_CACHE_DIR", "cache"),
        ];
        settings.extend_from_slice(more);
        let mut worker = Serving::start(name, &settings);
        worker.wait_until_ready();
        worker
    }

    /// After the first worker has declared everything.
    async fn listen(&self) {
        self.wire.declare_queue(VERDICTS).await;
        self.wire.bind(VERDICTS, "judge.events", "verdict.#").await;
    }

    async fn submit(&self, user: &str, numbers: std::ops::RangeInclusive<usize>) {
        for number in numbers {
            let message = json!({
                "submissionId": format!("{user}-{number}"), "userId": user, "problemId": "sums",
                "language": "c", "mode": "custom", "stdin": "", "source": SOURCE,
            });
            self.wire.publish(SUBMISSIONS, message.to_string().as_bytes()).await;
        }
    }

    /// The next verdicts, in the order in which they came.
    async fn verdicts(&self, count: usize) -> Vec<Told> {
        let mut told = Vec::new();
        while told.len() < count {
            told.push(Told::of(&self.wire.get(VERDICTS).await.body));
        }
        told
    }

    /// Each request has one row.
    async fn rows(&self) -> BTreeSet<String> {
        let mut root = self.database.root().await;
        let query = sqlx::query_scalar("SELECT submission_id FROM judge.judge_history");
        let rows: Vec<String> = query.fetch_all(&mut root).await.expect("the history");
        root.close().await.expect("the server is up");
        let count = rows.len();
        let rows: BTreeSet<_> = rows.into_iter().collect();
        assert_eq!(rows.len(), count, "a submission was judged twice");
        rows
    }

    async fn until_empty(&self) {
        until("no message waits or is unacked", async || {
            let listed =
                self.rabbit.ctl(&["list_queues", "name", "messages", "--no-table-headers"]);
            let mut queues = listed.lines().filter_map(|line| line.split_once('\t'));
            queues.all(|(name, count)| name == VERDICTS || count == "0")
        })
        .await;
    }
}

const SOURCE: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n";

struct Told {
    submission: String,
    user: String,
    worker: String,
}

impl Told {
    fn of(body: &[u8]) -> Self {
        let verdict: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(verdict["verdict"], "AC", "{verdict}");
        let text = |key: &str| verdict[key].as_str().expect("a text").to_owned();
        Self { submission: text("submissionId"), user: text("userId"), worker: text("worker") }
    }
}

/// Users whose lane is none of these.
fn somebody(name: &str, but: &[&str]) -> String {
    let lane = |name: &str| {
        let body = json!({ "userId": name }).to_string();
        Submitter::of_body(body.as_bytes()).lane(LANES)
    };
    let mut names = (0..).map(|number| format!("{name}{number}"));
    let apart = |name: &String| but.iter().all(|other| lane(other) != lane(name));
    names.find(apart).expect("one of infinitely many")
}

/// How many of a user's were judged before a submission, by the worker that judged it.
fn before(told: &[Told], submission: &str, user: &str) -> usize {
    let place = told.iter().position(|told| told.submission == submission).expect("it is judged");
    let worker = &told[place].worker;
    told[..place].iter().filter(|told| told.user == user && told.worker == *worker).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_one_user_delay_nobody_by_more_than_two_and_nothing_is_lost() {
    let scene = Scene::open().await;
    let (ben, mut worker) = (somebody("ben", &["anna"]), scene.start("one", &[]));
    let cleo = somebody("cleo", &["anna", &ben]);
    scene.listen().await;
    let count = many();

    // All of it is there before anybody looks.
    worker = restarted(worker, async || {
        scene.submit("anna", 1..=count).await;
        scene.submit(&ben, 1..=1).await;
        scene.submit(&cleo, 1..=5).await;
        scene.start("two", &[])
    })
    .await;
    let told = scene.verdicts(count + 6).await;
    assert!(before(&told, &format!("{ben}-1"), "anna") <= PLACES);
    for number in 1..=5 {
        // Her second one has a turn when anna had one since her first, and so on.
        let anna = before(&told, &format!("{cleo}-{number}"), "anna");
        assert!(anna <= PLACES + number, "{anna} before number {number}");
    }

    // Two workers, which are busy with it.
    let other = scene.start("three", &[]);
    scene.submit("anna", count + 1..=2 * count).await;
    let already = drain(&scene).await;
    scene.submit(&ben, 2..=2).await;
    let told = scene.verdicts(count + 1 - already).await;
    let anna = before(&told, &format!("{ben}-2"), "anna");
    println!("{already} were judged before ben came, then {anna} of anna's before his");
    assert!(anna <= PLACES);

    // One dies with anna's in hand, which come from her lane by now.
    scene.submit("anna", 2 * count + 1..=2 * count + 40).await;
    scene.verdicts(20).await;
    worker.note_processes();
    worker.kill9();
    worker.expect_nothing_left();
    until("every submission has its row", async || scene.rows().await.len() == 2 * count + 40 + 7)
        .await;
    scene.until_empty().await;
    other.terminate();
    other.expect_clean_end();
}

/// What was told so far.
async fn drain(scene: &Scene) -> usize {
    let mut count = 0;
    while scene.wire.try_get(VERDICTS).await.is_some() {
        count += 1;
    }
    count
}

/// Another worker, after this one has ended and `meanwhile` has passed.
async fn restarted(worker: Serving, next: impl AsyncFn() -> Serving) -> Serving {
    worker.terminate();
    worker.expect_clean_end();
    next().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_lanes_one_user_delays_everybody() {
    let scene = Scene::open().await;
    let worker = scene.start("alone", &[("JUDGE_LANES", "0")]);
    scene.listen().await;
    scene.submit("anna", 1..=20).await;
    scene.submit("ben", 1..=1).await;
    let told = scene.verdicts(21).await;
    assert_eq!(before(&told, "ben-1", "anna"), 20);
    worker.terminate();
    worker.expect_clean_end();
}
