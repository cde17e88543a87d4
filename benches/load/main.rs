//! Submissions over `RabbitMQ` at a rate that does not depend on what comes back, and how long their
//! verdicts take.
//!
//! ```text
//! schedule ─▶ traffic ─▶ RabbitMQ ─▶ workers ─▶ RabbitMQ ─▶ traffic ─▶ books ─▶ tables
//!                                       └── /metrics, before and after ─▶ phases ──┘
//! ```
//!
//! Generator, servers and workers share the cores of one machine here, unless `--broker` names others:
//! a rate that is sustained is one of all of them together.

mod phases;
mod servers;
mod sources;
mod tables;
mod traffic;

use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use clap::Parser;
use fastrand::Rng;
use judge_benches::exposition::Histogram;
use judge_benches::load::books::{Books, Pace};
use judge_benches::load::schedule::{self, Arrivals, Share};
use judge_benches::report::{Report, ReportArgs};
use judge_benches::worker::WorkerArgs;
use judge_benches::{Fallible, host, worker};
use judge_core::sandbox::init::become_init_if_asked;
use tokio::runtime::{self, Runtime};

use servers::{Servers, Wanted};
use sources::Source;
use traffic::Plan;

/// Drives workers over a broker at a fixed arrival rate.
#[derive(Debug, Parser)]
struct Args {
    /// Submissions a second; with `--find`, the first rate that is tried.
    #[arg(long, default_value_t = 1.0, value_parser = above_zero)]
    rate: f64,
    /// Length of the schedule, in seconds; with `--find`, of each one.
    #[arg(long, default_value_t = 60.0, value_parser = above_zero)]
    seconds: f64,
    /// How arrivals follow each other.
    #[arg(long, value_enum, default_value_t = Arrivals::Poisson)]
    arrivals: Arrivals,
    /// Languages with their shares.
    #[arg(long, value_delimiter = ',', default_value = "python3=5,cpp20=4,java=1")]
    mix: Vec<Share>,
    /// Of arrivals and languages.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A shipped problem package, whose accepted submissions are sent, each with a comment of its own.
    #[arg(long, default_value = "sums")]
    problem: String,
    /// Looks for the highest rate that is sustained.
    #[arg(long)]
    find: bool,
    /// Workers that are started.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Slots of each worker; one for each core if not given.
    #[arg(long)]
    slots: Option<usize>,
    /// `mariadb` or `sqlite`, which are started, or the URL of a database.
    #[arg(long, default_value = "mariadb")]
    database: String,
    #[command(flatten)]
    worker: WorkerArgs,
    /// A broker on which workers with the default queue names serve: nothing is started then. The
    /// problem must be theirs too, and `--workers` and `--slots` say what they are.
    #[arg(long)]
    broker: Option<String>,
    /// Where a worker of that broker tells its metrics, such as `http://127.0.0.1:9464/metrics`. Once
    /// for each worker.
    #[arg(long, requires = "broker")]
    metrics: Vec<String>,
    /// How long to wait for verdicts after the end of the schedule, in seconds.
    #[arg(long, default_value_t = 60.0, value_parser = above_zero)]
    patience: f64,
    #[command(flatten)]
    report: ReportArgs,
}

/// What is remembered of each submission is some 50 bytes.
const MAX_SUBMISSIONS: f64 = 1e6;

/// Of the search: schedules at most, and how near to each other a rate that is sustained and one that
/// is not may be before it ends.
const TRIALS: usize = 7;
const NEAR: f64 = 1.15;

/// Between rates that are tried while nothing bounds the search on the other side.
const STEP: f64 = 1.6;

fn above_zero(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && 0.0 < *number);
    number.ok_or_else(|| "say a number above 0".into())
}

fn main() -> Fallible<()> {
    become_init_if_asked(); // of the slot in which compilers are prepared
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let problem = worker::problems().join(&args.problem);
    let sources: Vec<Source> = args
        .mix
        .iter()
        .map(|share| Source::find(&problem, &share.language))
        .collect::<Fallible<_>>()?;
    let slots = args.slots.map_or_else(|| available_parallelism().map(usize::from), Ok)?;
    let servers = if let Some(broker) = &args.broker {
        Servers::Existing { broker: broker.clone(), metrics: args.metrics.clone() }
    } else {
        let binary = args.worker.binary()?;
        let (workers, database) = (args.workers, args.database.as_str());
        Servers::start(&Wanted { binary: &binary, workers, slots, database }, &runtime)?
    };
    let bench = Bench { args: &args, runtime, servers, sources, slots: slots * args.workers };
    report.say(&host::facts(&bench.cgroups()?));
    report.say(&bench.description());
    // The first of each language finds nothing in any cache; it is not for these figures.
    bench.trial(1.0, Duration::from_secs(3))?;
    if args.find {
        bench.find(&mut report)?;
    } else {
        let trial = bench.trial(args.rate, Duration::from_secs_f64(args.seconds))?;
        tables::pace(&mut report, &trial);
        tables::latency(&mut report, &trial, &args.mix)?;
    }
    report.write("load.md")?;
    bench.servers.finish()
}

struct Bench<'a> {
    args: &'a Args,
    runtime: Runtime,
    servers: Servers,
    sources: Vec<Source>,
    /// Of all workers together.
    slots: usize,
}

/// One schedule, and what came of it.
struct Trial {
    books: Books,
    pace: Pace,
    sustained: bool,
    phases: Vec<(&'static str, Histogram)>,
    patience: Duration,
}

impl Bench<'_> {
    /// Fails when a submission was not accepted: how long that takes says nothing.
    fn trial(&self, rate: f64, duration: Duration) -> Fallible<Trial> {
        if MAX_SUBMISSIONS < rate * duration.as_secs_f64() {
            return Err(format!("more than {MAX_SUBMISSIONS} submissions: take less time").into());
        }
        let mut random = Rng::with_seed(self.args.seed);
        let moments = schedule::moments(self.args.arrivals, rate, duration, &mut random);
        let with_language = |moment| (moment, schedule::draw(&self.args.mix, &mut random));
        let submissions: Vec<_> = moments.into_iter().map(with_language).collect();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        let patience = Duration::from_secs_f64(self.args.patience);
        let plan = Plan {
            duration,
            submissions,
            sources: &self.sources,
            problem: &self.args.problem,
            patience,
            room: format!("load-{now:x}"),
        };
        let before = self.servers.metrics()?;
        let books = self.runtime.block_on(traffic::drive(&self.servers.broker(), &plan))?;
        let phases = phases::between(&before, &self.servers.metrics()?);
        if let Some((other, count)) = books.verdicts.iter().find(|(verdict, _)| *verdict != "AC") {
            return Err(
                format!("{count} submissions that are right got the verdict {other}").into()
            );
        }
        let pace = books.pace(self.slots);
        Ok(Trial { sustained: pace.sustained(duration), books, pace, phases, patience })
    }

    fn find(&self, report: &mut Report) -> Fallible<()> {
        let duration = Duration::from_secs_f64(self.args.seconds);
        let (mut best, mut too_high): (Option<(f64, Trial)>, Option<f64>) = (None, None);
        let mut rate = self.args.rate;
        let mut rows = Vec::new();
        for _ in 0..TRIALS {
            let trial = self.trial(rate, duration)?;
            rows.push(tables::trial_row(rate, &trial));
            if trial.sustained {
                best = Some((rate, trial));
            } else {
                too_high = Some(rate);
            }
            rate = match (&best, too_high) {
                (Some((low, _)), Some(high)) if high / low < NEAR => break,
                (Some((low, _)), Some(high)) => (low * high).sqrt(),
                (Some((low, _)), None) => low * STEP,
                (None, Some(high)) => high / STEP,
                (None, None) => unreachable!("each trial is one or the other"),
            };
        }
        tables::trials(report, rows);
        let Some((rate, trial)) = best else {
            report.say("None of these rates is sustained.");
            return Ok(());
        };
        report.say(&format!("The highest of these that is sustained: {rate:.2} a second."));
        tables::latency(report, &trial, &self.args.mix)
    }

    fn description(&self) -> String {
        let Args { workers, arrivals, seed, problem, mix, .. } = self.args;
        let mix: Vec<_> = mix.iter().map(|it| format!("{} {}", it.weight, it.language)).collect();
        let through = match &self.servers {
            Servers::Private(_) => {
                format!(
                    "RabbitMQ, the database ({}) and the generator on the same machine",
                    self.args.database
                )
            }
            Servers::Existing { .. } => "an existing broker".into(),
        };
        format!(
            "{workers} worker(s) with {} slot(s) altogether, {through}; submissions of `{problem}` in the proportion {}, \
             each by a text of its own; arrivals: {}, seed {seed}. Latency is counted from the moment of the schedule to the verdict.",
            self.slots,
            mix.join(" : "),
            format!("{arrivals:?}").to_lowercase(),
        )
    }

    /// As the first worker says.
    fn cgroups(&self) -> Fallible<String> {
        let metrics = self.servers.metrics()?;
        let said = metrics.first().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("judge_build_info{"))?;
            Some(line.split_once("cgroup=\"")?.1.split_once('"')?.0.to_owned())
        });
        Ok(said.unwrap_or_else(|| "unknown".into()))
    }
}
