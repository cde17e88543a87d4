//! How soon a command reaches a running program: from publishing `cancel` to the verdict.
//!
//! A real worker, a real broker. A program that would sleep for a minute is submitted; as soon as the
//! worker says that it runs, the command is published. The verdict comes after the program was ended,
//! its sandbox emptied, the history row committed and the message published.

#[path = "../../judge-worker/tests/support/rabbit.rs"]
mod rabbit;

use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::StreamExt;
use judge_benches::figures::{median, milliseconds, percentile, three_digits};
use judge_benches::report::{Report, ReportArgs};
use judge_benches::worker::{Worker, WorkerArgs};
use judge_benches::{Fallible, host};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use rabbit::Rabbit;
use serde_json::{Value, json};
use tokio::runtime;
use tokio::time::timeout;

/// How soon a running program is cancelled.
#[derive(Debug, Parser)]
struct Args {
    /// Submissions that are cancelled.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    #[command(flatten)]
    worker: WorkerArgs,
    #[command(flatten)]
    report: ReportArgs,
}

const PROGRAM: &str = "import time\ntime.sleep(60)\n";

/// What users were promised.
const PROMISED: Duration = Duration::from_millis(100);

/// Longest wait for an event, well below the program's own time.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Fallible<()> {
    let args = Args::parse();
    let mut report = Report::new(&args.report)?;
    report.say(&host::facts("as the worker finds them"));
    let binary = args.worker.binary()?;
    let broker = Rabbit::start();
    let settings = [
        ("JUDGE_AMQP_URL", broker.url()),
        ("JUDGE_DATABASE_URL", "sqlite://history.sqlite".into()),
        ("JUDGE_SLOTS", "1".into()),
        ("JUDGE_PREPARE_COMPILERS", "false".into()),
    ];
    let worker = Worker::start(&binary, "cancel", &settings)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let times = runtime.block_on(rounds(&broker.url(), args.rounds))?;
    worker.finish()?;
    let late = times.iter().filter(|time| milliseconds(PROMISED) < **time).count();
    report.say(&format!(
        "From publishing `cancel` to the verdict CANCELLED, {} programs that were running, one after the other, with a history \
         in SQLite:",
        args.rounds
    ));
    let figures = [median(&times), percentile(&times, 99.0), percentile(&times, 100.0)];
    let mut row = vec!["cancel to verdict".to_owned()];
    row.extend(figures.map(three_digits));
    row.push(late.to_string());
    let over = format!("over {} ms", PROMISED.as_millis());
    report.table(&["one command", "median ms", "p99 ms", "most ms", &over], vec![row]);
    report.write("cancel.md")
}

/// Milliseconds of each round.
async fn rounds(broker: &str, rounds: u32) -> Fallible<Vec<f64>> {
    let connection = Connection::connect(broker, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let mut events = listen(&channel).await?;
    let mut times = Vec::new();
    for number in 0..rounds {
        let id = format!("cancel-{number}");
        let submission = json!({
            "submissionId": id, "problemId": "sums", "language": "python3", "mode": "custom",
            "stdin": "", "source": PROGRAM,
        });
        publish(&channel, "", "judge.submissions", &submission).await?;
        until(&mut events, |event| event["submissionId"] == id && event["stage"] == "running")
            .await?;
        let began = Instant::now();
        publish(&channel, "judge.control", "", &json!({"type": "cancel", "submissionId": id}))
            .await?;
        let told =
            until(&mut events, |event| event["submissionId"] == id && event["verdict"].is_string())
                .await?;
        times.push(milliseconds(began.elapsed()));
        if told["verdict"] != "CANCELLED" {
            return Err(format!("{id} was not cancelled: {told}").into());
        }
    }
    connection.close(200, "done".into()).await?;
    Ok(times)
}

/// All events, as they come.
async fn listen(channel: &Channel) -> Fallible<Consumer> {
    let (declare, bind) = (QueueDeclareOptions::default(), QueueBindOptions::default());
    channel.queue_declare("cancel-bench".into(), declare, FieldTable::default()).await?;
    let (queue, exchange) = ("cancel-bench".into(), "judge.events".into());
    channel.queue_bind(queue, exchange, "#".into(), bind, FieldTable::default()).await?;
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let consume =
        channel.basic_consume("cancel-bench".into(), "".into(), options, FieldTable::default());
    Ok(consume.await?)
}

async fn publish(channel: &Channel, exchange: &str, key: &str, message: &Value) -> Fallible<()> {
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let body = message.to_string().into_bytes();
    channel.basic_publish(exchange.into(), key.into(), options, &body, properties).await?.await?;
    Ok(())
}

async fn until(events: &mut Consumer, wanted: impl Fn(&Value) -> bool) -> Fallible<Value> {
    loop {
        let event = timeout(PATIENCE, events.next()).await?.ok_or("the broker says no more")??;
        let event = serde_json::from_slice(&event.data)?;
        if wanted(&event) {
            return Ok(event);
        }
    }
}
