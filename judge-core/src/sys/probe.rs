//! Calls that the self-test makes from inside a sandbox: what a program could ask of the kernel, and
//! should not get.

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::checked;
use super::process::exit_now;

/// A call with numbers for arguments, none of which is an address of ours. Each does something for a
/// process without rights where no filter is in its way, and so tells a filter from the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BareCall {
    /// `unshare(2)` into a new user namespace: every capability again.
    UnshareUser,
    /// `clone(2)` into a new user namespace.
    CloneUser,
    /// `ptrace(2)`: asks to be traced.
    Ptrace,
    /// `process_vm_readv(2)`: of nobody, nothing.
    ProcessVmReadv,
    /// `keyctl(2)`: the number of the session keyring.
    Keyctl,
    /// `userfaultfd(2)`, for faults of user mode.
    Userfaultfd,
    /// `io_uring_setup(2)`, without parameters.
    IoUringSetup,
    /// `inotify_init1(2)`.
    InotifyInit,
    /// A netlink socket.
    NetlinkSocket,
    /// A socket that is in no network namespace (`vsock(7)`).
    VsockSocket,
    /// `remap_file_pages(2)` of nothing: a call that no program of today makes.
    RemapFilePages,
}

impl BareCall {
    fn parts(self) -> (libc::c_long, [libc::c_long; 5]) {
        let user = libc::c_long::from(libc::CLONE_NEWUSER);
        let child = user | libc::c_long::from(libc::SIGCHLD);
        // KEYCTL_GET_KEYRING_ID of KEY_SPEC_SESSION_KEYRING, not to be made; UFFD_USER_MODE_ONLY.
        match self {
            Self::UnshareUser => (libc::SYS_unshare, [user, 0, 0, 0, 0]),
            Self::CloneUser => (libc::SYS_clone, [child, 0, 0, 0, 0]),
            Self::Ptrace => (libc::SYS_ptrace, [0; 5]),
            Self::ProcessVmReadv => (libc::SYS_process_vm_readv, [0; 5]),
            Self::Keyctl => (libc::SYS_keyctl, [0, -3, 0, 0, 0]),
            Self::Userfaultfd => (libc::SYS_userfaultfd, [1, 0, 0, 0, 0]),
            Self::IoUringSetup => (libc::SYS_io_uring_setup, [0; 5]),
            Self::InotifyInit => (libc::SYS_inotify_init1, [0; 5]),
            Self::NetlinkSocket => (libc::SYS_socket, [16, 3, 0, 0, 0]),
            Self::VsockSocket => (libc::SYS_socket, [40, 1, 0, 0, 0]),
            Self::RemapFilePages => (libc::SYS_remap_file_pages, [0; 5]),
        }
    }
}

/// Makes the call. What it opens stays open, and a child that it makes ends at once.
pub fn bare_call(call: BareCall) -> Result<libc::c_long, Errno> {
    let (number, args) = call.parts();
    // SAFETY: every argument is a number or a null pointer, so the kernel writes nothing of ours. A
    // child of `clone` without CLONE_VM has copies of all memory, goes on with its copy of our
    // stack, and ends before it returns.
    let returned =
        checked(unsafe { libc::syscall(number, args[0], args[1], args[2], args[3], args[4], 0) })?;
    if call == BareCall::CloneUser && returned == 0 {
        exit_now(0);
    }
    Ok(returned)
}

/// `getpid(2)` by the calling convention of 32-bit programs, whose numbers mean other calls. Ends
/// the process by a signal where a filter or the kernel has no such convention.
pub fn foreign_getpid() -> i32 {
    /// In `unistd_32.h`.
    const GETPID: i32 = 20;
    let pid: i32;
    // SAFETY: the call takes no argument and touches no memory; the kernel may clear the registers
    // that are named.
    unsafe {
        std::arch::asm!(
            "int 0x80",
            inlateout("eax") GETPID => pid,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            options(nostack),
        );
    }
    pid
}

/// The securebits of the calling thread (`capabilities(7)`).
pub fn securebits() -> Result<libc::c_int, Errno> {
    let none: libc::c_ulong = 0;
    // SAFETY: this option takes no argument and touches no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_GET_SECUREBITS, none, none, none, none) })
}

/// Finds the System V segment of that key, or makes one of a page. It is not mapped.
///
/// Fails with [`Errno::ENOENT`] when there is none and none is to be made (`shmget(2)`).
pub fn shared_segment(key: i32, make: bool) -> Result<libc::c_int, Errno> {
    let flags = if make { libc::IPC_CREAT | 0o600 } else { 0 };
    let bytes = if make { 4096 } else { 0 };
    // SAFETY: the call takes numbers, and nothing is mapped.
    Errno::result(unsafe { libc::shmget(key, bytes, flags) })
}
