//! Sandboxes of others, by their command lines, as their manuals say. Standard output goes to
//! `/dev/null`.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Runner, System};
use crate::Fallible;
use crate::workload::Workload;

/// Where a program's folder is seen inside.
const INSIDE: &str = "/program";

/// [bubblewrap](https://github.com/containers/bubblewrap): fresh namespaces of every kind; no cgroup,
/// filter or limits.
#[derive(Debug)]
pub struct Bwrap;

impl System for Bwrap {
    fn name(&self) -> &'static str {
        "bwrap"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, _: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let mut command = Command::new("bwrap");
        command
            .args(["--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"])
            .args(["--tmpfs", "/tmp", "--ro-bind", "/usr", "/usr"])
            .args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"])
            .arg("--ro-bind")
            .arg(workload.dir())
            .args([INSIDE, "--chdir", "/tmp", "--"])
            .args(workload.argv_at(INSIDE));
        Ok(Box::new(Executed { command, stdin: workload.stdin_path() }))
    }
}

/// [nsjail](https://github.com/google/nsjail) once for each run, with its default namespaces and
/// limits; no cgroup or filter.
#[derive(Debug)]
pub struct Nsjail;

impl System for Nsjail {
    fn name(&self) -> &'static str {
        "nsjail"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, _: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let mut command = Command::new("nsjail");
        command
            .args(["--mode", "o", "--really_quiet", "--tmpfsmount", "/tmp", "--cwd", "/tmp"])
            .args(["--bindmount_ro", "/usr", "--symlink", "usr/lib:/lib"])
            .args(["--symlink", "usr/lib64:/lib64", "--bindmount_ro"])
            .arg(format!("{}:{INSIDE}", workload.dir().display()))
            .arg("--")
            .args(workload.argv_at(INSIDE));
        Ok(Box::new(Executed { command, stdin: workload.stdin_path() }))
    }
}

/// [isolate](https://github.com/ioi/isolate) without control groups, in a box that stands: `--run`
/// only. Programs then find what others have left in the box.
#[derive(Debug)]
pub struct Isolate {
    /// The number of the first lane's box, which is overwritten.
    pub first_box: u32,
}

impl System for Isolate {
    fn name(&self) -> &'static str {
        "isolate --run"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, number: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let number = self.first_box + number;
        execute(&mut isolate(number, "--init"), Stdio::null())?;
        Ok(Box::new(StandingBox { run: isolate_run(workload, number), number }))
    }
}

/// isolate as its manual says for each run: a box is made, used and removed.
#[derive(Debug)]
pub struct IsolateEachTime {
    /// The number of the first lane's box, which is overwritten.
    pub first_box: u32,
}

impl System for IsolateEachTime {
    fn name(&self) -> &'static str {
        "isolate --init, --run, --cleanup"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, number: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let number = self.first_box + number;
        Ok(Box::new(FreshBox { run: isolate_run(workload, number), number }))
    }
}

fn isolate(number: u32, action: &str) -> Command {
    let mut command = Command::new("isolate");
    command.arg(format!("--box-id={number}")).arg(action);
    command
}

fn isolate_run(workload: &Workload, number: u32) -> Executed {
    let mut command = isolate(number, "--run");
    command.arg("--silent").arg(format!("--dir={INSIDE}={}", workload.dir().display()));
    command.arg("--").args(workload.argv_at(INSIDE));
    Executed { command, stdin: workload.stdin_path() }
}

/// A command that is executed for each run.
struct Executed {
    command: Command,
    stdin: PathBuf,
}

impl Runner for Executed {
    fn run(&mut self) -> Fallible<()> {
        let stdin = File::open(&self.stdin)?;
        execute(&mut self.command, stdin.into())
    }
}

struct StandingBox {
    run: Executed,
    number: u32,
}

impl Runner for StandingBox {
    fn run(&mut self) -> Fallible<()> {
        self.run.run()
    }
}

impl Drop for StandingBox {
    fn drop(&mut self) {
        if let Err(why) = execute(&mut isolate(self.number, "--cleanup"), Stdio::null()) {
            eprintln!("{why}");
        }
    }
}

struct FreshBox {
    run: Executed,
    number: u32,
}

impl Runner for FreshBox {
    fn run(&mut self) -> Fallible<()> {
        // All of them are executed, whatever became of those before: the last one cleans up.
        let made = execute(&mut isolate(self.number, "--init"), Stdio::null());
        let run = self.run.run();
        let cleaned = execute(&mut isolate(self.number, "--cleanup"), Stdio::null());
        made.and(run).and(cleaned)
    }
}

/// Executes a command, which must exit with 0.
fn execute(command: &mut Command, stdin: Stdio) -> Fallible<()> {
    let done = command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} failed: {status}").into()),
        Err(error) => {
            Err(format!("cannot run {}: {error}", command.get_program().display()).into())
        }
    }
}
