//! What happened in a run: facts, without what they mean.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// The facts of one run.
#[derive(Debug)]
pub struct Outcome {
    /// Why there is an end.
    pub termination: Termination,
    /// How the first process ended, whoever ended it. With a [`Termination`] by a limit it is
    /// mostly the signal 9 that we sent.
    pub exit: Exit,
    /// What was used.
    pub usage: Usage,
    /// The first bytes of standard error, at most [`STDERR_KEPT`].
    pub stderr: Vec<u8>,
    /// The files asked for ([`super::Collect`]), in the order of the names; those missing are not
    /// there. None at all where there are more than [`super::MAX_FILES`], or more than
    /// [`super::MAX_COLLECTED_BYTES`] in them.
    pub files: Vec<(String, Arc<SealedFile>)>,
}

/// How much of standard error an outcome keeps, in bytes.
pub const STDERR_KEPT: usize = 64 * 1024;

/// Why a run ended. Where several reasons came together, the first that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Termination {
    /// The first process ended by itself, or by a signal not ours.
    OfItself,
    /// We ended it: more CPU time than [`super::Limits::cpu`].
    CpuLimit,
    /// We ended it: more time than [`super::Limits::wall`].
    WallLimit,
    /// We ended it: more output than [`super::Limits::output_bytes`].
    OutputLimit,
    /// We ended it after the kernel found no memory within [`super::Limits::memory_bytes`].
    MemoryLimit,
    /// It asked for a system call that the profile forbids; the name as in `syscalls(2)`.
    ForbiddenCall(String),
    /// The reader of its output needed no more ([`super::Flow::Stop`]).
    SinkStopped,
    /// The caller withdrew the run ([`super::Cancel`]).
    Cancelled,
}

/// What a run used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// User plus system time of the whole tree.
    pub cpu: Duration,
    /// From exec to the last process gone.
    pub wall: Duration,
    /// Peak of the whole tree, less the page cache of read-only files that happened to be charged
    /// to it: which run reads a shared library first must not change its figure.
    pub memory_bytes: u64,
    /// Standard output plus standard error that was read.
    pub output_bytes: u64,
    /// How often the kernel killed for want of memory; one event may count twice.
    pub oom_kills: u64,
    /// How often a fork or clone was refused by the limit on processes.
    pub forks_refused: u64,
    /// Whether memory and processes were bounded by a cgroup, or not at all (a host without).
    pub cgroup_enforced: bool,
}
