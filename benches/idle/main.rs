//! What a worker costs that has nothing to do: memory, and how often it wakes up.
//!
//! A real worker with a real broker, once with each number of slots. All its slots have judged before it
//! is looked at: they are built with their first submission. Then it is left alone; asking it for its
//! metrics would wake it up, so what it does is read off the kernel.

#[path = "../../judge-worker/tests/support/rabbit.rs"]
mod rabbit;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use judge_benches::figures::three_digits;
use judge_benches::process::{Memory, family, name, sleeps};
use judge_benches::report::{Report, ReportArgs};
use judge_benches::worker::{Worker, WorkerArgs};
use judge_benches::{Fallible, host};
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use rabbit::Rabbit;
use serde_json::json;
use tokio::runtime::{self, Runtime};

/// What an idle worker holds, and how often it wakes up.
#[derive(Debug, Parser)]
struct Args {
    /// Numbers of slots; ascending, for what a slot costs is what the last has beyond the first.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4")]
    slots: Vec<usize>,
    /// How long each worker is looked at, in seconds.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[command(flatten)]
    worker: WorkerArgs,
    #[command(flatten)]
    report: ReportArgs,
}

/// For each slot, so that all of them are needed at one time and built.
const PROGRAM: &str = "import time\ntime.sleep(1)\n";

/// From the last verdict until it is looked at: statistics, leases and throttles come to rest.
const CALM: Duration = Duration::from_secs(5);

/// Longest wait for the slots to have judged.
const PATIENCE: Duration = Duration::from_secs(120);

const POLL: Duration = Duration::from_millis(100);

/// What was seen of one worker.
struct Seen {
    slots: usize,
    /// In the order of the family, front first: name and memory.
    processes: Vec<(String, Memory)>,
    /// By process and thread.
    wake_ups: BTreeMap<String, f64>,
}

fn main() -> Fallible<()> {
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    report.say(&host::facts("as the worker finds them"));
    let binary = args.worker.binary()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let broker = Rabbit::start();
    let span = Duration::from_secs(args.seconds);
    let mut all = Vec::new();
    for &slots in &args.slots {
        all.push(look_at(&binary, slots, span, &broker.url(), &runtime)?);
    }
    memory_table(&mut report, &all);
    wake_up_table(&mut report, &all, span);
    report.write("idle.md")
}

fn look_at(
    binary: &Path,
    slots: usize,
    span: Duration,
    broker: &str,
    runtime: &Runtime,
) -> Fallible<Seen> {
    let settings = [
        ("JUDGE_AMQP_URL", broker.to_owned()),
        ("JUDGE_DATABASE_URL", "sqlite://history.sqlite".into()),
        ("JUDGE_SLOTS", slots.to_string()),
        // Neither is ever needed here.
        ("JUDGE_PREPARE_COMPILERS", "false".into()),
        ("JUDGE_COMPILE_CACHE_MIB", "0".into()),
    ];
    let worker = Worker::start(binary, &format!("idle-{slots}"), &settings)?;
    runtime.block_on(submit(broker, slots))?;
    let deadline = Instant::now() + PATIENCE;
    while !has_judged(&worker.metrics()?, slots) {
        if deadline < Instant::now() {
            return Err(format!("{slots} slots did not judge within {PATIENCE:?}").into());
        }
        sleep(POLL);
    }
    sleep(CALM);

    let family = family(worker.pid())?;
    let before = family.iter().map(|pid| sleeps(*pid)).collect::<Fallible<Vec<_>>>()?;
    let began = Instant::now();
    sleep(span);
    let seconds = began.elapsed().as_secs_f64();
    let mut wake_ups = BTreeMap::new();
    for (pid, before) in family.iter().zip(before) {
        let process = name(*pid)?;
        for (task, (thread, now)) in sleeps(*pid)? {
            let then = before.get(&task).map_or(0, |(_, count)| *count);
            let count = u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX);
            *wake_ups.entry(format!("{process}: {thread}")).or_default() +=
                f64::from(count) / seconds;
        }
    }
    let memory = |pid: &u32| Ok((name(*pid)?, Memory::of(*pid)?));
    let processes = family.iter().map(memory).collect::<Fallible<_>>()?;
    worker.finish()?;
    Ok(Seen { slots, processes, wake_ups })
}

/// One submission for each slot.
async fn submit(broker: &str, slots: usize) -> Fallible<()> {
    let connection = Connection::connect(broker, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for number in 0..slots {
        let submission = json!({
            "submissionId": format!("idle-{slots}-{number}"), "problemId": "sums",
            "language": "python3", "mode": "custom", "stdin": "", "source": PROGRAM,
        });
        let body = submission.to_string().into_bytes();
        let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
        let queue = "judge.submissions".into();
        channel.basic_publish("".into(), queue, options, &body, properties).await?.await?;
    }
    Ok(connection.close(200, "done".into()).await?)
}

/// All have their verdict, whichever it is, and nothing is in hand.
fn has_judged(metrics: &str, slots: usize) -> bool {
    let value =
        |line: &str| line.rsplit_once(' ').and_then(|(_, value)| value.parse::<usize>().ok());
    let sum = |name: &str| -> usize {
        metrics.lines().filter(|line| line.starts_with(name)).filter_map(value).sum()
    };
    sum("judge_submissions_total{") == slots && sum("judge_in_flight ") == 0
}

fn memory_table(report: &mut Report, all: &[Seen]) {
    report.say(
        "Memory of an idle worker whose slots have all judged, in MiB. Proportional: what processes share is divided among \
         them, so that it adds up; anonymous: what is not a file's.",
    );
    let kinds = ["judge-worker", "judge-worker-engine", "judge-sandbox-init"];
    let mut header = vec!["slots".to_owned()];
    for kind in ["front", "engine", "inits"] {
        header.extend([format!("{kind}: resident"), "proportional".into(), "anonymous".into()]);
    }
    header.push("all: proportional".into());
    let mut rows = Vec::new();
    for seen in all {
        let mut row = vec![seen.slots.to_string()];
        for kind in kinds {
            let of_kind = seen.processes.iter().filter(|(name, _)| name == kind);
            let sum = of_kind.fold(Memory::default(), |sum, (_, memory)| Memory {
                resident: sum.resident + memory.resident,
                proportional: sum.proportional + memory.proportional,
                anonymous: sum.anonymous + memory.anonymous,
            });
            row.extend(
                [sum.resident, sum.proportional, sum.anonymous].map(mebibytes).map(three_digits),
            );
        }
        row.push(three_digits(proportional(seen)));
        rows.push(row);
    }
    report.table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows);
    if let [first, .., last] = all
        && first.slots < last.slots
    {
        let more = f64::from(u32::try_from(last.slots - first.slots).unwrap_or(u32::MAX));
        let slot = (proportional(last) - proportional(first)) / more;
        let base = proportional(first) - slot * f64::from(u32::try_from(first.slots).unwrap_or(0));
        report.say(&format!(
            "So a slot costs {} MiB, and a worker {} MiB besides, proportionally.",
            three_digits(slot),
            three_digits(base)
        ));
    }
}

fn wake_up_table(report: &mut Report, all: &[Seen], span: Duration) {
    report.say(&format!(
        "Wake-ups a second while nothing is to be done, by thread, over {} s (voluntary context switches).",
        span.as_secs()
    ));
    let mut header = vec!["process: thread".to_owned()];
    header.extend(all.iter().map(|seen| format!("{} slots", seen.slots)));
    let mut names: Vec<&String> = all.iter().flat_map(|seen| seen.wake_ups.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let rate = |seen: &Seen, name: &String| seen.wake_ups.get(name).copied().unwrap_or(0.0);
    let mut rows = Vec::new();
    for name in names {
        if all.iter().any(|seen| 0.0 < rate(seen, name)) {
            let mut row = vec![name.clone()];
            row.extend(all.iter().map(|seen| three_digits(rate(seen, name))));
            rows.push(row);
        }
    }
    let mut sums = vec!["all".to_owned()];
    sums.extend(all.iter().map(|seen| three_digits(seen.wake_ups.values().sum())));
    rows.push(sums);
    report.table(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows);
}

fn proportional(seen: &Seen) -> f64 {
    mebibytes(seen.processes.iter().map(|(_, memory)| memory.proportional).sum())
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
