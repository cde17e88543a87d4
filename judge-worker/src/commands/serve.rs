//! `judge-worker serve`: takes submissions until the source is over or a signal comes.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use judge_core::sandbox::cgroup::Mode;
use judge_core::sys::process::leave_no_core;
use judge_core::toolchain::Languages;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Exit, complain, gate, scope, start_logging};
use crate::config::{QueueKind, Settings, SettingsArgs};
use crate::engine::setup::profile_source;
use crate::engine::{Engine, EngineSettings};
use crate::http::{Condition, HttpServer, Readiness};
use crate::intake::amqp::{Broker, BrokerConfig, Command, Names, Target};
use crate::intake::{Backoff, Source, StdioSource};
use crate::metrics::labels::{CgroupLabel, Languages as LanguageLabels};
use crate::metrics::{BuildInfo, Metrics};
use crate::outbox::{LineSink, Publisher, Sink};
use crate::problems::{Catalog, chain};
use crate::store::{Store, StoreError, StoreOptions};
use crate::worker::{
    Ended, InHand, Looks, Worker, answer, relay, seed, watch_broker, watch_engine,
};

/// Nothing but settings.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// A reason for which serving can't begin.
type Startup<T> = Result<T, Box<dyn std::error::Error>>;

/// Serves.
pub fn run(args: &Args) -> Exit {
    // Passwords and tests are in its memory.
    if let Err(error) = leave_no_core() {
        return complain(Exit::Failed, &error);
    }
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => settings,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    start_logging(&settings);
    scope::enter(&settings);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(Exit::Failed, &error),
    };
    let exit = runtime.block_on(async {
        match serve(settings).await {
            Ok(Ended::Finished) => Exit::Well,
            Ok(Ended::GaveBack(count)) => {
                tracing::warn!(count, "the drain deadline passed; submissions were given back");
                Exit::GaveBack
            }
            Err(error) => complain(Exit::Wrong, &*error),
        }
    });
    // Reading stdin can't be interrupted.
    runtime.shutdown_background();
    exit
}

async fn serve(settings: Settings) -> Startup<Ended> {
    // First of all, so that no signal is missed.
    let stop = stop_on_signals()?;
    let background = CancellationToken::new();
    let _stop_background = background.clone().drop_guard();

    let conditions = [
        Some(Condition::DatabaseReachable),
        Some(Condition::EngineRunning),
        Some(Condition::SandboxSelftestPassed),
        Some(Condition::NotDraining),
        (settings.queue == QueueKind::Amqp).then_some(Condition::BrokerConnected),
    ];
    let readiness = Readiness::waiting_for(conditions.into_iter().flatten());
    readiness.hold(Condition::NotDraining);

    let engine_settings = EngineSettings::of(&settings);
    let languages = Languages::load(&profile_source(&engine_settings))?;
    let engine = Engine::start(engine_settings).await?;
    tokio::spawn(watch_engine(engine.state(), readiness.clone(), background.clone()));
    let metrics = Metrics::new(
        languages.iter().map(|language| language.id.clone()).collect::<LanguageLabels>(),
        BuildInfo {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("JUDGE_COMMIT").unwrap_or("unknown"),
            cgroup: cgroup_label(engine.cgroup_mode()),
        },
    )?;
    let server = HttpServer::bind(settings.http_addr).await?;
    tracing::info!(address = %server.local_addr(), "metrics and health");
    let looks = Looks::new(engine.clone(), metrics.clone(), readiness.clone());
    let answers =
        server.serve(metrics.clone(), readiness.clone(), looks.clone(), background.clone());
    tokio::spawn(answers);

    let tried = engine.try_walls().await;
    if !gate::open(&tried, &metrics, &readiness) {
        // An attack got through: nothing is consumed, and readiness says why, until somebody looks.
        stop.cancelled().await;
        engine.stop().await;
        return Ok(Ended::Finished);
    }
    let catalog = Catalog::read(&settings.problems)?;
    catalog.log_broken();
    let opening = open_store(&settings, &catalog, &readiness);
    let Some(store) = stop.run_until_cancelled(opening).await.transpose()? else {
        engine.stop().await;
        return Ok(Ended::Finished);
    };
    looks.at_database(store.clone());

    let in_hand = InHand::default();
    let mut unanswered = None;
    let (source, sink) = match settings.queue {
        QueueKind::Stdio => {
            let source = StdioSource::stdin(settings.max_message_bytes);
            (Source::Stdio(source), Sink::Stdio(LineSink::stdout()))
        }
        QueueKind::Amqp => {
            let config = broker_config(&settings);
            let broker = Broker::connect(&config)?;
            let state = broker.state();
            tokio::spawn(watch_broker(state, readiness.clone(), background.clone()));
            tokio::spawn(obey(broker.clone(), in_hand.clone(), stop.clone(), background.clone()));
            let publisher = Publisher::new(&broker, &config.names.events);
            unanswered = Some(broker.unanswered());
            (Source::Amqp(broker.consume()), Sink::Amqp(publisher))
        }
    };
    let worker = Worker { settings, engine, languages, catalog, store, sink, metrics, in_hand };
    let worker = Arc::new(worker);
    let relaying = tokio::spawn(relay(Arc::clone(&worker), background.clone()));
    let drained = stop.clone();
    tokio::spawn(async move {
        drained.cancelled().await;
        readiness.fail(Condition::NotDraining, "finishing what is in hand");
    });
    tracing::info!(worker = %worker.settings.worker_name, slots = worker.settings.slots, "serving");
    let answering =
        unanswered.map(|unanswered| tokio::spawn(answer(worker.clone(), unanswered, stop.clone())));
    let ended = worker.run(source, stop).await;
    worker.in_hand.give_all_back();
    if let Some(answering) = answering {
        // It ends with `stop`, behind what it has in hand. Where that panicked, the broker has it.
        drop(answering.await);
    }
    // What the relay had in hand stays in the outbox.
    relaying.abort();
    drop(relaying.await);
    if tokio::time::timeout(CLOSE_PATIENCE, worker.store.close()).await.is_err() {
        tracing::warn!("the database was not taken leave of in time");
    }
    // Its sandboxes and their cgroups end before we do.
    worker.engine.stop().await;
    Ok(ended)
}

/// A database that is away is waited for, and readiness says so: whoever starts worker and database
/// together need not start them in order.
async fn open_store(
    settings: &Settings,
    catalog: &Catalog,
    readiness: &Readiness,
) -> Result<Store, StoreError> {
    let mut backoff = Backoff::new(LONGEST_PAUSE);
    loop {
        let opened = async {
            let url = settings.database_url.expose();
            let store = Store::connect(url, &StoreOptions::default()).await?;
            seed(&store, catalog).await?;
            Ok(store)
        };
        match opened.await {
            Err(error @ StoreError::Transient { .. }) => {
                let why = chain(&error);
                tracing::warn!(error = why, "waiting for the database");
                readiness.fail(Condition::DatabaseReachable, &why);
                backoff.pause().await;
            }
            done => return done,
        }
    }
}

/// How long taking leave of the database may take: by then nothing is stored any more.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

/// The longest pause between two attempts to reach the database.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The first signal asks to finish, the second one does not wait.
fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("finishing what is in hand; a second signal ends at once");
        stopping.cancel();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Sandboxes end with their sockets; unacked deliveries go back with the connection.
        std::process::exit(Exit::GaveBack as i32);
    });
    Ok(stop)
}

/// Does what is said on the control exchange.
async fn obey(broker: Broker, in_hand: InHand, stop: CancellationToken, end: CancellationToken) {
    let mut commands = broker.commands();
    while let Some(Some(command)) = end.run_until_cancelled(commands.recv()).await {
        match command {
            Command::Cancel(target) => {
                let count = match &target {
                    Target::Request(id) => in_hand.cancel(Some(id), None),
                    Target::Submission(id) => in_hand.cancel(None, Some(id)),
                };
                tracing::info!(?target, count, "cancelled");
            }
            Command::Drain => stop.cancel(),
            // Nothing is cached that a reload would renew: problems are read at start.
            Command::Reload => tracing::warn!("reload is not supported yet; restart the worker"),
        }
    }
}

pub(super) fn broker_config(settings: &Settings) -> BrokerConfig {
    let queues = &settings.queues;
    let prefetch = settings.slots.get() + usize::from(settings.read_ahead);
    let prefetch = u16::try_from(prefetch).unwrap_or(u16::MAX);
    BrokerConfig {
        names: Names {
            submissions: queues.submissions.to_string(),
            rejudge: queues.rejudge.to_string(),
            retry: queues.retry.to_string(),
            dead: queues.dead.to_string(),
            lane: queues.lane.to_string(),
            events: queues.events.to_string(),
            control: queues.control.to_string(),
        },
        connection_name: format!("judge-worker {}", settings.worker_name),
        lanes: settings.lanes,
        prefetch: NonZeroU16::new(prefetch).unwrap_or(NonZeroU16::MIN),
        // Above the largest message that is accepted, so that its ids can be read for the answer.
        max_body_bytes: 16 << 20,
        request_timeout: Duration::from_secs(15),
        ..BrokerConfig::new(settings.amqp_url.expose())
    }
}

fn cgroup_label(mode: Mode) -> CgroupLabel {
    match mode {
        Mode::V2 => CgroupLabel::V2,
        Mode::V1 => CgroupLabel::V1,
        Mode::Hybrid => CgroupLabel::Hybrid,
        Mode::None => CgroupLabel::None,
    }
}
