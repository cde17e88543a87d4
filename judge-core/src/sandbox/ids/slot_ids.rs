//! The ids of one slot, and how the kernel is told of them.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Pid, getegid};

use super::{PROGRAM_ID, subordinate};

/// The users of the host that a slot's processes are, and who may map them.
#[derive(Debug)]
pub struct SlotIds {
    uids: Range<u32>,
    mapping: Mapping,
}

#[derive(Debug)]
enum Mapping {
    /// By the worker; gids are the same as uids.
    Direct,
    /// By helpers with the rights for it; gids begin here.
    Helpers { gid: u32 },
    /// By the worker: its own uid and gid.
    Own,
    /// By the worker: every id is itself.
    AsOnTheHost,
}

/// How a file of the worker's is made writable to an init.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// It is given to this uid and gid.
    Owned(u32),
    /// The worker can't give files away: everybody may.
    Open,
    /// The init is the worker's own user.
    Same,
}

impl SlotIds {
    pub(super) fn direct(uids: Range<u32>) -> Self {
        Self { uids, mapping: Mapping::Direct }
    }

    pub(super) fn subordinate(uids: Range<u32>, gid: u32) -> Self {
        Self { uids, mapping: Mapping::Helpers { gid } }
    }

    pub(super) fn own(uids: Range<u32>) -> Self {
        Self { uids, mapping: Mapping::Own }
    }

    /// For a slot without the wall that a user namespace is.
    pub fn as_on_the_host() -> Self {
        Self { uids: 0..0x1_0000, mapping: Mapping::AsOnTheHost }
    }

    /// On the host, the init's first.
    pub fn uids(&self) -> Range<u32> {
        self.uids.clone()
    }

    /// How the slot's init comes to write a file of the worker's.
    pub fn access(&self) -> Access {
        match self.mapping {
            Mapping::Direct | Mapping::AsOnTheHost => Access::Owned(self.uids.start),
            Mapping::Helpers { .. } => Access::Open,
            Mapping::Own => Access::Same,
        }
    }

    /// Tells the kernel which ids the slot whose init is `init` maps.
    pub fn map(&self, init: Pid) -> io::Result<()> {
        let uid = self.uids.start;
        let proc = PathBuf::from(format!("/proc/{init}"));
        let map_both = |lines: &str| {
            write(&proc.join("uid_map"), lines)?;
            write(&proc.join("gid_map"), lines)
        };
        match self.mapping {
            Mapping::Direct => map_both(&format!("0 {uid} 1\n{PROGRAM_ID} {} 1\n", uid + 1)),
            Mapping::AsOnTheHost => map_both(&format!("0 0 {}\n", self.uids.end)),
            Mapping::Helpers { gid } => {
                ask("newuidmap", init, uid)?;
                ask("newgidmap", init, gid)
            }
            Mapping::Own => {
                // Whoever could drop a group could read what is closed to that group: so the kernel
                // wants this given up first (`user_namespaces(7)`).
                write(&proc.join("setgroups"), "deny")?;
                write(&proc.join("uid_map"), &format!("{PROGRAM_ID} {uid} 1\n"))?;
                write(&proc.join("gid_map"), &format!("{PROGRAM_ID} {} 1\n", getegid()))
            }
        }
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text).map_err(|error| named(&error, &path.display().to_string()))
}

fn named(error: &io::Error, of: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{of}: {error}"))
}

/// Has a helper with the rights for it map two ids from `first` on (`newuidmap(1)`).
fn ask(helper: &str, init: Pid, first: u32) -> io::Result<()> {
    let [first, second] = [first, first + 1].map(|id| id.to_string());
    let program = PROGRAM_ID.to_string();
    let path = subordinate::helper(helper)
        .ok_or_else(|| named(&io::ErrorKind::NotFound.into(), helper))?;
    let output = Command::new(path)
        .arg(init.to_string())
        .args(["0", &first, "1", &program, &second, "1"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| named(&error, helper))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{helper}: {}", said.trim())))
}
