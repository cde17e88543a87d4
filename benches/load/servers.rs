//! What the load goes through: servers and workers of our own, or those that are there.

#[path = "../../judge-worker/tests/support/mariadb.rs"]
mod mariadb;
#[path = "../../judge-worker/tests/support/rabbit.rs"]
mod rabbit;

use std::path::Path;

use judge_benches::Fallible;
use judge_benches::worker::{self, Worker};
use mariadb::MariaDb;
use rabbit::Rabbit;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Who takes the submissions.
pub enum Servers {
    /// Private servers and workers, on free ports of the loopback.
    Private(Box<Private>),
    /// A broker on which workers serve already.
    Existing {
        /// Where it is.
        broker: String,
        /// Where its workers tell their metrics.
        metrics: Vec<String>,
    },
}

/// What is dropped first comes first: workers lose neither broker nor database.
pub struct Private {
    workers: Vec<Worker>,
    broker: Rabbit,
    _database: Option<MariaDb>,
    _dir: TempDir,
}

/// What is started.
pub struct Wanted<'a> {
    pub binary: &'a Path,
    pub workers: usize,
    /// Of each worker.
    pub slots: usize,
    /// `mariadb`, `sqlite`, or the URL of a database.
    pub database: &'a str,
}

impl Servers {
    /// Starts everything, and waits until the workers are ready and compilers are prepared.
    pub fn start(wanted: &Wanted<'_>, runtime: &Runtime) -> Fallible<Self> {
        let dir = tempfile::tempdir()?;
        let cache = dir.path().join("cache");
        worker::prepare_compilers(&cache)?;
        let broker = Rabbit::start();
        let mut own_database = None;
        let database = match wanted.database {
            "mariadb" => own_database.insert(runtime.block_on(MariaDb::start())).url(),
            "sqlite" => format!("sqlite://{}", dir.path().join("history.sqlite").display()),
            url => url.to_owned(),
        };
        let settings = [
            ("JUDGE_AMQP_URL", broker.url()),
            ("JUDGE_DATABASE_URL", database),
            ("JUDGE_SLOTS", wanted.slots.to_string()),
            ("JUDGE_CACHE_DIR", cache.display().to_string()),
            ("JUDGE_LOG", "warn,judge_worker=info".into()),
        ];
        let workers = (0..wanted.workers)
            .map(|number| Worker::start(wanted.binary, &format!("load-{number}"), &settings))
            .collect::<Fallible<_>>()?;
        Ok(Self::Private(Box::new(Private { workers, broker, _database: own_database, _dir: dir })))
    }

    /// The broker's URL.
    pub fn broker(&self) -> String {
        match self {
            Self::Private(private) => private.broker.url(),
            Self::Existing { broker, .. } => broker.clone(),
        }
    }

    /// What each worker says of itself now.
    pub fn metrics(&self) -> Fallible<Vec<String>> {
        match self {
            Self::Private(private) => private.workers.iter().map(Worker::metrics).collect(),
            Self::Existing { metrics, .. } => metrics.iter().map(|url| worker::get(url)).collect(),
        }
    }

    /// Ends what was started. Fails when a worker does not end well.
    pub fn finish(self) -> Fallible<()> {
        match self {
            Self::Private(mut private) => private.workers.drain(..).try_for_each(Worker::finish),
            Self::Existing { .. } => Ok(()),
        }
    }
}
