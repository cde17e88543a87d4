//! Settings: a flag, else an environment variable, else a key of `judge.toml`, else a default.
//!
//! Every setting has all three, named alike (`drain_deadline_seconds` is also
//! `--drain-deadline-seconds` and `JUDGE_DRAIN_DEADLINE_SECONDS`); [`SETTINGS`] lists them with
//! their defaults. A wrong value is reported with the place it stands in. An environment variable
//! that is set and empty counts as not set, since Compose files make such.
//!
//! The environment is read here and not by clap, which could not tell a bad flag from a bad variable.
//! Unknown variables are no error, unlike unknown keys: Kubernetes makes some for every service, and
//! one may be called `judge`.

mod args;
mod error;
mod file;
mod lookup;
mod names;
mod secret;
mod value;

use std::{
    collections::BTreeSet, net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration,
};

pub use args::SettingsArgs;
pub use error::SettingsError;
pub use file::ConfigFile;
pub use lookup::Environment;
pub use names::{Kind, SETTINGS, Setting};
pub use secret::SecretUrl;
pub use value::{BrokerName, LogFormat, Pinning, QueueKind};

use crate::message::{MessageLimits, WorkerName};
use lookup::Lookup;

/// All settings, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own for the operator")]
pub struct Settings {
    /// The broker.
    pub amqp_url: SecretUrl,
    /// Where history is kept: `mysql://` or `sqlite://`.
    pub database_url: SecretUrl,
    /// The folder of problem packages, each in a folder named by its problem id.
    pub problems: PathBuf,
    /// How many submissions are judged at one time, 1 to 256.
    pub slots: NonZeroUsize,
    /// Where metrics and health are served.
    pub http_addr: SocketAddr,
    /// This worker's name in verdicts, logs and claims. No two that run at one time share it.
    pub worker_name: WorkerName,
    /// Which log lines are written: directives of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Where submissions come from.
    pub queue: QueueKind,
    /// The largest program, in bytes.
    pub max_source_bytes: usize,
    /// The largest message, in bytes.
    pub max_message_bytes: usize,
    /// Submissions fetched beyond the free slots, 0 to 64.
    pub read_ahead: u16,
    /// How many lanes there are for submissions of users who have more waiting, 0 to 64; 0: none.
    pub lanes: u16,
    /// A claim that was not renewed for this long may be taken by another worker; 10 s to 10 min.
    pub lease: Duration,
    /// After a SIGTERM, what is in hand has this long to finish; 1 s to 25 min, which stays below
    /// the `consumer_timeout` of `RabbitMQ`.
    pub drain_deadline: Duration,
    /// Whether the tests after the first that failed are left out.
    pub stop_at_first_failure: bool,
    /// Whether tests of one submission run at one time on several slots.
    pub parallel_tests: bool,
    /// Whether a run ends at the first wrong output, before it can exceed a limit.
    pub end_at_mismatch: bool,
    /// Whether each slot has a core of its own.
    pub pin_slots: Pinning,
    /// The cgroup to make sub-groups in; found by itself if not given.
    pub cgroup_parent: Option<PathBuf>,
    /// Whether to judge without cgroups, less exactly, where there are none.
    pub allow_no_cgroup: bool,
    /// A folder of sandbox profiles in place of those built in.
    pub profiles: Option<PathBuf>,
    /// Where compiled programs are kept, and what compilers are prepared with. If not given, below `/var/cache`, and nowhere if that can't
    /// be used.
    pub cache_dir: Option<PathBuf>,
    /// How much of compiled programs is kept, in bytes, up to 1 TiB; 0: nothing.
    pub compile_cache_bytes: u64,
    /// Whether compilers are prepared once, so that each compilation takes less time.
    pub prepare_compilers: bool,
    /// What queues and exchanges are called.
    pub queues: QueueNames,
}

/// What queues and exchanges are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueNames {
    /// The queue of live submissions.
    pub submissions: BrokerName,
    /// The queue of bulk work.
    pub rejudge: BrokerName,
    /// The queue that submissions wait in before they are tried again.
    pub retry: BrokerName,
    /// The queue of messages that cannot be judged.
    pub dead: BrokerName,
    /// What the names of the lanes begin with, and the fanout exchange that tells of them.
    pub lane: BrokerName,
    /// The topic exchange of progress and verdicts.
    pub events: BrokerName,
    /// The fanout exchange of control messages.
    pub control: BrokerName,
}

impl Settings {
    /// Reads flags, the environment of this process, and the file that one of them names.
    pub fn load(args: &SettingsArgs) -> Result<Self, SettingsError> {
        let environment = Environment::of_process();
        let path = match &args.config {
            Some(path) => Some(path.clone()),
            None => environment.get("JUDGE_CONFIG")?.map(PathBuf::from),
        };
        let file = path.map(|path| ConfigFile::read(&path)).transpose()?;
        Self::resolve(args, &environment, file.as_ref())
    }

    /// Picks each setting from where it is given first, and checks it.
    pub fn resolve(
        args: &SettingsArgs,
        environment: &Environment,
        file: Option<&ConfigFile>,
    ) -> Result<Self, SettingsError> {
        let from = Lookup { environment, file };
        let settings = Self {
            amqp_url: from.secret(
                ("amqp_url", &args.amqp_url),
                ("amqp_url_file", &args.amqp_url_file),
                secret::amqp,
            )?,
            database_url: from.secret(
                ("database_url", &args.database_url),
                ("database_url_file", &args.database_url_file),
                secret::database,
            )?,
            problems: from.value("problems", &args.problems, value::path)?,
            slots: from.value("slots", &args.slots, value::slots)?,
            http_addr: from.value("http_addr", &args.http_addr, value::address)?,
            worker_name: from.value("worker_name", &args.worker_name, value::worker_name)?,
            log: from.value("log", &args.log, value::log_filter)?,
            log_format: from.value("log_format", &args.log_format, LogFormat::read)?,
            queue: from.value("queue", &args.queue, QueueKind::read)?,
            max_source_bytes: from.value("max_source_bytes", &args.max_source_bytes, |text| {
                value::number(text, 1..=256 * 1024)
            })?,
            max_message_bytes: from.value(
                "max_message_bytes",
                &args.max_message_bytes,
                |text| value::number(text, 1024..=16 * 1024 * 1024),
            )?,
            read_ahead: from
                .value("read_ahead", &args.read_ahead, |text| value::number(text, 0..=64))?,
            lanes: from.value("lanes", &args.lanes, |text| value::number(text, 0..=64))?,
            lease: from.value("lease_seconds", &args.lease_seconds, |text| {
                value::seconds(text, 10..=600)
            })?,
            drain_deadline: from.value(
                "drain_deadline_seconds",
                &args.drain_deadline_seconds,
                |text| value::seconds(text, 1..=1500),
            )?,
            stop_at_first_failure: from.value(
                "stop_at_first_failure",
                &args.stop_at_first_failure,
                value::switch,
            )?,
            parallel_tests: from.value("parallel_tests", &args.parallel_tests, value::switch)?,
            end_at_mismatch: from.value("end_at_mismatch", &args.end_at_mismatch, value::switch)?,
            pin_slots: from.value("pin_slots", &args.pin_slots, Pinning::read)?,
            cgroup_parent: from.value(
                "cgroup_parent",
                &args.cgroup_parent,
                value::optional_path,
            )?,
            allow_no_cgroup: from.value("allow_no_cgroup", &args.allow_no_cgroup, value::switch)?,
            profiles: from.value("profiles", &args.profiles, value::optional_path)?,
            cache_dir: from.value("cache_dir", &args.cache_dir, value::optional_path)?,
            compile_cache_bytes: from.value(
                "compile_cache_mib",
                &args.compile_cache_mib,
                |text| value::number(text, 0..=1 << 20).map(|mib: u64| mib << 20),
            )?,
            prepare_compilers: from.value(
                "prepare_compilers",
                &args.prepare_compilers,
                value::switch,
            )?,
            queues: QueueNames::resolve(args, &from)?,
        };
        settings.check_together()
    }

    /// What a message may hold under these settings.
    pub fn message_limits(&self) -> MessageLimits {
        MessageLimits {
            max_message_bytes: self.max_message_bytes,
            max_source_bytes: self.max_source_bytes,
            ..MessageLimits::default()
        }
    }

    fn check_together(self) -> Result<Self, SettingsError> {
        if self.max_message_bytes < self.max_source_bytes {
            return Err(SettingsError::MessageBelowSource {
                message: self.max_message_bytes,
                source_bytes: self.max_source_bytes,
            });
        }
        let QueueNames { submissions, rejudge, retry, dead, .. } = &self.queues;
        let mut seen = BTreeSet::new();
        if let Some(name) =
            [submissions, rejudge, retry, dead].into_iter().find(|n| !seen.insert(*n))
        {
            return Err(SettingsError::QueueTwice { name: name.to_string() });
        }
        Ok(self)
    }
}

impl QueueNames {
    fn resolve(args: &SettingsArgs, from: &Lookup<'_>) -> Result<Self, SettingsError> {
        let name = |key, flag: &Option<String>| from.value(key, flag, BrokerName::read);
        Ok(Self {
            submissions: name("queues.submissions", &args.queues_submissions)?,
            rejudge: name("queues.rejudge", &args.queues_rejudge)?,
            retry: name("queues.retry", &args.queues_retry)?,
            dead: name("queues.dead", &args.queues_dead)?,
            lane: name("queues.lane", &args.queues_lane)?,
            events: name("queues.events", &args.queues_events)?,
            control: name("queues.control", &args.queues_control)?,
        })
    }
}
