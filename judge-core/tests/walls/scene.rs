//! What attacks are tried on: a host that has something to lose, and slots with walls missing.

use std::fs::{self, Permissions};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use judge_core::sandbox::profile::Bind;
use judge_core::sandbox::{
    Cancel, Capture, Collect, Flow, Limits, Outcome, OutputSink, ProfileName, RunSpec,
    SandboxError, Slot, SlotConfig, Termination, Wall,
};
use judge_core::sys::fds::{Protection, SealedFile, UnsealedFile};
use judge_core::sys::process::Exit;
use nix::fcntl::OFlag;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{Gid, setgroups};
use tempfile::TempDir;

use super::slots::config;

/// What the host would rather keep to itself.
pub const SECRET: &str = "the secret";

/// A group of the worker's that a program must not be in.
const WORKERS_GROUP: u32 = 4242;

/// A host on which slots are built.
pub struct Host {
    config: SlotConfig,
    /// Bound into every slot as `/shared`.
    shared: TempDir,
    listener: String,
    /// Kept open, as a careless parent of the worker would.
    _careless: OwnedFd,
    _listening: UnixListener,
}

impl Host {
    pub fn new() -> Self {
        // Not below `/tmp`, where the init puts the root together.
        let shared = tempfile::tempdir_in("/var/tmp").unwrap();
        let mut config = config();
        config.profiles.root.binds.push(Bind {
            from: shared.path().into(),
            to: Some("/shared".into()),
            optional: false,
            reason: "something of the host that attacks are after".into(),
        });
        let ids = Slot::start(&config, 0).unwrap().host_ids();
        fill(shared.path(), &ids);
        setgroups(&[Gid::from_raw(WORKERS_GROUP)]).unwrap();
        let (_, most) = getrlimit(Resource::RLIMIT_CORE).unwrap();
        setrlimit(Resource::RLIMIT_CORE, most, most).unwrap();
        let plain = nix::fcntl::open(&shared.path().join("secret"), OFlag::O_RDONLY, Mode::empty());
        let listener = format!("judge-walls-{}", shared.path().display());
        let address = SocketAddr::from_abstract_name(&listener).unwrap();
        let listening = UnixListener::bind_addr(&address).unwrap();
        Self { config, shared, listener, _careless: plain.unwrap(), _listening: listening }
    }

    /// A place for one attack, where the walls `away` are missing.
    pub fn scene(&self, away: &[Wall]) -> Scene<'_> {
        let limits = Limits {
            cpu: Duration::from_secs(60),
            wall: Duration::from_secs(300),
            memory_bytes: 128 << 20,
            output_bytes: 1 << 20,
            processes: 32,
            open_files: 64,
            file_size_bytes: 64 << 20,
            stack_bytes: 8 << 20,
        };
        let slot = Slot::start_without(&self.config, 0, away).unwrap();
        Scene { host: self, slot, away: away.to_vec(), input: input(away), limits }
    }
}

/// What an attack may be after.
fn fill(shared: &Path, ids: &Range<u32>) {
    fs::set_permissions(shared, Permissions::from_mode(0o755)).unwrap();
    let file = |name: &str, owner: u32, group: u32, mode: u32| {
        let path = shared.join(name);
        fs::write(&path, SECRET).unwrap();
        chown(&path, Some(owner), Some(group)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    };
    file("secret", 0, 0, 0o600);
    file("everybodys", 0, 0, 0o666);
    file("user-1000", 1000, 1000, 0o400);
    file("inits-group", 0, ids.start, 0o040);
    file("workers-group", 0, WORKERS_GROUP, 0o040);
    let node = shared.join("node");
    let zero = makedev(1, 5);
    mknod(&node, SFlag::S_IFCHR, Mode::from_bits_truncate(0o666), zero).unwrap();
    fs::set_permissions(&node, Permissions::from_mode(0o666)).unwrap();
    let set_uid = shared.join("set-uid-python");
    fs::copy("/usr/bin/python3", &set_uid).unwrap();
    chown(&set_uid, Some(ids.start), Some(ids.start)).unwrap();
    fs::set_permissions(&set_uid, Permissions::from_mode(0o4755)).unwrap();
}

/// An input that lacks what is `away` of its protections.
fn input(away: &[Wall]) -> SealedFile {
    let walls = [
        (Wall::InputMode, Protection::Mode),
        (Wall::InputAccessTime, Protection::AccessTime),
        (Wall::InputSeals, Protection::Seals),
    ];
    let missing = walls.into_iter().filter(|(wall, _)| away.contains(wall));
    let missing: Vec<Protection> = missing.map(|(_, protection)| protection).collect();
    let mut file = UnsealedFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"input\n").unwrap();
    file.seal_without(&missing).unwrap()
}

/// Where one attack takes place.
pub struct Scene<'a> {
    host: &'a Host,
    slot: Slot,
    away: Vec<Wall>,
    input: SealedFile,
    /// Roomy: an attack on one of them makes it tight.
    pub limits: Limits,
}

impl Scene<'_> {
    /// What a Python program comes to: what it prints; else the error, exit, signal or limit that it
    /// met. It may use `os`, and `libc(NAME, ARGUMENTS…)`, which raises what the C library fails with.
    pub fn python(&mut self, script: &str) -> String {
        let script = script
            .replace("@PID@", &std::process::id().to_string())
            .replace("@SHARED@", self.host.shared.path().to_str().unwrap())
            .replace("@LISTENER@", &self.host.listener);
        self.run(&python(&script), &[]).0
    }

    /// The same of a shell script.
    pub fn shell(&mut self, script: &str) -> String {
        self.run(&shell(script), &[]).0
    }

    /// What of `*.out`, up to 1000 bytes each, is collected from a shell script: all of it in one.
    pub fn collected(&mut self, script: &str) -> String {
        let wanted = [Collect { pattern: "*.out".into(), max_bytes: 1000 }];
        let (came_to, files) = self.run(&shell(script), &wanted);
        match (came_to.as_str(), files.len()) {
            ("", 0) => "nothing".into(),
            ("", _) => files.concat().trim().into(),
            _ => came_to,
        }
    }

    /// What a Python program in the neighbouring slot comes to, while one here has printed something
    /// and goes on.
    pub fn neighbour_of(&mut self, script: &str, neighbours: &str) -> String {
        let mut neighbour = Slot::start_without(&self.host.config, 1, &self.away).unwrap();
        let (limits, input) = (self.limits.clone(), input(&[]));
        let mut seen = String::new();
        let mut look = || {
            let mut output = Capture::default();
            let ran = run(&mut neighbour, &limits, &input, &python(neighbours), &[], &mut output);
            seen = came_to(&ran, &output);
            Flow::Stop
        };
        let mut sink = AtOutput(&mut look);
        let (slot, limits) = (&mut self.slot, &self.limits);
        let ran = run(slot, limits, &self.input, &python(script), &[], &mut sink);
        assert_eq!(ran.unwrap().termination, Termination::SinkStopped);
        seen
    }

    /// How many processes of programs are left on the host, zombies apart.
    pub fn processes(&self) -> usize {
        let processes = processes_of(self.slot.host_ids().end - 1);
        let stats = processes.filter_map(|dir| fs::read_to_string(dir.join("stat")).ok());
        stats.filter(|stat| state_in(stat) != Some('Z')).count()
    }

    /// How many local sockets are left in the slot, where its init is the only process.
    pub fn sockets(&self) -> usize {
        let mut inits = processes_of(self.slot.host_ids().start);
        let table = inits.find_map(|dir| fs::read_to_string(dir.join("net/unix")).ok());
        table.expect("the init lives").lines().skip(1).count()
    }

    fn run(&mut self, argv: &[String], collect: &[Collect]) -> (String, Vec<String>) {
        let mut output = Capture::default();
        let ran = run(&mut self.slot, &self.limits, &self.input, argv, collect, &mut output);
        let came_to = came_to(&ran, &output);
        let files = ran.map(|outcome| outcome.files).unwrap_or_default();
        let text = |file: &SealedFile| String::from_utf8(file.read_all().unwrap()).unwrap();
        (came_to, files.iter().map(|(_, file)| text(file)).collect())
    }
}

fn run(
    slot: &mut Slot,
    limits: &Limits,
    stdin: &SealedFile,
    argv: &[String],
    collect: &[Collect],
    sink: &mut dyn OutputSink,
) -> Result<Outcome, SandboxError> {
    let env = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
    let profile = ProfileName::Run;
    let own_core = true;
    let spec = RunSpec { profile, own_core, argv, env: &env, limits, stdin, files: &[], collect };
    slot.run(&spec, sink, &Cancel::default())
}

fn came_to(ran: &Result<Outcome, SandboxError>, output: &Capture) -> String {
    match ran {
        Err(_) => "our failure".into(),
        Ok(outcome) => match (&outcome.termination, outcome.exit) {
            (Termination::OfItself, Exit::Code(0)) => {
                String::from_utf8_lossy(&output.0).trim().into()
            }
            (Termination::OfItself, Exit::Code(code)) => {
                format!("exit {code}: {}", String::from_utf8_lossy(&outcome.stderr))
            }
            (Termination::OfItself, Exit::Signal(signal)) => format!("signal {signal}"),
            (termination, _) => format!("{termination:?}"),
        },
    }
}

/// Asks what to do at each output.
struct AtOutput<'a>(&'a mut dyn FnMut() -> Flow);

impl OutputSink for AtOutput<'_> {
    fn write(&mut self, _: &[u8]) -> Flow {
        (self.0)()
    }
}

fn shell(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).into()
}

fn python(script: &str) -> Vec<String> {
    const PRELUDE: &str = "
import ctypes, errno, os, sys
def libc(name, *arguments):
    result = getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result
def tell(kind, error, trace):
    if not isinstance(error, OSError):
        return sys.__excepthook__(kind, error, trace)
    print(errno.errorcode[error.errno], flush=True)
    os._exit(0)
sys.excepthook = tell
";
    ["/usr/bin/python3", "-c", &format!("{PRELUDE}{script}")].map(str::to_owned).into()
}

/// `/proc/PID` of every process that is `user`'s.
fn processes_of(user: u32) -> impl Iterator<Item = PathBuf> {
    let dirs = fs::read_dir("/proc").unwrap().flatten();
    let theirs = dirs.filter(move |dir| dir.metadata().is_ok_and(|it| it.uid() == user));
    theirs.map(|dir| dir.path())
}

/// The state of a process, as `/proc/PID/stat` says (`proc_pid_stat(5)`).
pub fn state_in(stat: &str) -> Option<char> {
    stat.rsplit_once(") ")?.1.chars().next()
}
