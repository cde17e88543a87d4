//! What one run may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one run may use. Bounds are inclusive: a run that ends at exactly the bound has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// User plus system time of the whole process tree, from the cgroup. Watched while the run
    /// lasts, judged by the exact figure at its end; `RLIMIT_CPU` one second above is the net below.
    pub cpu: Duration,
    /// From exec to the last process gone, on the monotonic clock. Larger than `cpu`, it catches
    /// programs that wait for something that never comes; so time in which they waited for a CPU
    /// does not count, and a program that ends by itself is not judged by it.
    pub wall: Duration,
    /// Of the whole process tree, tmpfs and kernel memory included; swap is off. The kernel
    /// enforces it (`memory.max`, v1 `memory.limit_in_bytes`); page cache of read-only files is
    /// reclaimed first.
    pub memory_bytes: u64,
    /// Standard output plus standard error, counted as they are read.
    pub output_bytes: u64,
    /// Processes and threads alive at once (`pids.max`). Above, `fork(2)` fails with `EAGAIN`.
    pub processes: u32,
    /// Descriptors per process (`RLIMIT_NOFILE`). Above, `open(2)` fails with `EMFILE`.
    pub open_files: u32,
    /// Size of one file (`RLIMIT_FSIZE`). Writing beyond raises `SIGXFSZ`.
    pub file_size_bytes: u64,
    /// Stack of the main thread (`RLIMIT_STACK`). Growing beyond raises `SIGSEGV`.
    pub stack_bytes: u64,
}

/// A wall limit that no honest program of this CPU limit meets even on a crowded machine, and that
/// yet ends one that waits for ever: three times the CPU limit plus two seconds. Three is what most
/// judges of the field use; the constant covers interpreters that start from a cold disk.
pub fn wall_limit_for(cpu: Duration) -> Duration {
    cpu * 3 + Duration::from_secs(2)
}
