//! `judge-worker doctor`: what this host offers, and what to do about what is missing.

use std::time::Duration;

use comfy_table::{Cell, Color};
use judge_core::judging::Judge;
use judge_core::sandbox::Loss;
use judge_core::sandbox::cgroup::Mode;
use judge_core::sandbox::cores::Unpinned;
use judge_core::sandbox::selftest::{Standing, Trial, selftest};
use judge_core::toolchain::Availability;

use super::remedies::remedy;
use super::table::table;
use super::{Exit, complain, scope, start_logging};
use crate::config::{QueueKind, Settings, SettingsArgs};
use crate::engine::{self, EngineSettings};
use crate::intake::amqp::{Broker, BrokerConfig};
use crate::problems::{Catalog, chain};
use crate::store::{Store, StoreOptions};

/// Nothing but settings.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// One thing that was looked at.
struct Check {
    what: String,
    state: State,
    found: String,
    remedy: String,
}

#[derive(PartialEq)]
enum State {
    Good,
    /// Judging goes on with less.
    Less,
    Missing,
}

/// Looks at everything and prints a table.
pub fn run(args: &Args) -> Exit {
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => settings,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    start_logging(&settings);
    scope::enter(&settings);
    let mut checks = vec![kernel()];
    match engine::start(&EngineSettings::of(&settings)) {
        Ok(judge) => {
            checks.push(cgroups(engine::cgroup_mode(&judge)));
            checks.push(cores(&judge));
            checks.extend(users(&judge));
            checks.extend(walls(&judge));
            checks.extend(toolchains(&judge));
        }
        Err(error) => checks.push(Check {
            what: "sandbox".into(),
            state: State::Missing,
            found: chain(&error),
            remedy: Loss::NoCgroups.remedy().into(),
        }),
    }
    checks.push(problems(&settings));
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            checks.push(runtime.block_on(database(&settings)));
            checks.push(runtime.block_on(broker(&settings)));
            runtime.shutdown_background();
        }
        Err(error) => return complain(Exit::Failed, &error),
    }
    let mut table = table(&["what", "state", "found", "what to do"]);
    let mut exit = Exit::Well;
    for Check { what, state, found, remedy } in checks {
        let (word, color) = match state {
            State::Good => ("ok", Color::Green),
            State::Less => ("less", Color::Yellow),
            State::Missing => ("missing", Color::Red),
        };
        if state == State::Missing {
            exit = Exit::No;
        }
        let remedy = if state == State::Good { String::new() } else { remedy };
        table.add_row([
            Cell::new(what),
            Cell::new(word).fg(color),
            Cell::new(found),
            Cell::new(remedy),
        ]);
    }
    println!("{table}");
    exit
}

fn kernel() -> Check {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(['.', '-']).map_while(|part| part.trim().parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    // close_range's flag and mount_setattr came with 5.12, cgroup.kill with 5.14.
    let state = if version < (5, 14) { State::Missing } else { State::Good };
    let found = format!("Linux {}", release.trim());
    Check { what: "kernel".into(), state, found, remedy: "use Linux 5.14 or newer".into() }
}

fn cgroups(mode: Mode) -> Check {
    let (state, found) = match mode {
        Mode::V2 => (State::Good, "pure v2"),
        Mode::V1 => (State::Good, "v1 hierarchies"),
        Mode::Hybrid => (State::Good, "v1 hierarchies beside a v2 tree without controllers"),
        Mode::None => return lost(Loss::NoCgroups),
    };
    Check { what: "cgroups".into(), state, found: found.into(), remedy: String::new() }
}

/// Which core each slot has.
fn cores(judge: &Judge) -> Check {
    let (state, found, remedy) = match judge.pool().cores() {
        Ok(cores) => {
            let own = cores.of_slots().iter().enumerate();
            let own: Vec<String> = own.map(|(slot, core)| format!("{slot} on {core}")).collect();
            let rest: Vec<String> = cores.rest().iter().map(ToString::to_string).collect();
            let rest = if rest.is_empty() {
                "wherever there is time".to_owned()
            } else {
                format!("on {}", rest.join(", "))
            };
            let found = format!("slot {}; the worker itself {rest}", own.join(", "));
            (State::Good, found, String::new())
        }
        Err(why @ Unpinned::Off) => (State::Good, why.to_string(), String::new()),
        Err(why) => (State::Less, why.to_string(), why.remedy().to_owned()),
    };
    Check { what: "cores".into(), state, found, remedy }
}

/// Who the worker is, who its programs are, and what is lost if they are the same.
fn users(judge: &Judge) -> Vec<Check> {
    let ids = judge.pool().config().cgroups.ids();
    let who = Check {
        what: "users".into(),
        state: State::Good,
        found: ids.describe(),
        remedy: String::new(),
    };
    // The other one has its row already.
    let losses = engine::losses(judge).into_iter().filter(|loss| *loss != Loss::NoCgroups);
    [who].into_iter().chain(losses.map(lost)).collect()
}

fn lost(loss: Loss) -> Check {
    let what = match loss {
        Loss::NoCgroups => "cgroups",
        Loss::OwnUser => "users of programs",
        Loss::KeptGroups => "groups of programs",
    };
    Check {
        what: what.into(),
        state: State::Less,
        found: loss.sentence().into(),
        remedy: loss.remedy().into(),
    }
}

fn walls(judge: &Judge) -> Vec<Check> {
    let tried = judge.pool().acquire().and_then(|mut slot| slot.try_twice(selftest));
    match tried {
        Ok(trials) => trials.into_iter().map(wall).collect(),
        Err(error) => vec![Check {
            what: "sandbox".into(),
            state: State::Missing,
            found: chain(&error),
            remedy: "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, \
                     user.max_user_namespaces), and run as root"
                .into(),
        }],
    }
}

fn wall(Trial { wall, standing, seen }: Trial) -> Check {
    let (state, found) = match standing {
        Standing::Holds => (State::Good, wall.to_string()),
        Standing::GivenUp => (State::Less, format!("lost here: {seen}")),
        Standing::Breached => (State::Missing, format!("not so: {wall}. {seen}")),
    };
    Check { what: format!("wall {}", wall.as_str()), state, found, remedy: remedy(wall).into() }
}

fn toolchains(judge: &Judge) -> Vec<Check> {
    let check = |language: &std::sync::Arc<judge_core::toolchain::Language>| {
        let what = format!("language {}", language.id);
        let remedy = format!("apt-get install {}", language.package);
        match judge.availability(language) {
            Ok(Availability::Available { version }) => {
                Check { what, state: State::Good, found: version, remedy }
            }
            Ok(Availability::Missing { reason }) => {
                Check { what, state: State::Less, found: reason, remedy }
            }
            Err(error) => Check { what, state: State::Missing, found: chain(&error), remedy },
        }
    };
    judge.languages().iter().map(check).collect()
}

fn problems(settings: &Settings) -> Check {
    let what = "problems".to_owned();
    let remedy = "set JUDGE_PROBLEMS to a folder of packages; `judge-worker verify` looks closer";
    let (state, found) = match Catalog::read(&settings.problems) {
        Ok(catalog) => {
            catalog.log_broken();
            let (sound, broken) = (catalog.sound().count(), catalog.broken());
            let state = if broken == 0 && 0 < sound { State::Good } else { State::Less };
            (state, format!("{sound} sound, {broken} broken"))
        }
        Err(error) => (State::Missing, chain(&error)),
    };
    Check { what, state, found, remedy: remedy.into() }
}

/// How long a broker or database may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

async fn database(settings: &Settings) -> Check {
    let url = &settings.database_url;
    let connect = async {
        let store = Store::connect(url.expose(), &StoreOptions::default()).await?;
        let described = store.describe().await;
        store.close().await;
        described
    };
    let (state, found) = match tokio::time::timeout(PATIENCE, connect).await {
        Ok(Ok(described)) => (State::Good, format!("{described} at {url}")),
        Ok(Err(error)) => (State::Missing, format!("{url}: {}", chain(&error))),
        Err(_) => (State::Missing, format!("{url} does not answer")),
    };
    let remedy = "set JUDGE_DATABASE_URL to a MySQL or MariaDB that runs, or to sqlite://FILE";
    Check { what: "database".into(), state, found, remedy: remedy.into() }
}

async fn broker(settings: &Settings) -> Check {
    let what = "broker".to_owned();
    let remedy =
        "set JUDGE_AMQP_URL to a RabbitMQ that runs, or serve with --queue stdio".to_owned();
    if settings.queue == QueueKind::Stdio {
        let found = "not used: the queue is stdio".into();
        return Check { what, state: State::Good, found, remedy };
    }
    let url = &settings.amqp_url;
    let config = BrokerConfig::new(url.expose());
    let connect = async {
        let broker = Broker::connect(&config)?;
        let ready = broker.ready().await;
        broker.close().await;
        ready
    };
    let (state, found) = match tokio::time::timeout(PATIENCE, connect).await {
        Ok(Ok(())) => (State::Good, format!("RabbitMQ at {url}")),
        Ok(Err(error)) => (State::Missing, format!("{url}: {}", chain(&error))),
        Err(_) => (State::Missing, format!("{url} does not answer")),
    };
    Check { what, state, found, remedy }
}
