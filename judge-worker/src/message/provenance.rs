//! How a verdict came about, so that two that differ can be told apart. Sets of known words and
//! numbers, nothing of a test.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::{excerpt::Excerpt, scalar::Finite};

/// Under which conditions a submission was judged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What the sandbox stood on.
    pub sandbox: BTreeSet<SandboxFeature>,
    /// Which control groups did the accounting.
    pub cgroup: CgroupVersion,
    /// Whether the memory limit was enforced for all processes together.
    pub memory_enforced: bool,
    /// What the sandbox had to do without. Empty where the host grants all that it is made for.
    pub losses: BTreeSet<SandboxLoss>,
    /// What the compiler or interpreter says its version is.
    pub toolchain: Option<Excerpt<200>>,
    /// What others did on the host meanwhile.
    pub noise: Option<Noise>,
    /// Runs that were repeated because of noise.
    pub reruns: u32,
}

/// A wall or an accounting that was in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum SandboxFeature {
    /// A user namespace of its own.
    UserNamespace,
    /// A pid namespace of its own.
    PidNamespace,
    /// A mount namespace of its own, with a new root.
    MountNamespace,
    /// A network namespace of its own, without a network.
    NetNamespace,
    /// An IPC namespace of its own.
    IpcNamespace,
    /// A host name of its own.
    UtsNamespace,
    /// A cgroup namespace of its own.
    CgroupNamespace,
    /// A filter of system calls.
    Seccomp,
    /// File access rules beside the mounts.
    Landlock,
    /// No new privileges, no capabilities.
    NoPrivileges,
    /// Resource limits of each process.
    Rlimits,
    /// A cgroup limits and measures memory.
    CgroupMemory,
    /// A cgroup limits the number of processes.
    CgroupPids,
    /// A cgroup measures CPU time.
    CgroupCpu,
    /// A cgroup pins the run to its CPUs.
    CgroupCpuset,
    /// A cgroup kills all processes at one stroke.
    CgroupKill,
}

/// Something that the host did not grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum SandboxLoss {
    /// No control groups: memory and the number of processes were not bounded.
    NoCgroups,
    /// The program was the same user of the host as the worker.
    OwnUser,
    /// The program was in the worker's supplementary groups.
    KeptGroups,
}

/// The control groups of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum CgroupVersion {
    /// The unified hierarchy.
    V2,
    /// One hierarchy for each controller.
    V1,
    /// Controllers of v1 beside a unified hierarchy.
    Hybrid,
    /// None: limits are per process, and what is measured is less exact.
    None,
}

/// What disturbed the runs, as shares of their wall time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Noise {
    /// CPU time that the hypervisor gave to other guests.
    pub steal_ratio: Option<Finite>,
    /// Time in which some task waited for a CPU (pressure stall information).
    pub cpu_pressure_ratio: Option<Finite>,
}
