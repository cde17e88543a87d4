//! One run, as the init sees it.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{SFlag, fstat};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, execve};
use serde::{Deserialize, Serialize};

use super::super::profile::Profile;
use super::super::protocol::{
    self, CollectPattern, EntryKind, ExitReport, InitStep, LONGEST_MESSAGE, MAX_COLLECTED_BYTES,
    MAX_FILES, Reply, Request, Rlimits, RunReport, RunRequest, Setup,
};
use super::super::{Missing, Wall};
use super::credentials::drop_for_good;
use super::numbers::ProcessNumbers;
use super::root::{PROGRAM_ID, WORK_DIR, mount_writable, unmount_writable};
use super::{At, Failure, say_failed};
use crate::sys::fds::{close_on_exec_from, message_pair, replace_stdio};
use crate::sys::filter::{install, next_call};
use crate::sys::process::{Children, Exit, Forked, exit_now, fork, reap};

/// The descriptors that are left when the files are written.
struct Descriptors {
    stdio: [OwnedFd; 3],
    entry: Vec<OwnedFd>,
}

/// Runs one program and answers. Fails only when the supervisor is gone or the slot can't go on.
pub fn run(
    socket: &OwnedFd,
    setup: &Setup,
    missing: &Missing,
    numbers: &ProcessNumbers,
    request: &RunRequest,
    fds: Vec<OwnedFd>,
) -> io::Result<()> {
    let profile = setup.profiles.get(request.profile);
    let ran = match prepare(profile, missing, request, fds) {
        Ok(descriptors) => execute(socket, profile, missing, numbers, request, descriptors),
        Err(failure) => Err(failure),
    };
    let ended = ran.and_then(|report| {
        // In the host's network namespace there are always some.
        if missing.stands(Wall::SocketsGone) && missing.stands(Wall::NetNamespace) {
            await_no_sockets()?;
        }
        Ok((report, collect(&request.collect, missing)?))
    });
    // Not before everybody is gone, which `execute` made sure of, and before the answer: what is not
    // collected is then no longer charged to the cgroup. A slot whose tmpfs stay is dead.
    unmount_writable(missing).map_err(|failure| io::Error::from(failure.errno))?;
    match ended {
        Ok((report, (names, files))) => {
            let files: Vec<BorrowedFd<'_>> = files.iter().map(AsFd::as_fd).collect();
            let reply = Reply::Ended { report, files: names };
            protocol::send(socket.as_fd(), &reply, &files)
        }
        Err(failure) => say_failed(socket, failure),
    }
}

/// Fresh file systems, with the request's files in them.
fn prepare(
    profile: &Profile,
    missing: &Missing,
    request: &RunRequest,
    fds: Vec<OwnedFd>,
) -> Result<Descriptors, Failure> {
    let mut fds = fds.into_iter();
    let mut take = || fds.next().ok_or(Errno::EBADF).at(InitStep::Protocol, "descriptors");
    let stdio = [take()?, take()?, take()?];
    let files = request.files.iter().map(|_| take()).collect::<Result<Vec<_>, _>>()?;
    mount_writable(&profile.tmpfs, missing)?;
    for (header, content) in request.files.iter().zip(files) {
        write_file(&header.path, header.executable, content)?;
    }
    Ok(Descriptors { stdio, entry: fds.collect() })
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

/// What the forked child tells before exec.
#[derive(Debug, Serialize, Deserialize)]
enum ChildMessage {
    /// With the listener of its filter. Exec is next; `now` is the time on the monotonic clock.
    Ready {
        now: Duration,
    },
    Failed {
        step: InitStep,
        errno: i32,
        detail: String,
    },
}

impl protocol::Message for ChildMessage {}

/// Starts the program, waits, and leaves nobody alive, whatever happens.
fn execute(
    socket: &OwnedFd,
    profile: &Profile,
    missing: &Missing,
    numbers: &ProcessNumbers,
    request: &RunRequest,
    descriptors: Descriptors,
) -> Result<RunReport, Failure> {
    let Descriptors { stdio, entry } = descriptors;
    let born_in = matches!(request.entry, EntryKind::Born).then(|| entry.first()).flatten();
    let (ours, childs) = message_pair().at(InitStep::Fork, "socket")?;
    let cpu_before = reaped_cpu();
    if missing.stands(Wall::ProcessNumbers) {
        numbers.restart().at(InitStep::Fork, "process numbers")?;
    }
    let namespaces = missing.standing(&[(Wall::IpcNamespace, CloneFlags::CLONE_NEWIPC)]);
    let forked = fork(namespaces.into_iter().collect(), born_in.map(AsFd::as_fd));
    let (pid, pidfd) = match forked.at(InitStep::Fork, &request.argv[0])? {
        Forked::Child => {
            let joins = if born_in.is_none() { &entry[..] } else { &[] };
            become_program(&childs, profile, missing, request, &stdio, joins)
        }
        Forked::Parent { pid, pidfd } => (pid, pidfd),
    };
    drop((childs, stdio, entry));
    let started = await_exec(socket, &ours);
    let mut began = Duration::ZERO;
    let watched = match started {
        Ok((listener, at)) => {
            began = at;
            protocol::send(socket.as_fd(), &Reply::Started, &[])
                .at(InitStep::Protocol, "started")
                .and_then(|()| watch(socket, pid, &pidfd, &listener))
        }
        Err(failure) => Err(failure),
    };
    let exit = if missing.stands(Wall::KillAll) { end_everybody(pid)? } else { end_alone(pid)? };
    let (forbidden_call, ended_alone) = watched?;
    Ok(RunReport {
        exit: ExitReport::from(ended_alone.or(exit).unwrap_or(Exit::Signal(libc::SIGKILL))),
        wall: monotonic().saturating_sub(began),
        reaped_cpu: reaped_cpu().saturating_sub(cpu_before),
        forbidden_call,
    })
}

/// Waits until the child is past exec, or says why not: also when the supervisor is gone meanwhile.
/// What that may say is left for [`watch`].
fn await_exec(socket: &OwnedFd, child: &OwnedFd) -> Result<(OwnedFd, Duration), Failure> {
    let mut listener = None;
    loop {
        let mut ready = [
            PollFd::new(child.as_fd(), PollFlags::POLLIN),
            PollFd::new(socket.as_fd(), PollFlags::empty()),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error).at(InitStep::Exec, "poll"),
        }
        if ready[1].any().unwrap_or(true) {
            return Err(Errno::EPIPE).at(InitStep::Protocol, "the supervisor");
        }
        let received = protocol::receive(child.as_fd()).at(InitStep::Exec, "program")?;
        match (received, listener.take()) {
            (Some((ChildMessage::Ready { now }, fds)), None) => {
                listener = fds.into_iter().next().map(|listener| (listener, now));
            }
            (Some((ChildMessage::Failed { step, errno, detail }, _)), _) => {
                return Err(Failure { step, errno: Errno::from_raw(errno), detail });
            }
            // Exec closed its end.
            (None, Some(listener)) => return Ok(listener),
            (None, None) | (Some(_), Some(_)) => {
                return Err(Errno::EPROTO).at(InitStep::Exec, "the child died before exec");
            }
        }
    }
}

/// Waits for the first of: the program ends, asks for something forbidden, or is to be killed.
fn watch(
    socket: &OwnedFd,
    pid: Pid,
    pidfd: &OwnedFd,
    listener: &OwnedFd,
) -> Result<(Option<i64>, Option<Exit>), Failure> {
    let mut listening = true;
    loop {
        let wanted = [Some(pidfd), Some(socket), listening.then_some(listener)];
        let wanted = wanted.into_iter().flatten();
        let mut ready: Vec<PollFd<'_>> =
            wanted.map(|fd| PollFd::new(fd.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut ready, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error).at(InitStep::Reap, "poll"),
        }
        let events =
            |at: usize| ready.get(at).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
        let (ended, asked) = (!events(0).is_empty(), !events(1).is_empty());
        // A listener hangs up when its callers begin to exit, and would wake us for ever then; and
        // reading it without a call to tell of would block.
        let stopped = events(2).contains(PollFlags::POLLIN);
        listening &= events(2).is_empty() || stopped;
        if ended {
            // A grandchild may be adopted and end meanwhile: only this one is asked for.
            let reaped = reap(Children::One(pid), true).at(InitStep::Reap, "program")?;
            return Ok((None, reaped.map(|reaped| reaped.exit)));
        }
        if stopped
            && let Some(call) = next_call(listener.as_fd()).at(InitStep::Filter, "listener")?
        {
            return Ok((Some(call.number), None));
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

/// How long the kernel may take to close what nobody holds any more.
const SOCKETS_PATIENCE: Duration = Duration::from_secs(10);

/// Waits until no local socket is left. A socket whose descriptor is in flight to itself outlives its
/// process until the kernel's garbage collector comes by, and its abstract name with it: the next
/// run of this network namespace could call it (`unix(7)`).
fn await_no_sockets() -> Result<(), Failure> {
    const TABLE: &str = "/proc/self/net/unix";
    let deadline = monotonic() + SOCKETS_PATIENCE;
    loop {
        // The first line is a heading.
        if std::fs::read_to_string(TABLE).at(InitStep::Reap, TABLE)?.lines().nth(1).is_none() {
            return Ok(());
        }
        if deadline < monotonic() {
            return Err(Errno::ETIMEDOUT).at(InitStep::Reap, "a socket of the run is left");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
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

/// In the forked child: turns it into the program. Never comes back.
fn become_program(
    report: &OwnedFd,
    profile: &Profile,
    missing: &Missing,
    request: &RunRequest,
    stdio: &[OwnedFd; 3],
    joins: &[OwnedFd],
) -> ! {
    let Err(Failure { step, errno, detail }) =
        exec(report, profile, missing, request, stdio, joins);
    let message = ChildMessage::Failed { step, errno: errno as i32, detail };
    // If nobody listens any more, nobody needs to know.
    let _ = protocol::send(report.as_fd(), &message, &[]);
    exit_now(127)
}

/// The order matters: the cgroup wants our rights, limits come before they bind us, and the filter
/// comes last because it denies what the other steps need.
fn exec(
    report: &OwnedFd,
    profile: &Profile,
    missing: &Missing,
    request: &RunRequest,
    stdio: &[OwnedFd; 3],
    joins: &[OwnedFd],
) -> Result<std::convert::Infallible, Failure> {
    let c_string = |text: &str| CString::new(text).map_err(|_| Errno::EINVAL);
    let argv = request.argv.iter().map(|text| c_string(text)).collect::<Result<Vec<_>, _>>();
    let argv = argv.at(InitStep::Exec, "arguments")?;
    let env = request.env.iter().map(|(name, value)| c_string(&format!("{name}={value}")));
    let env = env.collect::<Result<Vec<_>, _>>().at(InitStep::Exec, "environment")?;
    let path = argv.first().ok_or(Errno::EINVAL).at(InitStep::Exec, "arguments")?;

    for tasks in joins {
        nix::unistd::write(tasks, b"0").at(InitStep::Cgroup, "tasks")?;
    }
    // Rooted in the groups that it is in now, so that it can't see where in the host's those lie.
    if missing.stands(Wall::CgroupNamespace) {
        unshare(CloneFlags::CLONE_NEWCGROUP).at(InitStep::Cgroup, "namespace")?;
    }
    if missing.stands(Wall::Session) {
        nix::unistd::setsid().at(InitStep::Privilege, "session")?;
    }
    nix::unistd::chdir(WORK_DIR).at(InitStep::Exec, WORK_DIR)?;
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    set_limits(&request.rlimits, missing)?;
    let [stdin, stdout, stderr] = stdio;
    replace_stdio(stdin.as_fd(), stdout.as_fd(), stderr.as_fd()).at(InitStep::Stdio, "stdio")?;
    if missing.stands(Wall::CloseOnExec) {
        close_on_exec_from(3).at(InitStep::Stdio, "others")?;
    }
    let listener = if missing.stands(Wall::NoNewPrivs) {
        drop_for_good(missing)?;
        install_filter(profile, missing)?
    } else {
        // Without it, a filter wants the capabilities that are about to go.
        let listener = install_filter(profile, missing)?;
        drop_for_good(missing)?;
        listener
    };
    let ready = ChildMessage::Ready { now: monotonic() };
    protocol::send(report.as_fd(), &ready, &[listener.as_fd()]).at(InitStep::Filter, "listener")?;
    execve(path, &argv, &env).at(InitStep::Exec, &request.argv[0])
}

/// With the listener for what it forbids.
fn install_filter(profile: &Profile, missing: &Missing) -> Result<OwnedFd, Failure> {
    install(&missing.filter(profile.filter.program())).at(InitStep::Filter, "program")
}

fn set_limits(limits: &Rlimits, missing: &Missing) -> Result<(), Failure> {
    let Rlimits { cpu_seconds, open_files, file_size_bytes, stack_bytes } = *limits;
    let walls = [
        // Not 0: that holds for files only, and a host that pipes its cores to a program would run
        // it for every crash. 1 is less than any core needs, and keeps the pipe shut too (`do_coredump`).
        (Wall::CoreSize, (Resource::RLIMIT_CORE, 1, 1)),
        (Wall::OpenFiles, (Resource::RLIMIT_NOFILE, open_files, open_files)),
        (Wall::FileSize, (Resource::RLIMIT_FSIZE, file_size_bytes, file_size_bytes)),
        (Wall::Stack, (Resource::RLIMIT_STACK, stack_bytes, stack_bytes)),
        // A second between the signal that can be caught and the one that can't.
        (Wall::CpuNet, (Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds.saturating_add(1))),
    ];
    for (resource, soft, hard) in missing.standing(&walls) {
        setrlimit(resource, soft, hard).at(InitStep::Rlimit, format!("{resource:?} {soft}"))?;
    }
    // No real-time scheduling, even where the worker may.
    setrlimit(Resource::RLIMIT_RTPRIO, 0, 0).at(InitStep::Rlimit, "RLIMIT_RTPRIO")
}

/// Opens the files that the program was to leave behind; none at all where they are too many or too
/// large together, for what is missing can't be told from what never was. Its directory is hostile:
/// no link is followed, nothing but regular files is opened, and nothing blocks.
fn collect(
    patterns: &[CollectPattern],
    missing: &Missing,
) -> Result<(Vec<String>, Vec<OwnedFd>), Failure> {
    let none = || Ok((vec![], vec![]));
    let mut names = Vec::new();
    let mut files = Vec::new();
    let mut bytes = 0_u64;
    for CollectPattern { pattern, max_bytes } in patterns {
        for name in matching(pattern)? {
            let Some((file, size)) = open_collected(&name, *max_bytes, missing)? else {
                continue;
            };
            bytes = bytes.saturating_add(size);
            let too_much = names.len() == MAX_FILES || MAX_COLLECTED_BYTES < bytes;
            if too_much && missing.stands(Wall::CollectTotal) {
                return none();
            }
            names.push(name);
            files.push(file);
        }
    }
    // Names of control characters grow sixfold as JSON. Half a message leaves room for the rest.
    let written = serde_json::to_vec(&names).at(InitStep::Collect, "names")?;
    if LONGEST_MESSAGE / 2 < written.len() && missing.stands(Wall::CollectTotal) {
        return none();
    }
    Ok((names, files))
}

/// Names in the working directory for `*.suffix`, sorted; else the pattern itself.
fn matching(pattern: &str) -> Result<Vec<String>, Failure> {
    let Some(suffix) = pattern.strip_prefix('*') else {
        return Ok(vec![pattern.to_owned()]);
    };
    let entries = std::fs::read_dir(WORK_DIR).at(InitStep::Collect, WORK_DIR)?;
    // The tmpfs bounds the number of entries.
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(suffix)).collect();
    names.sort();
    Ok(names)
}

/// With its size. `None`: there is no such regular file of at most `max_bytes`.
fn open_collected(
    name: &str,
    max_bytes: u64,
    missing: &Missing,
) -> Result<Option<(OwnedFd, u64)>, Failure> {
    let work = nix::fcntl::open(
        WORK_DIR,
        OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
        nix::sys::stat::Mode::empty(),
    )
    .at(InitStep::Collect, WORK_DIR)?;
    let beneath = ResolveFlag::RESOLVE_BENEATH
        | ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_XDEV;
    let beneath = missing.standing(&[(Wall::CollectBeneath, beneath)]).into_iter().collect();
    let how = OpenHow::new()
        .flags(OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
        .resolve(beneath);
    let Ok(file) = openat2(&work, name, how) else {
        return Ok(None);
    };
    let stat = fstat(&file).at(InitStep::Collect, name)?;
    let regular = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG;
    let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    let fit = (regular || !missing.stands(Wall::CollectRegular))
        && (size <= max_bytes || !missing.stands(Wall::CollectSize));
    Ok(fit.then_some((file, size)))
}
