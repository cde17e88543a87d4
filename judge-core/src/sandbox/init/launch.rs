//! From a request to a program that is past exec.
//!
//! The order of the steps matters: the cgroup wants our rights, and limits come before they bind us.
//! The filter is ours already, and inherited (see [`super::standing`]).

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::resource::Resource;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Pid, Uid};

use super::super::ids::{Inside, PROGRAM_ID};
use super::super::protocol::{InitStep, Rlimits, RunRequest};
use super::super::{Missing, Wall};
use super::root::WORK_DIR_C;
use super::{At, Failure};
use crate::sys::pass::Pass;
use crate::sys::process::{Children, reap};
use crate::sys::spawn::{Birth, Born, Image, Step, Stillborn, Strings, spawn};

/// What a program is started with.
pub struct Launch<'a> {
    pub request: &'a RunRequest,
    /// Which ids there are for it.
    pub inside: Inside,
    pub missing: &'a Missing,
    pub pass: Pass,
    pub stdio: &'a [OwnedFd; 3],
    /// By which it enters its cgroup.
    pub entry: Entry<'a>,
    /// The program itself, where it came with the request.
    pub image: Option<BorrowedFd<'a>>,
}

/// How a program enters its cgroup.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// It is born in this directory.
    Born(BorrowedFd<'a>),
    /// It writes itself into these files.
    Joins(&'a [OwnedFd]),
}

/// A program past exec.
pub struct Launched {
    pub pid: Pid,
    pub pidfd: OwnedFd,
    /// When it began, on the monotonic clock.
    pub at: Duration,
}

/// One step, what it is for, and on what.
struct Row<'a>(InitStep, &'static str, Step<'a>);

impl Launch<'_> {
    /// Starts the program. A failed step is one of ours: the program itself has not run.
    pub fn start(&self) -> Result<Launched, Failure> {
        let c_string = |text: &str| CString::new(text).map_err(|_| Errno::EINVAL);
        let argv = self.request.argv.iter().map(|text| c_string(text));
        let argv = argv.collect::<Result<Vec<_>, _>>().at(InitStep::Exec, "arguments")?;
        let env = self.request.env.iter().map(|(name, value)| c_string(&format!("{name}={value}")));
        let env = env.collect::<Result<Vec<_>, _>>().at(InitStep::Exec, "environment")?;
        let path = argv.first().ok_or(Errno::EINVAL).at(InitStep::Exec, "arguments")?;
        let rows = self.rows();
        let steps: Vec<Step<'_>> = rows.iter().map(|Row(_, _, step)| *step).collect();
        let born = spawn(&Birth {
            pass: self.pass,
            cgroup: match self.entry {
                Entry::Born(dir) => Some(dir),
                Entry::Joins(_) => None,
            },
            steps: &steps,
            image: self.image.map_or(Image::Path(path), Image::Descriptor),
            arguments: &Strings::new(argv.iter().map(CString::as_c_str)),
            environment: &Strings::new(env.iter().map(CString::as_c_str)),
        });
        match born {
            Ok(Born { pid, pidfd, at }) => Ok(Launched { pid, pidfd, at }),
            Err(stillborn) => {
                // Nobody else can be our child now.
                let _ = reap(Children::Any, true);
                Err(self.explain(stillborn, &rows))
            }
        }
    }

    fn explain(&self, stillborn: Stillborn, rows: &[Row<'_>]) -> Failure {
        let program = self.request.argv.first().cloned().unwrap_or_default();
        match stillborn {
            Stillborn::Clone(errno) => Failure { step: InitStep::Fork, errno, detail: program },
            Stillborn::Step(index, errno) => match rows.get(index) {
                Some(Row(step, what, _)) => {
                    Failure { step: *step, errno, detail: (*what).to_owned() }
                }
                None => Failure { step: InitStep::Exec, errno, detail: program },
            },
            Stillborn::Killed => Failure {
                step: InitStep::Exec,
                errno: Errno::EPROTO,
                detail: "the child died before exec".to_owned(),
            },
        }
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::with_capacity(32);
        if let Entry::Joins(files) = self.entry {
            let join = |tasks| {
                let tasks: &OwnedFd = tasks;
                Row(InitStep::Cgroup, "tasks", Step::Write(tasks.as_fd(), b"0"))
            };
            rows.extend(files.iter().map(join));
        }
        let [stdin, stdout, stderr] = self.stdio;
        let mut add = |wall: Option<Wall>, row| {
            if wall.is_none_or(|wall| self.missing.stands(wall)) {
                rows.push(row);
            }
        };
        // Rooted in the groups that it is in now, so that it can't see where in the host's those lie.
        let cgroups = Step::Unshare(CloneFlags::CLONE_NEWCGROUP, self.pass);
        add(Some(Wall::CgroupNamespace), Row(InitStep::Cgroup, "namespace", cgroups));
        add(Some(Wall::Session), Row(InitStep::Privilege, "session", Step::Session));
        add(None, Row(InitStep::Exec, "the working directory", Step::WorkIn(WORK_DIR_C)));
        add(None, Row(InitStep::Exec, "umask", Step::Umask(Mode::from_bits_truncate(0o022))));
        // Our runtime ignores it, and a program of the shell would hear nothing of a closed pipe.
        add(None, Row(InitStep::Exec, "signals", Step::DefaultSignal(Signal::SIGPIPE)));
        // No real-time scheduling, even where the worker may.
        let real_time = Step::Limit(Resource::RLIMIT_RTPRIO, 0, 0);
        add(None, Row(InitStep::Rlimit, "RLIMIT_RTPRIO", real_time));
        for (wall, limit) in limits(&self.request.rlimits) {
            add(Some(wall), Row(InitStep::Rlimit, wall.as_str(), limit));
        }
        for (number, fd) in [(0, stdin), (1, stdout), (2, stderr)] {
            add(None, Row(InitStep::Stdio, "stdio", Step::Descriptor(fd.as_fd(), number)));
        }
        add(Some(Wall::CloseOnExec), Row(InitStep::Stdio, "others", Step::CloseOnExecFrom(3)));
        credentials(self.inside, &mut add);
        rows
    }
}

/// A user that has nothing and can get nothing. Each step wants a capability that a later one
/// takes. (The bounding set, which is inherited, the init has dropped for all.)
fn credentials<'b>(inside: Inside, add: &mut impl FnMut(Option<Wall>, Row<'b>)) {
    let privilege = |what, step| Row(InitStep::Privilege, what, step);
    add(Some(Wall::Securebits), privilege("securebits", Step::LockSecurebits));
    // Where the worker may map one group only, the kernel lets nobody inside change these.
    if inside == Inside::Two {
        add(Some(Wall::SupplementaryGroups), privilege("groups", Step::NoGroups));
    }
    let group = Step::Group(Gid::from_raw(PROGRAM_ID));
    add(Some(Wall::ProgramGid), privilege("gid", group));
    let user = Step::User(Uid::from_raw(PROGRAM_ID));
    add(Some(Wall::ProgramUid), privilege("uid", user));
    add(Some(Wall::CapabilitySets), privilege("capabilities", Step::NoCapabilities));
    add(Some(Wall::NoNewPrivs), privilege("no_new_privs", Step::NoNewPrivileges));
}

fn limits(limits: &Rlimits) -> [(Wall, Step<'static>); 4] {
    let Rlimits { cpu_seconds, open_files, file_size_bytes, stack_bytes } = *limits;
    let exactly = |resource, limit| Step::Limit(resource, limit, limit);
    [
        (Wall::OpenFiles, exactly(Resource::RLIMIT_NOFILE, open_files)),
        (Wall::FileSize, exactly(Resource::RLIMIT_FSIZE, file_size_bytes)),
        (Wall::Stack, exactly(Resource::RLIMIT_STACK, stack_bytes)),
        // A second between the signal that can be caught and the one that can't.
        (
            Wall::CpuNet,
            Step::Limit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds.saturating_add(1)),
        ),
    ]
}
