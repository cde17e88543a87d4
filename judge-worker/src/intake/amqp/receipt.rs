//! What it takes to settle one AMQP delivery.

use std::time::Duration;

use lapin::{
    Acker, BasicProperties, Channel,
    options::{BasicAckOptions, BasicNackOptions},
    types::AMQPValue,
};
use tokio::time::timeout;
use tracing::warn;

use super::{
    broker::{Broker, in_one_line},
    confirm::{Outgoing, PublishError},
    line::Place,
    message::{self, ATTEMPT, CAUSE, DELIVERIES, DELIVERIES_BEFORE, DETAIL, QUEUE, REASON, short},
};
use crate::failpoint::{Failpoint, reach};
use crate::intake::Delivery;
use crate::intake::settle::{Disposition, Settled};

/// The delivery's own acknowledgement, and what a copy of it is made from.
pub(in crate::intake) struct Receipt {
    pub(super) broker: Broker,
    pub(super) acker: Acker,
    /// Held open: the library closes a channel with its last handle, and the broker then takes
    /// back all that came on it.
    pub(super) _channel: Channel,
    /// Where it goes when it is tried again: for what was parked not the lane, since others of its user
    /// may be there by then, or none.
    pub(super) queue: String,
    /// Where it belongs, if that is not `queue`.
    pub(super) home: Option<String>,
    /// How often `queue` has handed it out, this time and its lane included.
    pub(super) deliveries: u32,
    pub(super) properties: BasicProperties,
    /// Once it is in the worker's hand.
    pub(super) place: Option<Place>,
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receipt").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl Receipt {
    /// False once the channel it came on is gone: the broker hands it out again.
    pub(in crate::intake) fn is_live(&self) -> bool {
        self.acker.usable()
    }

    pub(in crate::intake) fn take_place(&mut self, place: Place) {
        self.place = Some(place);
    }

    pub(in crate::intake) fn deliveries(&self) -> u32 {
        self.deliveries
    }

    pub(in crate::intake) async fn settle(
        self,
        body: &[u8],
        attempt: u32,
        disposition: Disposition,
    ) -> Settled {
        match disposition {
            Disposition::Ack => self.ack().await,
            Disposition::Requeue => self.requeue().await,
            Disposition::Retry { cause, delay } => {
                let copied = self.copy_to_retry(body, attempt, &cause, delay).await;
                self.replaced_by(copied).await
            }
            Disposition::Dead { reason, detail } => {
                if reach(Failpoint::Bury).await.is_err() {
                    return self.requeue().await;
                }
                let copied = self.copy_to_dead(body, attempt, reason.as_label(), &detail).await;
                self.replaced_by(copied).await
            }
        }
    }

    /// Gives it back to its queue.
    pub(in crate::intake) async fn requeue(&self) -> Settled {
        let requeue = BasicNackOptions { requeue: true, ..Default::default() };
        self.told(self.acker.nack(requeue)).await
    }

    fn home(&self) -> &str {
        self.home.as_deref().unwrap_or(&self.queue)
    }

    async fn ack(&self) -> Settled {
        self.told(self.acker.ack(BasicAckOptions::default())).await
    }

    /// A closed channel loses nothing: the broker has the message still.
    async fn told(&self, telling: impl Future<Output = lapin::Result<bool>>) -> Settled {
        match timeout(self.broker.config().request_timeout, telling).await {
            Ok(Ok(true)) => Settled::Done,
            Ok(Ok(false) | Err(_)) | Err(_) => Settled::Lost,
        }
    }

    /// The original goes only once its copy is confirmed, so a crash between the two doubles a
    /// job and never loses one.
    async fn replaced_by(self, copied: Result<(), PublishError>) -> Settled {
        match copied {
            Ok(()) => self.replaced().await,
            Err(e) => {
                warn!(queue = self.queue, error = in_one_line(&e), "not moved; requeued instead");
                match self.requeue().await {
                    Settled::Done => Settled::Requeued,
                    other => other,
                }
            }
        }
    }

    /// Its copy is confirmed.
    async fn replaced(&self) -> Settled {
        match reach(Failpoint::Copied).await {
            Ok(()) => self.ack().await,
            // As if the connection had broken: there is two of it now.
            Err(_) => self.requeue().await,
        }
    }

    /// Moves it to a lane; `None` if that can't be done, or is not confirmed.
    pub(in crate::intake) async fn park(&self, delivery: &Delivery, lane: &str) -> Option<Settled> {
        match self.copy_to_lane(delivery, lane).await {
            Ok(()) => Some(self.replaced().await),
            Err(e) => {
                warn!(lane, error = in_one_line(&e), "not parked; it waits here instead");
                None
            }
        }
    }

    /// As it is, with how often it was handed out in vain. The parking itself does not count.
    async fn copy_to_lane(&self, delivery: &Delivery, lane: &str) -> Result<(), PublishError> {
        let before = AMQPValue::LongLongInt(delivery.delivery_count.into());
        let parked = Outgoing {
            exchange: "",
            routing_key: lane,
            mandatory: true,
            properties: message::copied(&self.properties, &[(DELIVERIES_BEFORE, before)]),
            payload: &delivery.body,
        };
        self.broker.publish_confirmed(parked).await
    }

    async fn copy_to_retry(
        &self,
        body: &[u8],
        attempt: u32,
        cause: &str,
        delay: Duration,
    ) -> Result<(), PublishError> {
        let config = self.broker.config();
        let delay_ms = delay.min(config.max_retry_delay).as_millis().max(1);
        let ours = [
            (ATTEMPT, AMQPValue::LongLongInt(i64::from(attempt) + 1)),
            (CAUSE, message::detail(cause)),
            (QUEUE, message::detail(self.home())),
        ];
        let properties = message::copied(&self.properties, &ours);
        let retry = Outgoing {
            exchange: &config.names.retry,
            routing_key: &self.queue,
            mandatory: true,
            properties: properties.with_expiration(short(&delay_ms.to_string())),
            payload: body,
        };
        self.broker.publish_confirmed(retry).await
    }

    async fn copy_to_dead(
        &self,
        body: &[u8],
        attempt: u32,
        reason: &str,
        detail: &str,
    ) -> Result<(), PublishError> {
        let ours = [
            (REASON, message::detail(reason)),
            (DETAIL, message::detail(detail)),
            (ATTEMPT, AMQPValue::LongLongInt(attempt.into())),
            (QUEUE, message::detail(self.home())),
            (DELIVERIES, AMQPValue::LongLongInt(self.deliveries.into())),
        ];
        let dead = Outgoing {
            exchange: "",
            routing_key: &self.broker.config().names.dead,
            mandatory: true,
            properties: message::copied(&self.properties, &ours),
            payload: body,
        };
        self.broker.publish_confirmed(dead).await
    }
}
