//! Numbers of processes: every run has the same ones.
//!
//! The kernel hands out the next free number of the pid namespace, which lives as long as the slot:
//! without this, a run could tell from its own number how many processes the runs before it had,
//! and those could tell it anything by having so and so many.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::super::{Missing, Wall};

/// The last number that was handed out in the writer's pid namespace (`proc_sys_kernel(5)`).
const LAST_NUMBER: &str = "/proc/sys/kernel/ns_last_pid";

/// Sets the numbers back.
pub struct ProcessNumbers(Option<File>);

impl ProcessNumbers {
    /// To be called while the host's `/proc` can be seen. Kernels without `CHECKPOINT_RESTORE`, and
    /// containers whose `/proc/sys` is read-only, keep counting.
    pub fn open(missing: &Missing) -> Self {
        // In the host's pid namespace they are not ours to set, and a file that is open for writing
        // keeps the host's tree from being made read-only where it stays in sight.
        if !missing.stands(Wall::PidNamespace) || !missing.stands(Wall::HostTree) {
            return Self(None);
        }
        Self(File::options().write(true).open(LAST_NUMBER).ok())
    }

    /// The next process gets the lowest number above ours, pid 1.
    pub fn restart(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |last| last.write_all_at(b"1", 0))
    }
}
