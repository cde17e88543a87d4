//! The floor: what the machine asks for any process.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitStatus, waitpid};

use super::{Runner, System};
use crate::Fallible;
use crate::workload::Workload;

/// `posix_spawn(3)` and `wait4(2)`: glibc's spawn is one `clone3` with `CLONE_VM | CLONE_VFORK`, so that
/// the size of this process costs nothing. In the child: its signal mask, one `open` of the input, two
/// `dup2` of `/dev/null`, `execve`. The environment is empty. Nothing is limited, measured or read.
#[derive(Debug)]
pub struct Bare;

impl System for Bare {
    fn name(&self) -> &'static str {
        "bare posix_spawn + wait4"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, _: u32) -> Fallible<Box<dyn Runner + 'a>> {
        let argv = workload.argv_on_the_host();
        let argv = argv.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>()?;
        let nowhere = File::options().write(true).open("/dev/null")?;
        Ok(Box::new(Spawning { argv, stdin: workload.stdin_path(), nowhere }))
    }
}

struct Spawning {
    argv: Vec<CString>,
    stdin: PathBuf,
    nowhere: File,
}

impl Runner for Spawning {
    fn run(&mut self) -> Fallible<()> {
        // Lists in memory, written in a microsecond; libc's type can't be sent to another thread.
        let (mut actions, attr) = (PosixSpawnFileActions::init()?, PosixSpawnAttr::init()?);
        actions.add_open(0, &self.stdin, OFlag::O_RDONLY, Mode::empty())?;
        actions.add_dup2(self.nowhere.as_raw_fd(), 1)?;
        actions.add_dup2(self.nowhere.as_raw_fd(), 2)?;
        let no_environment: [CString; 0] = [];
        let path = self.argv[0].as_c_str();
        let pid = posix_spawn(path, &actions, &attr, &self.argv, &no_environment)?;
        match waitpid(pid, None)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            other => Err(format!("{path:?} did not end well: {other:?}").into()),
        }
    }
}
