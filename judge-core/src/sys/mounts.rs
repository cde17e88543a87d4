//! Attributes of whole mount trees.

use std::mem::size_of;
use std::os::fd::AsRawFd;

use nix::errno::Errno;

use super::checked;

/// Makes the mount at `path` and every mount below it read-only, without devices, and without
/// set-uid bits (`mount_setattr(2)`). Flags that are set already stay.
pub fn seal_tree(path: &std::ffi::CStr) -> Result<(), Errno> {
    set_tree(path, libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV)
}

/// Makes the mount at `path` and every mount below it read-only; device nodes keep working.
pub fn freeze_tree(path: &std::ffi::CStr) -> Result<(), Errno> {
    set_tree(path, libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID)
}

fn set_tree(path: &std::ffi::CStr, attributes: u64) -> Result<(), Errno> {
    let here = nix::fcntl::AT_FDCWD;
    let set = libc::mount_attr { attr_set: attributes, attr_clr: 0, propagation: 0, userns_fd: 0 };
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
