//! One run, as the init sees it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, fstat};
use nix::sys::uio::pread;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use super::super::ids::{Inside, PROGRAM_ID};
use super::super::protocol::{
    self, EntryKind, ExitReport, FileHeader, InitStep, Reply, Request, RunReport, RunRequest,
    STARTED_AFTER,
};
use super::super::{Missing, Wall};
use super::collect::collect;
use super::conditions::Conditions;
use super::launch::{Entry, Launch, Launched};
use super::root::WORK_DIR;
use super::standing::Standing;
use super::{At, Failure, say_failed};
use crate::sys::filter::{let_go_on, next_call};
use crate::sys::process::{Children, Exit, reap};

/// The descriptors that are left when the files are written.
struct Descriptors {
    stdio: [OwnedFd; 3],
    entry: Vec<OwnedFd>,
    /// The program, if it came with the request.
    image: Option<OwnedFd>,
}

/// Runs one program and answers. Fails only when the supervisor is gone or the slot can't go on.
pub fn run(
    socket: &OwnedFd,
    standing: &mut Standing,
    missing: &Missing,
    request: &RunRequest,
    fds: Vec<OwnedFd>,
) -> io::Result<()> {
    let prepared = prepare(standing, missing, request, fds);
    let ran = match &prepared {
        Ok(descriptors) => execute(socket, standing, missing, request, descriptors),
        Err(failure) => Err(failure.clone()),
    };
    let ended = ran.and_then(|report| {
        standing.sockets.await_none()?;
        Ok((report, collect(&request.collect, missing)?))
    });
    // Not before everybody is gone, which `execute` made sure of, and before the answer: what is not
    // collected is then no longer charged to the cgroup. A slot whose tmpfs stay is dead.
    standing.clear(missing).map_err(|failure| io::Error::from(failure.errno))?;
    let answered = match ended {
        Ok((report, (names, files))) => {
            let files: Vec<BorrowedFd<'_>> = files.iter().map(AsFd::as_fd).collect();
            let reply = Reply::Ended { report, files: names };
            protocol::send(socket.as_fd(), &reply, &files)
        }
        Err(failure) => say_failed(socket, failure),
    };
    // Not before: the supervisor would wake up for the end of each stream, and again for the answer.
    drop(prepared);
    answered
}

/// Fresh file systems, with the request's files in them.
fn prepare(
    Standing { setup, pass, writable, .. }: &mut Standing,
    missing: &Missing,
    request: &RunRequest,
    fds: Vec<OwnedFd>,
) -> Result<Descriptors, Failure> {
    let mut fds = fds.into_iter();
    let mut take = || fds.next().ok_or(Errno::EBADF).at(InitStep::Protocol, "descriptors");
    let stdio = [take()?, take()?, take()?];
    let files = request.files.iter().map(|_| take()).collect::<Result<Vec<_>, _>>()?;
    let sizes = &setup.profiles.get(request.profile).tmpfs;
    writable.make_fresh(*pass, setup.inside, request.profile, sizes, missing)?;
    let mut image = None;
    for (header, content) in request.files.iter().zip(files) {
        if is_the_program(header, request) && is_executable(&content)? {
            image = Some(content);
        } else {
            write_file(&header.path, header.executable, content)?;
        }
    }
    Ok(Descriptors { stdio, entry: fds.collect(), image })
}

/// Whether a file is what the request runs, so that it needs no place in the file system.
fn is_the_program(header: &FileHeader, request: &RunRequest) -> bool {
    let name = request.argv.first().map_or("", String::as_str);
    header.executable && name.strip_prefix("./") == Some(&header.path)
}

/// Whether it can be executed without a path. A script can't: its interpreter opens it by name. And
/// hosts can forbid memory files to be programs (`vm.memfd_noexec`, `proc_sys_vm(5)`).
fn is_executable(content: &OwnedFd) -> Result<bool, Failure> {
    let mode = Mode::from_bits_truncate(fstat(content).at(InitStep::File, "the program")?.st_mode);
    let mut magic = [0; 4];
    let len = pread(content, &mut magic, 0).at(InitStep::File, "the program")?;
    Ok(magic[..len] == *b"\x7fELF" && mode.contains(Mode::S_IXUSR | Mode::S_IXOTH))
}

/// Nothing hostile has run in this tmpfs yet, so a plain path is safe.
fn write_file(path: &str, executable: bool, content: OwnedFd) -> Result<(), Failure> {
    let relative = Path::new(path);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Errno::EINVAL).at(InitStep::File, path);
    }
    let target = Path::new(WORK_DIR).join(relative);
    let id = Some(PROGRAM_ID);
    let mut made = Path::new(WORK_DIR).to_path_buf();
    for dir in relative.parent().into_iter().flat_map(Path::components) {
        made.push(dir);
        if !made.is_dir() {
            std::fs::create_dir(&made).at(InitStep::File, &made)?;
            std::os::unix::fs::chown(&made, id, id).at(InitStep::File, &made)?;
        }
    }
    let mode = if executable { 0o755 } else { 0o644 };
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(mode).open(&target).at(InitStep::File, path)?;
    io::copy(&mut File::from(content), &mut file).at(InitStep::File, path)?;
    file.flush().at(InitStep::File, path)?;
    std::os::unix::fs::fchown(&file, id, id).at(InitStep::File, path)
}

/// Starts the program, waits, and leaves nobody alive, whatever happens.
fn execute(
    socket: &OwnedFd,
    standing: &mut Standing,
    missing: &Missing,
    request: &RunRequest,
    descriptors: &Descriptors,
) -> Result<RunReport, Failure> {
    let Descriptors { stdio, entry, image } = descriptors;
    let cpu_before = reaped_cpu();
    let inside = standing.setup.inside;
    let conditions = match inside {
        Inside::Two => None,
        Inside::One => Some(Conditions::of_ourselves()?),
    };
    if missing.stands(Wall::ProcessNumbers) {
        standing.numbers.restart().at(InitStep::Fork, "process numbers")?;
    }
    let entry = match request.entry {
        EntryKind::Born => {
            let dir = entry.first().ok_or(Errno::EBADF).at(InitStep::Protocol, "descriptors")?;
            Entry::Born(dir.as_fd())
        }
        EntryKind::Joins(_) | EntryKind::None => Entry::Joins(entry),
    };
    let launch = Launch {
        request,
        inside,
        missing,
        pass: standing.pass,
        stdio,
        entry,
        image: image.as_ref().map(AsFd::as_fd),
    };
    let launched = launch.start()?;
    let watched = watch(socket, &launched, standing);
    let Launched { pid, at: began, .. } = launched;
    let exit = if missing.stands(Wall::KillAll) { end_everybody(pid)? } else { end_alone(pid)? };
    if let Some(conditions) = conditions {
        conditions.confirm()?;
    }
    let (forbidden_call, ended_alone) = watched?;
    Ok(RunReport {
        exit: ExitReport::from(ended_alone.or(exit).unwrap_or(Exit::Signal(libc::SIGKILL))),
        wall: monotonic().saturating_sub(began),
        reaped_cpu: reaped_cpu().saturating_sub(cpu_before),
        forbidden_call,
    })
}

/// Waits for the first of: the program ends, asks for something forbidden, or is to be killed.
fn watch(
    socket: &OwnedFd,
    Launched { pid, pidfd, .. }: &Launched,
    Standing { setup, listener, ipc, .. }: &mut Standing,
) -> Result<(Option<i64>, Option<Exit>), Failure> {
    let mut patience = PollTimeout::try_from(STARTED_AFTER).expect("a millisecond");
    loop {
        let mut ready =
            [pidfd, socket, &*listener].map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN));
        match poll(&mut ready, patience) {
            Ok(0) => {
                patience = PollTimeout::NONE;
                protocol::send(socket.as_fd(), &Reply::Started, &[])
                    .at(InitStep::Protocol, "started")?;
                continue;
            }
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error).at(InitStep::Reap, "poll"),
        }
        let [ended, asked, stopped] = ready.map(|it| it.any().unwrap_or(true));
        if ended {
            // A grandchild may be adopted and end meanwhile: only this one is asked for.
            let reaped = reap(Children::One(*pid), true).at(InitStep::Reap, "program")?;
            return Ok((None, reaped.map(|reaped| reaped.exit)));
        }
        if stopped
            && let Some(call) = next_call(listener.as_fd()).at(InitStep::Filter, "listener")?
        {
            if !setup.profiles.filter.is_noticed(call.number) {
                return Ok((Some(call.number), None));
            }
            ipc.notice();
            let_go_on(listener.as_fd(), call).at(InitStep::Filter, "listener")?;
        }
        if asked {
            return match protocol::receive::<Request>(socket.as_fd()) {
                Ok(Some((Request::Kill, _))) => Ok((None, None)),
                // Gone, or not making sense: end this run first, and then the slot.
                _ => Err(Errno::EPIPE).at(InitStep::Protocol, "the supervisor"),
            };
        }
    }
}

/// Kills all that is in the pid namespace but ourselves and reaps until the kernel says that we
/// have no child. `kill(-1)` is atomic against fork (`kill(2)`): nobody slips through.
fn end_everybody(program: Pid) -> Result<Option<Exit>, Failure> {
    let mut exit = None;
    loop {
        match kill(Pid::from_raw(-1), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => return Err(error).at(InitStep::Reap, "kill"),
        }
        match reap(Children::Any, true) {
            Ok(Some(reaped)) if reaped.pid == program => exit = Some(reaped.exit),
            Ok(_) => {}
            Err(Errno::ECHILD) => return Ok(exit),
            Err(error) => return Err(error).at(InitStep::Reap, "wait"),
        }
    }
}

/// Kills the program, and nobody else: what [`end_everybody`] would be without its wall.
fn end_alone(program: Pid) -> Result<Option<Exit>, Failure> {
    match kill(program, Signal::SIGKILL).and_then(|()| reap(Children::One(program), true)) {
        Ok(reaped) => Ok(reaped.map(|reaped| reaped.exit)),
        // It was reaped before.
        Err(Errno::ESRCH | Errno::ECHILD) => Ok(None),
        Err(error) => Err(error).at(InitStep::Reap, "program"),
    }
}

/// The monotonic clock, which parent and child share.
fn monotonic() -> Duration {
    // Fails for clocks that do not exist only; this one always does (`clock_gettime(2)`).
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// User plus system time of all that was reaped so far.
fn reaped_cpu() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else {
        return Duration::ZERO;
    };
    let part = |value: nix::sys::time::TimeVal| {
        Duration::new(
            value.tv_sec().try_into().unwrap_or(0),
            u32::try_from(value.tv_usec()).unwrap_or(0) * 1_000,
        )
    };
    part(usage.user_time()) + part(usage.system_time())
}
