//! Attributes of whole mount trees.

use std::ffi::CStr;
use std::mem::size_of;
use std::os::fd::AsRawFd;

use nix::errno::Errno;

use super::checked;

/// What a mount may be kept from (`mount_setattr(2)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restriction {
    /// Nothing in it can be written, times of access included; device nodes keep working.
    ReadOnly,
    /// Set-uid and set-gid bits and capabilities of files mean nothing to exec.
    NoSetuid,
    /// Device nodes can't be opened.
    NoDevices,
}

impl Restriction {
    fn attribute(self) -> u64 {
        match self {
            Self::ReadOnly => libc::MOUNT_ATTR_RDONLY,
            Self::NoSetuid => libc::MOUNT_ATTR_NOSUID,
            Self::NoDevices => libc::MOUNT_ATTR_NODEV,
        }
    }
}

/// Restricts the mount at `path` and every mount below it. Restrictions that are set already stay.
pub fn restrict_tree(path: &CStr, restrictions: &[Restriction]) -> Result<(), Errno> {
    let here = nix::fcntl::AT_FDCWD;
    let attr_set = restrictions.iter().fold(0, |all, one| all | one.attribute());
    let set = libc::mount_attr { attr_set, attr_clr: 0, propagation: 0, userns_fd: 0 };
    let flags = libc::AT_RECURSIVE | libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: `path` ends in NUL and `set` has the size we say; the kernel only reads both.
    checked(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            here.as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const set,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}
