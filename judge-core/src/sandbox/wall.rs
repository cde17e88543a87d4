//! Every wall of the sandbox by name, and what it is there for.
//!
//! ```text
//! Wall        names a wall: in ARCHITECTURE.md's table, in the self-test, in the tests of walls
//! Missing     the walls that a slot was built without
//! ```
//!
//! Each wall is proven to carry load by `tests/walls.rs`: an attack that it stops gets through when
//! it is taken away. Taking away exists in builds with the feature `missing-walls` only. Without
//! it no value of [`Removal`] can exist, so that a [`Missing`] is always empty, and a request to
//! take one away can't even be parsed: the production path is the one with all walls.

use std::borrow::Cow;
use std::fmt;

use seccompiler::sock_filter;
use serde::{Deserialize, Serialize};

use super::Limits;

macro_rules! walls {
    ($($(#[doc = $what:literal])+ $wall:ident = $name:literal,)+) => {
        /// One wall: a single measure whose absence lets some attack get through.
        ///
        /// Its [`Display`](fmt::Display) is a sentence without a full stop that says what holds
        /// while it stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Wall {
            $($(#[doc = $what])+ #[serde(rename = $name)] $wall,)+
        }

        impl Wall {
            /// Each of them, in the order of ARCHITECTURE.md's table.
            pub const ALL: &[Self] = &[$(Self::$wall),+];

            /// Its stable name, in kebab case: for tables, logs and metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$wall => $name,)+ }
            }

            fn sentence(self) -> &'static str {
                match self { $(Self::$wall => concat!($($what),+),)+ }
            }
        }
    };
}

walls! {
    // Who it is.
    /// a program's user is no user of the host
    UserNamespace = "user-namespace",
    /// no two slots share a user
    IdRange = "id-range",
    /// a program's user is not that of the slot's init
    ProgramUid = "program-uid",
    /// a program's group is not that of the slot's init
    ProgramGid = "program-gid",
    /// a program has none of the worker's groups
    SupplementaryGroups = "supplementary-groups",
    /// exec gives nobody more rights
    NoNewPrivs = "no-new-privs",
    /// a program starts without any capability
    CapabilitySets = "capability-sets",
    /// no capability can come back by exec
    BoundingSet = "bounding-set",
    /// user 0 has no capability by being user 0
    Securebits = "securebits",
    /// a program shares no session with the worker
    Session = "session",
    // What it sees.
    /// nothing of the host's file tree is in sight but what is bound
    HostTree = "host-tree",
    /// nothing can be written but the run's own tmpfs
    ReadOnlyRoot = "read-only-root",
    /// a set-uid file changes nobody's user
    NoSetuid = "no-setuid",
    /// a device node in a bound directory can't be opened
    NoDevices = "no-devices",
    /// `/dev` holds five harmless nodes
    FewDevices = "few-devices",
    /// `/proc` shows no process of the host
    OwnProc = "own-proc",
    /// `/proc` shows processes only, nothing of the machine
    ProcSubset = "proc-subset",
    /// `/proc` does not show the slot's init
    HiddenPids = "hidden-pids",
    /// no process outside of the slot can be named
    PidNamespace = "pid-namespace",
    /// no semaphore, queue or shared segment of another run is there
    IpcNamespace = "ipc-namespace",
    /// the host's name is not told
    UtsNamespace = "uts-namespace",
    /// nothing can be sent to anybody
    NetNamespace = "net-namespace",
    /// where in the host's control groups a run lies is not told
    CgroupNamespace = "cgroup-namespace",
    // What it leaves.
    /// `/box` holds nothing of the run before
    FreshBox = "fresh-box",
    /// `/tmp` holds nothing of the run before
    FreshTmp = "fresh-tmp",
    /// `/dev/shm` holds nothing of the run before
    FreshShm = "fresh-shm",
    /// the numbers of processes tell nothing of the runs before
    ProcessNumbers = "process-numbers",
    /// no process outlives its run
    KillAll = "kill-all",
    /// no local socket outlives its run
    SocketsGone = "sockets-gone",
    // What it uses.
    /// memory is bounded
    Memory = "memory",
    /// the number of processes and threads is bounded
    Processes = "processes",
    /// CPU time is bounded
    CpuTime = "cpu-time",
    /// wall time is bounded
    WallTime = "wall-time",
    /// output is bounded
    Output = "output",
    /// the bytes in a tmpfs are bounded
    TmpfsBytes = "tmpfs-bytes",
    /// the files in a tmpfs are bounded
    TmpfsInodes = "tmpfs-inodes",
    /// the descriptors of a process are bounded
    OpenFiles = "open-files",
    /// the size of a file is bounded
    FileSize = "file-size",
    /// the main thread's stack is bounded
    Stack = "stack",
    /// a crash makes no core, of which the host would have a file or start a program
    CoreSize = "core-size",
    /// the kernel ends a process that the supervisor forgot
    CpuNet = "cpu-net",
    // What it holds.
    /// the init keeps no descriptor that the worker's parent left open
    InheritedDescriptors = "inherited-descriptors",
    /// a program gets no descriptor but its input, output and error
    CloseOnExec = "close-on-exec",
    /// a program can't open its input for writing
    InputMode = "input-mode",
    /// nobody can change an input
    InputSeals = "input-seals",
    /// an input does not tell when it was read last
    InputAccessTime = "input-access-time",
    // What it asks the kernel.
    /// a call by another ABI ends the program
    ForeignAbi = "foreign-abi",
    /// a call that no rule knows is not there
    UnknownCalls = "unknown-calls",
    /// calls that runtimes can do without are refused
    RefusedCalls = "refused-calls",
    /// a forbidden call ends the run
    ForbiddenCalls = "forbidden-calls",
    // What it hands out.
    /// no link leads the collecting of files astray
    CollectBeneath = "collect-beneath",
    /// nothing but regular files is collected
    CollectRegular = "collect-regular",
    /// a file that is too large is not collected
    CollectSize = "collect-size",
    /// files that are too many are not collected
    CollectTotal = "collect-total",
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence().trim())
    }
}

/// A wall that is taken away: by the feature `missing-walls` only.
#[cfg(feature = "missing-walls")]
type Removal = Wall;

/// A wall that is taken away. There is no such thing in this build, and so no value.
#[cfg(not(feature = "missing-walls"))]
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Removal {}

#[cfg(not(feature = "missing-walls"))]
const _: () = assert!(size_of::<Option<Removal>>() == 0, "None is the only value");

/// The walls that a slot lacks: none, except in the tests of walls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Missing(Vec<Removal>);

impl Missing {
    /// Takes `walls` away.
    ///
    /// Panics when told to take both the user and the pid namespace: the init's `kill(-1)` would then
    /// be root's, in the host's.
    #[cfg(feature = "missing-walls")]
    pub(super) fn of(walls: &[Wall]) -> Self {
        let deadly = [Wall::UserNamespace, Wall::PidNamespace];
        assert!(!deadly.iter().all(|wall| walls.contains(wall)), "that would end the host");
        Self(walls.to_vec())
    }

    /// Whether `wall` is there.
    #[cfg(feature = "missing-walls")]
    pub(super) fn stands(&self, wall: Wall) -> bool {
        !self.0.contains(&wall)
    }

    /// Whether `wall` is there. It is.
    #[cfg(not(feature = "missing-walls"))]
    pub(super) fn stands(&self, _: Wall) -> bool {
        match self.0.first() {
            None => true,
            Some(&removal) => match removal {},
        }
    }

    /// Of `of`, what belongs to a wall that is there.
    pub(super) fn standing<T: Copy>(&self, of: &[(Wall, T)]) -> Vec<T> {
        of.iter().filter(|(wall, _)| self.stands(*wall)).map(|(_, it)| *it).collect()
    }

    /// How the init is told, as an argument. `None`: there is nothing to be told.
    pub(super) fn argument(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| serde_json::to_string(self).expect("a list of names"))
    }

    /// What [`Self::argument`] says. Fails in production when there is one at all.
    pub(super) fn parse(argument: Option<&str>) -> serde_json::Result<Self> {
        argument.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }

    /// What the supervisor holds a run to: a limit whose wall is missing is far away.
    pub(super) fn limits<'a>(&self, limits: &'a Limits) -> Cow<'a, Limits> {
        let mut limits = Cow::Borrowed(limits);
        if !self.stands(Wall::CpuTime) {
            limits.to_mut().cpu = FAR_AWAY;
        }
        if !self.stands(Wall::WallTime) {
            limits.to_mut().wall = FAR_AWAY;
        }
        if !self.stands(Wall::Memory) {
            limits.to_mut().memory_bytes = 1 << 50;
        }
        if !self.stands(Wall::Output) {
            limits.to_mut().output_bytes = u64::MAX;
        }
        if !self.stands(Wall::Processes) {
            limits.to_mut().processes = MOST_PROCESSES;
        }
        limits
    }

    /// The filter `program`, in which each answer that belongs to a missing wall is a permission.
    pub(super) fn filter<'a>(&self, program: &'a [sock_filter]) -> Cow<'a, [sock_filter]> {
        let mut program = Cow::Borrowed(program);
        for at in 0..program.len() {
            if wall_behind(&program[at]).is_some_and(|wall| !self.stands(wall)) {
                program.to_mut()[at].k = libc::SECCOMP_RET_ALLOW;
            }
        }
        program
    }
}

/// A day: no test lasts that long.
const FAR_AWAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// `PID_MAX_LIMIT` (`linux/threads.h`), the largest number that `pids.max` takes.
const MOST_PROCESSES: u32 = 1 << 22;

/// Which wall an instruction of a filter is a stone of: those that return an answer.
fn wall_behind(instruction: &sock_filter) -> Option<Wall> {
    /// `BPF_RET | BPF_K`: a return whose value stands in the instruction.
    const RETURN_CONSTANT: u16 = 0x06;
    if instruction.code != RETURN_CONSTANT {
        return None;
    }
    let data = instruction.k & libc::SECCOMP_RET_DATA;
    match instruction.k & libc::SECCOMP_RET_ACTION_FULL {
        libc::SECCOMP_RET_KILL_PROCESS | libc::SECCOMP_RET_KILL_THREAD => Some(Wall::ForeignAbi),
        libc::SECCOMP_RET_ERRNO if data == libc::ENOSYS.cast_unsigned() => Some(Wall::UnknownCalls),
        libc::SECCOMP_RET_ERRNO => Some(Wall::RefusedCalls),
        libc::SECCOMP_RET_USER_NOTIF => Some(Wall::ForbiddenCalls),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_wall_has_a_name_and_a_sentence_of_its_own() {
        let names: BTreeSet<&str> = Wall::ALL.iter().map(|wall| wall.as_str()).collect();
        let sentences: BTreeSet<String> = Wall::ALL.iter().map(Wall::to_string).collect();
        assert_eq!((names.len(), sentences.len()), (Wall::ALL.len(), Wall::ALL.len()));
        for wall in Wall::ALL {
            assert_eq!(serde_json::to_string(wall).unwrap(), format!("{:?}", wall.as_str()));
        }
    }
}
