//! Runs one untrusted program behind walls and reports what happened.
//!
//! ```text
//! supervisor (a thread of the worker)      init (pid 1 of a slot)          program
//!   Slot::start ── shim: clone3 ─────────▶ root, pivot_root, waits
//!   Slot::run ──── request, descriptors ─▶ fresh tmpfs, files in ─ fork ─▶ joins its cgroup,
//!     reads output, polls CPU and clock                                    drops rights, filter,
//!     says "kill" on a breach ───────────▶ kill(-1), reaps until nobody     exec
//!     ◀──────────── report, files out ──── is left
//! ```
//!
//! The *supervisor* owns the cgroup, the clocks and the facts. The *init* builds namespaces and
//! root once per slot and holds no secret. The *program* is never pid 1, sees nothing but its own
//! root, and nothing of it outlives the run: init reaps until there is no child, and only then
//! throws the tmpfs away.
//!
//! A slot that shows anything odd is an error of ours ([`SandboxError`]), never a fact about the
//! program, and the slot is to be thrown away.
//!
//! Absent on purpose: verdicts, languages, async.

pub mod cgroup;
pub mod cores;
pub mod filter;
pub mod ids;
pub mod init;
pub mod limits;
pub mod outcome;
pub mod profile;
pub mod selftest;
pub mod slot;

mod hindrance;
mod loss;
mod protocol;
mod spec;
mod starvation;
mod supervise;
mod wall;

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

pub use hindrance::Hindrance;
pub use limits::Limits;
pub use loss::Loss;
pub use outcome::{Outcome, Termination, Usage};
pub use profile::{ProfileError, ProfileName, Profiles};
pub use protocol::{InitStep, MAX_COLLECTED_BYTES, MAX_FILES, Reader, understood};
pub use slot::{Slot, SlotConfig};
pub use spec::{Cancel, Collect, InputFile, RunSpec};
pub use supervise::{Capture, Flow, OutputSink};
use wall::Missing;
pub use wall::Wall;

/// The sandbox failed, so nothing is known about the program and no verdict may follow.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file of a cgroup could not be read or written.
    #[error("cannot use the cgroup file {}", path.display())]
    Cgroup {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No cgroup hierarchy offers what a run needs.
    #[error("no usable cgroups: {0}")]
    NoCgroups(String),
    /// A step of building the sandbox failed inside it.
    #[error("sandbox init failed at {step} ({detail}){}", hindrance::hint(*.step, *.source))]
    Init {
        /// Which.
        step: InitStep,
        /// On what.
        detail: String,
        /// Why.
        source: Errno,
    },
    /// The host does not let the worker make what every sandbox needs.
    #[error("cannot start a sandbox: {attempt}; {hindrance}")]
    Withheld {
        /// What was attempted.
        attempt: &'static str,
        /// What is in the way.
        hindrance: Hindrance,
        /// Why.
        source: io::Error,
    },
    /// The ids of the slots could not be had.
    #[error("cannot claim ids for sandboxes by {}", path.display())]
    Ids {
        /// The lock that workers share, or its directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Starting the init failed outside of it.
    #[error("cannot start a sandbox: {attempt}")]
    Start {
        /// What was attempted.
        attempt: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Talking to the init failed: it died, or spoke out of turn.
    #[error("lost the sandbox's init: {attempt}")]
    Lost {
        /// What was attempted.
        attempt: &'static str,
        /// Why.
        source: io::Error,
    },
    /// After the run something was left that should not be.
    #[error("the sandbox is not clean after the run: {0}")]
    NotClean(String),
    /// The profile's data are wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}
