//! Makes values of texts. Each function fails with what it expected.

use std::{
    fmt, fs, net::SocketAddr, num::NonZeroUsize, ops::RangeInclusive, path::PathBuf, process,
    thread, time::Duration,
};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::message::WorkerName;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("text or json".to_owned()),
        }
    }
}

/// Whether each slot has a core of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pinning {
    /// Where each can have one.
    Auto,
    /// Yes; where one can't have one, nothing is judged.
    On,
    /// No.
    Off,
}

impl Pinning {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("auto, on or off".to_owned()),
        }
    }
}

/// Where submissions come from and where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// A broker.
    Amqp,
    /// Standard input and output, one message a line.
    Stdio,
}

impl QueueKind {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "amqp" => Ok(Self::Amqp),
            "stdio" => Ok(Self::Stdio),
            _ => Err("amqp or stdio".to_owned()),
        }
    }
}

/// The name of a queue or an exchange: 1 to 127 visible ASCII characters, not one of the broker's
/// own, which begin with `amq.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokerName(String);

impl BrokerName {
    /// AMQP has 255 bytes for a name; the rest is left for suffixes, such as a delay's.
    const MAX_BYTES: usize = 127;

    pub(super) fn read(text: &str) -> Result<Self, String> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.starts_with("amq.");
        fits.then(|| Self(text.to_owned())).ok_or_else(|| {
            format!("1 to {} visible ASCII characters, not beginning with amq.", Self::MAX_BYTES)
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BrokerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A whole number within inclusive bounds.
pub(super) fn number<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

pub(super) fn seconds(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
    number(text, range).map(Duration::from_secs)
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    optional_path(text)?.ok_or_else(|| "a path".to_owned())
}

/// An empty text stands for none.
pub(super) fn optional_path(text: &str) -> Result<Option<PathBuf>, String> {
    match text {
        "" => Ok(None),
        text if text.contains('\0') => Err("a path without a NUL byte".to_owned()),
        text => Ok(Some(PathBuf::from(text))),
    }
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port, like 127.0.0.1:9464 or [::]:9464".to_owned())
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err("a log level or directives, like info or warn,judge_worker=debug".to_owned()),
    }
}

/// 0 stands for one slot a usable core.
pub(super) fn slots(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: u64 = 256;
    match NonZeroUsize::new(number(text, 0..=MOST)?) {
        Some(slots) => Ok(slots),
        // Looks at the affinity mask and at the CPU quota of the cgroup.
        None => Ok(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
    }
}

/// An empty text stands for the host's name and the process id.
pub(super) fn worker_name(text: &str) -> Result<WorkerName, String> {
    let name = if text.is_empty() { default_worker_name() } else { text.to_owned() };
    WorkerName::new(name).map_err(|_| {
        let max = WorkerName::MAX_BYTES;
        format!("1 to {max} of A-Z a-z 0-9 _ : . -, beginning with a letter or a digit")
    })
}

/// A host name has at most 64 bytes on Linux, and may be anything (`sethostname(2)`).
fn default_worker_name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String =
        host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    let host = host.trim_start_matches('-');
    let host = if host.is_empty() { "worker" } else { host };
    format!("{host}-{}", process::id())
}
