//! Makes system calls and tells what came of them, in a sandbox or outside of any.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use judge_core::sandbox::init::NEEDED;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{
    Cancel, Capture, InputFile, Limits, Outcome, ProfileName, Profiles, RunSpec, Slot, SlotConfig,
    Termination,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;

use super::rules::{Call, RuleFile};
use super::slots::config;

/// What [`prober.c`](./prober.c) asks for itself, and the init behind the same rules.
pub fn is_essential(call: &str) -> bool {
    const OF_THE_PROBER: [&str; 6] =
        ["arch_prctl", "clone", "mprotect", "rt_sigreturn", "setitimer", "write"];
    OF_THE_PROBER.contains(&call) || NEEDED.iter().any(|needed| needed.name() == call)
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As it came out of the kernel: negative errnos.
    Value(i64),
    /// The caller exited.
    Exit(i32),
    /// The caller was killed.
    Signal(i32),
}

impl Answer {
    /// As `errno(3)`, 0 for success; `None` if there was no answer.
    pub fn errno(self) -> Option<i64> {
        match self {
            Self::Value(value) => Some(if (-4095..0).contains(&value) { -value } else { 0 }),
            Self::Exit(_) | Self::Signal(_) => None,
        }
    }

    fn parse(line: &str) -> Self {
        let (what, number) = line.split_once(' ').unwrap();
        match what {
            "=" => Self::Value(number.parse().unwrap()),
            "exit" => Self::Exit(number.parse().unwrap()),
            "signal" => Self::Signal(number.parse().unwrap()),
            _ => panic!("the prober said {line:?}"),
        }
    }
}

fn input_of(calls: &[Call]) -> String {
    let line = |call: &Call| {
        let args = call.args.map(|arg| format!(" {arg}")).concat();
        format!("{}{args}\n", call.number)
    };
    calls.iter().map(line).collect()
}

fn answers_in(output: &[u8], calls: &[Call]) -> Vec<Answer> {
    let output = str::from_utf8(output).unwrap();
    let answers: Vec<Answer> = output.lines().map(Answer::parse).collect();
    assert_eq!(answers.len(), calls.len(), "{output}");
    answers
}

/// The compiled prober, in a folder that everybody may enter. Static: what a loader would ask for is
/// no matter of the rules that are tried.
fn prober() -> &'static Path {
    static PROBER: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = PROBER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.path().join("prober");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seccomp/prober.c");
        let mut gcc = Command::new("gcc");
        gcc.args(["-O1", "-Wall", "-Werror", "-static", "-o"]).arg(&program).arg(&source);
        let status = gcc.status().unwrap();
        assert!(status.success(), "{status}");
        (folder, program)
    });
    program
}

/// Asks the kernel itself, as somebody without rights.
pub fn outside(calls: &[Call]) -> Vec<Answer> {
    const NOBODY: u32 = 65534;
    let mut command = Command::new(prober());
    command.uid(NOBODY).gid(NOBODY).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input_of(calls).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    answers_in(&output.stdout, calls)
}

/// Roomy: no trial is about them.
pub fn limits() -> Limits {
    Limits {
        cpu: Duration::from_secs(60),
        wall: Duration::from_secs(300),
        memory_bytes: 64 << 20,
        output_bytes: 1 << 20,
        processes: 16,
        open_files: 64,
        file_size_bytes: 1 << 20,
        stack_bytes: 8 << 20,
    }
}

/// A slot whose profile for runs has rules of the test's making.
pub struct Inside {
    // Before what it needs, since fields are dropped in order.
    slot: Slot,
    _config: SlotConfig,
}

impl Inside {
    pub fn new(rules: &RuleFile) -> Self {
        let built_in = ProfileSource::BuiltIn;
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("mounts.toml", built_in.read("mounts.toml").unwrap());
        for name in built_in.list("profiles").unwrap() {
            let file = format!("profiles/{name}");
            write(&file, built_in.read(&file).unwrap());
        }
        write("seccomp/program.json", rules.to_json());
        let source = ProfileSource::Folder(folder.path().into());
        let config = SlotConfig { profiles: Profiles::load(&source).unwrap(), ..config() };
        Self { slot: Slot::start(&config, 0).unwrap(), _config: config }
    }

    /// None of the calls may be one that ends the run.
    pub fn ask(&mut self, calls: &[Call]) -> Vec<Answer> {
        let (outcome, output) = self.run(&["./prober"], calls);
        let ended = (&outcome.termination, outcome.exit);
        assert_eq!(ended, (&Termination::OfItself, Exit::Code(0)), "{outcome:?}");
        answers_in(&output, calls)
    }

    /// A run of its own for one call that may end it. It is not interrupted: a signal that comes
    /// before the init has heard of a forbidden call lets its caller go on without it.
    pub fn attempt(&mut self, call: Call) -> Outcome {
        self.run(&["./prober", "patiently"], &[call]).0
    }

    fn run(&mut self, argv: &[&str], calls: &[Call]) -> (Outcome, Vec<u8>) {
        let content = Arc::new(SealedFile::of_bytes(&fs::read(prober()).unwrap()).unwrap());
        let spec = RunSpec {
            own_core: true,
            profile: ProfileName::Run,
            argv: &argv.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>(),
            env: &[],
            limits: &limits(),
            stdin: &SealedFile::of_bytes(input_of(calls).as_bytes()).unwrap(),
            files: &[InputFile { path: "prober".into(), content, executable: true }],
            collect: &[],
        };
        let mut output = Capture::default();
        let outcome = self.slot.run(&spec, &mut output, &Cancel::default()).unwrap();
        (outcome, output.0)
    }
}
