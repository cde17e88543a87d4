//! The generator: sends by the schedule, whatever comes back, and notes when verdicts come.
//!
//! ```text
//! schedule ──▶ send at the moment, or as soon after as the broker takes it ──▶ judge.submissions
//!    └── latency begins here                                                        │
//!        and ends here ◀── a queue of our own ◀── judge.events, verdict.<our room>.* ◀── workers
//! ```
//!
//! The loop is open: no submission waits for the verdict of another. And since latency begins at the
//! moment of the schedule, what the generator or the broker makes late is part of it. A closed loop
//! sends nothing while a slow answer is on its way, and so leaves out just those who would have waited
//! (this is "coordinated omission").

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt;
use judge_benches::load::books::{Books, Entry};
use judge_benches::{Failure, Fallible};
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer, PublisherConfirm,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{sleep_until, timeout_at};

use crate::sources::Source;

/// What is sent, and when.
#[derive(Debug)]
pub struct Plan<'a> {
    pub duration: Duration,
    /// For each submission the moment and the place of its language.
    pub submissions: Vec<(Duration, usize)>,
    /// By language.
    pub sources: &'a [Source],
    pub problem: &'a str,
    /// How long to wait after the end of the schedule for verdicts that are missing.
    pub patience: Duration,
    /// Names queues and submissions of this run: no other may have it.
    pub room: String,
}

/// Publishes without a confirm from the broker. When there are so many, sending waits, late.
const UNCONFIRMED: usize = 1024;

const SUBMISSIONS: &str = "judge.submissions";
const EVENTS: &str = "judge.events";

/// From connecting to the first moment of the schedule.
const LEAD: Duration = Duration::from_millis(200);

/// Runs one schedule over the broker at `url`.
pub async fn drive(url: &str, plan: &Plan<'_>) -> Fallible<Books> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let verdicts = listen(&connection.create_channel().await?, &plan.room).await?;

    let start = Start { instant: Instant::now() + LEAD, clock: SystemTime::now() + LEAD };
    let (sent, told) =
        tokio::join!(send(&channel, plan, start), hear(verdicts, plan, start.instant));
    let (sent, told) = (sent?, told?);
    connection.close(200, "done".into()).await?;
    let entries = plan.submissions.iter().zip(sent).zip(told.moments);
    Ok(Books {
        duration: plan.duration,
        entries: entries
            .map(|((&(intended, language), sent), told)| Entry { language, intended, sent, told })
            .collect(),
        verdicts: told.verdicts,
        repeated: told.repeated,
    })
}

/// The same moment by both clocks.
#[derive(Debug, Clone, Copy)]
struct Start {
    instant: Instant,
    clock: SystemTime,
}

/// Sends all there is to send. Gives when each was handed over; nothing of those for which time ran
/// out.
async fn send(channel: &Channel, plan: &Plan<'_>, start: Start) -> Fallible<Vec<Option<Duration>>> {
    let end = (start.instant + plan.duration + plan.patience).into();
    let mut sent = vec![None; plan.submissions.len()];
    let mut unconfirmed = VecDeque::new();
    for (number, &(intended, language)) in plan.submissions.iter().enumerate() {
        let body = message(plan, number, start.clock + intended, language)?;
        sleep_until((start.instant + intended).into()).await;
        let handing_over = async {
            if unconfirmed.len() == UNCONFIRMED {
                confirmed(unconfirmed.pop_front()).await?;
            }
            let options = BasicPublishOptions::default();
            let properties = BasicProperties::default().with_delivery_mode(2);
            let queue = SUBMISSIONS.into();
            let publish = channel.basic_publish("".into(), queue, options, &body, properties);
            unconfirmed.push_back(publish.await?);
            Ok::<(), Failure>(())
        };
        match timeout_at(end, handing_over).await {
            Ok(done) => done?,
            Err(_) => return Ok(sent),
        }
        sent[number] = Some(start.instant.elapsed());
    }
    while let Some(next) = unconfirmed.pop_front() {
        match timeout_at(end, confirmed(Some(next))).await {
            Ok(done) => done?,
            Err(_) => return Err("the broker does not confirm what was published".into()),
        }
    }
    Ok(sent)
}

async fn confirmed(publish: Option<PublisherConfirm>) -> Fallible<()> {
    let Some(publish) = publish else { return Ok(()) };
    match publish.await? {
        confirmation if confirmation.is_ack() => Ok(()),
        refused => Err(format!("the broker refused a submission: {refused:?}").into()),
    }
}

/// The verdicts of this room, from now on, in a queue that goes with the connection.
async fn listen(channel: &Channel, room: &str) -> Fallible<Consumer> {
    let none = FieldTable::default;
    let own = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    channel.queue_declare(room.into(), own, none()).await?;
    let key = format!("verdict.{room}.*");
    let options = QueueBindOptions::default();
    channel.queue_bind(room.into(), EVENTS.into(), key.into(), options, none()).await?;
    let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
    Ok(channel.basic_consume(room.into(), room.into(), options, none()).await?)
}

struct Told {
    moments: Vec<Option<Duration>>,
    verdicts: BTreeMap<String, usize>,
    repeated: usize,
}

/// Notes verdicts until there is one for each submission, or patience ends.
async fn hear(mut verdicts: Consumer, plan: &Plan<'_>, start: Instant) -> Fallible<Told> {
    let end = (start + plan.duration + plan.patience).into();
    let moments = vec![None; plan.submissions.len()];
    let mut told = Told { moments, verdicts: BTreeMap::new(), repeated: 0 };
    let mut missing = plan.submissions.len();
    while 0 < missing {
        let Ok(delivery) = timeout_at(end, verdicts.next()).await else { break };
        let delivery = delivery.ok_or("the broker has ended the connection")??;
        let at = start.elapsed();
        let verdict: VerdictMessage = serde_json::from_slice(&delivery.data)?;
        let number = verdict.submission_id.strip_prefix(&plan.room).and_then(|rest| {
            let number: usize = rest.strip_prefix('-')?.parse().ok()?;
            (number < told.moments.len()).then_some(number)
        });
        let number = number.ok_or_else(|| {
            format!("a verdict for {:?}, which was never sent", verdict.submission_id)
        })?;
        match &mut told.moments[number] {
            Some(_) => told.repeated += 1,
            moment => {
                *moment = Some(at);
                *told.verdicts.entry(verdict.verdict).or_default() += 1;
                missing -= 1;
            }
        }
    }
    Ok(told)
}

/// The submission message, with the moment for which it was intended: so it is in the histograms of
/// the workers too that waiting to be sent is waiting.
fn message(
    plan: &Plan<'_>,
    number: usize,
    intended: SystemTime,
    language: usize,
) -> Fallible<Vec<u8>> {
    let source = &plan.sources[language];
    let room = &plan.room;
    let submission = SubmissionMessage {
        submission_id: format!("{room}-{number}"),
        problem_id: plan.problem,
        language: &source.language,
        source: source.unlike_any_other(room, number),
        mode: "submit",
        room_id: room,
        enqueued_at: OffsetDateTime::from(intended).format(&Rfc3339)?,
    };
    Ok(serde_json::to_vec(&submission)?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubmissionMessage<'a> {
    submission_id: String,
    problem_id: &'a str,
    language: &'a str,
    source: String,
    mode: &'a str,
    room_id: &'a str,
    enqueued_at: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerdictMessage {
    submission_id: String,
    verdict: String,
}
