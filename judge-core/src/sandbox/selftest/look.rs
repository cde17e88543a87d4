//! What a program can find out by looking around.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::resource::{Resource, getrlimit, rlim_t};
use nix::sys::signal::kill;
use nix::sys::statvfs::statvfs;
use nix::unistd::{Pid, getgroups, getpid, getppid, getresgid, getresuid, getsid};

use super::super::Wall;
use super::attacker::{Finding, Host, one};
use crate::sys::fds::send_message;
use crate::sys::probe::{securebits, shared_segment};

/// Limits of a run that looks around, which it knows and checks.
pub const PROCESSES: u32 = 8;
pub const OPEN_FILES: u32 = 64;
pub const FILE_BYTES: u64 = 1 << 20;
pub const STACK_BYTES: u64 = 8 << 20;

type Look = (Wall, fn(&Host) -> Option<String>);

/// Each says what it got, or nothing.
const LOOKS: &[Look] = &[
    (Wall::UserNamespace, |_| outer_user()),
    (Wall::ProgramUid, |_| user()),
    (Wall::ProgramGid, |_| group()),
    (Wall::SupplementaryGroups, |_| groups()),
    (Wall::NoNewPrivs, |_| (status("NoNewPrivs:") != "1").then(|| "it is not set".into())),
    (Wall::CapabilitySets, |_| capabilities(&["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"])),
    (Wall::BoundingSet, |_| capabilities(&["CapBnd:"])),
    (Wall::Securebits, |_| unlocked_securebits()),
    (Wall::Session, |_| session()),
    (Wall::HostTree, host_tree),
    (Wall::ReadOnlyRoot, |_| mounts().find_map(|mount| mount.lacks("ro"))),
    (Wall::NoSetuid, |_| all_mounts().find_map(|mount| mount.lacks("nosuid"))),
    (Wall::NoDevices, |_| bound_folders().find_map(|mount| mount.lacks("nodev"))),
    (Wall::FewDevices, |_| odd_device(Path::new("/dev"))),
    (Wall::OwnProc, |_| processes_seen(|pid| pid != 1)),
    (Wall::HiddenPids, |_| processes_seen(|pid| pid == 1)),
    (Wall::ProcSubset, |_| seen(&["/proc/meminfo", "/proc/sys", "/proc/kallsyms", "/proc/keys"])),
    (Wall::PidNamespace, |_| parent()),
    (Wall::UtsNamespace, |_| host_name()),
    (Wall::NetNamespace, network),
    (Wall::CgroupNamespace, |_| cgroup_path()),
    (Wall::TmpfsBytes, |_| unbounded_tmpfs(bytes_of)),
    (Wall::TmpfsInodes, |_| unbounded_tmpfs(inodes_of)),
    (Wall::OpenFiles, |_| loose(Resource::RLIMIT_NOFILE, OPEN_FILES.into())),
    (Wall::FileSize, |_| loose(Resource::RLIMIT_FSIZE, FILE_BYTES)),
    (Wall::Stack, |_| loose(Resource::RLIMIT_STACK, STACK_BYTES)),
    // 1, which no core fits in: see `set_limits`.
    (Wall::CoreSize, |_| loose(Resource::RLIMIT_CORE, 1)),
    (Wall::CpuNet, |_| loose(Resource::RLIMIT_CPU, 3600)),
    (Wall::CloseOnExec, |_| descriptors()),
    (Wall::InputMode, |_| input_mode()),
    (Wall::InputSeals, |_| input_seals()),
];

/// The walls of [`LOOKS`], in its order.
pub const WALLS: &[Wall] = &{
    let mut walls = [Wall::UserNamespace; LOOKS.len()];
    let mut at = 0;
    while at < walls.len() {
        walls[at] = LOOKS[at].0;
        at += 1;
    }
    walls
};

pub fn around(host: &Host) -> Vec<Finding> {
    LOOKS.iter().map(|(wall, look)| one(*wall, look(host))).collect()
}

/// Who it is on the host: nobody known, or the worker itself, or root.
fn outer_user() -> Option<String> {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let identity = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().ok());
        let (inner, outer) = (numbers.next().flatten(), numbers.next().flatten());
        inner.is_none() || outer.is_none() || inner == outer || outer == Some(0)
    };
    (map.is_empty() || map.lines().any(identity)).then(|| format!("users are mapped {map:?}"))
}

fn user() -> Option<String> {
    let ids = getresuid().ok()?;
    let root = [ids.real, ids.effective, ids.saved].iter().any(|id| id.is_root());
    root.then(|| "it is user 0".into())
}

fn group() -> Option<String> {
    let ids = getresgid().ok()?;
    let root = [ids.real, ids.effective, ids.saved].iter().any(|id| id.as_raw() == 0);
    root.then(|| "it is group 0".into())
}

fn groups() -> Option<String> {
    let groups = getgroups().unwrap_or_default();
    (!groups.is_empty()).then(|| format!("it is in the groups {groups:?}"))
}

/// A value of `/proc/self/status`.
fn status(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap_or("not told").trim().to_owned()
}

fn capabilities(sets: &[&str]) -> Option<String> {
    let kept = sets.iter().find(|set| u64::from_str_radix(&status(set), 16) != Ok(0))?;
    Some(format!("{kept} {}", status(kept)))
}

/// `SECBIT_NOROOT` and its lock (`capabilities(7)`).
fn unlocked_securebits() -> Option<String> {
    const NOROOT_LOCKED: i32 = 0b11;
    let bits = securebits().unwrap_or(0);
    (bits & NOROOT_LOCKED != NOROOT_LOCKED).then(|| format!("they are {bits:#b}"))
}

fn session() -> Option<String> {
    let session = getsid(None).ok();
    (session != Some(getpid())).then(|| format!("its session is {session:?}"))
}

/// Parts of a host that no toolchain needs.
const NOT_FOR_PROGRAMS: [&str; 18] = [
    "/root",
    "/home",
    "/run",
    "/boot",
    "/sys",
    "/srv",
    "/mnt",
    "/media",
    "/lost+found",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssh",
    "/etc/machine-id",
    "/var/log",
    "/var/run",
    "/var/spool",
    "/var/lib/docker",
];

/// Such as lie in some of these: where one of them is shown at another place.
const IN_THEM: [&str; 7] =
    ["shadow", "gshadow", "sudoers", "machine-id", ".ssh", ".bashrc", ".profile"];

fn host_tree(host: &Host) -> Option<String> {
    if host.canary.exists() {
        return Some(format!("a file of the host is in sight: {}", host.canary.display()));
    }
    // Also where a part of the host, or all of it, is shown at another place.
    let shown = all_mounts().map(|mount| mount.at).find_map(|at| {
        let below =
            |path: &str| format!("{}/{}", at.trim_end_matches('/'), path.trim_start_matches('/'));
        let paths = NOT_FOR_PROGRAMS.iter().chain(&IN_THEM);
        seen(&paths.map(|path| below(path)).collect::<Vec<_>>())
    });
    shown.or_else(|| seen(&NOT_FOR_PROGRAMS))
}

fn seen(paths: &[impl AsRef<str>]) -> Option<String> {
    let mut paths = paths.iter().map(AsRef::as_ref);
    let found = paths.find(|path| fs::symlink_metadata(path).is_ok())?;
    Some(format!("{found} is in sight"))
}

/// A line of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).
struct Mount {
    at: String,
    options: String,
}

impl Mount {
    fn lacks(&self, option: &str) -> Option<String> {
        let has = self.options.split(',').any(|has| has == option);
        (!has).then(|| format!("{} is mounted without {option}", self.at))
    }
}

fn all_mounts() -> impl Iterator<Item = Mount> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Without a list nothing is known: that is one mount without any option.
    let unknown =
        lines.is_empty().then(|| Mount { at: "everything".into(), options: String::new() });
    let mounts = lines.into_iter().filter_map(|line| {
        let mut fields = line.split(' ').skip(4);
        Some(Mount { at: fields.next()?.to_owned(), options: fields.next()?.to_owned() })
    });
    mounts.chain(unknown)
}

const WRITABLE: [&str; 3] = ["/box", "/tmp", "/dev/shm"];

fn mounts() -> impl Iterator<Item = Mount> {
    all_mounts().filter(|mount| !WRITABLE.contains(&mount.at.as_str()))
}

/// What is bound, but for the nodes in `/dev`, which are for opening. The tmpfs of a user namespace
/// have no devices anyway (`SB_I_NODEV`).
fn bound_folders() -> impl Iterator<Item = Mount> {
    mounts().filter(|mount| mount.at != "/" && !mount.at.starts_with("/dev/"))
}

/// A node that is none of null, zero, full, random and urandom, by number (`mem(4)`).
fn odd_device(folder: &Path) -> Option<String> {
    const MEM: u64 = 1;
    const HARMLESS: [u64; 5] = [3, 5, 7, 8, 9];
    let entries = fs::read_dir(folder).ok()?;
    entries.flatten().find_map(|entry| {
        let metadata = entry.metadata().ok()?;
        let kind = metadata.file_type();
        let (major, minor) = (libc::major(metadata.rdev()), libc::minor(metadata.rdev()));
        let harmless = kind.is_char_device()
            && u64::from(major) == MEM
            && HARMLESS.contains(&u64::from(minor));
        if (kind.is_char_device() || kind.is_block_device()) && !harmless {
            return Some(format!("{} is there", entry.path().display()));
        }
        if kind.is_dir() { odd_device(&entry.path()) } else { None }
    })
}

fn processes_seen(which: fn(i32) -> bool) -> Option<String> {
    let own = getpid().as_raw();
    let Ok(entries) = fs::read_dir("/proc") else { return None };
    let mut pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pid: i32 = pids.find(|&pid| pid != own && which(pid))?;
    Some(format!("process {pid} is in sight"))
}

/// The slot's init is pid 1 to its programs.
fn parent() -> Option<String> {
    (getppid() != Pid::from_raw(1)).then(|| format!("its parent is process {}", getppid()))
}

fn host_name() -> Option<String> {
    let name = nix::sys::utsname::uname().ok()?.nodename().to_owned();
    (name != super::super::slot::HOSTNAME).then(|| format!("the host is called {}", name.display()))
}

fn network(host: &Host) -> Option<String> {
    let listener = SocketAddr::from((Ipv4Addr::LOCALHOST, host.port));
    if TcpStream::connect_timeout(&listener, Duration::from_secs(5)).is_ok() {
        return Some("a port of the host answers".into());
    }
    // TEST-NET-2 (RFC 5737). Connecting a datagram socket sends nothing, it looks for a route.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    let route = socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9));
    route.is_ok().then(|| "there is a route to the Internet".into())
}

fn cgroup_path() -> Option<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = |line: &str| line.splitn(3, ':').nth(2).map(str::to_owned);
    let told = groups.lines().filter_map(path).find(|path| path != "/")?;
    Some(format!("it is in {told}"))
}

/// A bound above this bounds nothing.
const MOST_TMPFS_BYTES: u64 = 16 << 30;
const MOST_TMPFS_INODES: u64 = 1 << 20;

fn unbounded_tmpfs(figure: fn(&str) -> Option<(u64, u64)>) -> Option<String> {
    WRITABLE.into_iter().find_map(|folder| match figure(folder) {
        // tmpfs tells 0 where there is no bound (`tmpfs(5)`).
        Some((bound, most)) if (1..=most).contains(&bound) => None,
        Some((bound, _)) => Some(format!("{folder} has the bound {bound}, which is none")),
        None => Some(format!("{folder} tells no bound")),
    })
}

fn bytes_of(folder: &str) -> Option<(u64, u64)> {
    let stat = statvfs(folder).ok()?;
    Some((stat.blocks().saturating_mul(stat.fragment_size()), MOST_TMPFS_BYTES))
}

fn inodes_of(folder: &str) -> Option<(u64, u64)> {
    Some((statvfs(folder).ok()?.files(), MOST_TMPFS_INODES))
}

fn loose(resource: Resource, most: rlim_t) -> Option<String> {
    let (_, hard) = getrlimit(resource).unwrap_or((rlim_t::MAX, rlim_t::MAX));
    (most < hard).then(|| format!("it is {hard}"))
}

fn descriptors() -> Option<String> {
    let open: Vec<_> = fs::read_dir("/proc/self/fd").ok()?.flatten().map(|e| e.path()).collect();
    let mut odd = open.into_iter().filter(|path| {
        ![Some("0"), Some("1"), Some("2")].contains(&path.file_name().and_then(|n| n.to_str()))
    });
    // The one by which the folder was read is closed by now.
    let (path, target) = odd.find_map(|path| Some((fs::read_link(&path).ok()?, path)))?;
    Some(format!("{} is {}", target.display(), path.display()))
}

fn input_mode() -> Option<String> {
    let again = OpenOptions::new().write(true).open("/proc/self/fd/0");
    again.is_ok().then(|| "it can be opened for writing".into())
}

fn input_seals() -> Option<String> {
    let wanted = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK;
    let seals = fcntl(std::io::stdin(), FcntlArg::F_GET_SEALS).unwrap_or(0);
    let seals = SealFlag::from_bits_truncate(seals);
    (!seals.contains(wanted)).then(|| format!("its seals are {seals:?}"))
}

/// Walls between one run and the next.
pub const WALLS_BETWEEN_RUNS: &[Wall] = &[
    Wall::FreshBox,
    Wall::FreshTmp,
    Wall::FreshShm,
    Wall::IpcNamespace,
    Wall::KillAll,
    Wall::SocketsGone,
];

/// Of a System V segment, and of a socket in the abstract name space.
const KEY: i32 = 0x6a75_6467;
const NAME: &[u8] = b"judge-selftest";

fn left(folder: &str) -> String {
    format!("{folder}/left")
}

/// Leaves a file in each writable folder, a segment, a process, and a socket whose descriptor is in
/// flight to nobody, so that it outlives its process (`unix(7)`).
pub fn leave() {
    for folder in WRITABLE {
        drop(File::create(left(folder)));
    }
    let _ = shared_segment(KEY, true);
    if let Ok(name) = UnixAddr::from_abstract_name(NAME)
        && let (Ok(listener), Ok((ours, theirs))) =
            (UnixListener::bind_addr(&name), UnixStream::pair())
    {
        let _ = send_message(ours.as_fd(), b"x", &[theirs.as_fd(), listener.as_fd()]);
    }
    let mut sleeper = std::process::Command::new("/proc/self/exe");
    sleeper.arg(super::attacker::ATTACKER).arg("\"Sleep\"");
    std::mem::forget(sleeper.spawn());
}

pub fn find() -> Vec<Finding> {
    let file = |folder| seen(&[left(folder)]);
    let segment = shared_segment(KEY, false).ok();
    let name = UnixAddr::from_abstract_name(NAME);
    let socket = name.and_then(|name| UnixStream::connect_addr(&name));
    // Nobody else is there to be signalled (`kill(2)`); ourselves don't count.
    let others = kill(Pid::from_raw(-1), None);
    vec![
        one(Wall::FreshBox, file(WRITABLE[0])),
        one(Wall::FreshTmp, file(WRITABLE[1])),
        one(Wall::FreshShm, file(WRITABLE[2])),
        one(Wall::IpcNamespace, segment.map(|_| "a segment of the last run is there".into())),
        one(
            Wall::KillAll,
            (others != Err(Errno::ESRCH)).then(|| "a process of the last run lives".into()),
        ),
        one(Wall::SocketsGone, socket.ok().map(|_| "a socket of the last run answers".into())),
    ]
}
