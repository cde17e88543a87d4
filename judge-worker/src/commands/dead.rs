//! `judge-worker dead`: what no worker could judge, to be looked at, sent again or thrown away.
//!
//! Each of them is one pass over the dead queue, after which all that was not replayed or dropped stands
//! where it stood. Letters are chosen by request id, by position (`@1` is the head of the queue) or by
//! reason. All that came with a message is its sender's: for people it is shown without anything that a
//! terminal would obey, and `--json` escapes it.

use std::time::Duration;

use serde_json::{Value, json};

use super::serve::broker_config;
use super::table::table;
use super::{Exit, complain, start_logging};
use crate::config::{Settings, SettingsArgs};
use crate::intake::amqp::{
    Broker, BrokerError, BrokerState, DeadLetter, DeadPass, PublishError, Replayed,
};
use crate::message::{Excerpt, one_line};

/// How long to wait for a connection.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most of a body that is shown.
const SHOWN_BYTES: usize = 256 * 1024;

/// The most of one value that a table shows.
const CELL_BYTES: usize = 100;

/// What to do with dead letters.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List them, the oldest first.
    List {
        /// Only those that died of this, as the list names it.
        #[arg(long)]
        reason: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 1000)]
        limit: usize,
        #[command(flatten)]
        common: Common,
    },
    /// Show all that is known of one, with its message.
    Show {
        /// Its request id, or its position as in @1.
        id: String,
        #[command(flatten)]
        common: Common,
    },
    /// Send some again, to be judged as new requests for the same submissions.
    Replay {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        common: Common,
    },
    /// Throw some away for ever.
    Drop {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Request ids, or positions as in @1
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All of them
    #[arg(long)]
    all: bool,
    /// Those that died of this, as the list names it
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// Print one JSON object a letter and line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Why it was not done, or not to the end. What is not done is where it was.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("no connection to RabbitMQ within {PATIENCE:?}: {reason}")]
    Unreachable { reason: String },
    #[error("a dead letter was not sent again, and is still there")]
    Replay(#[from] PublishError),
}

/// Does it.
pub fn run(args: &Args) -> Exit {
    let common = args.action.common();
    let settings = match Settings::load(&common.settings) {
        Ok(settings) => settings,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    start_logging(&settings);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(Exit::Failed, &error),
    };
    match runtime.block_on(act(&settings, &args.action)) {
        Ok(exit) => exit,
        Err(error) => complain(Exit::Failed, &error),
    }
}

async fn act(settings: &Settings, action: &Action) -> Result<Exit, Failure> {
    let broker = connect(settings).await?;
    let mut pass = broker.dead_pass().await?;
    let done = match action {
        Action::List { reason, limit, common } => {
            list(&mut pass, reason.as_deref(), *limit, common.json).await
        }
        Action::Show { id, common } => show(&mut pass, id, common.json).await,
        Action::Replay { which, common } => {
            each(&mut pass, which, common.json, Fate::Replayed).await
        }
        Action::Drop { which, common } => each(&mut pass, which, common.json, Fate::Dropped).await,
    };
    // Whatever came of it, the rest goes back in order.
    let finished = pass.finish().await;
    broker.close().await;
    let exit = done?;
    finished?;
    Ok(exit)
}

async fn connect(settings: &Settings) -> Result<Broker, Failure> {
    let broker = Broker::connect(&broker_config(settings))?;
    if let Ok(ready) = tokio::time::timeout(PATIENCE, broker.ready()).await {
        ready?;
        return Ok(broker);
    }
    let state = broker.state().borrow().clone();
    match state {
        BrokerState::Down { reason } => Err(Failure::Unreachable { reason }),
        BrokerState::Up => Ok(broker),
    }
}

async fn list(
    pass: &mut DeadPass,
    reason: Option<&str>,
    limit: usize,
    as_json: bool,
) -> Result<Exit, Failure> {
    let mut listed = 0;
    let mut table =
        table(&["", "request", "reason", "deliveries", "bytes", "detail", "last error"]);
    while listed < limit
        && let Some(letter) = pass.next().await?
    {
        if reason.is_some_and(|reason| reason != letter.reason) {
            continue;
        }
        listed += 1;
        if as_json {
            println!("{}", facts(&letter));
            continue;
        }
        let cell = |text: &Option<String>| one_line(text.as_deref().unwrap_or("–"), CELL_BYTES);
        table.add_row([
            format!("@{}", letter.position),
            cell(&letter.request_id),
            one_line(&letter.reason, CELL_BYTES),
            letter.deliveries.to_string(),
            letter.body.len().to_string(),
            cell(&letter.detail),
            cell(&letter.cause),
        ]);
    }
    if !as_json {
        println!("{table}");
    }
    if 0 < pass.behind() {
        eprintln!("{} more behind these: raise --limit to see them", pass.behind());
    }
    Ok(Exit::Well)
}

async fn show(pass: &mut DeadPass, id: &str, as_json: bool) -> Result<Exit, Failure> {
    while let Some(letter) = pass.next().await? {
        if !is_named(&letter, id) {
            continue;
        }
        let excerpt = Excerpt::<SHOWN_BYTES>::of(&letter.body);
        let body = excerpt.marked();
        let mut facts = facts(&letter);
        if as_json {
            facts["headers"] = json!(letter.headers);
            facts["body"] = json!(body);
            println!("{facts}");
            return Ok(Exit::Well);
        }
        for (name, value) in facts.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            println!("{name}: {}", one_line(&value, 2 * 1024));
        }
        for (name, value) in &letter.headers {
            println!("header {}: {}", one_line(name, CELL_BYTES), one_line(value, 2 * 1024));
        }
        println!("\n{body}");
        return Ok(Exit::Well);
    }
    Ok(none_named(id))
}

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Replayed,
    Dropped,
}

async fn each(
    pass: &mut DeadPass,
    which: &Which,
    as_json: bool,
    fate: Fate,
) -> Result<Exit, Failure> {
    let mut missing: Vec<&str> = which.ids.iter().map(String::as_str).collect();
    while let Some(letter) = pass.next().await? {
        missing.retain(|id| !is_named(&letter, id));
        if !which.has(&letter) {
            continue;
        }
        let mut facts = facts(&letter);
        match fate {
            Fate::Replayed => {
                facts["done"] = json!("replayed");
                if let Replayed::AsNewRequest(id) = pass.replay(&letter).await? {
                    facts["newRequestId"] = json!(id);
                }
            }
            Fate::Dropped => {
                facts["done"] = json!("dropped");
                pass.remove(&letter).await?;
            }
        }
        audit(&letter, &facts);
        if as_json {
            println!("{facts}");
        } else {
            let said = |key: &str| one_line(facts[key].as_str().unwrap_or("–"), CELL_BYTES);
            let new = facts.get("newRequestId").and_then(Value::as_str);
            let new = new.map_or_else(String::new, |id| format!(" as {id}"));
            println!("{} @{} {}{new}", said("done"), letter.position, said("requestId"));
        }
    }
    match missing.first() {
        Some(id) => Ok(none_named(id)),
        None => Ok(Exit::Well),
    }
}

/// The line by which it can be told later what was done, and to what.
fn audit(letter: &DeadLetter, facts: &Value) {
    let new_request_id = facts.get("newRequestId").and_then(Value::as_str);
    tracing::info!(
        done = facts["done"].as_str(),
        request_id = letter.request_id,
        submission_id = letter.submission_id,
        new_request_id,
        reason = letter.reason,
        queue = letter.queue,
        bytes = letter.body.len(),
        "a dead letter is gone"
    );
}

fn none_named(id: &str) -> Exit {
    eprintln!("judge-worker: no dead letter is called {}", one_line(id, CELL_BYTES));
    Exit::No
}

/// Its keys are for scripts: they only ever grow.
fn facts(letter: &DeadLetter) -> Value {
    json!({
        "position": letter.position,
        "requestId": letter.request_id,
        "submissionId": letter.submission_id,
        "reason": letter.reason,
        "detail": letter.detail,
        "lastError": letter.cause,
        "deliveries": letter.deliveries,
        "attempt": letter.attempt,
        "queue": letter.queue,
        "answered": letter.answered,
        "bytes": letter.body.len(),
    })
}

fn is_named(letter: &DeadLetter, id: &str) -> bool {
    match id.strip_prefix('@') {
        Some(position) => position.parse() == Ok(letter.position),
        None => letter.request_id.as_deref() == Some(id),
    }
}

impl Which {
    fn has(&self, letter: &DeadLetter) -> bool {
        self.all
            || self.reason.as_deref() == Some(letter.reason.as_str())
            || self.ids.iter().any(|id| is_named(letter, id))
    }
}

impl Action {
    fn common(&self) -> &Common {
        match self {
            Self::List { common, .. }
            | Self::Show { common, .. }
            | Self::Replay { common, .. }
            | Self::Drop { common, .. } => common,
        }
    }
}
