//! Broker and database, and everybody who is no worker: who publishes, who listens, who keeps books.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use lapin::BasicProperties;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    books::{Books, Told},
    database::{Address, Database, port_of},
    proxy::Proxy,
    rabbit::Rabbit,
    wire::Wire,
    work::Request,
};

const SUBMISSIONS: &str = "judge.submissions";
/// Gets every verdict, and is read in the end.
const VERDICTS: &str = "verdicts";
/// Gets every event, and is read at once.
const WATCH: &str = "watch";

/// Longest wait for all to be settled after the last failure: leases, back-off and the outbox.
const CALM: Duration = Duration::from_mins(4);

/// Between two looks.
const NAP: Duration = Duration::from_millis(100);

/// How often each server died.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restarts {
    pub broker: usize,
    pub database: usize,
}

pub struct Scene {
    rabbit: Option<Rabbit>,
    database: Database,
    publisher: Option<Wire>,
    finished: usize,
    watched: Arc<Mutex<Watched>>,
    pub restarts: Restarts,
}

/// What somebody saw who was there all the time.
#[derive(Debug, Default)]
struct Watched {
    progress: Vec<Value>,
    /// Reports as they were when their verdict was told.
    reports: BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Scene {
    pub async fn open(database: Database) -> Self {
        let rabbit = tokio::task::spawn_blocking(Rabbit::start);
        Self {
            rabbit: Some(rabbit.await.expect("RabbitMQ starts")),
            database,
            publisher: None,
            finished: 0,
            watched: Arc::default(),
            restarts: Restarts::default(),
        }
    }

    /// To the broker, and to the database if it is at the end of one.
    pub async fn wires(&self) -> (Proxy, Option<Proxy>) {
        (Proxy::to(port_of(&self.rabbit().url())).await, self.database.wire().await)
    }

    pub fn amqp_password(&self) -> String {
        let url = self.rabbit().url();
        let (_, rest) = url.split_once("://").expect("a URL");
        rest.split_once('@').expect("a password").0.to_owned()
    }

    pub fn database(&self) -> Address {
        self.database.address()
    }

    /// Once the workers have declared everything: queues for what is told, and somebody who looks.
    pub async fn listen(&mut self) {
        let wire = Wire::open(&self.rabbit().url()).await;
        for (queue, key) in [(VERDICTS, "verdict.#"), (WATCH, "#")] {
            wire.declare_queue(queue).await;
            wire.bind(queue, "judge.events", key).await;
        }
        self.rabbit().sync_queues();
        let (amqp, database) = (self.rabbit().url(), self.database());
        tokio::spawn(watch(amqp, database, Arc::clone(&self.watched)));
    }

    /// Publishes a message until the broker confirms it: it may arrive twice because of that.
    pub async fn publish(&mut self, message: &[u8]) {
        loop {
            let Some(wire) = self.publisher.take() else {
                match Wire::try_open(&self.rabbit().url()).await {
                    Ok(wire) => self.publisher = Some(wire),
                    Err(_) => sleep(NAP).await,
                }
                continue;
            };
            let properties = BasicProperties::default().with_message_id("not ours".into());
            let published = wire.try_publish("", SUBMISSIONS, message, properties);
            if let Ok(Ok(true)) = timeout(Duration::from_secs(10), published).await {
                self.publisher = Some(wire);
                return;
            }
        }
    }

    /// How many requests have a row. While the database is away, as many as before.
    pub async fn finished(&mut self) -> usize {
        if let Ok(count) = self.database().finished().await {
            self.finished = count;
        }
        self.finished
    }

    pub async fn restart_broker(&mut self) -> String {
        let mut rabbit = self.rabbit.take().expect("it is there");
        let restarted = tokio::task::spawn_blocking(move || {
            rabbit.kill9();
            rabbit.restart();
            rabbit
        });
        self.rabbit = Some(restarted.await.expect("it starts again"));
        self.publisher = None;
        self.restarts.broker += 1;
        "the broker was killed, and is back".to_owned()
    }

    pub async fn fail_database(&mut self, pause: Duration) -> String {
        self.restarts.database += 1;
        self.database.fail(pause).await
    }

    /// Waits until every request has its row, and no queue holds anything that is still to be done.
    pub async fn until_settled(&mut self, requests: &[Request]) {
        let deadline = Instant::now() + CALM;
        loop {
            let (finished, open) = (self.finished().await, self.unfinished().await);
            let queues = self.busy_queues();
            if requests.len() <= finished && open == 0 && queues.is_empty() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{finished} of {} are finished, {open} claims or events are open, {queues:?}",
                requests.len()
            );
            sleep(Duration::from_secs(2)).await;
        }
    }

    /// Queues with something in it that is not for us, in hand of somebody or not.
    fn busy_queues(&self) -> Vec<String> {
        let listed = self.rabbit().ctl(&["list_queues", "name", "messages", "--no-table-headers"]);
        let ours = [VERDICTS, WATCH, "judge.dead"];
        let queues = listed.lines().filter_map(|line| line.split_once('\t'));
        let busy = queues.filter(|(name, count)| !ours.contains(name) && *count != "0");
        busy.map(|(name, count)| format!("{name}: {count}")).collect()
    }

    async fn unfinished(&self) -> i64 {
        self.database().unfinished().await.expect("the database is up")
    }

    /// When nothing happens any more.
    pub async fn books(&self, requests: Vec<Request>) -> Books {
        let wire = Wire::open(&self.rabbit().url()).await;
        let rows = self.database().rows().await.expect("the history");
        let (verdicts, dead) = (drain(&wire, VERDICTS).await, drain(&wire, "judge.dead").await);
        let unfinished = self.unfinished().await;
        let watched = std::mem::take(&mut *self.watched.lock().expect("nobody panics with it"));
        let Watched { progress, reports: seen, wrong } = watched;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Books { requests, rows, unfinished, verdicts, progress, dead, seen }
    }

    fn rabbit(&self) -> &Rabbit {
        self.rabbit.as_ref().expect("it is there")
    }
}

async fn drain(wire: &Wire, queue: &str) -> Vec<Told> {
    let mut all = Vec::new();
    while let Some(stored) = wire.try_get(queue).await {
        all.push(Told {
            message_id: stored.properties.message_id().as_ref().map(ToString::to_string),
            reason: stored.text("x-judge-reason"),
            body: serde_json::from_slice(&stored.body).unwrap_or_default(),
        });
    }
    all
}

/// Looks at every event as it comes: the row of a verdict must be there by then, and stays as it is.
async fn watch(amqp: String, database: Address, watched: Arc<Mutex<Watched>>) {
    let mut known = BTreeSet::new();
    loop {
        let Ok(wire) = Wire::try_open(&amqp).await else {
            sleep(NAP).await;
            continue;
        };
        // An event that is lost on its way to us when the broker dies is lost to nobody else.
        while let Ok(next) = wire.look(WATCH).await {
            let Some(stored) = next else {
                sleep(NAP).await;
                continue;
            };
            let event: Value = serde_json::from_slice(&stored.body).expect("JSON");
            if event["type"] == "progress" {
                watched.lock().expect("nobody panics with it").progress.push(event);
                continue;
            }
            let id = event["requestId"].as_str().unwrap_or_default().to_owned();
            if known.insert(id.clone()) {
                let report = report_of(&database, &id).await;
                let mut watched = watched.lock().expect("nobody panics with it");
                match report {
                    Some(report) => drop(watched.reports.insert(id, report)),
                    None => watched.wrong.push(format!("a verdict before its row: {event}")),
                }
            }
        }
    }
}

/// As soon as the database is there to say so.
async fn report_of(database: &Address, id: &str) -> Option<String> {
    loop {
        match database.report_of(id).await {
            Ok(found) => return found,
            Err(_) => sleep(NAP).await,
        }
    }
}
