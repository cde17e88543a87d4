//! Every wall of the sandbox by name, and what holds while it stands.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// a crash writes no core
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
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence().trim())
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
