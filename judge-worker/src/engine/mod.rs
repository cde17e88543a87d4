//! Judging, in a process of its own: the one that holds AMQP and SQL credentials (the *front*) is
//! not the one that touches what programs have touched (the *engine*).
//!
//! ```text
//! front: serve                                 engine: this binary once more
//!   settings, AMQP, SQL, HTTP, outbox            judge-core: slots, cgroups, test data, toolchains
//!   Engine::judge ── Judge #7, sources ────────▶ a thread: Judge::judge
//!                 ◀─ Stage #7 … Judged #7 ──────
//!   supervisor: starts it again when it ends     ends when its socket does
//! ```
//!
//! The engine gets an empty environment, no descriptor but its end of a socket pair (and the log as
//! standard error), and [`EngineSettings`]: no URL, no password, no path of the settings. It can't
//! be asked for what it never had. What it says is judged in turn: frames are bounded, ids must be
//! known, and a judgement must fit its package ([`check`]), so that it can't have hidden data told.
//!
//! When it ends, for whatever reason, what it had in hand is a failure of ours and tried again.
//! When the front ends, however it does, the engine's socket says so, and everything ends with it.
//!
//! `judge`, `verify` and `doctor` judge in their own process ([`setup`]): they are run by hand, on
//! programs that whoever runs them has chosen, and need no credentials.

pub mod check;
pub mod client;
pub mod process;
pub mod protocol;
pub mod setup;
pub mod supervisor;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use judge_core::sandbox::cores::usable_cores;

use crate::config::{LogFormat, Pinning, Settings};

pub use client::{Engine, EngineFailure, EngineState};
pub use process::become_engine_if_asked;
pub use protocol::{Job, JobMode};
pub use setup::{EngineError, cgroup_mode, losses, refuse_exposed, start};

/// All that an engine knows of the settings: nothing that is worth stealing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// A folder of sandbox profiles in place of those built in.
    pub profiles: Option<PathBuf>,
    /// The folder of problem packages.
    pub problems: PathBuf,
    /// How many submissions are judged at one time, 1 to 256.
    pub slots: u32,
    /// The cgroup to make sub-groups in; found by itself if not given.
    pub cgroup_parent: Option<PathBuf>,
    /// Whether to judge without cgroups, less exactly, where there are none.
    pub allow_no_cgroup: bool,
    /// Where temporary files go: the engine has no environment that could tell.
    pub scratch: PathBuf,
    /// Where compiled programs are kept; below `/var/cache` if not given.
    pub cache_dir: Option<PathBuf>,
    /// How much of compiled programs is kept, in bytes; 0: nothing.
    pub compile_cache_bytes: u64,
    /// Whether compilers are prepared, in the same folder.
    pub prepare_compilers: bool,
    /// Whether each slot has a core of its own.
    pub pin_slots: Pinning,
    /// The cores that the worker may use, as it was started. The engine can't ask for them: it is
    /// started anew by a front that has left some to the slots.
    pub cores: Vec<usize>,
    /// Whether a run ends at the first wrong output.
    pub end_at_mismatch: bool,
    /// Which log lines are written: directives of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
}

impl EngineSettings {
    /// The part of `settings` that judging needs.
    pub fn of(settings: &Settings) -> Self {
        Self {
            profiles: settings.profiles.clone(),
            problems: settings.problems.clone(),
            slots: u32::try_from(settings.slots.get()).unwrap_or(u32::MAX),
            cgroup_parent: settings.cgroup_parent.clone(),
            allow_no_cgroup: settings.allow_no_cgroup,
            scratch: std::env::temp_dir(),
            cache_dir: settings.cache_dir.clone(),
            compile_cache_bytes: settings.compile_cache_bytes,
            prepare_compilers: settings.prepare_compilers,
            pin_slots: settings.pin_slots,
            cores: usable_cores().unwrap_or_default(),
            end_at_mismatch: settings.end_at_mismatch,
            log: settings.log.clone(),
            log_format: settings.log_format,
        }
    }
}
