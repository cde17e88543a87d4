//! Publishes verdicts that were stored, but not told: left by a worker that died between the two.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::failpoint::{Failpoint, reach};
use crate::outbox::VerdictEnvelope;
use crate::problems::chain;
use crate::store::OutboxEvent;

/// How often the outbox is looked at. A verdict that was not told comes again with its delivery, which
/// was not acked: the outbox is for those whose delivery has been lost too.
const INTERVAL: Duration = Duration::from_mins(1);

/// Younger events are still in the hand of whoever stored them.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(45);

/// How many are published between two looks.
const BATCH: u32 = 100;

/// Looks at start and at intervals, until `stop`.
pub async fn relay(worker: Arc<Worker>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(INTERVAL);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match worker.store.pending_events(LEFT_OVER_AFTER, BATCH).await {
            Ok(events) => {
                for event in events {
                    publish(&worker, event).await;
                }
            }
            Err(error) => tracing::warn!(error = %chain(&error), "cannot look into the outbox"),
        }
    }
}

async fn publish(worker: &Worker, event: OutboxEvent) {
    let (history_id, request_id) = (event.history_id, event.request_id.clone());
    if let Err(injected) = reach(Failpoint::Relay).await {
        return tracing::warn!(request_id, error = %injected, "cannot publish a verdict");
    }
    match worker.sink.publish_verdict(&envelope(event)).await {
        Ok(()) => {
            tracing::info!(request_id, history_id, "published a verdict that was left over");
            if let Err(error) = worker.store.event_published(history_id).await {
                tracing::warn!(request_id, error = %chain(&error), "it will be published again");
            }
        }
        Err(error) => {
            tracing::warn!(request_id, error = %chain(&error), "cannot publish a verdict");
        }
    }
}

/// A stored event, ready to be sent.
pub(super) fn envelope(event: OutboxEvent) -> VerdictEnvelope {
    let OutboxEvent { request_id, submission_id, room_id, route, payload, .. } = event;
    VerdictEnvelope {
        room_id,
        submission_id,
        request_id,
        reply_to: route.reply_to,
        correlation_id: route.correlation_id,
        traceparent: route.traceparent,
        payload: payload.into_bytes(),
    }
}
