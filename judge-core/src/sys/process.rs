//! Births and deaths of processes.

use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::checked;

/// Set in `clone_args.flags` (`linux/sched.h`); beyond the 32 bits that [`CloneFlags`] holds.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Has this process, and all that it will start, leave no core when it dies (`core(5)`): a core is all
/// its memory, secrets included, in a file.
///
/// The limit becomes one byte, which is too small for any file and which the kernel also takes as
/// "no core" where cores go to a program; those get to see a core however small the limit, 0 included.
pub fn leave_no_core() -> Result<(), Errno> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    // Where it is 0 already, it may not be raised.
    let limit = hard.min(1);
    setrlimit(Resource::RLIMIT_CORE, limit, limit)
}

/// What [`fork`] returns, once in each process.
#[derive(Debug)]
pub enum Forked {
    /// In the new process.
    Child,
    /// In the caller.
    Parent {
        /// Number of the child in the caller's pid namespace.
        pid: Pid,
        /// Refers to the child even after its number was reused.
        pidfd: OwnedFd,
    },
}

/// Copies the calling process as `fork(2)` does, into fresh namespaces (`namespaces`, which may
/// hold `CLONE_PARENT` too) and, where given, born inside the cgroup v2 directory `cgroup`.
///
/// Fails with [`Errno::EPERM`] where a namespace is refused, [`Errno::EACCES`] where the caller may
/// not write the `cgroup.procs` of the target or of the common ancestor (`clone(2)`, `cgroups(7)`).
///
/// The caller must have one thread only, or the child must not allocate: a lock that another
/// thread held stays held for ever in the copy. Every caller in this crate is the init, which
/// never starts a thread.
pub fn fork(namespaces: CloneFlags, cgroup: Option<BorrowedFd<'_>>) -> Result<Forked, Errno> {
    let mut pidfd: RawFd = -1;
    // SAFETY: `clone_args` is plain integers, for which zero means "not given".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    let flags = namespaces | CloneFlags::from_bits_retain(libc::CLONE_PIDFD);
    args.flags = u64::from(flags.bits().cast_unsigned());
    args.pidfd = (&raw mut pidfd) as u64;
    // With CLONE_PARENT the exit signal is inherited and must not be named (`clone(2)`).
    if !namespaces.contains(CloneFlags::CLONE_PARENT) {
        args.exit_signal = libc::SIGCHLD as u64;
    }
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::from(cgroup.as_raw_fd().cast_unsigned());
    }
    // SAFETY: without CLONE_VM the child gets copies of all memory, so nothing is shared that could
    // race; no stack is given, so it goes on with its copy of ours. The kernel writes one
    // descriptor to `pidfd`, which outlives the call, in the parent's memory only.
    let pid = checked(unsafe {
        libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>())
    })?;
    if pid == 0 {
        return Ok(Forked::Child);
    }
    // SAFETY: the call succeeded, so `pidfd` is a new descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Forked::Parent { pid: Pid::from_raw(narrow(pid)), pidfd })
}

/// Sends `signal` to the process behind `pidfd`: unlike `kill(2)`, it can't hit a reused number.
///
/// Fails with [`Errno::ESRCH`] when the process has been reaped.
pub fn signal(pidfd: BorrowedFd<'_>, signal: Signal) -> Result<(), Errno> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the call reads our memory only through `siginfo`, which is null, and the borrow
    // keeps `pidfd` open until it returns.
    checked(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal as libc::c_int,
            no_info,
            0,
        )
    })
    .map(drop)
}

/// How a process ended, as `wait(2)` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// `exit(2)` with this status, 0–255.
    Code(i32),
    /// Killed by the signal with this number.
    Signal(i32),
}

/// A child that was reaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaped {
    /// Its number, in the caller's pid namespace.
    pub pid: Pid,
    /// How it ended.
    pub exit: Exit,
}

/// Which children [`reap`] looks at.
#[derive(Debug, Clone, Copy)]
pub enum Children {
    /// Any child, clones of every kind included (`__WALL`).
    Any,
    /// The one with this number.
    One(Pid),
}

/// Reaps one child that has ended. `Ok(None)`: none of them has ended yet (only without `block`).
///
/// Fails with [`Errno::ECHILD`] when there is no such child: for [`Children::Any`] the proof that
/// nothing is left.
pub fn reap(children: Children, block: bool) -> Result<Option<Reaped>, Errno> {
    let which = match children {
        Children::Any => -1,
        Children::One(pid) => pid.as_raw(),
    };
    let flags = libc::__WALL | if block { 0 } else { libc::WNOHANG };
    let mut status: libc::c_int = 0;
    let pid = loop {
        // SAFETY: the kernel writes one integer to `status`, which outlives the call.
        match Errno::result(unsafe { libc::waitpid(which, &raw mut status, flags) }) {
            Err(Errno::EINTR) => {}
            other => break other?,
        }
    };
    if pid == 0 {
        return Ok(None);
    }
    let exit = if libc::WIFEXITED(status) {
        Exit::Code(libc::WEXITSTATUS(status))
    } else {
        Exit::Signal(libc::WTERMSIG(status))
    };
    Ok(Some(Reaped { pid: Pid::from_raw(pid), exit }))
}

/// Makes the calling process carry on when one of `signals` comes. By a handler that does nothing,
/// and not by ignoring them: what is ignored stays ignored across exec, and the programs that this
/// process starts must die of their signals as anywhere else.
pub fn carry_on_at(signals: &[Signal]) -> Result<(), Errno> {
    extern "C" fn do_nothing(_: libc::c_int) {}
    let action =
        SigAction::new(SigHandler::Handler(do_nothing), SaFlags::SA_RESTART, SigSet::empty());
    for &signal in signals {
        // SAFETY: the handler touches nothing, so it may interrupt any thread at any place, and no
        // code of ours relies on the action that it replaces.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

/// Ends the calling process at once, without destructors or `atexit` handlers: for a copy made by
/// [`fork`], which must not run what belongs to the original.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` touches no memory of ours and does not return.
    unsafe { libc::_exit(code) }
}

/// Kernel pid numbers fit an `i32` (`PID_MAX_LIMIT` is 2^22).
fn narrow(pid: libc::c_long) -> libc::pid_t {
    libc::pid_t::try_from(pid).expect("the kernel returned a pid")
}
