//! A `judge-worker serve` of its own: the real binary as a process, with nothing set but what a test
//! sets, on a free port, in a cgroup of its own or one that it shares. Killed when dropped.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for something that must happen, on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Names the group below which a worker makes its own.
const CGROUP_PARENT: &str = "JUDGE_CGROUP_PARENT";

const POLL: Duration = Duration::from_millis(50);

/// The binary with no setting from outside, no compiled programs of other tests, and nothing prepared:
/// that takes longer than all that most tests compile.
pub fn judge_worker() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_judge-worker"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("JUDGE_") {
            command.env_remove(name);
        }
    }
    command.env("JUDGE_COMPILE_CACHE_MIB", "0").env("JUDGE_PREPARE_COMPILERS", "false");
    command
}

/// The shipped problem packages.
pub fn problems() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testcases/problems")
}

/// A worker that serves.
pub struct Serving {
    name: String,
    dir: TempDir,
    child: Child,
    /// Where its metrics and health are.
    pub address: String,
    cgroups: Option<PathBuf>,
    /// Processes that it was seen to have, each with its time of birth.
    seen: BTreeMap<i32, u64>,
}

impl Serving {
    /// Starts a worker with one slot and waits until it says where its metrics are.
    pub fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let mut serving = Self::spawn(name, settings);
        serving.address = serving.wait_for("its address", |worker| {
            let mut lines = worker.log_lines();
            let line = lines.find(|line| line["message"] == "metrics and health")?;
            Some(line["address"].as_str()?.to_owned())
        });
        serving
    }

    /// Starts a worker and waits for nothing: it has no address yet. Its cgroup is its own unless
    /// `settings` say which.
    pub fn spawn(name: &str, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let log = File::create(dir.path().join("log")).expect("a log file");
        let shares = settings.iter().any(|(name, _)| *name == CGROUP_PARENT);
        let cgroups = if shares { None } else { own_cgroup_parent(name) };
        let mut command = judge_worker();
        command
            .arg("serve")
            .current_dir(dir.path())
            .env("JUDGE_WORKER_NAME", name)
            .env("JUDGE_HTTP_ADDR", "127.0.0.1:0")
            .env("JUDGE_LOG_FORMAT", "json")
            .env("JUDGE_SLOTS", "1")
            .env("JUDGE_PROBLEMS", problems());
        if let Some(parent) = &cgroups {
            command.env(CGROUP_PARENT, parent);
        }
        let child = command
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            // A Ctrl-C at the test is not one at the worker.
            .process_group(0)
            .spawn()
            .expect("the binary can be run");
        let (name, address) = (name.to_owned(), String::new());
        Self { name, dir, child, address, cgroups, seen: BTreeMap::new() }
    }

    /// Waits until the worker is ready for work.
    pub fn wait_until_ready(&mut self) {
        self.wait_for("readiness", |worker| {
            let (status, _) = worker.try_get("/readyz")?;
            (status == 200).then_some(())
        });
    }

    /// Waits until `look` finds something; panics with the log if the worker ends first.
    pub fn wait_for<T>(&mut self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            let ended = self.child.try_wait().expect("a child of ours");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} does not get to {what} ({ended:?}); its log:\n{}",
                self.name,
                self.log()
            );
            sleep(POLL);
        }
    }

    /// Status and body of what its server answers.
    pub fn get(&self, path: &str) -> (u16, String) {
        self.try_get(path).expect("the worker's server answers")
    }

    /// The same, or nothing if nobody listens any more.
    pub fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// Its working directory, with the log in it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).expect("the log")
    }

    /// The lines of the log; each must be JSON.
    pub fn log_lines(&self) -> impl Iterator<Item = Value> {
        let log = self.log();
        // The last line may be in the making.
        let whole = log.rfind('\n').map_or(0, |end| end + 1);
        let lines: Vec<_> = log[..whole]
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line:?}: {e}")))
            .collect();
        lines.into_iter()
    }

    /// The number of its process.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid fits")
    }

    /// Takes note of the processes that it has now, and tells how many these are.
    pub fn note_processes(&mut self) -> usize {
        let mine = self.descendants();
        let count = mine.len();
        self.seen.extend(mine);
        count
    }

    /// The processes that it has now, each with its time of birth: also those below one that was
    /// noted before, whoever is dead in between.
    pub fn descendants(&self) -> Vec<(i32, u64)> {
        let own = self.pid();
        let mut parents: BTreeMap<i32, (i32, u64)> = BTreeMap::new();
        for process in all_processes() {
            parents.insert(process.pid, (process.parent, process.born));
        }
        let is_noted = |pid: i32| {
            let born = parents.get(&pid).map(|(_, born)| born);
            born.is_some() && self.seen.get(&pid) == born
        };
        let descends = |mut pid: i32| {
            while let Some((parent, _)) = parents.get(&pid) {
                if *parent == own || is_noted(*parent) {
                    return true;
                }
                pid = *parent;
            }
            false
        };
        let mine = parents.iter().filter(|(pid, _)| descends(**pid));
        mine.map(|(pid, (_, born))| (*pid, *born)).collect()
    }

    /// Ends its process as nothing else can.
    pub fn kill9(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGKILL).expect("our child, not reaped");
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// Whether it stands still, as by `SIGSTOP`.
    pub fn is_stopped(&self) -> bool {
        let own = self.pid();
        all_processes().any(|process| process.pid == own && process.state == 'T')
    }

    /// Stops it in its tracks (`SIGSTOP`) or lets it go on (`SIGCONT`). Not reaped, its pid is its own.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("our child, not reaped");
    }

    /// Waits until nothing of it is left, however it ended.
    pub fn expect_nothing_left(mut self) {
        self.wait();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (processes, cgroups) = (self.processes_left(), self.cgroups_left());
            if processes.is_empty() && cgroups.is_empty() {
                return;
            }
            let name = &self.name;
            assert!(Instant::now() < deadline, "{name} left {processes:?} and {cgroups:?}");
            sleep(POLL);
        }
    }

    /// Waits until none of its processes that were noted is left, and none that these have started
    /// since. Cgroups are told by whoever knows the parent that it shares.
    pub fn expect_no_process_left(mut self) {
        self.wait();
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.note_processes();
            let left = self.processes_left();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{} left {left:?}", self.name);
            sleep(POLL);
        }
    }

    /// Asks it to finish.
    pub fn terminate(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGTERM)
            .expect("the worker is our child, not reaped");
    }

    /// Has it die as of a bug of its own, by `SIGABRT`, and waits until it is gone.
    pub fn abort(&mut self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGABRT).expect("our child, not reaped");
        self.wait();
    }

    /// Waits for its end; panics unless it is by itself, with code 0 and without a trace.
    pub fn expect_clean_end(mut self) {
        let status = self.wait();
        assert_eq!(
            status.code(),
            Some(0),
            "{} ended with {status}; its log:\n{}",
            self.name,
            self.log()
        );
        let left = self.processes_left();
        assert!(left.is_empty(), "{} left {left:?}", self.name);
        let left = self.cgroups_left();
        assert!(left.is_empty(), "{} left the cgroups {left:?}", self.name);
    }

    /// Of those noted.
    fn processes_left(&self) -> Vec<Process> {
        let alive = |process: &Process| {
            self.seen.get(&process.pid) == Some(&process.born) && process.state != 'Z'
        };
        all_processes().filter(alive).collect()
    }

    /// The cgroups below its own, in every hierarchy.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        self.cgroups_left()
    }

    fn cgroups_left(&self) -> Vec<PathBuf> {
        let places = self.cgroups.iter().flat_map(|parent| cgroup_places(parent));
        places.flat_map(|place| folders_below(&place)).collect()
    }

    /// Waits until it has ended by itself, with code 0; gives what it has logged.
    pub fn expect_end(mut self) -> Vec<Value> {
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{} ended; its log:\n{}", self.name, self.log());
        self.log_lines().collect()
    }

    /// Waits for its end, however that comes.
    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "{} does not end; its log:\n{}",
                self.name,
                self.log()
            );
            sleep(POLL);
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails only when it is reaped already.
        drop(self.child.kill());
        drop(self.child.wait());
        for place in self.cgroups.iter().flat_map(|parent| cgroup_places(parent)) {
            remove_groups(&place);
        }
        if std::thread::panicking() {
            let log = self.log();
            let is_odd = |line: &&str| {
                [r#""level":"WARN""#, r#""level":"ERROR""#].iter().any(|odd| line.contains(odd))
            };
            let odd = log.lines().filter(is_odd);
            eprintln!("warnings of {}:", self.name);
            odd.for_each(|line| eprintln!("{line}"));
        }
    }
}

/// A cgroup in which several workers of a test have theirs, where a test may choose: see
/// [`own_cgroup_parent`]. Elsewhere `judge-core/tests/cgroup.rs` alone says what becomes of groups.
pub struct SharedParent(Option<PathBuf>);

impl SharedParent {
    /// Nothing is made: the first worker does.
    pub fn new(name: &str) -> Self {
        Self(own_cgroup_parent(name))
    }

    /// How a worker is told.
    pub fn setting(&self) -> Option<(&'static str, String)> {
        self.0.as_ref().map(|parent| (CGROUP_PARENT, parent.display().to_string()))
    }

    /// All groups below it, in every hierarchy.
    pub fn groups(&self) -> BTreeSet<PathBuf> {
        let places = self.0.iter().flat_map(|parent| cgroup_places(parent));
        places.flat_map(|place| folders_below(&place)).collect()
    }
}

impl Drop for SharedParent {
    fn drop(&mut self) {
        for place in self.0.iter().flat_map(|parent| cgroup_places(parent)) {
            remove_groups(&place);
        }
    }
}

#[derive(Debug)]
struct Process {
    pid: i32,
    parent: i32,
    state: char,
    /// In clock ticks since boot: tells it from a later one of the same pid.
    born: u64,
}

/// `proc_pid_stat(5)` of every process.
fn all_processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        // The name, in parentheses, may contain anything.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        Some(Process {
            pid,
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            born: fields.nth(17)?.parse().ok()?,
        })
    })
}

/// A cgroup for this worker alone, so that what it leaves can be told from what others have. Only
/// where there are v1 controllers: on v2, the worker may use no other group than its own.
fn own_cgroup_parent(name: &str) -> Option<PathBuf> {
    let v1 = Path::new("/sys/fs/cgroup/memory").is_dir();
    v1.then(|| PathBuf::from(format!("judge-test-{}-{name}", std::process::id())))
}

fn cgroup_places(parent: &Path) -> Vec<PathBuf> {
    let controllers = fs::read_dir("/sys/fs/cgroup").expect("cgroups are mounted");
    let places = controllers.map(|entry| entry.expect("an entry").path().join(parent));
    places.filter(|place| place.is_dir()).collect()
}

/// What is in use stays, and is not to be reported here: a panic would hide the test's.
fn remove_groups(place: &Path) {
    for folder in folders_below(place).iter().rev() {
        drop(fs::remove_dir(folder));
    }
    drop(fs::remove_dir(place));
}

/// Parents before their children.
fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.push(entry.path());
                waiting.push(entry.path());
            }
        }
    }
    found
}
