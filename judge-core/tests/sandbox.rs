//! Runs real programs in real sandboxes, as root.

#[path = "support/slots.rs"]
mod slots;

use std::time::Duration;

use judge_core::sandbox::cgroup::{Cgroups, Mode};
use judge_core::sandbox::selftest::{Standing, UNTRIED, selftest};
use judge_core::sandbox::{
    Cancel, Capture, Collect, InputFile, Limits, Outcome, ProfileName, RunSpec, Slot, SlotConfig,
    Termination, Wall,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;
use slots::config;

fn limits() -> Limits {
    Limits {
        cpu: Duration::from_secs(10),
        wall: Duration::from_secs(60),
        memory_bytes: 128 << 20,
        output_bytes: 1 << 20,
        processes: 16,
        open_files: 64,
        file_size_bytes: 16 << 20,
        stack_bytes: 8 << 20,
    }
}

/// One shell script in a slot: what happened, and what it printed.
fn shell(slot: &mut Slot, script: &str, limits: &Limits) -> (Outcome, String) {
    run(slot, &["/bin/sh", "-c", script], b"", limits)
}

fn python(slot: &mut Slot, script: &str, limits: &Limits) -> (Outcome, String) {
    run(slot, &["/usr/bin/python3", "-c", script], b"", limits)
}

fn run(slot: &mut Slot, argv: &[&str], stdin: &[u8], limits: &Limits) -> (Outcome, String) {
    let argv: Vec<String> = argv.iter().map(|&arg| arg.to_owned()).collect();
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &argv,
        env: &[("PATH".into(), "/usr/bin:/bin".into())],
        limits,
        stdin: &SealedFile::of_bytes(stdin).unwrap(),
        files: &[],
        collect: &[Collect { pattern: "*.out".into(), max_bytes: 1000 }],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, &Cancel::default()).unwrap();
    (outcome, String::from_utf8_lossy(&output.0).into_owned())
}

#[test]
fn a_program_sees_its_input_and_its_output_is_seen() {
    let config = config();
    assert_ne!(config.cgroups.mode(), Mode::None);
    let mut slot = Slot::start(&config, 0).unwrap();
    let (outcome, output) = run(&mut slot, &["/bin/cat"], b"hello\n", &limits());
    assert_eq!(output, "hello\n");
    assert_eq!((outcome.termination, outcome.exit), (Termination::OfItself, Exit::Code(0)));
    assert!(outcome.usage.cgroup_enforced);
    assert!(0 < outcome.usage.cpu.as_nanos() && 0 < outcome.usage.memory_bytes);
}

#[test]
fn every_limit_is_named_as_the_mechanism_that_ended_the_run() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    // One is tight at a time, so that a slow machine meets no other first.
    let short = Limits { cpu: Duration::from_millis(300), ..limits() };
    let (spin, _) = shell(&mut slot, "while :; do :; done", &short);
    assert_eq!(spin.termination, Termination::CpuLimit);
    assert!(short.cpu < spin.usage.cpu, "{:?}", spin.usage);

    let short = Limits { wall: Duration::from_millis(1500), ..limits() };
    let (sleep, _) = shell(&mut slot, "sleep 1000", &short);
    assert_eq!(sleep.termination, Termination::WallLimit);
    assert!(short.wall < sleep.usage.wall && sleep.usage.cpu < short.cpu, "{:?}", sleep.usage);

    let short = Limits { memory_bytes: 64 << 20, ..limits() };
    let (hog, _) = python(&mut slot, "x = bytearray(200 << 20)\nprint(len(x))", &short);
    assert_eq!(hog.termination, Termination::MemoryLimit, "{hog:?}");
    assert!(0 < hog.usage.oom_kills);

    let (flood, output) = shell(&mut slot, "yes", &limits());
    assert_eq!(flood.termination, Termination::OutputLimit, "{flood:?}");
    assert_eq!(output.len() as u64, limits().output_bytes);

    let (large, _) = shell(&mut slot, "exec head -c 17M /dev/zero > large", &limits());
    assert_eq!(large.exit, Exit::Signal(libc_sigxfsz()), "{large:?}");

    let (forbidden, _) = shell(&mut slot, "exec unshare -r true", &limits());
    assert_eq!(forbidden.termination, Termination::ForbiddenCall("unshare".into()));

    let (bomb, _) = shell(
        &mut slot,
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 100 & done",
        &limits(),
    );
    assert!(0 < bomb.usage.forks_refused, "{bomb:?}");
}

/// In the median of several rounds: a crowded host may keep the supervisor from its CPU for a while.
#[test]
fn a_program_gets_no_further_than_ten_milliseconds_a_core_beyond_its_cpu_limit() {
    const ROUNDS: usize = 9;
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let tight = Limits { cpu: Duration::from_millis(200), ..limits() };
    let cores = u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap();
    for script in ["while :; do :; done", "while :; do :; done & while :; do :; done"] {
        let mut beyond: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let (spin, _) = shell(&mut slot, script, &tight);
                assert_eq!(spin.termination, Termination::CpuLimit, "{script}");
                spin.usage.cpu.checked_sub(tight.cpu).expect("it is over its limit")
            })
            .collect();
        beyond.sort();
        assert!(beyond[ROUNDS / 2] <= Duration::from_millis(10) * cores, "{script}: {beyond:?}");
    }
}

/// `signal(7)`: 25 on amd64.
fn libc_sigxfsz() -> i32 {
    25
}

#[test]
fn exit_codes_and_signals_are_told_apart() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    assert_eq!(shell(&mut slot, "exit 7", &limits()).0.exit, Exit::Code(7));
    assert_eq!(shell(&mut slot, "kill -ABRT $$", &limits()).0.exit, Exit::Signal(6));
    assert_eq!(shell(&mut slot, "kill -KILL $$", &limits()).0.termination, Termination::OfItself);
}

#[test]
fn two_runs_share_nothing_and_nobody_outlives_a_run() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let plant = "echo x > /box/mark; echo x > /tmp/mark; echo x > /dev/shm/mark; \
                 ipcmk -S 1 >/dev/null; (setsid sleep 1000 &) ; exit 0";
    let (planted, _) = shell(&mut slot, plant, &limits());
    assert_eq!(planted.exit, Exit::Code(0), "{planted:?}");
    let look =
        "ls -A /box /tmp /dev/shm | grep mark; ipcs -s | grep -c 0x; set -- /proc/[0-9]*; echo $#";
    let (_, seen) = shell(&mut slot, look, &limits());
    // Nothing marked, no semaphores, and of processes only the shell.
    assert_eq!(seen, "0\n1\n");
}

#[test]
fn an_ipc_object_of_any_kind_ends_with_its_run_and_leaves_no_trace_in_the_numbers_of_the_next() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let queue = "python3 -c 'import ctypes; c = ctypes.CDLL(None); \
                 print(c.mq_open(b\"/left\", 0o302, 0o600, None))'"; // O_RDWR | O_CREAT | O_EXCL
    for make in ["ipcmk -S 1", "ipcmk -M 4096", "ipcmk -Q", queue] {
        let made: Vec<String> = std::iter::repeat_with(|| {
            let (outcome, said) = shell(&mut slot, make, &limits());
            assert_eq!(outcome.exit, Exit::Code(0), "{make}: {outcome:?}");
            said
        })
        .take(2)
        .collect();
        assert!(!made[0].contains("-1"), "{make}: {made:?}");
        assert_eq!(made[0], made[1], "{make}");
    }
}

#[test]
fn files_come_out_of_a_run_but_links_and_devices_do_not() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let script = "echo good > a.out; ln -s /etc/passwd b.out; mkfifo c.out; mkdir d.out; \
                  head -c 1001 /dev/zero > e.out; ln a.out f.out";
    let (outcome, _) = shell(&mut slot, script, &limits());
    let names: Vec<&str> = outcome.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a.out", "f.out"]);
    assert_eq!(outcome.files[0].1.read_all().unwrap(), b"good\n");
}

#[test]
fn a_program_is_nobody_with_nothing_but_a_down_loopback() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let script = r#"
import os, socket
status = dict(line.split(":\t") for line in open("/proc/self/status") if ":\t" in line)
print(os.getuid(), os.getgid(), os.getgroups(), status["CapBnd"].strip(), status["CapEff"].strip(), status["NoNewPrivs"].strip())
print(sorted(os.listdir("/")), os.listdir("/box"), os.listdir("/dev"))
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd")))
try:
    socket.create_connection(("127.0.0.1", 9), 1)
except OSError as error:
    print(error.strerror)
for path in ["/usr/x", "/x", "/dev/x", "/etc/x", "/proc/x"]:
    try:
        open(path, "w")
        print("wrote", path)
    except OSError as error:
        pass
"#;
    let (outcome, output) = python(&mut slot, script, &limits());
    assert_eq!(outcome.exit, Exit::Code(0), "{}", String::from_utf8_lossy(&outcome.stderr));
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "1000 1000 [] 0000000000000000 0000000000000000 1");
    assert!(!lines[1].contains("sys") && !lines[1].contains("root"), "{}", lines[1]);
    assert_eq!(lines[2], "[0, 1, 2, 3]", "3 is the listing itself");
    assert_eq!(lines[3], "Network is unreachable");
    assert_eq!(lines.len(), 4, "{output}");
}

#[test]
fn an_inherited_file_is_where_it_was_asked_for() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let content = std::sync::Arc::new(SealedFile::of_bytes(b"#!/bin/sh\necho ran $0").unwrap());
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &["./dir/tool".to_owned()],
        env: &[],
        limits: &limits(),
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[InputFile { path: "dir/tool".into(), content, executable: true }],
        collect: &[],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, &Cancel::default()).unwrap();
    assert_eq!(outcome.exit, Exit::Code(0), "{outcome:?}");
    assert_eq!(output.0, b"ran ./dir/tool\n");
}

/// Withdraws the run as soon as it is known to be up.
struct CancelAtFirstOutput(Cancel);
impl judge_core::sandbox::OutputSink for CancelAtFirstOutput {
    fn write(&mut self, _: &[u8]) -> judge_core::sandbox::Flow {
        let cancel = self.0.clone();
        std::thread::spawn(move || cancel.cancel());
        judge_core::sandbox::Flow::Continue
    }
}

#[test]
fn a_run_is_cancelled_from_another_thread() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let cancel = Cancel::default();
    let argv: Vec<String> = ["/bin/sh", "-c", "echo up; sleep 1000"].map(str::to_owned).into();
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Run,
        argv: &argv,
        env: &[],
        limits: &limits(),
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[],
        collect: &[],
    };
    let mut sink = CancelAtFirstOutput(cancel.clone());
    let outcome = slot.run(&spec, &mut sink, &cancel).unwrap();
    assert_eq!(outcome.termination, Termination::Cancelled);
}

#[test]
fn a_missing_program_is_our_failure_and_says_which() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let argv = ["/usr/bin/no-such-compiler".to_owned()];
    let spec = RunSpec {
        own_core: true,
        profile: ProfileName::Compile,
        argv: &argv,
        env: &[],
        limits: &limits(),
        stdin: &SealedFile::of_bytes(b"").unwrap(),
        files: &[],
        collect: &[],
    };
    let error = slot.run(&spec, &mut Capture::default(), &Cancel::default()).unwrap_err();
    assert!(error.to_string().contains("no-such-compiler"), "{error}");
}

#[test]
fn a_dropped_slot_leaves_no_process_and_no_cgroup() {
    let config = config();
    let group = format!("judge-{}/slot-0", config.cgroups.instance());
    let slot = Slot::start(&config, 0).unwrap();
    let place = groups_named(&group);
    assert!(!place.is_empty(), "no cgroup was made");
    drop(slot);
    assert_eq!(groups_named(&group), Vec::<std::path::PathBuf>::new());
    drop(config);
}

/// Directories of that name in any hierarchy: at its top, in the group of all workers, or where the
/// group lies that was delegated to us.
fn groups_named(name: &str) -> Vec<std::path::PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let own = own.strip_suffix("/judge-supervisor").unwrap_or(own);
    let text = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = text.lines().filter(|line| line.contains(" - cgroup"));
    let points = mounts.filter_map(|line| line.split(' ').nth(4));
    points
        .flat_map(|point| ["", "/judge-worker", own].map(|dir| format!("{point}{dir}/{name}")))
        .map(std::path::PathBuf::from)
        .filter(|path| path.exists())
        .collect()
}

#[test]
fn no_attack_of_the_self_test_gets_through() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let trials = selftest(&mut slot).unwrap();
    assert_eq!(trials.len() + UNTRIED.len(), Wall::ALL.len(), "all walls were tried: {trials:?}");
    let through: Vec<_> = trials.iter().filter(|t| t.standing != Standing::Holds).collect();
    assert!(through.is_empty(), "{through:?}");
}

#[test]
fn without_cgroups_the_self_test_says_what_was_given_up_and_holds_the_rest() {
    let config = SlotConfig { cgroups: Cgroups::none().unwrap(), ..config() };
    let mut slot = Slot::start(&config, 0).unwrap();
    let trials = selftest(&mut slot).unwrap();
    let lost: Vec<_> = trials.iter().filter(|t| t.standing != Standing::Holds).collect();
    let walls: Vec<_> = lost.iter().map(|trial| (trial.wall, trial.standing)).collect();
    let given_up = |wall| (wall, Standing::GivenUp);
    assert_eq!(walls, [given_up(Wall::Memory), given_up(Wall::Processes)], "{lost:?}");
}

/// Processes that want all CPUs, each in a session of its own, until dropped.
struct Crowd(Vec<std::process::Child>);

impl Crowd {
    fn gather() -> Self {
        let cores = std::thread::available_parallelism().unwrap().get();
        let spin = || {
            let mut command = std::process::Command::new("setsid");
            command.args(["sh", "-c", "while :; do :; done"]).spawn().unwrap()
        };
        Self((0..4 * cores).map(|_| spin()).collect())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

#[test]
fn a_program_that_gets_no_cpu_is_not_said_to_be_idle() {
    let config = config();
    let mut slot = Slot::start(&config, 0).unwrap();
    let tight = Limits { wall: Duration::from_secs(2), ..limits() };
    let crowd = Crowd::gather();
    let work = "import time\nwhile time.process_time() < 1.5: pass\nprint('done')";
    let (busy, output) = python(&mut slot, work, &tight);
    let (idle, _) = shell(&mut slot, "sleep 1000", &tight);
    drop(crowd);
    assert_eq!((busy.termination, output.as_str()), (Termination::OfItself, "done\n"));
    assert!(tight.wall < busy.usage.wall, "the crowd took nothing: {:?}", busy.usage);
    assert_eq!(idle.termination, Termination::WallLimit);
}
