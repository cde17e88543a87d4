//! What the supervisor and a slot's init say to each other: one JSON message with its descriptors
//! a packet, over a private socket that no program ever holds.
//!
//! The supervisor trusts the init's word about the program, since the program can't speak here; yet
//! everything is bounded, so that a broken init can't hurt more than its slot.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::SandboxError;
use super::ids::Inside;
use super::profile::{ProfileName, Profiles};
use crate::sys::fds::{receive_message, send_message};
use crate::sys::process::Exit;

/// The longest message, in bytes: what is larger travels in a sealed file beside it.
pub const LONGEST_MESSAGE: usize = 64 * 1024;

/// The most files that go into a run, or come out of one.
pub const MAX_FILES: usize = 200;

/// The most that comes out of a run, in bytes over all files, holes included: they are copied into
/// our own memory.
pub const MAX_COLLECTED_BYTES: u64 = 256 << 20;

/// For how long the init waits for a program to end before it says that it started: as long as that
/// is of no use, a wake-up is saved. Far less than any limit.
pub const STARTED_AFTER: Duration = Duration::from_millis(1);

/// What can be read from a packet.
pub trait Message: Serialize + DeserializeOwned {
    /// Says what is wrong with a message that is well-formed, and yet one that the reader could not
    /// act on.
    fn check(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Supervisor to init.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// First: build the root. Descriptor 0: a sealed file with [`Setup`] as JSON.
    Build,
    /// Run a program. Descriptors: standard input, output, error; then one for each of `files`; then
    /// those by which it enters its cgroup.
    Run(RunRequest),
    /// End the run that is going on. A run that has ended meanwhile makes this a no-op.
    Kill,
}

impl Message for Request {
    fn check(&self) -> Result<(), &'static str> {
        let Self::Run(RunRequest { argv, files, collect, .. }) = self else {
            return Ok(());
        };
        if argv.is_empty() {
            return Err("a run without a program");
        }
        if MAX_FILES < files.len() || MAX_FILES < collect.len() {
            return Err("a run with too many files");
        }
        if !files.iter().all(|file| is_inside(&file.path)) {
            return Err("a file outside of the working directory");
        }
        Ok(())
    }
}

/// A relative path with a name and without `..`: whoever joins it to a directory stays below that.
fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Everything that the init needs for the life of its slot.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Root layout, filters, sizes.
    pub profiles: Profiles,
    /// For `/etc/hostname`-less programs that ask `uname(2)`.
    pub hostname: String,
    /// Which ids it maps.
    pub inside: Inside,
}

impl Message for Setup {
    fn check(&self) -> Result<(), &'static str> {
        let complete =
            ProfileName::ALL.iter().all(|name| self.profiles.profiles.contains_key(name));
        complete.then_some(()).ok_or("a setup that lacks a profile")
    }
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunRequest {
    pub profile: ProfileName,
    pub argv: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Written into the working directory beforehand.
    pub files: Vec<FileHeader>,
    /// Handed out afterwards.
    pub collect: Vec<CollectPattern>,
    pub rlimits: Rlimits,
    pub entry: EntryKind,
}

/// A file to be written.
#[derive(Debug, Serialize, Deserialize)]
pub struct FileHeader {
    /// Relative to the working directory; no `..`.
    pub path: String,
    pub executable: bool,
}

/// Which files the program's working directory is searched for.
#[derive(Debug, Serialize, Deserialize)]
pub struct CollectPattern {
    /// A relative path, or `*.suffix` for all files of the working directory that end so.
    pub pattern: String,
    /// Of one file, in bytes, inclusive.
    pub max_bytes: u64,
}

/// Per-process limits (`setrlimit(2)`).
#[derive(Debug, Serialize, Deserialize)]
pub struct Rlimits {
    pub cpu_seconds: u64,
    pub open_files: u64,
    pub file_size_bytes: u64,
    pub stack_bytes: u64,
}

/// How many of the descriptors are for entering the cgroup, and how.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum EntryKind {
    /// One directory.
    Born,
    /// So many `tasks` files.
    Joins(usize),
    None,
}

/// Init to supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// The root stands.
    Built,
    /// The program is past exec. Nothing more comes until it has ended. Not said of a program that
    /// has ended before there was reason to say it ([`STARTED_AFTER`]).
    Started,
    /// Nothing of the run is left but its files. One descriptor for each name.
    Ended { report: RunReport, files: Vec<String> },
    /// A step failed. After a failed build the slot is useless.
    Failed { step: InitStep, errno: i32, detail: String },
}

impl Message for Reply {
    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Ended { files, .. } if MAX_FILES < files.len() => Err("too many files came out"),
            _ => Ok(()),
        }
    }
}

/// What the init saw of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// How the first process ended.
    pub exit: ExitReport,
    /// From exec to the last process gone.
    pub wall: Duration,
    /// Sum over all reaped processes, for hosts without cgroups.
    pub reaped_cpu: Duration,
    /// The first forbidden system call, by number.
    pub forbidden_call: Option<i64>,
}

/// [`Exit`] as it travels.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum ExitReport {
    Code(i32),
    Signal(i32),
}

impl From<Exit> for ExitReport {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self::Code(code),
            Exit::Signal(signal) => Self::Signal(signal),
        }
    }
}

impl From<ExitReport> for Exit {
    fn from(exit: ExitReport) -> Self {
        match exit {
            ExitReport::Code(code) => Self::Code(code),
            ExitReport::Signal(signal) => Self::Signal(signal),
        }
    }
}

/// What the init was doing when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InitStep {
    /// Becoming root of the user namespace.
    Identity,
    /// Making the mount tree private.
    Propagation,
    /// Mounting a tmpfs.
    Tmpfs,
    /// Showing a part of the host's file tree.
    Bind,
    /// Showing a device node.
    Device,
    /// Writing a small file.
    File,
    /// Mounting `/proc`.
    Proc,
    /// Changing the root.
    Pivot,
    /// Making the root read-only.
    Freeze,
    /// Naming the host.
    Hostname,
    /// Forking the program.
    Fork,
    /// Entering the cgroup.
    Cgroup,
    /// Limits of the process.
    Rlimit,
    /// Replacing the standard descriptors.
    Stdio,
    /// Giving up privileges.
    Privilege,
    /// Installing the syscall filter.
    Filter,
    /// Starting the program.
    Exec,
    /// Handing out a file of the program.
    Collect,
    /// Making sure that nobody is left.
    Reap,
    /// Leaving the ipc namespace of a run.
    Ipc,
    /// Understanding a message.
    Protocol,
}

impl fmt::Display for InitStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Identity => "becoming root of its user namespace",
            Self::Propagation => "making its mounts private",
            Self::Tmpfs => "mounting a tmpfs",
            Self::Bind => "binding a path of the host",
            Self::Device => "binding a device",
            Self::File => "writing a file",
            Self::Proc => "mounting /proc",
            Self::Pivot => "changing the root",
            Self::Freeze => "making the root read-only",
            Self::Hostname => "setting the host name",
            Self::Fork => "forking the program",
            Self::Cgroup => "entering the cgroup",
            Self::Rlimit => "setting a resource limit",
            Self::Stdio => "replacing standard descriptors",
            Self::Privilege => "giving up privileges",
            Self::Filter => "installing the syscall filter",
            Self::Exec => "starting the program",
            Self::Collect => "collecting a file",
            Self::Reap => "reaping the run",
            Self::Ipc => "replacing the ipc namespace",
            Self::Protocol => "understanding a message",
        };
        f.write_str(text)
    }
}

/// Reads one message from the bytes of a packet, or of the file beside it. Fails with
/// [`io::ErrorKind::InvalidData`] on what is no such message, or is one that nobody could act on.
pub fn parse<T: Message>(packet: &[u8]) -> io::Result<T> {
    let message: T = serde_json::from_slice(packet)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let checked = message.check();
    checked.map(|()| message).map_err(|what| io::Error::new(io::ErrorKind::InvalidData, what))
}

/// Who reads a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The init: a request of the supervisor.
    Init,
    /// The init: the file that comes with the first request.
    InitSetup,
    /// The supervisor: a reply of the init.
    Supervisor,
}

/// What `reader` understands of a packet, written down again; nothing is done about it. This is how
/// tests and fuzzers throw bytes at both sides.
pub fn understood(reader: Reader, packet: &[u8]) -> io::Result<Vec<u8>> {
    match reader {
        Reader::Init => Ok(serde_json::to_vec(&parse::<Request>(packet)?)?),
        Reader::InitSetup => Ok(serde_json::to_vec(&parse::<Setup>(packet)?)?),
        Reader::Supervisor => Ok(serde_json::to_vec(&parse::<Reply>(packet)?)?),
    }
}

/// Sends one message.
pub fn send<T: Message>(
    socket: BorrowedFd<'_>,
    message: &T,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    if LONGEST_MESSAGE < text.len() {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(send_message(socket, &text, fds)?)
}

/// Receives one message. `Ok(None)`: the other side is gone.
pub fn receive<T: Message>(socket: BorrowedFd<'_>) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    thread_local! {
        /// Kept, since most messages are much shorter than what would have to be zeroed for each.
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; LONGEST_MESSAGE]);
    }
    BUFFER.with_borrow_mut(|buffer| match receive_message(socket, buffer) {
        Ok((0, _)) | Err(Errno::ECONNRESET) => Ok(None),
        Ok((len, fds)) => Ok(Some((parse(&buffer[..len])?, fds))),
        Err(error) => Err(error.into()),
    })
}

/// Whether `fd` has something to read, or was hung up, within `patience`.
pub fn wait_readable(fd: &impl AsFd, patience: Duration) -> io::Result<bool> {
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut fds, timeout) {
            Err(Errno::EINTR) => {}
            ready => return Ok(0 < ready?),
        }
    }
}

/// One message, or an error when none comes in time or the other side is gone.
pub fn receive_within<T: Message>(
    socket: &impl AsFd,
    patience: Duration,
) -> io::Result<(T, Vec<OwnedFd>)> {
    if !wait_readable(socket, patience)? {
        return Err(io::Error::from(io::ErrorKind::TimedOut));
    }
    let received = receive(socket.as_fd())?;
    received.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
}

/// An answer that is not the one waited for.
pub fn unexpected(reply: Reply) -> SandboxError {
    match reply {
        Reply::Failed { step, errno, detail } => {
            SandboxError::Init { step, detail, source: Errno::from_raw(errno) }
        }
        Reply::Built | Reply::Started | Reply::Ended { .. } => SandboxError::Init {
            step: InitStep::Protocol,
            detail: "an answer out of turn".into(),
            source: Errno::EPROTO,
        },
    }
}
