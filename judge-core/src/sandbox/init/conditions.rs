//! What the init itself runs under, and what every program therefore starts with.

use std::fs;

use nix::errno::Errno;

use super::super::protocol::InitStep;
use super::{At, Failure};

/// The init's resource limits, which the next program inherits. Where program and init are the same
/// user, a program may change them: `prlimit(2)` asks for no more than that. All else that one process
/// can do to another asks for the capabilities of the other, too (`ptrace(2)`, `setpriority(2)`,
/// `sched_setaffinity(2)`, `ioprio_set(2)`), or can't be done to pid 1 from inside (`kill(2)`).
#[derive(PartialEq)]
pub struct Conditions {
    limits: String,
}

impl Conditions {
    /// Those of now.
    pub fn of_ourselves() -> Result<Self, Failure> {
        const LIMITS: &str = "/proc/self/limits";
        Ok(Self { limits: fs::read_to_string(LIMITS).at(InitStep::Reap, LIMITS)? })
    }

    /// Fails if they are others now: then the slot has to go. Nobody else may be alive in it.
    pub fn confirm(&self) -> Result<(), Failure> {
        if *self == Self::of_ourselves()? {
            return Ok(());
        }
        Err(Errno::EPERM).at(InitStep::Reap, "the program changed the init's own limits")
    }
}
