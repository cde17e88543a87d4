//! Births in the way of `vfork(2)`: the new process borrows its parent's memory until exec, so that
//! no page table is copied, and what it does in between is a list that was written before.
//!
//! ```text
//! parent:  Step, Step, …, Exec ── clone3 ──▶ suspended ─────────────────▶ goes on
//! child:                            └──▶ Step, Step, …, exec (or the failed step, and its end)
//! ```
//!
//! Between birth and exec nothing may allocate, lock or panic, since all that belongs to the parent:
//! so each step is one system call on what the parent prepared. Order and meaning of the steps are
//! the caller's.

use std::ffi::{CStr, c_char};
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::null;
use std::time::Duration;

use super::pass::Pass;
use super::privilege;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::resource::Resource;
use nix::sys::stat::Mode;
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Pid, Uid};

/// One system call of a process that is about to become a program.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Writes all of a few bytes at once: less is an error.
    Write(BorrowedFd<'a>, &'a [u8]),
    /// `unshare(2)`, past a filter.
    Unshare(CloneFlags, Pass),
    /// A session of its own: no terminal, no group that others share (`setsid(2)`).
    Session,
    /// `chdir(2)`.
    WorkIn(&'a CStr),
    /// `umask(2)`.
    Umask(Mode),
    /// Soft and hard limit (`setrlimit(2)`), in the resource's own unit, inclusive.
    Limit(Resource, u64, u64),
    /// Makes a descriptor known under another number, open across exec.
    Descriptor(BorrowedFd<'a>, RawFd),
    /// Every descriptor from this one on is closed by exec (`close_range(2)`).
    CloseOnExecFrom(u32),
    /// An ignored signal stays ignored across exec: this one does not.
    DefaultSignal(nix::sys::signal::Signal),
    /// Locks the securebits (see [`privilege`]).
    LockSecurebits,
    /// No supplementary groups.
    NoGroups,
    /// Real, effective and saved gid.
    Group(Gid),
    /// Real, effective and saved uid.
    User(Uid),
    /// Empties the sets of capabilities.
    NoCapabilities,
    /// `no_new_privs` (`prctl(2)`).
    NoNewPrivileges,
}

/// What the process becomes.
#[derive(Debug, Clone, Copy)]
pub enum Image<'a> {
    /// The file at this path, seen from where the last step left us.
    Path(&'a CStr),
    /// What a descriptor refers to (`execveat(2)`, `AT_EMPTY_PATH`); no script.
    Descriptor(BorrowedFd<'a>),
}

/// Arguments or environment as the kernel wants them: pointers, the last one null.
#[derive(Debug)]
pub struct Strings<'a> {
    pointers: Vec<*const c_char>,
    borrowed: std::marker::PhantomData<&'a CStr>,
}

impl<'a> Strings<'a> {
    /// Borrows each.
    pub fn new(strings: impl IntoIterator<Item = &'a CStr>) -> Self {
        let mut pointers: Vec<_> = strings.into_iter().map(CStr::as_ptr).collect();
        pointers.push(null());
        Self { pointers, borrowed: std::marker::PhantomData }
    }
}

/// A birth, with all that it needs.
#[derive(Debug)]
pub struct Birth<'a> {
    /// By which it gets past a filter.
    pub pass: Pass,
    /// The cgroup v2 directory that it is born in; else the parent's.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// In this order.
    pub steps: &'a [Step<'a>],
    /// At last.
    pub image: Image<'a>,
    /// Arguments; the first one is the name.
    pub arguments: &'a Strings<'a>,
    /// `NAME=value`.
    pub environment: &'a Strings<'a>,
}

/// A process that is past exec.
#[derive(Debug)]
pub struct Born {
    /// Its number in the caller's pid namespace.
    pub pid: Pid,
    /// Refers to it even after its number was reused.
    pub pidfd: OwnedFd,
    /// When it was about to exec, on the monotonic clock. Its parent may hear of that much later.
    pub at: Duration,
}

/// Why there is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stillborn {
    /// There was no process at all.
    Clone(Errno),
    /// The step with this index failed; for the number of steps, it is exec that did. The process
    /// has ended and is to be reaped.
    Step(usize, Errno),
    /// It was killed before exec, and is to be reaped.
    Killed,
}

/// Where the child leaves word. The parent reads it when the child has let go of its memory.
struct Word {
    step: usize,
    errno: i32,
    done: bool,
    at: libc::timespec,
}

/// What the child gets to see: pointers into the suspended parent's stack and heap.
struct Inheritance<'a> {
    birth: &'a Birth<'a>,
    word: *mut Word,
}

/// In bytes: a step needs a few hundred, and unoptimised builds some more.
const STACK_BYTES: usize = 64 << 10;

/// Set in `clone_args.flags` (`linux/sched.h`); beyond the 32 bits that [`CloneFlags`] holds.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Gives birth, and comes back when the child is past exec or dead.
///
/// The caller's process must have no signal handlers of its own: one that runs in the child would
/// run on the parent's memory. Other threads go on meanwhile; what the steps borrow, they can't change.
pub fn spawn(birth: &Birth<'_>) -> Result<Born, Stillborn> {
    let mut stack: Vec<u8> = Vec::with_capacity(STACK_BYTES);
    let at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let mut word = Word { step: birth.steps.len(), errno: 0, done: false, at };
    let inheritance = Inheritance { birth, word: &raw mut word };
    let mut pidfd: RawFd = -1;
    // SAFETY: `clone_args` is plain integers, for which zero means "not given".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    let flags = CloneFlags::CLONE_VM
        | CloneFlags::CLONE_VFORK
        | CloneFlags::from_bits_retain(libc::CLONE_PIDFD);
    args.flags = u64::from(flags.bits().cast_unsigned());
    args.pidfd = (&raw mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    args.stack = stack.as_mut_ptr() as u64;
    // The kernel starts at its end, which the ABI wants to be a multiple of 16.
    let end = (args.stack + STACK_BYTES as u64) & !15;
    args.stack_size = end - args.stack;
    if let Some(cgroup) = birth.cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::from(cgroup.as_raw_fd().cast_unsigned());
    }
    // SAFETY: `become_image` runs on `stack`, which is not touched otherwise and outlives the child's
    // use of it, for CLONE_VFORK suspends this thread until the child has exec'd or died; so
    // everything behind `inheritance` and `pidfd`, owned or borrowed here, outlives it too.
    let pid =
        unsafe { clone3(&raw mut args, birth.pass, become_image, (&raw const inheritance).cast()) };
    drop(stack);
    let pid = Errno::result(pid).map_err(Stillborn::Clone)?;
    // SAFETY: the call succeeded, so `pidfd` is a new descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: `word` is ours alone again; volatile, for the compiler saw nobody write it.
    let word = unsafe { std::ptr::read_volatile(&raw const word) };
    match word {
        Word { errno: 0, done: true, at, .. } => {
            // Past exec, unless exec itself was cut short by a signal: then the exit status says so.
            let pid = Pid::from_raw(libc::pid_t::try_from(pid).expect("the kernel returned a pid"));
            Ok(Born { pid, pidfd, at: TimeSpec::from(at).into() })
        }
        Word { errno: 0, .. } => Err(Stillborn::Killed),
        Word { step, errno, .. } => Err(Stillborn::Step(step, Errno::from_raw(errno))),
    }
}

/// `clone3(2)`, whose child calls `main` with `argument` on the stack that `args` gives.
///
/// # Safety
/// Stack and argument must be good for as long as the child uses them.
unsafe fn clone3(
    args: *mut libc::clone_args,
    pass: Pass,
    main: extern "C" fn(*const Inheritance<'_>) -> !,
    argument: *const Inheritance<'_>,
) -> libc::c_long {
    let returned: libc::c_long;
    // SAFETY: the child has its own stack, so what the compiler keeps on ours stays as it is; it
    // leaves by `main` only, which never returns. Registers that it needs survive the system call,
    // which clobbers `rcx` and `r11` only. The errno convention is that of the raw call.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r13",
            "call r12",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => returned,
            in("rdi") args,
            in("rsi") size_of::<libc::clone_args>(),
            in("r9") pass.secret(),
            in("r12") main,
            in("r13") argument,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    if returned < 0 {
        // SAFETY: the errno of this thread is ours to set.
        unsafe { *libc::__errno_location() = i32::try_from(-returned).unwrap_or(libc::EINVAL) };
        return -1;
    }
    returned
}

/// The child's whole life.
extern "C" fn become_image(inheritance: *const Inheritance<'_>) -> ! {
    // SAFETY: the parent is suspended and keeps it; only we write `word`.
    let (birth, word) = unsafe { ((*inheritance).birth, &mut *(*inheritance).word) };
    for (index, step) in birth.steps.iter().enumerate() {
        if let Err(errno) = take(step) {
            (word.step, word.errno) = (index, errno as i32);
            exit();
        }
    }
    // SAFETY: the call writes one `timespec`, which the parent keeps. It fails for clocks that do not
    // exist only (`clock_gettime(2)`).
    unsafe { libc::syscall(libc::SYS_clock_gettime, libc::CLOCK_MONOTONIC, &raw mut word.at) };
    // What comes now either works or overwrites this.
    word.done = true;
    let (arguments, environment) =
        (birth.arguments.pointers.as_ptr(), birth.environment.pointers.as_ptr());
    match birth.image {
        // SAFETY: both arrays end in null and, like their strings and the path, are kept by the
        // parent, which is suspended.
        Image::Path(path) => unsafe {
            libc::syscall(libc::SYS_execve, path.as_ptr(), arguments, environment);
        },
        // SAFETY: as above; the empty path is static.
        Image::Descriptor(fd) => unsafe {
            let (fd, nothing) = (fd.as_raw_fd(), c"".as_ptr());
            let flags = libc::AT_EMPTY_PATH;
            libc::syscall(libc::SYS_execveat, fd, nothing, arguments, environment, flags);
        },
    }
    word.errno = Errno::last_raw();
    exit()
}

fn exit() -> ! {
    // SAFETY: ends this process without touching the memory that it shares.
    unsafe { libc::_exit(127) }
}

/// Takes one step. Raw calls, since libc's wrappers may want to tell other threads.
fn take(step: &Step<'_>) -> Result<(), Errno> {
    let limit = match *step {
        Step::Limit(_, rlim_cur, rlim_max) => libc::rlimit64 { rlim_cur, rlim_max },
        _ => libc::rlimit64 { rlim_cur: 0, rlim_max: 0 },
    };
    // The kernel's own `struct sigaction`: handler, flags, restorer, mask; all zero is the default.
    let default_action = [0_u64; 4];
    let number = |fd: BorrowedFd<'_>| fd.as_raw_fd().cast_unsigned() as usize;
    let (call, arguments) = match *step {
        Step::Write(fd, bytes) => {
            (libc::SYS_write, [number(fd), bytes.as_ptr() as usize, bytes.len(), 0])
        }
        Step::Session => (libc::SYS_setsid, [0; 4]),
        Step::WorkIn(path) => (libc::SYS_chdir, [path.as_ptr() as usize, 0, 0, 0]),
        Step::Umask(mode) => (libc::SYS_umask, [mode.bits() as usize, 0, 0, 0]),
        Step::Limit(resource, ..) => {
            (libc::SYS_prlimit64, [0, resource as usize, (&raw const limit) as usize, 0])
        }
        Step::Descriptor(fd, to) => {
            (libc::SYS_dup2, [number(fd), to.cast_unsigned() as usize, 0, 0])
        }
        Step::CloseOnExecFrom(first) => (
            libc::SYS_close_range,
            [first as usize, u32::MAX as usize, libc::CLOSE_RANGE_CLOEXEC as usize, 0],
        ),
        Step::DefaultSignal(signal) => {
            let action = default_action.as_ptr() as usize;
            (libc::SYS_rt_sigaction, [signal as usize, action, 0, size_of::<u64>()])
        }
        Step::NoGroups => (libc::SYS_setgroups, [0; 4]),
        Step::Group(gid) => (libc::SYS_setresgid, [gid.as_raw() as usize; 4]),
        Step::User(uid) => (libc::SYS_setresuid, [uid.as_raw() as usize; 4]),
        Step::Unshare(namespaces, pass) => return pass.unshare(namespaces),
        Step::LockSecurebits => return privilege::lock_securebits(),
        Step::NoCapabilities => return privilege::clear_capabilities(),
        Step::NoNewPrivileges => return nix::sys::prctl::set_no_new_privs(),
    };
    let [one, two, three, four] = arguments;
    // SAFETY: each of these calls reads at most what its step borrows or what stands on this stack,
    // writes nothing, and closes no descriptor of the parent's: the table is a copy.
    let returned = Errno::result(unsafe { libc::syscall(call, one, two, three, four) })?;
    match *step {
        Step::Write(_, bytes) if usize::try_from(returned) != Ok(bytes.len()) => Err(Errno::EIO),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::io::Read;
    use std::os::fd::AsFd;

    use nix::time::{ClockId, clock_gettime};
    use nix::unistd::pipe;

    use super::*;
    use crate::sys::process::{Children, Exit, reap};

    fn shell(script: &str, steps: &[Step<'_>], image: Image<'_>) -> Result<Exit, Stillborn> {
        let script = CString::new(script).unwrap();
        let born = spawn(&Birth {
            pass: Pass::random().unwrap(),
            cgroup: None,
            steps,
            image,
            arguments: &Strings::new([c"sh", c"-c", script.as_c_str()]),
            environment: &Strings::new([c"WORD=said"]),
        })?;
        Ok(reap(Children::One(born.pid), true).unwrap().unwrap().exit)
    }

    #[test]
    fn a_born_process_has_taken_its_steps_before_its_program_begins() {
        let (mut read, write) = {
            let (read, write) = pipe().unwrap();
            (std::fs::File::from(read), write)
        };
        let steps = [
            Step::WorkIn(c"/proc/self"),
            Step::Session,
            Step::Umask(Mode::from_bits_truncate(0o027)),
            Step::Limit(Resource::RLIMIT_NOFILE, 17, 17),
            Step::DefaultSignal(nix::sys::signal::Signal::SIGPIPE),
            Step::Descriptor(write.as_fd(), 1),
            Step::CloseOnExecFrom(3),
        ];
        let exit = shell("echo $WORD $(umask) $(ulimit -n)", &steps, Image::Path(c"/bin/sh"));
        assert_eq!(exit, Ok(Exit::Code(0)));
        drop(write);
        let mut said = String::new();
        read.read_to_string(&mut said).unwrap();
        assert_eq!(said, "said 0027 17\n");
    }

    #[test]
    fn a_born_process_says_when_it_began() {
        let now = || Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap());
        let (before, nothing) = (now(), Strings::new([]));
        let born = spawn(&Birth {
            pass: Pass::random().unwrap(),
            cgroup: None,
            steps: &[],
            image: Image::Path(c"/bin/true"),
            arguments: &Strings::new([c"true"]),
            environment: &nothing,
        });
        let born = born.unwrap();
        reap(Children::One(born.pid), true).unwrap();
        assert!((before..=now()).contains(&born.at), "{:?}", born.at);
    }

    #[test]
    fn a_program_can_be_a_descriptor() {
        let image = std::fs::File::open("/bin/sh").unwrap();
        let exit = shell("exit 3", &[], Image::Descriptor(image.as_fd()));
        assert_eq!(exit, Ok(Exit::Code(3)));
    }

    #[test]
    fn a_step_that_fails_is_named() {
        let steps = [Step::Session, Step::WorkIn(c"/nowhere")];
        let failed = shell("exit 0", &steps, Image::Path(c"/bin/sh"));
        assert_eq!(failed, Err(Stillborn::Step(1, Errno::ENOENT)));
        let failed = shell("exit 0", &[], Image::Path(c"/nowhere"));
        assert_eq!(failed, Err(Stillborn::Step(0, Errno::ENOENT)));
        let no_cgroup = std::fs::File::open("/").unwrap();
        let failed = spawn(&Birth {
            pass: Pass::random().unwrap(),
            cgroup: Some(no_cgroup.as_fd()),
            steps: &[],
            image: Image::Path(c"/bin/sh"),
            arguments: &Strings::new([]),
            environment: &Strings::new([]),
        });
        assert_eq!(failed.unwrap_err(), Stillborn::Clone(Errno::EBADF));
    }
}
