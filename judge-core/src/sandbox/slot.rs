//! A slot: one sandbox that runs one program after the other.

use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, pipe2};

use super::cgroup::{Cgroups, Entry, SlotGroups};
use super::cores::SlotCores;
use super::ids::{MAX_SLOTS, SlotIds};
use super::init::{ARGV0, Born};
use super::outcome::Outcome;
use super::profile::Profiles;
use super::protocol::{
    self, CollectPattern, EntryKind, FileHeader, Reply, Request, Rlimits, RunRequest, Setup,
    receive_within, unexpected, wait_readable,
};
use super::spec::{Cancel, Collect, RunSpec};
use super::supervise::{OutputSink, Supervision};
use super::{Hindrance, Loss, Missing, SandboxError, Wall};
use crate::sys::fds::{SealedFile, message_pair};
use crate::sys::process::{Children, reap, signal};

/// What every slot of a worker shares.
#[derive(Debug)]
pub struct SlotConfig {
    /// The binary that becomes the init: one whose `main` calls
    /// [`super::init::become_init_if_asked`] first. `/proc/self/exe` for the worker itself.
    pub init_binary: PathBuf,
    /// What programs may touch.
    pub profiles: Profiles,
    /// Where the groups are made. Must outlive the slots: dropping it removes their groups.
    pub cgroups: Cgroups,
}

/// What programs hear when they ask for the host's name.
pub(super) const HOSTNAME: &str = "judge";

/// How long an init may take for what it does alone. Generous: on an overloaded machine a slot that
/// is given up too early would turn load into failures of ours.
const PATIENCE: Duration = Duration::from_secs(60);

/// One sandbox. After an error it must be dropped; that ends everything in it.
pub struct Slot {
    number: u32,
    /// Whom its processes are on the host.
    uids: Range<u32>,
    losses: Vec<Loss>,
    pid: Pid,
    pidfd: OwnedFd,
    /// Taken away first when the slot is dropped.
    socket: Option<OwnedFd>,
    groups: SlotGroups,
    missing: Missing,
    /// Where its programs run; `None`: anywhere.
    cores: Option<SlotCores>,
    /// Where the init is now.
    on: Option<CpuSet>,
}

impl Slot {
    /// Builds the slot numbered `number` (below [`MAX_SLOTS`], unique among those of `config`).
    pub fn start(config: &SlotConfig, number: u32) -> Result<Self, SandboxError> {
        Self::start_lacking(config, number, Missing::default())
    }

    /// As [`Self::start`], without the walls `away`: to see what they are there for.
    ///
    /// What belongs to an input file ([`SealedFile`]) is not taken away by this.
    #[cfg(feature = "missing-walls")]
    pub fn start_without(
        config: &SlotConfig,
        number: u32,
        away: &[Wall],
    ) -> Result<Self, SandboxError> {
        Self::start_lacking(config, number, Missing::of(away))
    }

    fn start_lacking(
        config: &SlotConfig,
        number: u32,
        missing: Missing,
    ) -> Result<Self, SandboxError> {
        assert!(number < MAX_SLOTS, "the caller bounds the number of slots");
        let place = if missing.stands(Wall::IdRange) { number } else { 0 };
        let ids = if missing.stands(Wall::UserNamespace) {
            config.cgroups.ids().slot(place)
        } else {
            SlotIds::as_on_the_host()
        };
        let groups = config.cgroups.slot(number, &ids)?;
        let attempt = |attempt| move |source| SandboxError::Start { attempt, source };

        let pair = message_pair().map_err(io::Error::from);
        let (ours, theirs) = pair.map_err(attempt("making a socket"))?;
        let mut shim = Command::new(&config.init_binary)
            .arg0(ARGV0)
            .args(missing.argument())
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()
            .map_err(attempt("executing the init"))?;
        let born = receive_within(&ours, PATIENCE);
        shim.wait().map_err(attempt("waiting for the shim"))?;
        let (Born { pid }, fds) = born.map_err(no_namespaces)?;
        let pidfd = fds.into_iter().next().ok_or_else(|| io::Error::other("no pidfd came"));
        let pidfd = pidfd.map_err(attempt("creating namespaces"))?;
        let pid = Pid::from_raw(pid);
        // From here on, dropping cleans up.
        let uids = ids.uids();
        let losses = config.cgroups.losses();
        let mut slot = Self {
            number,
            uids,
            losses,
            pid,
            pidfd,
            socket: Some(ours),
            groups,
            missing,
            cores: None,
            on: None,
        };

        ids.map(pid).map_err(|source| {
            let (attempt, hindrance) = ("mapping ids", Hindrance::Ids);
            SandboxError::Withheld { attempt, hindrance, source }
        })?;
        slot.groups.adopt_init(pid)?;
        slot.build(config)?;
        Ok(slot)
    }

    fn build(&mut self, config: &SlotConfig) -> Result<(), SandboxError> {
        let lost = |source| SandboxError::Lost { attempt: "building the root", source };
        let setup = Setup {
            profiles: config.profiles.clone(),
            hostname: HOSTNAME.into(),
            inside: config.cgroups.ids().inside(),
        };
        let text = serde_json::to_vec(&setup).map_err(|error| lost(error.into()))?;
        let sealed = SealedFile::of_bytes(&text).and_then(|file| file.reader()).map_err(lost)?;
        let socket = self.socket();
        protocol::send(socket, &Request::Build, &[sealed.as_fd()]).map_err(lost)?;
        match receive_within::<Reply>(&socket, PATIENCE).map_err(lost)?.0 {
            Reply::Built => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// What it has to do without on this host.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The uids that its processes have on the host: the init's first, the program's last. No slot
    /// of another worker has any of them, unless [`Loss::OwnUser`](super::Loss::OwnUser) is told.
    pub fn host_ids(&self) -> Range<u32> {
        self.uids.clone()
    }

    /// Has programs run on these cores only, from the next one on.
    pub(crate) fn confine(&mut self, cores: Option<&SlotCores>) {
        self.cores = cores.copied();
    }

    /// Puts the init, and so the next program, on the slot's own core or on all of the worker's. Where
    /// that has lost those cores meanwhile, the kernel has put it on others, and there it stays.
    fn move_to_core(&mut self, own_core: bool) {
        let Some(cores) = self.cores else {
            return;
        };
        let to = if own_core { cores.own } else { cores.all };
        if self.on == Some(to) {
            return;
        }
        match sched_setaffinity(self.pid, &to) {
            Ok(()) => self.on = Some(to),
            Err(error) => {
                tracing::warn!(slot = self.number, %error, "its core can't be used any more");
                self.cores = None;
            }
        }
    }

    /// Runs one program to its end, feeding its standard output to `sink` as it comes.
    ///
    /// An error means that nothing is known about the program, and that the slot must be dropped.
    pub fn run(
        &mut self,
        spec: &RunSpec<'_>,
        sink: &mut dyn OutputSink,
        cancel: &Cancel,
    ) -> Result<Outcome, SandboxError> {
        let request = |entry| Request::Run(request_of(spec, entry));
        let limits = self.missing.limits(spec.limits);
        let spec = &RunSpec { limits: &limits, ..*spec };
        self.move_to_core(spec.own_core);
        self.groups.run.make_ready(spec.limits)?;
        let entry = self.groups.run.entry();
        let attempt = |attempt| move |source: io::Error| SandboxError::Start { attempt, source };
        let (out_read, out_write) = output_pipe().map_err(attempt("making a pipe"))?;
        let (err_read, err_write) = output_pipe().map_err(attempt("making a pipe"))?;
        let stdin = spec.stdin.reader().map_err(attempt("opening the input"))?;
        let contents: Vec<fs::File> = spec
            .files
            .iter()
            .map(|file| file.content.reader())
            .collect::<io::Result<_>>()
            .map_err(attempt("opening a file of the run"))?;
        let mut fds = vec![stdin.as_fd(), out_write.as_fd(), err_write.as_fd()];
        fds.extend(contents.iter().map(AsFd::as_fd));
        let kind = match entry {
            Entry::Born(dir) => {
                fds.push(dir);
                EntryKind::Born
            }
            Entry::Joins(tasks) => {
                fds.extend(tasks.iter().map(AsFd::as_fd));
                EntryKind::Joins(tasks.len())
            }
            Entry::None => EntryKind::None,
        };
        protocol::send(self.socket(), &request(kind), &fds)
            .map_err(|source| SandboxError::Lost { attempt: "asking for a run", source })?;
        drop(fds);
        // Ours would keep the pipes open when the program's are closed.
        drop((out_write, err_write));
        Supervision {
            socket: self.socket(),
            group: &*self.groups.run,
            spec,
            cancel,
            pipes: [out_read, err_read],
            cgroup_enforced: !matches!(entry, Entry::None),
            cores: self.cores.map(|cores| if spec.own_core { 1 } else { cores.of_all }),
        }
        .watch(sink)
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_ref().expect("taken by drop only").as_fd()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Without its socket the init ends, and with it its pid namespace.
        self.socket = None;
        let ended = wait_readable(&self.pidfd, Duration::from_secs(1));
        if !matches!(ended, Ok(true)) {
            // It is stuck. The kernel takes pid 1 away from outside, with all it holds.
            let _ = signal(self.pidfd.as_fd(), Signal::SIGKILL);
        }
        let _ = reap(Children::One(self.pid), true);
    }
}

/// The shim ended without a word but on standard error.
fn no_namespaces(source: io::Error) -> SandboxError {
    const ATTEMPT: &str = "creating namespaces (see its message)";
    match Hindrance::to_namespaces() {
        Some(hindrance) => SandboxError::Withheld { attempt: ATTEMPT, hindrance, source },
        None => SandboxError::Start { attempt: ATTEMPT, source },
    }
}

fn request_of(spec: &RunSpec<'_>, entry: EntryKind) -> RunRequest {
    let RunSpec { profile, argv, env, limits, files, collect, .. } = spec;
    RunRequest {
        profile: *profile,
        argv: argv.to_vec(),
        env: env.to_vec(),
        files: files
            .iter()
            .map(|file| FileHeader { path: file.path.clone(), executable: file.executable })
            .collect(),
        collect: collect
            .iter()
            .map(|Collect { pattern, max_bytes }| CollectPattern {
                pattern: pattern.clone(),
                max_bytes: *max_bytes,
            })
            .collect(),
        rlimits: Rlimits {
            // Only a net: the exact limit is enforced from outside, for the whole tree.
            cpu_seconds: limits.cpu.as_secs().saturating_add(2),
            open_files: limits.open_files.into(),
            file_size_bytes: limits.file_size_bytes,
            stack_bytes: limits.stack_bytes,
        },
        entry,
    }
}

/// A pipe whose reading end (ours) never blocks.
fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe2(OFlag::O_CLOEXEC)?;
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((read, write))
}
