//! The engine as the front sees it: asked for judgements, and now and then not there.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use judge_core::judging::package::Package;
use judge_core::judging::{Judgement, Occupancy, Stage};
use judge_core::sandbox::Loss;
use judge_core::sandbox::cgroup::Mode as CgroupMode;
use judge_core::sandbox::selftest::Trial;
use judge_core::sys::shortage::Shortage;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::check::{Implausible, plausible};
use super::protocol::{Event, Job, JobError, Request, frame};

/// How long a submission waits for an engine that is being started again: meanwhile nothing more is
/// consumed, which is right, and no try of the submission is used up. Far below the time after
/// which `RabbitMQ` takes a delivery back.
const START_PATIENCE: Duration = Duration::from_mins(2);

/// Nothing is known about the submission.
#[derive(Debug, thiserror::Error)]
pub enum EngineFailure {
    /// There is no engine, and has not been for a while.
    #[error("there is no engine process: {0}")]
    Down(String),
    /// It ended before it answered.
    #[error("the engine process was lost: {0}")]
    Lost(String),
    /// It says that the host has run out of something.
    #[error("the host is {0} ({1})")]
    Short(Shortage, String),
    /// It says that it could not judge.
    #[error("the engine could not judge: {0}")]
    Failed(String),
    /// It said what can't be.
    #[error("the engine's judgement can't be right")]
    Implausible(#[from] Implausible),
    /// The request can't be written down.
    #[error("cannot ask the engine")]
    Unaskable(#[source] io::Error),
    /// The caller withdrew the submission.
    #[error("the submission was withdrawn")]
    Cancelled,
}

/// Whether there is an engine.
#[derive(Debug, Clone)]
pub enum EngineState {
    /// There is, behind this.
    Up(Link),
    /// There is not.
    Down {
        /// Why, for the operator.
        reason: String,
    },
}

/// The engine: whichever process it is now. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) state: watch::Receiver<EngineState>,
    pub(super) cgroup: CgroupMode,
    pub(super) losses: Vec<Loss>,
    pub(super) stop: CancellationToken,
    /// Cancelled when the process has ended after `stop`.
    pub(super) stopped: CancellationToken,
}

impl Engine {
    /// Has a submission judged against `package`; `observe` is told the latest of its stages. When
    /// `cancel` is cancelled the run that is going on is ended, and the failure is
    /// [`EngineFailure::Cancelled`].
    pub async fn judge(
        &self,
        job: Job,
        package: &Package,
        mut observe: impl FnMut(Stage),
        cancel: &CancellationToken,
    ) -> Result<Judgement, EngineFailure> {
        let mode = job.mode.clone();
        let Some(link) = cancel.run_until_cancelled(self.link()).await else {
            return Err(EngineFailure::Cancelled);
        };
        let mut asked = link?.ask(job)?;
        let mut withdrawn = false;
        let judged = loop {
            tokio::select! {
                biased;
                judged = &mut asked.judged => break judged,
                Ok(()) = asked.stage.changed() => {
                    let stage = *asked.stage.borrow_and_update();
                    stage.into_iter().for_each(&mut observe);
                }
                () = cancel.cancelled(), if !withdrawn => {
                    asked.withdraw();
                    withdrawn = true;
                }
            }
        };
        match judged {
            Ok(Ok(judgement)) => {
                plausible(&judgement, package, &mode)?;
                Ok(*judgement)
            }
            Ok(Err(JobError::Cancelled)) if withdrawn => Err(EngineFailure::Cancelled),
            Ok(Err(JobError::Cancelled)) => {
                Err(EngineFailure::Failed("it withdrew the job by itself".to_owned()))
            }
            Ok(Err(JobError::Short(shortage, why))) => Err(EngineFailure::Short(shortage, why)),
            Ok(Err(JobError::Failed(why))) => Err(EngineFailure::Failed(why)),
            Err(_) => Err(EngineFailure::Lost(asked.link.why_ended())),
        }
    }

    /// Attacks the walls: how each did.
    pub async fn try_walls(&self) -> Result<Vec<Trial>, EngineFailure> {
        self.link().await?.try_walls().await
    }

    /// What its sandboxes stand on.
    pub fn cgroup_mode(&self) -> CgroupMode {
        self.cgroup
    }

    /// What its sandboxes have to do without.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// How its slots are doing now; `None` while there is no engine that answers within
    /// `patience`.
    pub async fn occupancy(&self, patience: Duration) -> Option<Occupancy> {
        let link = match &*self.state.borrow() {
            EngineState::Up(link) => link.clone(),
            EngineState::Down { .. } => return None,
        };
        timeout(patience, link.occupancy()).await.ok().flatten()
    }

    /// Follows whether there is an engine.
    pub fn state(&self) -> watch::Receiver<EngineState> {
        self.state.clone()
    }

    /// Ends the process, and returns when it has ended: its cgroups are gone then.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.stopped.cancelled().await;
    }

    async fn link(&self) -> Result<Link, EngineFailure> {
        let mut state = self.state.clone();
        let up = state.wait_for(|state| matches!(state, EngineState::Up(_)));
        match timeout(START_PATIENCE, up).await {
            Ok(Ok(state)) => match &*state {
                EngineState::Up(link) => Ok(link.clone()),
                EngineState::Down { reason } => Err(EngineFailure::Down(reason.clone())),
            },
            Ok(Err(_)) => Err(EngineFailure::Down("the worker ends".to_owned())),
            Err(_) => match &*self.state.borrow() {
                EngineState::Up(link) => Ok(link.clone()),
                EngineState::Down { reason } => Err(EngineFailure::Down(reason.clone())),
            },
        }
    }
}

/// The way to one engine process, and what is waited for from there.
#[derive(Debug, Clone)]
pub struct Link(Arc<LinkInner>);

#[derive(Debug)]
struct LinkInner {
    /// Frames. Not bounded by itself: there is one job for each submission in hand, with at most one
    /// withdrawal, and one other request of each kind.
    frames: mpsc::UnboundedSender<Vec<u8>>,
    book: Mutex<Book>,
    /// What it answered to [`Request::Occupancy`] last. Nobody asks while an answer is out.
    occupancy: watch::Sender<Option<Occupancy>>,
    /// That it was asked for something.
    asked: Notify,
}

#[derive(Debug, Default)]
struct Book {
    /// Numbers below have been given to jobs.
    next: u64,
    jobs: BTreeMap<u64, Waiting>,
    walls: Option<oneshot::Sender<Result<Vec<Trial>, String>>>,
    /// Whether it was asked how its slots are doing, and has not answered yet.
    occupancy_asked: bool,
    /// Why the process is gone; nothing can be asked any more.
    ended: Option<String>,
}

#[derive(Debug)]
struct Waiting {
    stage: watch::Sender<Option<Stage>>,
    judged: oneshot::Sender<Result<Box<Judgement>, JobError>>,
}

/// A job that was asked for. Withdrawn when dropped before its answer.
struct Asked {
    link: Link,
    id: u64,
    stage: watch::Receiver<Option<Stage>>,
    judged: oneshot::Receiver<Result<Box<Judgement>, JobError>>,
}

impl Link {
    /// Also what is to be written to the socket.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (frames, to_write) = mpsc::unbounded_channel();
        let inner = LinkInner {
            frames,
            book: Mutex::default(),
            occupancy: watch::Sender::new(None),
            asked: Notify::new(),
        };
        (Self(Arc::new(inner)), to_write)
    }

    fn ask(&self, job: Job) -> Result<Asked, EngineFailure> {
        let (stage, stages) = watch::channel(None);
        let (judged, judgement) = oneshot::channel();
        let mut book = self.book();
        if let Some(why) = &book.ended {
            return Err(EngineFailure::Lost(why.clone()));
        }
        let id = book.next;
        let frame = frame(&Request::Judge(id, job)).map_err(EngineFailure::Unaskable)?;
        book.next += 1;
        book.jobs.insert(id, Waiting { stage, judged });
        drop(book);
        self.send(frame);
        self.0.asked.notify_one();
        Ok(Asked { link: self.clone(), id, stage: stages, judged: judgement })
    }

    pub(super) async fn try_walls(&self) -> Result<Vec<Trial>, EngineFailure> {
        let (tell, told) = oneshot::channel();
        {
            let mut book = self.book();
            if let Some(why) = &book.ended {
                return Err(EngineFailure::Lost(why.clone()));
            }
            book.walls = Some(tell);
        }
        self.request(&Request::TryWalls);
        self.0.asked.notify_one();
        match told.await {
            Ok(tried) => tried.map_err(EngineFailure::Failed),
            Err(_) => Err(EngineFailure::Lost(self.why_ended())),
        }
    }

    /// Asks how the slots are doing, and returns when that was answered; `None` when the process is
    /// gone. Whoever asks while an answer is out shares it.
    pub(super) async fn occupancy(&self) -> Option<Occupancy> {
        let mut answers = self.0.occupancy.subscribe();
        let ask = {
            let mut book = self.book();
            if book.ended.is_some() {
                return None;
            }
            !std::mem::replace(&mut book.occupancy_asked, true)
        };
        if ask {
            self.request(&Request::Occupancy);
        }
        answers.changed().await.ok()?;
        *answers.borrow()
    }

    /// Returns when something is waited for from there.
    pub(super) async fn in_use(&self) {
        loop {
            let asked = self.0.asked.notified();
            {
                let book = self.book();
                if !book.jobs.is_empty() || book.walls.is_some() {
                    return;
                }
            }
            asked.await;
        }
    }

    /// Takes note of what the engine says. Fails if no sound engine would say it.
    pub(super) fn hear(&self, event: Event) -> Result<(), String> {
        let mut book = self.book();
        match event {
            Event::Ready { .. } | Event::NotReady { .. } => {
                return Err("it said twice whether it is ready".to_owned());
            }
            Event::Stage(id, _) | Event::Judged(id, _) if book.next <= id => {
                return Err(format!("it spoke of a job {id} that it was never given"));
            }
            // Of jobs that nobody waits for any more, nothing is wanted.
            Event::Stage(id, stage) => {
                if let Some(waiting) = book.jobs.get(&id) {
                    waiting.stage.send_replace(Some(stage));
                }
            }
            Event::Judged(id, judged) => {
                if let Some(waiting) = book.jobs.remove(&id) {
                    drop(waiting.judged.send(judged));
                }
            }
            Event::Walls(tried) => match book.walls.take() {
                Some(walls) => drop(walls.send(tried)),
                None => return Err("it tried the walls unasked".to_owned()),
            },
            Event::Occupancy(occupancy) => {
                if !std::mem::take(&mut book.occupancy_asked) {
                    return Err("it told of its slots unasked".to_owned());
                }
                self.0.occupancy.send_replace(Some(occupancy));
            }
        }
        Ok(())
    }

    /// Whoever waits for something of this process need not any more.
    pub(super) fn end(&self, why: &str) {
        let mut book = self.book();
        book.ended = Some(why.to_owned());
        book.jobs.clear();
        book.walls = None;
        self.0.occupancy.send_replace(None);
    }

    fn why_ended(&self) -> String {
        self.book().ended.clone().unwrap_or_else(|| "for no known reason".to_owned())
    }

    fn request(&self, request: &Request) {
        self.send(frame(request).expect("small requests fit into a frame"));
    }

    fn send(&self, frame: Vec<u8>) {
        // It fails only when the process is gone, which whoever waits for an answer hears too.
        drop(self.0.frames.send(frame));
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    fn withdraw(&self) {
        self.link.request(&Request::Cancel(self.id));
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.link.book().jobs.remove(&self.id).is_some() {
            self.withdraw();
        }
    }
}
