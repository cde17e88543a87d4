//! The engine process: judges what its socket asks for, and ends when the socket does.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Scope};
use std::time::Duration;

use judge_core::judging::{Judge, JudgeError, Judgement, Mode, Problem, Task};
use judge_core::sandbox::selftest::{Standing, Trial, selftest_unless};
use judge_core::sandbox::{Cancel, SandboxError};
use judge_core::sys::fds::take_stdin;
use judge_core::sys::process::carry_on_at;
use judge_core::sys::shortage::Shortage;
use judge_core::toolchain::Availability;
use nix::sys::signal::Signal;

use super::protocol::{Event, Job, JobError, JobMode, MOST_JOBS, Request, frame, receive_blocking};
use super::setup;
use crate::logging;
use crate::problems::{Catalog, CatalogError, chain};
use crate::scratch::Scratch;

/// Name (`argv[0]`) under which the binary acts as an engine.
pub const ARGV0: &str = "judge-worker-engine";

/// How long the engine takes at most to end after its socket: runs end within milliseconds, and
/// what is left is removing cgroups.
pub const END_PATIENCE: Duration = Duration::from_secs(10);

/// Acts as an engine, and never returns, if this process was started as one. To be called in `main`
/// before any thread exists.
pub fn become_engine_if_asked() {
    if std::env::args_os().next().is_some_and(|name| name == ARGV0) {
        match main() {
            Ok(()) => std::process::exit(0),
            Err(error) => {
                eprintln!("{ARGV0}: {}", chain(&error));
                std::process::exit(1)
            }
        }
    }
}

/// Signals that mean the worker as a whole: the front obeys them, and tells the engine in its way.
const SIGNALS_TO_THE_FRONT: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

fn main() -> io::Result<()> {
    carry_on_at(&SIGNALS_TO_THE_FRONT)?;
    let socket = UnixStream::from(take_stdin()?);
    let settings = match receive_blocking(&mut &socket)? {
        Some(Request::Start(settings)) => settings,
        Some(_) => return Err(io::Error::other("a request before the settings")),
        None => return Ok(()),
    };
    logging::start(&settings.log, settings.log_format);
    let answers = Answers(Mutex::new(socket.try_clone()?));
    let not_ready = |error: &dyn Error| {
        answers.send(&Event::NotReady { why: chain(error) });
        Ok(())
    };
    let _scratch = match Scratch::enter(&settings.scratch) {
        Ok(scratch) => scratch,
        Err(error) => return not_ready(&error),
    };
    let judge = match setup::start(&settings) {
        Ok(judge) => judge,
        Err(error) => return not_ready(&error),
    };
    let (cgroup, losses) = (setup::cgroup_mode(&judge), setup::losses(&judge));
    let rest = judge.pool().cores().map(|cores| cores.rest().to_vec()).unwrap_or_default();
    answers.send(&Event::Ready { cgroup, losses, rest });
    let process = Process {
        judge,
        catalog: OnceLock::new(),
        answers,
        starting: Cancel::default(),
        jobs: Mutex::new(BTreeMap::new()),
    };
    thread::scope(|scope| {
        scope.spawn(|| process.catalog.get_or_init(|| Catalog::read(&settings.problems)));
        let ended = process.obey(&socket, scope);
        // What is in hand nobody waits for any more. If it does not end by itself, it ends so.
        thread::spawn(|| {
            thread::sleep(END_PATIENCE);
            std::process::exit(1);
        });
        process.starting.cancel();
        process.jobs().values().for_each(Cancel::cancel);
        ended
    })
}

/// What the threads of an engine share.
struct Process {
    judge: Judge,
    /// Read while the walls are tried; jobs wait for it.
    catalog: OnceLock<Result<Catalog, CatalogError>>,
    answers: Answers,
    /// Ends what is done before any job: trying the walls, preparing compilers.
    starting: Cancel,
    /// In hand, by number.
    jobs: Mutex<BTreeMap<u64, Cancel>>,
}

impl Process {
    /// Does as it is told until the front is gone.
    fn obey<'scope>(
        &'scope self,
        mut socket: &UnixStream,
        scope: &'scope Scope<'scope, '_>,
    ) -> io::Result<()> {
        while let Some(request) = receive_blocking(&mut socket)? {
            match request {
                Request::Start(_) => return Err(io::Error::other("settings came twice")),
                Request::TryWalls => {
                    scope.spawn(|| {
                        let Some(tried) = self.try_walls().transpose() else { return };
                        let all_hold = tried.as_ref().is_ok_and(|tried| {
                            tried.iter().all(|it| it.standing != Standing::Breached)
                        });
                        self.answers.send(&Event::Walls(tried));
                        // What can't judge need not compile either.
                        if all_hold {
                            self.judge.prepare(&self.starting);
                        }
                    });
                }
                Request::Judge(id, job) => {
                    let cancel = Cancel::default();
                    if let Err(why) = self.take(id, &cancel) {
                        self.answers.send(&Event::Judged(id, Err(JobError::Failed(why))));
                        continue;
                    }
                    let job = move || {
                        let judged = self.judge_or_say_why_not(id, &job, &cancel);
                        self.answer(id, judged);
                    };
                    if let Err(error) = thread::Builder::new().spawn_scoped(scope, job) {
                        let why = format!("cannot start a thread for the job: {error}");
                        self.answer(id, Err(JobError::Short(Shortage::Processes, why)));
                    }
                }
                Request::Cancel(id) => {
                    if let Some(cancel) = self.jobs().get(&id) {
                        cancel.cancel();
                    }
                }
                Request::Occupancy => {
                    self.answers.send(&Event::Occupancy(self.judge.pool().occupancy()));
                }
            }
        }
        Ok(())
    }

    fn take(&self, id: u64, cancel: &Cancel) -> Result<(), String> {
        let mut jobs = self.jobs();
        if MOST_JOBS <= jobs.len() {
            return Err(format!("the engine has {MOST_JOBS} jobs in hand already"));
        }
        match jobs.insert(id, cancel.clone()) {
            None => Ok(()),
            Some(_) => Err(format!("there are two jobs of the number {id}")),
        }
    }

    fn answer(&self, id: u64, judged: Result<Box<Judgement>, JobError>) {
        self.jobs().remove(&id);
        self.answers.send(&Event::Judged(id, judged));
    }

    fn judge_or_say_why_not(
        &self,
        id: u64,
        job: &Job,
        cancel: &Cancel,
    ) -> Result<Box<Judgement>, JobError> {
        // Whatever made one job panic, it is no reason to lose the others.
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(id, job, cancel)));
        judged.unwrap_or_else(|_| Err(JobError::Failed("judging panicked; see the log".into())))
    }

    fn judge(&self, id: u64, job: &Job, cancel: &Cancel) -> Result<Box<Judgement>, JobError> {
        let problem = self.problem(job)?;
        let language = self.judge.languages().find(&job.language).ok_or_else(|| {
            JobError::Failed(format!("the engine knows no language {:?}", job.language))
        })?;
        let task = Task {
            problem: &problem,
            language,
            sources: &job.sources,
            mode: match &job.mode {
                JobMode::Submit => Mode::Submit,
                JobMode::Sample => Mode::Sample,
                JobMode::Custom(stdin) => Mode::Custom(stdin.as_bytes()),
            },
            limits: job.limits,
            after_failure: job.after_failure,
            parallel: job.parallel,
        };
        let observe = |stage| self.answers.send(&Event::Stage(id, stage));
        self.judge.judge(&task, &observe, cancel).map(Box::new).map_err(|error| match error {
            JudgeError::Cancelled => JobError::Cancelled,
            error => failed(&error),
        })
    }

    /// The problem, in the very version that the front knows.
    fn problem(&self, job: &Job) -> Result<Arc<Problem>, JobError> {
        let Job { problem: id, version, .. } = job;
        let catalog = self.catalog.wait().as_ref().map_err(|error| failed(error))?;
        let problem = match catalog.find(id) {
            Some(Ok(problem)) => problem,
            Some(Err(error)) => {
                let why = chain(&*error);
                return Err(JobError::Failed(format!(
                    "the engine can't use the package {id}: {why}"
                )));
            }
            None => return Err(JobError::Failed(format!("the engine found no package {id}"))),
        };
        let own = &problem.package.version;
        if own != version {
            return Err(JobError::Failed(format!(
                "the engine read version {own} of the package {id}, and the front {version}: it \
                 was changed meanwhile; restart the worker"
            )));
        }
        Ok(problem)
    }

    /// Attacks the walls, and says in the log which languages there are; `None` where the front is
    /// gone meanwhile.
    fn try_walls(&self) -> Result<Option<Vec<Trial>>, String> {
        let said = |error: SandboxError| chain(&error);
        let mut slot = self.judge.pool().acquire().map_err(said)?;
        let tried = slot.try_twice(|slot| selftest_unless(&self.starting, slot)).map_err(said)?;
        drop(slot);
        let Some(tried) = tried else { return Ok(None) };
        for language in self.judge.languages().iter() {
            if self.starting.is_cancelled() {
                return Ok(None);
            }
            match self.judge.availability(language) {
                Ok(Availability::Available { version }) => {
                    tracing::info!(language = language.id, version, "available");
                }
                Ok(Availability::Missing { reason }) => {
                    tracing::warn!(language = language.id, reason, "not available");
                }
                Err(error) => {
                    tracing::error!(language = language.id, error = %chain(&error), "not available");
                }
            }
        }
        Ok(Some(tried))
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<u64, Cancel>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &(dyn Error + 'static)) -> JobError {
    match Shortage::of(error) {
        Some(shortage) => JobError::Short(shortage, chain(error)),
        None => JobError::Failed(chain(error)),
    }
}

/// The way to the front, for all threads.
struct Answers(Mutex<UnixStream>);

impl Answers {
    /// Sends whole frames, one after the other. If the front is gone, whoever reads the socket sees
    /// that too.
    fn send(&self, event: &Event) {
        let frame = match (frame(event), event) {
            (Ok(frame), _) => Ok(frame),
            (Err(error), Event::Judged(id, _)) => {
                let why = format!("the judgement can't be told: {error}");
                frame(&Event::Judged(*id, Err(JobError::Failed(why))))
            }
            (failed, _) => failed,
        };
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = frame.and_then(|frame| io::Write::write_all(&mut *socket, &frame)) {
            tracing::debug!(%error, "cannot tell the front");
        }
    }
}
