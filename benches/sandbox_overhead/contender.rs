//! The ways to run the program.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{
    Cancel, Capture, InputFile, Limits, ProfileName, Profiles, RunSpec, Slot, SlotConfig,
    Termination,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;

/// Runs the hello-world program, from a cold start to everything reaped.
pub trait Contender {
    /// For the table.
    fn name(&self) -> &str;

    /// One run. Fails unless the program ended well: how long a failure takes says nothing.
    fn run(&mut self) -> Result<(), Box<dyn Error>>;
}

const SOURCE: &str = r#"
#include <stdio.h>

int main(void) { return puts("hello, world") < 0; }
"#;

/// What it prints.
const GREETING: &[u8] = b"hello, world\n";

/// A static binary: the dynamic linker's work would be the same for everyone, and hide the rest.
pub struct HelloWorld {
    dir: tempfile::TempDir,
}

impl HelloWorld {
    /// Its name below [`Self::dir`].
    const NAME: &str = "hello";

    /// Compiles it with `gcc`, which must be there.
    pub fn compile() -> Result<Self, Box<dyn Error>> {
        // isolate drops root before it executes anything.
        let anyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let dir = tempfile::Builder::new().permissions(anyone).tempdir()?;
        let source = dir.path().join("hello.c");
        fs::write(&source, SOURCE)?;
        let hello = Self { dir };
        let mut gcc = Command::new("gcc");
        gcc.args(["-static", "-O2", "-o"]).arg(hello.path()).arg(source);
        succeed(&mut gcc)?;
        Ok(hello)
    }

    fn path(&self) -> PathBuf {
        self.dir().join(Self::NAME)
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// Nothing but `std::process::Command`, which spawns in the way of `vfork(2)`.
pub struct Bare {
    program: PathBuf,
}

impl Bare {
    pub fn new(hello: &HelloWorld) -> Self {
        Self { program: hello.path() }
    }
}

impl Contender for Bare {
    fn name(&self) -> &'static str {
        "bare spawn and wait"
    }

    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        succeed(&mut Command::new(&self.program))
    }
}

/// A slot of ours, as the judge uses it: the program is copied into the working directory of each
/// run, output is read and compared, limits are enforced, usage is measured.
pub struct Sandboxed {
    slot: Slot,
    /// Dropped after the slot: its groups go with it.
    _config: SlotConfig,
    argv: [String; 1],
    files: [InputFile; 1],
    stdin: SealedFile,
}

/// Ample, so that none is ever reached.
const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(10),
    wall: Duration::from_secs(60),
    memory_bytes: 256 << 20,
    output_bytes: 1 << 20,
    processes: 16,
    open_files: 64,
    file_size_bytes: 16 << 20,
    stack_bytes: 8 << 20,
};

impl Sandboxed {
    /// Builds the slot, whose init is this binary.
    pub fn start(hello: &HelloWorld, cgroups: Cgroups) -> Result<Self, Box<dyn Error>> {
        let config = SlotConfig {
            init_binary: "/proc/self/exe".into(),
            profiles: Profiles::load(&ProfileSource::BuiltIn)?,
            cgroups,
        };
        let program = InputFile {
            path: HelloWorld::NAME.into(),
            content: Arc::new(SealedFile::of_bytes(&fs::read(hello.path())?)?),
            executable: true,
        };
        Ok(Self {
            slot: Slot::start(&config, 0)?,
            _config: config,
            argv: [format!("./{}", HelloWorld::NAME)],
            files: [program],
            stdin: SealedFile::of_bytes(b"")?,
        })
    }
}

impl Contender for Sandboxed {
    fn name(&self) -> &'static str {
        "slot of judge-worker"
    }

    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        let spec = RunSpec {
            profile: ProfileName::Run,
            argv: &self.argv,
            env: &[],
            limits: &LIMITS,
            stdin: &self.stdin,
            files: &self.files,
            collect: &[],
        };
        let mut output = Capture::default();
        let outcome = self.slot.run(&spec, &mut output, &Cancel::default())?;
        let well = outcome.termination == Termination::OfItself && outcome.exit == Exit::Code(0);
        if well && output.0 == GREETING {
            Ok(())
        } else {
            Err(format!("the run in the slot did not end well: {outcome:?}").into())
        }
    }
}

/// A sandbox of others, by its command line.
pub struct Commands {
    name: &'static str,
    /// All of them are executed, whatever became of those before: the last one cleans up.
    steps: Vec<Command>,
}

impl Commands {
    /// bubblewrap with fresh namespaces of every kind; no cgroup, no filter, no limits.
    pub fn bwrap(hello: &HelloWorld) -> Self {
        let mut run = Command::new("bwrap");
        run.args(["--unshare-all", "--die-with-parent", "--tmpfs", "/tmp", "--ro-bind"])
            .arg(hello.dir())
            .args(["/box", "--chdir", "/box", "--", "./hello"]);
        Self { name: "bwrap --unshare-all", steps: vec![run] }
    }

    /// isolate as its manual says for each run, without control groups. Overwrites its box number
    /// `number`.
    pub fn isolate(hello: &HelloWorld, number: u32) -> Self {
        let step = |action: &str| {
            let mut command = Command::new("isolate");
            command.arg(format!("--box-id={number}")).arg(action);
            command
        };
        let mut run = step("--run");
        run.arg(format!("--dir=/program={}", hello.dir().display()));
        run.args(["--", "/program/hello"]);
        Self {
            name: "isolate --init, --run, --cleanup",
            steps: vec![step("--init"), run, step("--cleanup")],
        }
    }
}

impl Contender for Commands {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self) -> Result<(), Box<dyn Error>> {
        let mut worst = Ok(());
        for step in &mut self.steps {
            worst = worst.and(succeed(step));
        }
        worst
    }
}

/// Executes a command, which must exit with 0. Its input and outputs are `/dev/null`.
fn succeed(command: &mut Command) -> Result<(), Box<dyn Error>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let program = command.get_program().display().to_string();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} failed: {status}").into()),
        Err(error) => Err(format!("cannot execute {program}: {error}").into()),
    }
}
