//! The programs that every system runs, each the same binary with the same input.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Fallible;

/// A program, its input, and what it must print.
#[derive(Debug)]
pub struct Workload {
    /// For the tables.
    pub name: &'static str,
    /// As seen from the working directory: `./program`, or an absolute path below `/usr`.
    pub argv: Vec<String>,
    /// What stands in the working directory under the name [`PROGRAM`].
    pub program: Option<PathBuf>,
    /// Its standard input.
    pub stdin: &'static [u8],
    /// Its standard output. It ends with another code than 0 when the input is not as it should be.
    pub stdout: &'static [u8],
    dir: tempfile::TempDir,
}

/// The name of a compiled program in the working directory.
pub const PROGRAM: &str = "program";

const HELLO: &str = r#"
#include <stdio.h>

int main(void) { return puts("hello, world") < 0; }
"#;

const TOUCHING: &str = r#"
#include <fcntl.h>
#include <unistd.h>

int main(void) {
    const char *name = "/tmp/judge-benches-touched";
    int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    return file < 0 || write(file, "x", 1) != 1 || unlink(name) != 0;
}
"#;

const SUM: &str = r"
#include <iostream>

int main() {
    long long a, b;
    if (!(std::cin >> a >> b)) return 1;
    std::cout << a + b << '\n';
    return a != 2 || b != 40;
}
";

/// So many steps of a generator of random numbers (Knuth's MMIX), each of which waits for the one before.
const BUSY: &str = r#"
#include <stdio.h>

int main(void) {
    unsigned long long state = 1;
    for (long i = 0; i < STEPS; i++) state = state * 6364136223846793005u + 1442695040888963407u;
    return puts(state ? "done" : "zero") < 0;
}
"#;

const PYTHON: &str = "print(sum(map(int, input().split())))";

impl Workload {
    /// The least that a program can be: a static binary, for the dynamic linker's work would be the
    /// same for everyone, and hide the rest.
    pub fn hello() -> Fallible<Self> {
        Self::compiled("hello world, static C", "gcc", "hello.c", HELLO, b"", b"hello, world\n")
    }

    /// Writes a file and removes it: least of all that a sandbox has to clean up after.
    pub fn touching() -> Fallible<Self> {
        Self::compiled("a file written, static C", "gcc", "touching.c", TOUCHING, b"", b"")
    }

    /// The usual first problem, built as the worker builds C++.
    pub fn sum_in_cpp() -> Fallible<Self> {
        Self::compiled("A+B, C++", "g++", "sum.cpp", SUM, b"2 40\n", b"42\n")
    }

    /// The same by an interpreter, without its `site` module.
    pub fn sum_in_python() -> Fallible<Self> {
        let dir = folder_for_anyone()?;
        fs::write(dir.path().join("stdin"), b"2 40\n")?;
        let argv = ["/usr/bin/python3", "-S", "-c", PYTHON].map(Into::into).to_vec();
        let (stdin, stdout) = (b"2 40\n", b"42\n");
        Ok(Self { name: "A+B, python3 -S", argv, program: None, stdin, stdout, dir })
    }

    /// Keeps a core busy for about `cpu` on this machine, as it is now, always by the same work. With
    /// its source, whose input does not matter.
    pub fn busy(cpu: Duration) -> Fallible<(Self, String)> {
        const SOME: u32 = 1 << 20;
        let source_of = |steps: u64| BUSY.replace("STEPS", &steps.to_string());
        let of = |source: &str| {
            Self::compiled("busy, static C", "gcc", "busy.c", source, b"", b"done\n")
        };
        let [nothing, some] = [1, u64::from(SOME)].map(|steps| of(&source_of(steps)));
        let (nothing, some) = (least_time(&nothing?)?, least_time(&some?)?);
        let of_a_step = some.saturating_sub(nothing).as_secs_f64() / f64::from(SOME);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "far below 2^52 steps, which would take weeks"
        )]
        let steps = (cpu.as_secs_f64() / of_a_step.max(1e-12)) as u64;
        let source = source_of(steps);
        Ok((of(&source)?, source))
    }

    fn compiled(
        name: &'static str,
        compiler: &str,
        source_name: &str,
        source: &str,
        stdin: &'static [u8],
        stdout: &'static [u8],
    ) -> Fallible<Self> {
        let dir = folder_for_anyone()?;
        let program = dir.path().join(PROGRAM);
        compile(compiler, source_name, source, &program)?;
        fs::write(dir.path().join("stdin"), stdin)?;
        let argv = vec![format!("./{PROGRAM}")];
        Ok(Self { name, argv, program: Some(program), stdin, stdout, dir })
    }

    /// A folder of the host that anybody may read: it holds the program, if it is compiled.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A file of the host with the input.
    pub fn stdin_path(&self) -> PathBuf {
        self.dir().join("stdin")
    }

    /// The arguments with the program's path on the host instead of that in the working directory.
    pub fn argv_on_the_host(&self) -> Vec<String> {
        self.argv_at(&self.dir().display().to_string())
    }

    /// The arguments for where the folder of the program is to be seen as `place`.
    pub fn argv_at(&self, place: &str) -> Vec<String> {
        let mut argv = self.argv.clone();
        if self.program.is_some() {
            argv[0] = format!("{place}/{PROGRAM}");
        }
        argv
    }
}

/// Compiles C or C++ as the worker does: optimised and static.
pub fn compile(compiler: &str, source_name: &str, source: &str, program: &Path) -> Fallible<()> {
    let file = program.with_file_name(source_name);
    fs::write(&file, source)?;
    let mut command = Command::new(compiler);
    command.args(["-static", "-O2", "-o"]).arg(program).arg(&file).stdin(Stdio::null());
    let done = command.output().map_err(|error| format!("cannot run {compiler}: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{compiler} failed: {}", String::from_utf8_lossy(&done.stderr)).into())
}

/// What it takes at best, of many runs.
fn least_time(workload: &Workload) -> Fallible<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..20 {
        let argv = workload.argv_on_the_host();
        let mut command = Command::new(&argv[0]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let status = command.status()?;
        least = least.min(began.elapsed());
        if !status.success() {
            return Err(format!("{}: {status}", argv[0]).into());
        }
    }
    Ok(least)
}

/// isolate and others drop root before they execute anything.
fn folder_for_anyone() -> Fallible<tempfile::TempDir> {
    let anyone = fs::Permissions::from_mode(0o755);
    Ok(tempfile::Builder::new().permissions(anyone).tempdir()?)
}
