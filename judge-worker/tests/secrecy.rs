//! Secrecy end to end: hidden inputs, hidden answers, validators and passwords carry random canaries;
//! after a real worker has judged honest and hostile submissions, none occurs in anything that it
//! wrote, sent, stored or left, nor in anything that a later program could read.
//!
//! ```text
//! packages (canaries) ──▶ serve ◀── submissions that print, throw, stash, forge … what they read
//!                           │
//!    every queue and exchange, log at its most verbose, /metrics, every table, files, cores, a probe
//!                           └──▶ no canary of a hidden test, of a validator, of a password;
//!                                those of public tests where they belong, so the search is not blind
//! ```

#[path = "secrecy/canary.rs"]
mod canary;
#[path = "support/mariadb.rs"]
mod mariadb;
#[path = "secrecy/packages.rs"]
mod packages;
#[path = "secrecy/places.rs"]
mod places;
#[path = "secrecy/programs.rs"]
mod programs;
#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/serving.rs"]
mod serving;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use canary::{Aviary, Kind, Trace, sightings};
use judge_worker::engine::process::ARGV0 as ENGINE;
use lapin::BasicProperties;
use mariadb::MariaDb;
use nix::{
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};
use packages::Shape;
use places::SharedPlaces;
use programs::Submission;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rabbit::Rabbit;
use serde_json::Value;
use serving::Serving;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};
use wire::{Stored, Wire};

/// A worker is started for each, and judges all submissions: several seconds.
const CASES: u32 = 2;

/// The queue that hears all events.
const HEARD: &str = "heard";

#[derive(Clone, Copy, Debug)]
struct Case {
    seed: u64,
    shape: Shape,
    /// The submission that comes first.
    first: usize,
    /// Whether tests after a failure are run too.
    all_tests: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let padding = prop_oneof![Just(0_usize), Just(3000)];
    let shape = (padding, 1..=2_usize, any::<bool>())
        .prop_map(|(padding, hidden_tests, strict)| Shape { padding, hidden_tests, strict });
    (any::<u64>(), shape, 0..100_usize, any::<bool>())
        .prop_map(|(seed, shape, first, all_tests)| Case { seed, shape, first, all_tests })
}

#[test]
fn nothing_that_judging_writes_or_leaves_holds_hidden_data_or_a_password() {
    let_cores_be_dumped();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rabbit = Rabbit::start();
    let database = runtime.block_on(MariaDb::start());
    let services = Services { rabbit, database };
    // Shrinking would start many workers; the canaries say by themselves where they come from.
    let config = Config {
        cases: CASES,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&cases(), |case| {
        println!("{case:?}");
        runtime.block_on(judge_and_search(case, &services));
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

struct Services {
    rabbit: Rabbit,
    database: MariaDb,
}

async fn judge_and_search(case: Case, services: &Services) {
    let mut canaries = Aviary::new(case.seed);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let packages = packages::write(dir.path(), case.shape, &mut canaries);
    let submissions = programs::all(case.first, &packages.wanted, &mut canaries);
    let probe = programs::probe(&mut canaries);

    let account = Account::open(services, &mut canaries).await;
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let shared = SharedPlaces::now();
    let stop_at_first_failure = (!case.all_tests).to_string();
    let path = |path: &Path| path.to_str().expect("a temporary folder has such a name").to_owned();
    let (temporary_path, problems) = (path(temporary.path()), path(&packages.dir));
    let mut worker = Serving::start(
        "keeper",
        &[
            ("JUDGE_AMQP_URL", &account.amqp),
            ("JUDGE_DATABASE_URL", &account.mysql),
            ("JUDGE_PROBLEMS", &problems),
            ("JUDGE_LOG", "trace"),
            ("JUDGE_STOP_AT_FIRST_FAILURE", &stop_at_first_failure),
            ("TMPDIR", &temporary_path),
        ],
    );
    worker.wait_until_ready();
    fs::remove_file(&packages.vanishing).expect("it was written");

    let wire = Wire::open(&services.rabbit.url()).await;
    wire.declare_queue(HEARD).await;
    wire.bind(HEARD, "judge.events", "#").await;
    wire.bind(HEARD, "judge.control", "").await;
    let mut heard = Heard::default();
    for submission in &submissions {
        submission.send(&wire).await;
    }
    heard.verdicts_of(&submissions, &wire).await;
    worker.wait_for("putting off what it cannot read", |worker| {
        worker
            .log()
            .contains("cannot read the answer of test 2 of the problem vanishing")
            .then_some(())
    });
    probe.send(&wire).await;
    heard.verdicts_of([&probe], &wire).await;

    let mut traces = places::http(&worker);
    let children = places::children(&worker);
    assert!(!children.is_empty(), "the slot's init waits for its next program");
    traces.extend(children);
    let own_environment = fs::read(format!("/proc/{}/environ", worker.pid())).expect("it runs");
    abort_engine(&mut worker);
    worker.abort();
    traces.extend(places::files_below(worker.dir()));
    traces.extend(places::files_below(temporary.path()));
    traces.extend(SharedPlaces::now().new_since(&shared));
    let mut root = services.database.root().await;
    traces.extend(places::tables(&mut root, &account.database).await);
    root.close().await.expect("the server is up");
    let queued = places::queues(&services.rabbit, &wire).await;

    heard.each_is_as_expected(&submissions, &worker.log());
    found_nothing_but_its_own_input(&heard.verdicts["probe"]);
    heard.nobody_is_told_of_another(&submissions);
    public_data_are_where_they_belong(&heard, &traces);
    let environment = [Trace::new("its own environment", own_environment)];
    assert_eq!(sightings(Kind::Credential, &environment).len(), 1, "the search is blind");

    // Programs and public data stand in messages and in the tables that are made of them.
    let mut found = [Kind::Source, Kind::Public]
        .map(|kind| sightings(kind, &traces))
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    found.retain(|sighting| !sighting.is_in("judge_history.report"));
    found.retain(|sighting| !sighting.is_in("judge_public_test."));
    traces.extend(queued);
    traces.extend(heard.traces);
    found
        .extend([Kind::Hidden, Kind::Credential].iter().flat_map(|kind| sightings(*kind, &traces)));
    assert!(found.is_empty(), "{case:?}: found {found:#?}");
}

/// Has the process that holds hidden data die as of a bug of its own.
fn abort_engine(worker: &mut Serving) {
    let is_engine = |(pid, _): &(i32, u64)| {
        let name = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        name.starts_with(ENGINE.as_bytes())
    };
    let engine = worker.descendants().into_iter().find(is_engine).expect("the worker's engine");
    kill(Pid::from_raw(engine.0), Signal::SIGABRT).expect("it runs");
    worker.wait_for("the end of its engine", |worker| {
        (!worker.descendants().contains(&engine)).then_some(())
    });
}

/// A user of the broker and one of the database, with passwords that are canaries.
struct Account {
    amqp: String,
    mysql: String,
    database: String,
}

impl Account {
    async fn open(services: &Services, canaries: &mut Aviary) -> Self {
        let password = canaries.hatch(Kind::Credential);
        let id = password[Kind::Credential.mark().len()..][..8].to_owned();
        let user = format!("user{id}");
        services.rabbit.ctl(&["add_user", &user, &password]);
        services.rabbit.ctl(&["set_permissions", "-p", "/", &user, ".*", ".*", ".*"]);
        let amqp = services.rabbit.url_as(&user, &password);

        let password = canaries.hatch(Kind::Credential);
        let database = format!("judge_{id}");
        let mut root = services.database.root().await;
        for statement in [
            format!("CREATE DATABASE {database}"),
            format!("CREATE USER {user}@127.0.0.1 IDENTIFIED BY '{password}'"),
            format!("GRANT ALL ON {database}.* TO {user}@127.0.0.1"),
        ] {
            run(&mut root, statement).await;
        }
        root.close().await.expect("the server is up");
        let url = services.database.url();
        let (_, place) = url.rsplit_once('@').expect("it names a user");
        let (host, _) = place.split_once('/').expect("it names a database");
        Self { amqp, mysql: format!("mysql://{user}:{password}@{host}/{database}"), database }
    }
}

async fn run(root: &mut MySqlConnection, statement: String) {
    root.execute(AssertSqlSafe(statement)).await.expect("root may do anything");
}

impl Submission {
    async fn send(&self, wire: &Wire) {
        let body = self.message.to_string().into_bytes();
        let properties = BasicProperties::default().with_correlation_id(self.id.as_str().into());
        wire.publish_with("", "judge.submissions", &body, properties).await;
    }
}

/// What the worker has said to the world.
#[derive(Default)]
struct Heard {
    traces: Vec<Trace>,
    verdicts: BTreeMap<String, Value>,
}

impl Heard {
    /// Listens until each that is to have a verdict has one.
    async fn verdicts_of(
        &mut self,
        submissions: impl IntoIterator<Item = &Submission>,
        wire: &Wire,
    ) {
        let judged = submissions.into_iter().filter(|submission| submission.verdict.is_some());
        let mut missing: BTreeSet<&str> = judged.map(|submission| submission.id.as_str()).collect();
        while !missing.is_empty() {
            let stored: Stored = wire.get(HEARD).await;
            let event: Value = serde_json::from_slice(&stored.body).expect("an event is JSON");
            self.traces.push(places::message(&stored.routing_key, &stored));
            if event["type"] == "verdict" {
                let id = event["submissionId"].as_str().expect("an id").to_owned();
                missing.remove(id.as_str());
                self.verdicts.insert(id, event);
            }
        }
    }

    /// The programs did with hidden data what they are for, and the log was not silent about it.
    fn each_is_as_expected(&self, submissions: &[Submission], log: &str) {
        for submission in submissions {
            let Some(expected) = submission.verdict else { continue };
            let id = &submission.id;
            let verdict = &self.verdicts[id];
            assert_eq!(verdict["verdict"], expected, "{id}: {verdict}");
            assert!(log.contains(id.as_str()), "the log does not mention {id}");
            let tests = verdict["tests"].as_array().expect("a list");
            let hidden = tests.iter().filter(|test| test["visibility"] == "hidden");
            let without = ["include", "incbin", "unbuildable", "mistaken", "checked-crash-public"];
            if !without.contains(&id.as_str()) {
                let codes: BTreeSet<_> =
                    hidden.map(|test| test["verdict"].as_str().expect("a code")).collect();
                assert_eq!(codes, BTreeSet::from([expected]), "{id}: {verdict}");
            }
        }
    }

    fn nobody_is_told_of_another(&self, submissions: &[Submission]) {
        for (id, verdict) in &self.verdicts {
            let verdict = verdict.to_string();
            for other in submissions.iter().filter(|submission| submission.id != *id) {
                assert!(!verdict.contains(&other.canary), "{id} is told of {}", other.id);
            }
        }
    }
}

fn found_nothing_but_its_own_input(verdict: &Value) {
    let said = verdict["tests"][0]["actual"].as_str().expect("a public test's output");
    assert!(!said.contains("found"), "a program can read what others have left: {said}");
    assert!(said.starts_with("own standard input\n") && said.ends_with("looked\n"), "{said}");
}

/// Without this, a search that finds nothing anywhere would pass.
fn public_data_are_where_they_belong(heard: &Heard, traces: &[Trace]) {
    let mark = Kind::Public.mark();
    let right = &heard.verdicts["right"]["tests"][0];
    for key in ["input", "expected", "actual"] {
        assert!(right[key].as_str().is_some_and(|data| data.contains(mark)), "{key}: {right}");
    }
    let checked = &heard.verdicts["checked-right"]["tests"][0];
    assert!(
        checked["checkerMessage"].as_str().is_some_and(|said| said.contains(mark)),
        "{checked}"
    );
    let abort = &heard.verdicts["abort"]["tests"][0];
    assert!(abort["stderr"].as_str().is_some_and(|said| said.contains(mark)), "{abort}");
    let include = &heard.verdicts["include"]["compile"];
    let own = Kind::Source.mark();
    assert!(include["output"].as_str().is_some_and(|said| said.contains(own)), "{include}");

    let found = sightings(Kind::Public, traces);
    for column in ["judge_public_test.input", "judge_public_test.answer", "judge_history.report"] {
        assert!(found.iter().any(|sighting| sighting.is_in(column)), "{column}: {found:#?}");
    }
}

/// Allows cores as far as this process may, which children inherit, and proves that one would be seen.
fn let_cores_be_dumped() {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").expect("/proc is mounted");
    if pattern.starts_with(['|', '/']) {
        eprintln!("cores are not looked for: this host has them go to {pattern}");
        return;
    }
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).expect("a limit");
    setrlimit(Resource::RLIMIT_CORE, most, most).expect("the soft limit may be raised");
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut dying = Command::new("sh");
    dying.args(["-c", "kill -ABRT $$"]).current_dir(dir.path());
    dying.status().expect("there is a shell");
    let cores = fs::read_dir(dir.path()).expect("the folder").count();
    assert_eq!(cores, 1, "a process that aborts leaves a core here");
}
