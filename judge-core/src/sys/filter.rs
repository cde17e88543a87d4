//! Installing a syscall filter and hearing from it.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use seccompiler::sock_filter;

use super::checked;

/// Adds `program` to the calling thread's filters, for good and for every later child
/// (`seccomp(2)`). Wants `no_new_privs`, or `CAP_SYS_ADMIN`. Calls that `program` answers with
/// `SECCOMP_RET_USER_NOTIF` stop their caller and are told to whoever reads the listener
/// ([`next_call`]). Allocates nothing.
///
/// Fails with [`Errno::EBUSY`] where one of the thread's filters has a listener already, and with
/// [`Errno::EINVAL`] where `program` is empty, longer than 4096 instructions, or jumps out of itself.
pub fn install(program: &[sock_filter]) -> Result<OwnedFd, Errno> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?,
        // seccompiler's `sock_filter` is the kernel's struct, as libc's is: two crates, one layout.
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: `program` points at as many instructions as it says; the kernel copies them and
    // writes nothing.
    let fd = checked(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    })?;
    let fd = RawFd::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A system call that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoppedCall {
    /// Its number, in the caller's native ABI.
    pub number: i64,
    /// By which the kernel knows it.
    id: u64,
}

/// The next stopped call behind `listener`. `Ok(None)`: its caller was killed meanwhile.
pub fn next_call(listener: BorrowedFd<'_>) -> Result<Option<StoppedCall>, Errno> {
    nix::ioctl_readwrite!(receive, b'!', 0, libc::seccomp_notif);
    // SAFETY: `seccomp_notif` is plain integers; the kernel wants it zeroed.
    let mut notification: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the ioctl writes one `seccomp_notif`, which outlives the call.
    match unsafe { receive(listener.as_raw_fd(), &raw mut notification) } {
        Ok(_) => {
            Ok(Some(StoppedCall { number: i64::from(notification.data.nr), id: notification.id }))
        }
        Err(Errno::ENOENT | Errno::EINTR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Has a stopped call go on as if there were no filter. One whose caller was killed or interrupted
/// meanwhile is not made.
///
/// Nothing about it is proven by having looked: its arguments can change until it is made
/// (`seccomp_unotify(2)`, `SECCOMP_USER_NOTIF_FLAG_CONTINUE`).
pub fn let_go_on(listener: BorrowedFd<'_>, call: StoppedCall) -> Result<(), Errno> {
    nix::ioctl_readwrite!(send, b'!', 1, libc::seccomp_notif_resp);
    /// `linux/seccomp.h`; libc has it wider than the field that it is for.
    const CONTINUE: u32 = 1;
    let mut answer = libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags: CONTINUE };
    // SAFETY: the ioctl reads one `seccomp_notif_resp`, which outlives the call.
    match unsafe { send(listener.as_raw_fd(), &raw mut answer) } {
        Ok(_) | Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error),
    }
}
