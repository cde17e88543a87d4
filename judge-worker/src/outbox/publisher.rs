//! Events to `judge.events` and to reply queues.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use lapin::{
    BasicProperties, Channel,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use super::{ProgressEnvelope, VerdictEnvelope};
use crate::intake::amqp::{Broker, Outgoing, PublishError, short};
use crate::message::routing_key;

/// Progress events that wait for the broker. A slow or absent one costs the oldest.
const MAX_WAITING_PROGRESS: usize = 1024;

/// Pause before a channel for progress is opened again after a failure.
const PROGRESS_PAUSE: Duration = Duration::from_secs(1);

const TRANSIENT: u8 = 1;
const PERSISTENT: u8 = 2;

/// Publishes on a [`Broker`]'s session; clones share it.
#[derive(Clone, Debug)]
pub struct Publisher {
    broker: Broker,
    exchange: Arc<str>,
    progress: Arc<ProgressQueue>,
    _stop_on_drop: Arc<DropGuard>,
}

impl Publisher {
    /// Publishes to the topic exchange `events`. Must be called within a tokio runtime.
    pub fn new(broker: &Broker, events: &str) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let publisher = Self {
            broker: broker.clone(),
            exchange: events.into(),
            progress: Arc::default(),
            _stop_on_drop: Arc::new(stop.drop_guard()),
        };
        let (broker, exchange) = (broker.clone(), Arc::clone(&publisher.exchange));
        let queue = Arc::clone(&publisher.progress);
        tokio::spawn(async move {
            stopped.run_until_cancelled(send_progress(&broker, &exchange, &queue)).await
        });
        publisher
    }

    /// Queues a transient event and returns at once. When the broker is away or slow for long,
    /// the oldest waiting event is dropped and counted.
    pub fn publish_progress(&self, progress: ProgressEnvelope) {
        self.progress.push(progress);
    }

    /// Publishes a persistent event with key `verdict.<roomId>.<submissionId>`, and to the
    /// sender's reply queue if there is one. `Ok` means that the broker has confirmed both; that
    /// nobody is bound, or the reply queue is gone, is no failure. Bounded by
    /// [`BrokerConfig::confirm_timeout`](crate::intake::amqp::BrokerConfig::confirm_timeout).
    pub async fn publish_verdict(&self, verdict: &VerdictEnvelope) -> Result<(), PublishError> {
        // Progress that arrives behind the verdict would only confuse.
        self.progress.forget(&verdict.request_id);
        let submission = Some(verdict.submission_id.as_str());
        let key = routing_key("verdict", verdict.room_id.as_deref(), submission);
        let properties = verdict_properties(verdict);
        let event = self.broker.publish_confirmed(Outgoing {
            exchange: &self.exchange,
            routing_key: &key,
            mandatory: false,
            properties: properties.clone(),
            payload: &verdict.payload,
        });
        let reply = async {
            let Some(reply_to) = &verdict.reply_to else {
                return Ok(());
            };
            let reply = Outgoing {
                exchange: "",
                routing_key: reply_to,
                mandatory: false,
                properties,
                payload: &verdict.payload,
            };
            self.broker.publish_confirmed(reply).await
        };
        let (event, reply) = tokio::join!(event, reply);
        event.and(reply)
    }

    /// Progress events dropped since the start.
    pub fn progress_dropped(&self) -> u64 {
        self.progress.dropped.load(Ordering::Relaxed)
    }
}

fn verdict_properties(verdict: &VerdictEnvelope) -> BasicProperties {
    let mut headers = FieldTable::default();
    if let Some(traceparent) = &verdict.traceparent {
        let traceparent = AMQPValue::LongString(traceparent.as_str().into());
        headers.insert(short("traceparent"), traceparent);
    }
    let properties = event_properties("verdict")
        .with_delivery_mode(PERSISTENT)
        .with_message_id(short(&verdict.request_id))
        .with_headers(headers);
    match &verdict.correlation_id {
        Some(id) => properties.with_correlation_id(short(id)),
        None => properties,
    }
}

fn event_properties(kind: &str) -> BasicProperties {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    BasicProperties::default()
        .with_content_type(short("application/json"))
        .with_type(short(kind))
        .with_timestamp(since_epoch.as_secs())
}

/// Publishes what is queued, for as long as the broker is not closed.
async fn send_progress(broker: &Broker, exchange: &str, queue: &ProgressQueue) {
    while let Some(opened) = broker.unconfirmed_channel().await {
        let failure = match opened {
            Ok(channel) => drain_progress(&channel, exchange, queue).await.to_string(),
            Err(e) => e.to_string(),
        };
        debug!(failure, "progress is not being published; will retry");
        sleep(PROGRESS_PAUSE).await;
    }
}

/// Returns when the channel fails; the event in its hand is lost with it.
async fn drain_progress(channel: &Channel, exchange: &str, queue: &ProgressQueue) -> lapin::Error {
    loop {
        let progress = queue.pop().await;
        let submission = Some(progress.submission_id.as_str());
        let key = routing_key("progress", progress.room_id.as_deref(), submission);
        let options = BasicPublishOptions::default();
        let properties = event_properties("progress").with_delivery_mode(TRANSIENT);
        let publish = channel.basic_publish(
            short(exchange),
            short(&key),
            options,
            &progress.payload,
            properties,
        );
        // Without confirms on this channel, the second future is ready at once.
        let published = match publish.await {
            Ok(unconfirmed) => unconfirmed.await,
            Err(e) => Err(e),
        };
        if let Err(e) = published {
            queue.dropped.fetch_add(1, Ordering::Relaxed);
            return e;
        }
    }
}

/// A bounded queue in which the newest win.
#[derive(Debug, Default)]
struct ProgressQueue {
    waiting: Mutex<VecDeque<ProgressEnvelope>>,
    filled: Notify,
    dropped: AtomicU64,
}

impl ProgressQueue {
    fn push(&self, progress: ProgressEnvelope) {
        let mut waiting = self.lock();
        if waiting.len() == MAX_WAITING_PROGRESS {
            waiting.pop_front();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        waiting.push_back(progress);
        drop(waiting);
        self.filled.notify_one();
    }

    /// Takes the oldest, waiting for one. For a single consumer.
    async fn pop(&self) -> ProgressEnvelope {
        loop {
            if let Some(progress) = self.lock().pop_front() {
                return progress;
            }
            self.filled.notified().await;
        }
    }

    /// Drops what waits for a request that is settled: superseded, so it doesn't count.
    fn forget(&self, request_id: &str) {
        self.lock().retain(|progress| progress.request_id != request_id);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<ProgressEnvelope>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(request_id: usize) -> ProgressEnvelope {
        ProgressEnvelope {
            room_id: None,
            submission_id: "s".into(),
            request_id: request_id.to_string(),
            payload: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_and_counts_it() {
        let queue = ProgressQueue::default();
        for request in 0..MAX_WAITING_PROGRESS + 3 {
            queue.push(progress(request));
        }
        assert_eq!(queue.dropped.load(Ordering::Relaxed), 3);
        assert_eq!(queue.pop().await.request_id, "3");
    }

    #[tokio::test]
    async fn progress_of_a_settled_request_is_not_sent_behind_its_verdict() {
        let queue = ProgressQueue::default();
        (0..3).for_each(|request| queue.push(progress(request)));
        queue.forget("0");
        queue.forget("1");
        assert_eq!(queue.pop().await.request_id, "2");
    }
}
