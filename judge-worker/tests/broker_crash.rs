//! A broker that dies of kill -9 under load and comes back: nothing that was confirmed is lost,
//! and every party recovers by itself.

#[path = "support/rabbit.rs"]
mod rabbit;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    num::NonZeroU16,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use judge_worker::{
    intake::{
        Disposition,
        amqp::{AmqpSource, Broker, BrokerConfig, BrokerState},
        settle,
    },
    outbox::{Publisher, VerdictEnvelope},
};
use lapin::BasicProperties;
use rabbit::Rabbit;
use tokio::{sync::watch, time::timeout};
use wire::{PATIENCE, Wire, until};

const JOBS: usize = 200;
const VERDICTS: &str = "verdicts";

/// A confirm that was due while the node died never comes.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_under_load_loses_no_confirmed_job_and_no_confirmed_verdict() {
    let node = Rabbit::start();
    let url = node.url();
    let mut config = BrokerConfig::new(&url);
    config.prefetch = NonZeroU16::new(4).expect("not zero");
    config.max_backoff = Duration::from_secs(1);
    // The restart is to fall into waiting for a confirm as well.
    config.confirm_timeout = Duration::from_secs(2);
    // Each death of the broker counts a delivery of all that is prefetched.
    config.delivery_limit = 20;
    let broker = Broker::connect(&config).expect("usable settings");
    broker.ready().await.expect("a session");
    let wire = Wire::open(&url).await;
    wire.declare_queue(VERDICTS).await;
    wire.bind(VERDICTS, &config.names.events, "verdict.#").await;
    node.sync_queues();

    let expected: BTreeSet<String> = (0..JOBS).map(|n| format!("job{n}")).collect();
    let (judged_tx, judged) = watch::channel(BTreeSet::new());
    let judged_by_now = judged.clone();
    let (confirmed, mut state) = (AtomicUsize::new(0), broker.state());
    let crash = async move {
        let mut node = node;
        until("a quarter is judged", async || judged_by_now.borrow().len() >= JOBS / 4).await;
        node = blocking(node, Rabbit::kill9).await;
        let down = state.wait_for(|state| matches!(state, BrokerState::Down { .. }));
        drop(down.await.expect("a supervisor"));
        blocking(node, Rabbit::restart).await
    };
    let work = async {
        let source = broker.consume();
        judge_all(source, &Publisher::new(&broker, &config.names.events), &expected, &judged_tx)
            .await;
    };
    let everything = async {
        tokio::join!(
            enqueue_all(&url, &config.names.submissions, &expected, &confirmed, &judged),
            work,
            crash
        )
    };
    let ((), (), _node) = timeout(4 * PATIENCE, everything).await.unwrap_or_else(|_| {
        let (enqueued, judged) = (confirmed.load(Ordering::Relaxed), judged.borrow().len());
        panic!("not in time: {enqueued} of {JOBS} enqueued, {judged} judged")
    });

    // Every verdict whose confirm we have seen is in the queue, some twice.
    let wire = Wire::open(&url).await;
    let mut verdicts = BTreeSet::new();
    while let Some(stored) = wire.try_get(VERDICTS).await {
        let id = stored.properties.message_id().as_ref().expect("an id").to_string();
        verdicts.insert(id);
    }
    assert_eq!(verdicts, expected);
}

/// Lets a change of the node block a thread of its own.
async fn blocking(mut node: Rabbit, change: fn(&mut Rabbit)) -> Rabbit {
    let changed = tokio::task::spawn_blocking(move || {
        change(&mut node);
        node
    });
    changed.await.expect("the node obeys")
}

/// Enqueues each job until it is confirmed, as a careful client does. Leaves the second half for
/// after the first verdicts, so that the crash falls into it.
async fn enqueue_all(
    url: &str,
    queue: &str,
    jobs: &BTreeSet<String>,
    confirmed: &AtomicUsize,
    judged: &watch::Receiver<BTreeSet<String>>,
) {
    let mut wire = None;
    for job in jobs {
        let sent = confirmed.load(Ordering::Relaxed);
        if sent >= JOBS / 2 {
            // Enqueueing keeps just ahead of judging from here on.
            let enough = async || judged.borrow().len() + JOBS / 2 > sent;
            until("judging follows", enough).await;
        }
        loop {
            let Ok(open) = (match wire.take() {
                Some(open) => Ok(open),
                None => Wire::try_open(url).await,
            }) else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let properties = BasicProperties::default();
            match timeout(CONFIRM_PATIENCE, open.try_publish("", queue, job.as_bytes(), properties))
                .await
            {
                Ok(Ok(true)) => {
                    wire = Some(open);
                    break;
                }
                Ok(Ok(false)) => wire = Some(open),
                Ok(Err(_)) | Err(_) => {}
            }
        }
        confirmed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Publishes a verdict for every delivery until it is confirmed, then acks, as the worker does.
async fn judge_all(
    mut source: AmqpSource,
    publisher: &Publisher,
    expected: &BTreeSet<String>,
    judged: &watch::Sender<BTreeSet<String>>,
) {
    while judged.borrow().len() < expected.len() {
        let delivery = source.next().await.expect("the source never ends by itself");
        let job = str::from_utf8(delivery.body().expect("small")).expect("UTF-8").to_owned();
        let verdict = VerdictEnvelope {
            room_id: None,
            submission_id: job.clone(),
            request_id: job.clone(),
            reply_to: None,
            correlation_id: None,
            traceparent: None,
            payload: b"{}".to_vec(),
        };
        while publisher.publish_verdict(&verdict).await.is_err() {}
        // Lost only means that it comes again.
        let _ = settle(delivery, Disposition::Ack).await;
        judged.send_if_modified(|judged| judged.insert(job));
    }
}
