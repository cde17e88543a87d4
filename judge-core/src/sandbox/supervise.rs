//! Watches a run from outside until nothing of it is left.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::cgroup::RunGroup;
use super::filter::name_of;
use super::outcome::{Outcome, STDERR_KEPT, Termination, Usage};
use super::protocol::{
    self, MAX_COLLECTED_BYTES, Reply, Request, RunReport, STARTED_AFTER, unexpected,
};
use super::spec::{Cancel, RunSpec};
use super::starvation::Starvation;
use super::{Limits, SandboxError};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// Takes a program's standard output as it comes.
pub trait OutputSink {
    /// The next bytes. Never called with more than the output limit in all.
    fn write(&mut self, chunk: &[u8]) -> Flow;
}

/// Whether more output is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// The rest can't change anything: end the run.
    Stop,
}

/// Keeps everything, for outputs that are small or bounded by their limit.
#[derive(Debug, Default)]
pub struct Capture(pub Vec<u8>);

impl OutputSink for Capture {
    fn write(&mut self, chunk: &[u8]) -> Flow {
        self.0.extend_from_slice(chunk);
        Flow::Continue
    }
}

/// The longest time between two looks at CPU time, memory events and cancellation.
const LONGEST_NAP: Duration = Duration::from_millis(50);

/// The shortest before the CPU limit: how much further than it a program gets on each core, beside
/// what the supervisor itself waits for a CPU.
const SHORTEST_CPU_NAP: Duration = Duration::from_millis(1);

/// The shortest before the wall limit, and in the time by which that is prolonged: to look then
/// costs reading a file for each thread of the run.
const SHORTEST_WALL_NAP: Duration = Duration::from_millis(4);

/// How long the init may take to end a run after it was told to. A process in uninterruptible sleep
/// or a large core of memory being freed can take seconds on a crowded machine.
const KILL_PATIENCE: Duration = Duration::from_secs(30);

/// How long the init may take to write a run's files and start its program. Generous: on an
/// overloaded machine, giving up too early would turn load into failures of ours.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How much is read at once: small enough for the stack, a quarter of a default pipe.
const READ_BYTES: usize = 16 * 1024;

/// For how long output may wait at the start of a run. Most programs of many tests have ended by then,
/// and their output, the ends of their streams and the init's word of their end cost one wake-up.
/// What fills its pipe meanwhile waits this once.
const QUIET: Duration = STARTED_AFTER;

/// Room in the pipe of a program that writes much, in bytes: sixteen reads of ours.
const WIDE_PIPE_BYTES: i32 = 1 << 20;

/// One run under supervision.
pub(super) struct Supervision<'a> {
    pub socket: BorrowedFd<'a>,
    pub group: &'a dyn RunGroup,
    pub spec: &'a RunSpec<'a>,
    pub cancel: &'a Cancel,
    /// Standard output and standard error.
    pub pipes: [OwnedFd; 2],
    pub cgroup_enforced: bool,
    /// How many cores the run can have at once; `None`: as many as we.
    pub cores: Option<u32>,
}

/// What the loop knows while it waits.
struct State {
    /// When the run was asked for.
    asked: Instant,
    /// When the program was past exec.
    began: Option<Instant>,
    /// Why we ended the run, and until when the init may take.
    killed: Option<(Termination, Instant)>,
    output_bytes: u64,
    stderr: Vec<u8>,
    open: [bool; 2],
    /// Which pipes were widened.
    wide: [bool; 2],
    starvation: Starvation,
}

impl Supervision<'_> {
    /// Reads output, enforces limits, and comes back with the facts.
    pub fn watch(self, sink: &mut dyn OutputSink) -> Result<Outcome, SandboxError> {
        let mut state = State {
            asked: Instant::now(),
            began: None,
            killed: None,
            output_bytes: 0,
            stderr: Vec::new(),
            open: [true, true],
            wide: [false, false],
            starvation: Starvation::watch(),
        };
        loop {
            let [spoke, out, err] = self.wait(&state)?;
            if out {
                self.read_output(0, &mut state, sink)?;
            }
            if err {
                self.read_output(1, &mut state, sink)?;
            }
            if spoke {
                match self.receive()? {
                    (Reply::Started, _) => state.began = Some(Instant::now()),
                    (Reply::Ended { report, files }, fds) => {
                        // Whoever could write is gone: what is in the pipes is all there is.
                        self.read_output(0, &mut state, sink)?;
                        self.read_output(1, &mut state, sink)?;
                        return self.outcome(state, &report, files, fds);
                    }
                    (other, _) => return Err(unexpected(other)),
                }
            }
            self.enforce(&mut state)?;
        }
    }

    /// Until one of socket, output and error has something, or it is time to look at the limits.
    fn wait(&self, state: &State) -> Result<[bool; 3], SandboxError> {
        let quiet = QUIET.checked_sub(state.asked.elapsed());
        let nap = quiet.map_or_else(|| self.nap(state), Ok)?;
        let timeout =
            PollTimeout::try_from(nap.max(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX);
        let [out, err] = &self.pipes;
        let mut fds = vec![PollFd::new(self.socket, PollFlags::POLLIN)];
        for (pipe, open) in [out, err].into_iter().zip(state.open) {
            if open && quiet.is_none() {
                fds.push(PollFd::new(pipe.as_fd(), PollFlags::POLLIN));
            }
        }
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(lost("waiting for it", error.into())),
        }
        let mut ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        let spoke = ready.next().unwrap_or(false);
        let mut pipe = |open: bool| open && quiet.is_none() && ready.next().unwrap_or(false);
        Ok([spoke, pipe(state.open[0]), pipe(state.open[1])])
    }

    /// CPU time can grow no faster than cores times wall time: until then there is nothing to see.
    fn nap(&self, state: &State) -> Result<Duration, SandboxError> {
        let Some(began) = state.began else {
            return Ok(LONGEST_NAP);
        };
        if state.killed.is_some() {
            return Ok(LONGEST_NAP);
        }
        let Limits { cpu, wall, .. } = *self.spec.limits;
        let used = self.group.glance()?.0;
        let until_cpu = cpu.saturating_sub(used) / self.cores.unwrap_or_else(cores);
        let until_wall = wall.saturating_sub(began.elapsed());
        let nap = until_cpu.max(SHORTEST_CPU_NAP).min(until_wall.max(SHORTEST_WALL_NAP));
        Ok(nap.min(LONGEST_NAP))
    }

    fn enforce(&self, state: &mut State) -> Result<(), SandboxError> {
        if let Some((_, deadline)) = state.killed {
            if deadline < Instant::now() {
                return Err(lost("ending the run", io::ErrorKind::TimedOut.into()));
            }
            return Ok(());
        }
        let limits = self.spec.limits;
        if self.cancel.is_cancelled() {
            return self.kill(state, Termination::Cancelled);
        }
        let Some(began) = state.began else {
            if START_PATIENCE < state.asked.elapsed() {
                return Err(lost("starting the program", io::ErrorKind::TimedOut.into()));
            }
            return Ok(());
        };
        let (cpu, out_of_memory) = self.group.glance()?;
        if out_of_memory {
            return self.kill(state, Termination::MemoryLimit);
        }
        if limits.cpu < cpu {
            return self.kill(state, Termination::CpuLimit);
        }
        let elapsed = began.elapsed();
        if limits.wall < 2 * elapsed {
            let members = self.group.members()?;
            let allowed = state.starvation.prolonged(limits.wall, &members);
            // With nobody inside it has ended, and the init is only waiting for a CPU to say so.
            let ending = self.cgroup_enforced && members.is_empty();
            let patience = if ending { KILL_PATIENCE } else { Duration::ZERO };
            if allowed + patience < elapsed {
                return self.kill(state, Termination::WallLimit);
            }
        }
        Ok(())
    }

    fn kill(&self, state: &mut State, why: Termination) -> Result<(), SandboxError> {
        if state.killed.is_none() {
            state.killed = Some((why, Instant::now() + KILL_PATIENCE));
            protocol::send(self.socket, &Request::Kill, &[])
                .map_err(|source| lost("ending the run", source))?;
        }
        Ok(())
    }

    /// Takes what is in a pipe now. What comes after the kill is read and thrown away, so that
    /// nobody hangs in a write.
    fn read_output(
        &self,
        which: usize,
        state: &mut State,
        sink: &mut dyn OutputSink,
    ) -> Result<(), SandboxError> {
        let mut buffer = [0; READ_BYTES];
        while state.open[which] {
            let len = match nix::unistd::read(&self.pipes[which], &mut buffer) {
                Ok(0) => {
                    state.open[which] = false;
                    return Ok(());
                }
                Ok(len) => len,
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(lost("reading its output", error.into())),
            };
            if len == READ_BYTES && !std::mem::replace(&mut state.wide[which], true) {
                // Refused to users above their quota of pipe memory (`pipe(7)`): as it is will do.
                let _ = fcntl(&self.pipes[which], FcntlArg::F_SETPIPE_SZ(WIDE_PIPE_BYTES));
            }
            self.take(which, &buffer[..len], state, sink)?;
            // A program that writes for ever must not keep us from the limits.
            self.enforce(state)?;
        }
        Ok(())
    }

    fn take(
        &self,
        which: usize,
        chunk: &[u8],
        state: &mut State,
        sink: &mut dyn OutputSink,
    ) -> Result<(), SandboxError> {
        let room = self.spec.limits.output_bytes.saturating_sub(state.output_bytes);
        state.output_bytes = state.output_bytes.saturating_add(chunk.len() as u64);
        let within = &chunk[..chunk.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        if which == 1 {
            let room = STDERR_KEPT.saturating_sub(state.stderr.len());
            state.stderr.extend_from_slice(&within[..within.len().min(room)]);
        } else if state.killed.is_none() && !within.is_empty() && sink.write(within) == Flow::Stop {
            self.kill(state, Termination::SinkStopped)?;
        }
        if within.len() < chunk.len() {
            self.kill(state, Termination::OutputLimit)?;
        }
        Ok(())
    }

    fn receive(&self) -> Result<(Reply, Vec<OwnedFd>), SandboxError> {
        let received = protocol::receive(self.socket);
        let received = received.map_err(|source| lost("hearing from it", source))?;
        received.ok_or_else(|| lost("hearing from it", io::ErrorKind::UnexpectedEof.into()))
    }

    fn outcome(
        &self,
        state: State,
        report: &RunReport,
        names: Vec<String>,
        fds: Vec<OwnedFd>,
    ) -> Result<Outcome, SandboxError> {
        let reading = self.group.read()?;
        let usage = Usage {
            cpu: if self.cgroup_enforced { reading.cpu } else { report.reaped_cpu },
            wall: report.wall,
            memory_bytes: reading.memory_peak_bytes.saturating_sub(reading.page_cache_bytes),
            output_bytes: state.output_bytes,
            oom_kills: reading.oom_kills,
            forks_refused: reading.forks_refused,
            cgroup_enforced: self.cgroup_enforced,
        };
        let termination = match (report.forbidden_call, state.killed) {
            (Some(number), _) => Termination::ForbiddenCall(name_of(number)),
            (None, Some((why, _))) => {
                let limit = self.spec.limits.memory_bytes;
                why_indeed(
                    why,
                    was_full(reading.memory_peak_bytes, reading.page_cache_bytes, limit),
                )
            }
            (None, None) => overrun(&usage, self.spec.limits),
        };
        if names.len() != fds.len() {
            return Err(lost("collecting files", io::ErrorKind::InvalidData.into()));
        }
        let mut files = Vec::with_capacity(names.len());
        let mut room = MAX_COLLECTED_BYTES;
        for (name, fd) in names.into_iter().zip(fds) {
            let content = self.seal(fd, room).map_err(|source| lost("collecting files", source))?;
            room -= content.len();
            files.push((name, Arc::new(content)));
        }
        let exit = Exit::from(report.exit);
        Ok(Outcome { termination, exit, usage, stderr: state.stderr, files })
    }

    /// Copies a file of the run, opened by the init and of at most `room` bytes, out of the tmpfs
    /// that goes with it.
    fn seal(&self, fd: OwnedFd, room: u64) -> io::Result<SealedFile> {
        let mut file = File::from(fd);
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let bound = self.spec.collect.iter().map(|collect| collect.max_bytes).max().unwrap_or(0);
        SealedFile::of_reader(&mut Read::by_ref(&mut file), bound.min(room))
    }
}

/// Cores that this process can have at once. Asked once, since the answer reads a dozen files.
fn cores() -> u32 {
    static CORES: OnceLock<u32> = OnceLock::new();
    *CORES.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        u32::try_from(cores).unwrap_or(u32::MAX)
    })
}

fn lost(attempt: &'static str, source: io::Error) -> SandboxError {
    SandboxError::Lost { attempt, source }
}

/// How far below its limit a group's peak may stay when the kernel refuses more: what it charges in
/// advance for each CPU (`MEMCG_CHARGE_BATCH`, 64 pages).
const ALMOST_BYTES: u64 = 1 << 20;

/// Page cache that the kernel may leave in a group that is full: text of a large runtime that is in use,
/// which it takes back and reads again. At most, and as a part of the limit.
const MOST_TEXT: (u64, u64) = (8 << 20, 32);

/// Whether the program's own memory has filled its group. Where page cache has, which is more than is in
/// use, there was room for the program.
fn was_full(peak_bytes: u64, page_cache_bytes: u64, limit_bytes: u64) -> bool {
    let text = (limit_bytes / MOST_TEXT.1).clamp(ALMOST_BYTES, MOST_TEXT.0);
    limit_bytes <= peak_bytes.saturating_add(ALMOST_BYTES) && page_cache_bytes <= text
}

/// A program that has filled its memory is not always killed at once: the kernel may first take back
/// the pages of its own text, again and again, until its time is over. Which limit comes first is
/// chance then; that memory was full is not.
fn why_indeed(why: Termination, memory_was_full: bool) -> Termination {
    match why {
        Termination::CpuLimit | Termination::WallLimit if memory_was_full => {
            Termination::MemoryLimit
        }
        why => why,
    }
}

/// What a run that ended between two looks has overrun all the same.
fn overrun(usage: &Usage, limits: &Limits) -> Termination {
    if 0 < usage.oom_kills {
        Termination::MemoryLimit
    } else if limits.cpu < usage.cpu {
        Termination::CpuLimit
    } else {
        Termination::OfItself
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_was_lost_because_memory_was_full_is_put_down_to_memory() {
        assert_eq!(why_indeed(Termination::CpuLimit, true), Termination::MemoryLimit);
        assert_eq!(why_indeed(Termination::WallLimit, true), Termination::MemoryLimit);
        assert_eq!(why_indeed(Termination::CpuLimit, false), Termination::CpuLimit);
        assert_eq!(why_indeed(Termination::Cancelled, true), Termination::Cancelled);
    }

    #[test]
    fn memory_is_full_of_the_program_s_own_but_for_some_text() {
        let full =
            |peak: u64, cache: u64, limit: u64| was_full(peak << 20, cache << 20, limit << 20);
        assert!(full(384, 0, 384) && full(383, 0, 384));
        assert!(full(384, 8, 384), "a runtime's text");
        assert!(!full(384, 9, 384), "page cache that could have gone");
        assert!(full(64, 2, 64) && !full(64, 3, 64), "as a part of a small limit");
        assert!(!full(382, 0, 384), "there was room");
        assert!(!full(0, 0, 384), "nothing is known of memory");
    }
}
