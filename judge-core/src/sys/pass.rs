//! System calls that a filter lets through for whoever knows a secret.
//!
//! The init lives behind the filter of its programs, since a filter that is inherited costs nothing
//! when a program starts, and it makes a few calls that no program may. These take fewer than six
//! arguments. The kernel ignores the sixth register then, and shows it to filters all the same
//! (`seccomp(2)`, `struct seccomp_data`): there stands the pass.

use std::ffi::{CStr, c_char, c_void};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ptr::null;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags};
use nix::sched::CloneFlags;
use syscalls::Sysno;

use super::checked;

/// The secret. Nobody who does not share our memory knows it.
#[derive(Clone, Copy)]
pub struct Pass(u64);

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass")
    }
}

impl Pass {
    /// The calls that can be made with it.
    pub const CALLS: [Sysno; 4] = [Sysno::mount, Sysno::umount2, Sysno::unshare, Sysno::clone3];

    /// A new one, from the kernel's random numbers (`random(4)`).
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 8];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(u64::from_ne_bytes(bytes)))
    }

    /// This one, for tests of filters.
    #[cfg(test)]
    pub fn of(secret: u64) -> Self {
        Self(secret)
    }

    /// As a filter sees it.
    pub fn secret(self) -> u64 {
        self.0
    }

    /// Mounts a new file system of the kind `kind` at `dir` (`mount(2)`).
    pub fn mount(
        self,
        kind: &CStr,
        dir: &CStr,
        flags: MsFlags,
        options: &CStr,
    ) -> Result<(), Errno> {
        let (kind, options) = (kind.as_ptr(), options.as_ptr().cast::<c_void>());
        // SAFETY: all four strings end in NUL and outlive the call, which only reads them.
        checked(unsafe {
            libc::syscall(libc::SYS_mount, kind, dir.as_ptr(), kind, flags.bits(), options, self.0)
        })
        .map(drop)
    }

    /// Takes away what is mounted at `dir` (`umount2(2)`).
    pub fn umount(self, dir: &CStr, flags: MntFlags) -> Result<(), Errno> {
        let nothing = null::<c_char>();
        // SAFETY: the path ends in NUL and outlives the call, which only reads it.
        checked(unsafe {
            let (dir, flags) = (dir.as_ptr(), flags.bits());
            libc::syscall(libc::SYS_umount2, dir, flags, nothing, nothing, nothing, self.0)
        })
        .map(drop)
    }

    /// Leaves namespaces for new ones (`unshare(2)`). Allocates nothing.
    pub fn unshare(self, namespaces: CloneFlags) -> Result<(), Errno> {
        let nothing = null::<c_char>();
        // SAFETY: passes integers only. Of what it may be asked to unshare, memory and descriptors
        // (`CLONE_VM`, `CLONE_FILES`) stay as they are for a process of one thread.
        checked(unsafe {
            let flags = namespaces.bits();
            libc::syscall(libc::SYS_unshare, flags, nothing, nothing, nothing, nothing, self.0)
        })
        .map(drop)
    }
}
