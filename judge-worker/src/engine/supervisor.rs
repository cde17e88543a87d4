//! Keeps an engine process running, and tells why there is none.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as BlockingStream;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use judge_core::sandbox::Loss;
use judge_core::sandbox::cgroup::Mode as CgroupMode;
use judge_core::sandbox::selftest::Standing;
use judge_core::sys::fds::close_on_exec_from;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::EngineSettings;
use super::client::{Engine, EngineState, Link};
use super::process::{ARGV0, END_PATIENCE};
use super::protocol::{Event, Request, frame, receive};
use super::setup::leave_to_slots;
use crate::problems::chain;

/// There is no engine, and why.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process can't be started, or spoken with.
    #[error("cannot start the engine process: {attempt}")]
    Process {
        /// What was attempted.
        attempt: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It says that judging is not possible here.
    #[error("{0}")]
    NotReady(String),
}

/// How long a new engine may take to say that it can judge.
const READY_PATIENCE: Duration = Duration::from_mins(1);

/// How often it is asked whether it is alive while something is waited for from there.
const BEAT_INTERVAL: Duration = Duration::from_secs(2);

/// An engine that does not answer for so long is taken for stuck. Long, for on an overloaded
/// machine a restart makes things worse.
const BEAT_PATIENCE: Duration = Duration::from_mins(2);

/// The pauses before an engine is started again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// An engine that ran for so long does not end for the same reason at every start.
const SETTLED_AFTER: Duration = Duration::from_mins(1);

impl Engine {
    /// Starts the engine process, and starts it anew whenever it ends, until [`Engine::stop`]. An
    /// error is about the first one: it can't judge here, or not as the settings say.
    pub async fn start(settings: EngineSettings) -> Result<Self, StartError> {
        let running = Running::start(&settings).await?;
        let (states, state) = watch::channel(EngineState::Up(running.link.clone()));
        let (stop, stopped) = (CancellationToken::new(), CancellationToken::new());
        let (cgroup, losses) = running.ground.clone();
        let engine = Self { state, cgroup, losses, stop: stop.clone(), stopped: stopped.clone() };
        let supervisor = Supervisor { settings, states, stop };
        tokio::spawn(async move {
            let _stopped = stopped.drop_guard();
            supervisor.keep(running).await;
        });
        Ok(engine)
    }
}

struct Supervisor {
    settings: EngineSettings,
    states: watch::Sender<EngineState>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn keep(self, mut running: Running) {
        let mut pause = PAUSES.0;
        loop {
            let began = Instant::now();
            let Some(why) = self.stop.run_until_cancelled(running.end()).await else {
                self.down("the worker ends");
                running.stop().await;
                return;
            };
            let link = running.link.clone();
            let why = running.bury(&why).await;
            tracing::error!(why, "the engine process is gone; what it had in hand is tried again");
            // First nobody finds it any more, then those who wait are told.
            self.down(&why);
            link.end(&why);
            if SETTLED_AFTER < began.elapsed() {
                pause = PAUSES.0;
            }
            running = loop {
                if self.stop.run_until_cancelled(sleep(pause)).await.is_none() {
                    return;
                }
                pause = (pause * 2).min(PAUSES.1);
                match self.start_again().await {
                    Ok(running) => break running,
                    Err(why) => {
                        tracing::error!(why, "the engine process can't be started again");
                        self.down(&why);
                    }
                }
            };
            tracing::info!("the engine process was started again");
            self.states.send_replace(EngineState::Up(running.link.clone()));
        }
    }

    /// A new one counts when its walls hold.
    async fn start_again(&self) -> Result<Running, String> {
        let running = Running::start(&self.settings).await.map_err(|error| chain(&error))?;
        let why = match running.link.try_walls().await {
            Ok(tried) => {
                let failed = tried.iter().filter(|trial| trial.standing == Standing::Breached);
                let walls: Vec<&str> = failed.map(|trial| trial.wall.as_str()).collect();
                if walls.is_empty() {
                    return Ok(running);
                }
                format!("these walls do not hold: {}", walls.join(", "))
            }
            Err(error) => chain(&error),
        };
        running.stop().await;
        Err(why)
    }

    fn down(&self, reason: &str) {
        self.states.send_replace(EngineState::Down { reason: reason.to_owned() });
    }
}

/// One engine process.
struct Running {
    child: Child,
    link: Link,
    /// What its sandboxes stand on, and what they have to do without.
    ground: (CgroupMode, Vec<Loss>),
    /// Speaks with it; ends with the reason why there is nothing more to say.
    talk: JoinHandle<String>,
}

impl Running {
    async fn start(settings: &EngineSettings) -> Result<Self, StartError> {
        let failed = |attempt| move |source| StartError::Process { attempt, source };
        let (mut child, mut socket) = spawn().map_err(failed("executing this binary again"))?;
        let ground = match timeout(READY_PATIENCE, greet(&mut socket, settings)).await {
            Ok(Ok(Event::Ready { cgroup, losses, rest })) => {
                leave_to_slots(&rest);
                (cgroup, losses)
            }
            Ok(Ok(Event::NotReady { why })) => {
                drop(socket);
                wait_or_kill(&mut child).await;
                return Err(StartError::NotReady(why));
            }
            other => {
                let source = match other {
                    Ok(Ok(_)) => io::Error::other("it speaks out of turn"),
                    Ok(Err(error)) => error,
                    Err(late) => late.into(),
                };
                drop(socket);
                wait_or_kill(&mut child).await;
                return Err(failed("waiting until it can judge")(source));
            }
        };
        let (link, to_write) = Link::new();
        let talk = tokio::spawn(talk(socket, link.clone(), to_write));
        Ok(Self { child, link, ground, talk })
    }

    /// Waits until there is nothing more to say, and tells why.
    async fn end(&mut self) -> String {
        match (&mut self.talk).await {
            Ok(why) => why,
            Err(error) => error.to_string(),
        }
    }

    /// Makes sure that it is gone, and adds to `why` how it ended.
    async fn bury(mut self, why: &str) -> String {
        format!("{why} ({})", wait_or_kill(&mut self.child).await)
    }

    /// Ends it as the front's own end would: without its socket.
    async fn stop(mut self) {
        self.talk.abort();
        // The socket is closed when the task is gone.
        drop((&mut self.talk).await);
        self.link.end("the worker ends");
        wait_or_kill(&mut self.child).await;
    }
}

/// This binary once more, with nothing of ours but a socket and the log.
fn spawn() -> io::Result<(Child, UnixStream)> {
    let (ours, theirs) = BlockingStream::pair()?;
    // Whatever a library or our own parent left open.
    close_on_exec_from(3)?;
    let child = Command::new("/proc/self/exe")
        .arg0(ARGV0)
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        // A terminal's Ctrl-C is for the front: it must not hit programs that are being judged.
        .process_group(0)
        .spawn()?;
    ours.set_nonblocking(true)?;
    Ok((child, UnixStream::from_std(ours)?))
}

async fn greet(socket: &mut UnixStream, settings: &EngineSettings) -> io::Result<Event> {
    socket.write_all(&frame(&Request::Start(settings.clone()))?).await?;
    let said = receive(socket).await?;
    said.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "it ended (see its message)"))
}

/// Carries requests there and events back, until either side has nothing more to say or the engine
/// does not answer; tells which.
async fn talk(
    socket: UnixStream,
    link: Link,
    to_write: mpsc::UnboundedReceiver<Vec<u8>>,
) -> String {
    let (mut from, mut to) = socket.into_split();
    let mut to_write = to_write;
    let writing = async {
        while let Some(frame) = to_write.recv().await {
            if let Err(error) = to.write_all(&frame).await {
                return format!("the engine process can't be written to: {error}");
            }
        }
        "nobody asks any more".to_owned()
    };
    let reading = async {
        loop {
            match receive(&mut from).await {
                Ok(Some(event)) => {
                    if let Err(what) = link.hear(event) {
                        return format!("the engine process made no sense: {what}");
                    }
                }
                Ok(None) => return "the engine process ended".to_owned(),
                Err(error) => return format!("the engine process made no sense: {error}"),
            }
        }
    };
    let listening = async {
        link.in_use().await;
        while timeout(BEAT_PATIENCE, link.occupancy()).await.is_ok() {
            sleep(BEAT_INTERVAL).await;
            link.in_use().await;
        }
        "the engine process does not answer".to_owned()
    };
    // What it said last is read before a failure to write to it is believed.
    tokio::select! {
        biased;
        why = reading => why,
        why = writing => why,
        why = listening => why,
    }
}

/// It ends by itself without its socket; one that is stuck is killed, and its inits lose theirs.
async fn wait_or_kill(child: &mut Child) -> HowItEnded {
    if let Ok(ended) = timeout(END_PATIENCE + Duration::from_secs(2), child.wait()).await {
        return HowItEnded(ended);
    }
    tracing::error!("the engine process does not end; it is killed");
    match child.kill().await {
        Ok(()) => HowItEnded(child.wait().await),
        Err(error) => HowItEnded(Err(error)),
    }
}

/// How a process ended, in words.
struct HowItEnded(io::Result<ExitStatus>);

impl fmt::Display for HowItEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(status) => status.fmt(f),
            Err(error) => write!(f, "nobody knows how: {error}"),
        }
    }
}
