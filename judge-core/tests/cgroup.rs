//! Holds the groups of workers to what one worker may expect of another, as root.
//!
//! The same tests run on this host and, by `.ci/v2/test`, on a kernel with nothing but v2.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use judge_core::sandbox::cgroup::{Cgroups, Mode};
use judge_core::sandbox::ids::MAX_SLOTS;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{
    Cancel, Capture, Flow, Limits, Loss, Outcome, OutputSink, ProfileName, Profiles, RunSpec, Slot,
    SlotConfig, Termination,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;

/// A group of a test's own, in which nobody else takes places.
struct Parent(PathBuf);

impl Parent {
    fn new(test: &str) -> Self {
        Self(ground().join(format!("judge-test-{test}-{}", std::process::id())))
    }

    fn claim(&self) -> SlotConfig {
        config(&self.0)
    }

    /// What there is of it, in every hierarchy.
    fn dirs(&self) -> Vec<PathBuf> {
        let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let mounts = text.lines().filter(|line| line.contains(" - cgroup"));
        let points = mounts.filter_map(|line| line.split(' ').nth(4));
        let dirs = points.map(|point| Path::new(point).join(&self.0));
        dirs.filter(|dir| dir.exists()).collect()
    }

    /// The groups of all workers below it.
    fn places(&self) -> Vec<PathBuf> {
        groups_in(self.dirs())
    }

    /// The groups of all slots of these.
    fn slots(&self) -> Vec<PathBuf> {
        groups_in(self.places())
    }
}

/// Where we may make groups, as a path inside each hierarchy: root may everywhere, a user where the
/// group lies that was delegated.
fn ground() -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::new();
    }
    let text = fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = text.lines().find_map(|line| line.strip_prefix("0::/")).expect("a v2 tree");
    own.strip_suffix("/judge-supervisor").unwrap_or(own).into()
}

fn groups_in(dirs: Vec<PathBuf>) -> Vec<PathBuf> {
    let entries = dirs.into_iter().flat_map(|dir| fs::read_dir(dir).unwrap());
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

impl Drop for Parent {
    fn drop(&mut self) {
        for dir in self.dirs() {
            let removed = fs::remove_dir(&dir);
            assert!(std::thread::panicking() || removed.is_ok(), "{}: {removed:?}", dir.display());
        }
    }
}

fn config(parent: &Path) -> SlotConfig {
    SlotConfig {
        init_binary: env!("CARGO_BIN_EXE_judge-sandbox-init").into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn).unwrap(),
        cgroups: Cgroups::claim(Some(parent)).unwrap(),
    }
}

fn limits() -> Limits {
    Limits {
        cpu: Duration::from_secs(60),
        wall: Duration::from_secs(300),
        memory_bytes: 64 << 20,
        output_bytes: 1 << 20,
        processes: 16,
        open_files: 64,
        file_size_bytes: 16 << 20,
        stack_bytes: 8 << 20,
    }
}

fn run(
    slot: &mut Slot,
    argv: &[&str],
    sink: &mut dyn OutputSink,
    cancel: &Cancel,
) -> Result<Outcome, judge_core::sandbox::SandboxError> {
    let argv: Vec<String> = argv.iter().map(|&arg| arg.to_owned()).collect();
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &argv,
        env: &[("PATH".into(), "/usr/bin:/bin".into())],
        limits: &limits(),
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[],
        collect: &[],
    };
    slot.run(&spec, sink, cancel)
}

fn python(slot: &mut Slot, script: &str) -> Outcome {
    let argv = ["/usr/bin/python3", "-c", script];
    run(slot, &argv, &mut Capture::default(), &Cancel::default()).unwrap()
}

/// Names this variable's value on a machine that is known to be of one kind, so that a test run
/// there can't pass on another: `v2`, `v1` or `hybrid`.
const EXPECTED: &str = "JUDGE_TEST_EXPECTS_CGROUPS";

#[test]
fn the_mode_is_what_is_mounted_here() {
    let parent = Parent::new("mode");
    let mode = parent.claim().cgroups.mode();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let kinds: Vec<&str> = mounts.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    let expected = match (kinds.contains(&"cgroup"), kinds.contains(&"cgroup2")) {
        (false, true) => Mode::V2,
        (true, false) => Mode::V1,
        (true, true) => Mode::Hybrid,
        (false, false) => Mode::None,
    };
    assert_eq!(mode, expected);
    if let Ok(expected) = std::env::var(EXPECTED) {
        assert_eq!(mode.as_str(), expected, "{EXPECTED}");
    }
}

#[test]
fn by_default_a_worker_finds_a_place_of_its_own() {
    let claim = || Cgroups::claim(None).unwrap();
    let (one, other) = (claim(), claim());
    assert_ne!(one.instance(), other.instance());
    // The group we are in may have become a leaf meanwhile; a third finds its way from there.
    drop(one);
    assert_ne!(claim().instance(), other.instance());
}

#[test]
fn a_hungry_run_leaves_no_trace_in_the_next_ones_figures() {
    let parent = Parent::new("peak");
    let config = parent.claim();
    let mut slot = Slot::start(&config, 0).unwrap();
    let hungry = python(&mut slot, "x = bytearray(40 << 20)");
    assert_eq!(hungry.exit, Exit::Code(0), "{hungry:?}");
    assert!(40 << 20 <= hungry.usage.memory_bytes, "{hungry:?}");
    let greedy = python(&mut slot, "x = bytearray(400 << 20)");
    assert_eq!(greedy.termination, Termination::MemoryLimit, "{greedy:?}");
    assert!(0 < greedy.usage.oom_kills, "{greedy:?}");

    let modest = python(&mut slot, "pass");
    assert_eq!(
        (&modest.termination, modest.exit, modest.usage.oom_kills),
        (&Termination::OfItself, Exit::Code(0), 0),
        "{modest:?}"
    );
    assert!(modest.usage.memory_bytes < hungry.usage.memory_bytes / 2, "{modest:?}");
    // Nor does the CPU time of the first count for the last, with or without a new group.
    assert!(modest.usage.cpu < hungry.usage.cpu + greedy.usage.cpu, "{modest:?}");
}

#[test]
fn a_program_does_not_see_where_its_groups_lie() {
    let parent = Parent::new("sight");
    let config = parent.claim();
    let mut slot = Slot::start(&config, 0).unwrap();
    let mut output = Capture::default();
    let argv = ["/bin/cat", "/proc/self/cgroup"];
    run(&mut slot, &argv, &mut output, &Cancel::default()).unwrap();
    let seen = String::from_utf8(output.0).unwrap();
    assert!(!seen.is_empty());
    for line in seen.lines() {
        assert!(line.ends_with(":/"), "{seen}");
    }
}

/// Another worker, in a process of its own, with a program running.
struct Worker {
    process: Child,
    stdin: Option<ChildStdin>,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    instance: u32,
}

/// Tells the process that is started as a worker where to make its groups.
const WORKER_PARENT: &str = "JUDGE_TEST_WORKER_PARENT";

/// One that no test uses itself: what is left of it can only be left over.
const WORKERS_SLOT: u32 = 5;

impl Worker {
    fn start(parent: &Parent) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "is_a_worker", "--ignored", "--nocapture"])
            .env(WORKER_PARENT, &parent.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let up = lines.find_map(|line| line.unwrap().strip_prefix("up ").map(str::to_owned));
        let instance = up.expect("it gets up").parse().unwrap();
        Self { process, stdin, lines, instance }
    }

    /// Has it end its run, and hears how that ended.
    fn finish(mut self) -> String {
        drop(self.stdin.take());
        let mut lines = self.lines.map(Result::unwrap);
        let ended = lines.find_map(|line| line.strip_prefix("ended ").map(str::to_owned));
        assert!(self.process.wait().unwrap().success());
        ended.expect("it says how its run ended")
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Says that its program is up, and withdraws it when the other side wants no more.
struct SayUp(u32, Cancel);

impl OutputSink for SayUp {
    fn write(&mut self, _: &[u8]) -> Flow {
        let Self(instance, cancel) = self;
        // A line of its own: the test harness may have begun one.
        println!("\nup {instance}");
        std::io::stdout().flush().unwrap();
        let cancel = cancel.clone();
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            cancel.cancel();
        });
        Flow::Continue
    }
}

#[test]
#[ignore = "is the worker that other tests start, and kill"]
fn is_a_worker() {
    let parent = std::env::var_os(WORKER_PARENT).expect("only to be started by other tests");
    let config = config(Path::new(&parent));
    let mut slot = Slot::start(&config, WORKERS_SLOT).unwrap();
    let cancel = Cancel::default();
    let mut sink = SayUp(config.cgroups.instance(), cancel.clone());
    // It detaches a grandchild too, and ignores what it can.
    let script = "trap '' TERM HUP INT; (setsid sleep 1000 &); echo up; sleep 1000";
    let outcome = run(&mut slot, &["/bin/sh", "-c", script], &mut sink, &cancel).unwrap();
    println!("\nended {:?}", outcome.termination);
}

#[test]
fn what_a_killed_worker_left_is_cleared_by_the_next() {
    let parent = Parent::new("killed");
    let killed = Worker::start(&parent);
    let place = killed.instance;
    killed.kill();
    assert!(!parent.slots().is_empty(), "it left no group");

    let config = parent.claim();
    assert_eq!(config.cgroups.instance(), place);
    assert_eq!(parent.slots(), Vec::<PathBuf>::new());
    let mut slot = Slot::start(&config, 0).unwrap();
    let outcome = python(&mut slot, "pass");
    assert_eq!(outcome.exit, Exit::Code(0), "{outcome:?}");
    drop((slot, config));
    assert_eq!(parent.places(), Vec::<PathBuf>::new());
}

#[test]
fn whoever_starts_removes_what_every_dead_worker_left_and_nothing_of_a_living_one() {
    let parent = Parent::new("dead");
    let workers: Vec<Worker> = (0..4).map(|_| Worker::start(&parent)).collect();
    let of = |place: u32| -> BTreeSet<PathBuf> {
        let all = parent.places().into_iter().chain(parent.slots());
        let name = format!("judge-{place}");
        all.filter(|path| path.iter().any(|part| part == name.as_str())).collect()
    };
    let mut living = None;
    let mut dead = Vec::new();
    for worker in workers {
        let place = worker.instance;
        if place == 1 {
            living = Some((of(place), worker));
        } else {
            worker.kill();
            dead.push(place);
        }
    }
    let (groups, living) = living.expect("one of four has place 1");
    assert!(!groups.is_empty());
    assert!(dead.iter().all(|place| !of(*place).is_empty()), "the dead left nothing");

    let config = parent.claim();
    assert_eq!(config.cgroups.instance(), 0);
    assert_eq!([of(2), of(3)], [BTreeSet::new(), BTreeSet::new()]);
    assert_eq!(of(1), groups);
    assert_eq!(living.finish(), "Cancelled", "the living one was disturbed");
    drop(config);
    assert_eq!(parent.places(), Vec::<PathBuf>::new());
}

#[test]
fn workers_with_different_parents_never_share_an_id_unless_they_say_so() {
    let (one, other) = (Parent::new("ids-one"), Parent::new("ids-other"));
    let (a, b, c) = (one.claim(), other.claim(), one.claim());
    let ids = |config: &SlotConfig| -> BTreeSet<u32> {
        (0..MAX_SLOTS).flat_map(|number| config.cgroups.ids().uids(number)).collect()
    };
    let lost = a.cgroups.losses().contains(&Loss::OwnUser);
    let (a, b, c) = (ids(&a), ids(&b), ids(&c));
    if lost {
        let own = BTreeSet::from([nix::unistd::geteuid().as_raw()]);
        assert_eq!([a, b, c], [own.clone(), own.clone(), own]);
        return;
    }
    assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c), "{a:?} {b:?} {c:?}");
    assert_eq!(a.len(), 2 * MAX_SLOTS as usize, "an init and a program each");
}

#[test]
fn two_workers_have_different_places_and_leave_each_other_alone() {
    let parent = Parent::new("two");
    let other = Worker::start(&parent);
    let config = parent.claim();
    assert_ne!(config.cgroups.instance(), other.instance);
    let mut slot = Slot::start(&config, 0).unwrap();
    let greedy = python(&mut slot, "x = bytearray(400 << 20)");
    assert_eq!(greedy.termination, Termination::MemoryLimit, "{greedy:?}");
    drop((slot, config));
    // A third comes after that, and must not take the living one for dead.
    let third = parent.claim();
    assert_ne!(third.cgroups.instance(), other.instance);
    assert_eq!(other.finish(), "Cancelled");
}
