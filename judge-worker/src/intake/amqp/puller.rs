//! Takes one message out of a queue at a time, when there is room for it: out of lanes, and bulk work.
//!
//! Neither is prefetched. What is in a lane would wait in this worker while its turn comes in another,
//! and bulk work that waits behind live work for half an hour runs into the broker's
//! `consumer_timeout`.

use std::sync::Arc;

use lapin::{Channel, options::BasicGetOptions};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    broker::{Broker, BrokerError},
    consumer::next_session,
    message::{self, short},
};
use crate::intake::{Delivery, Lane};

/// Where to take from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pull {
    Lane(u16),
    Bulk,
}

/// What was first in a queue.
pub(super) struct Pulled {
    pub(super) delivery: Delivery,
    /// Whether there was something behind it.
    pub(super) holds_more: bool,
}

/// Clones share a channel.
#[derive(Clone)]
pub(super) struct Puller {
    broker: Broker,
    channel: Arc<Mutex<Option<Channel>>>,
    stop: CancellationToken,
}

impl Puller {
    pub(super) fn new(broker: &Broker, stop: CancellationToken) -> Self {
        Self { broker: broker.clone(), channel: Arc::default(), stop }
    }

    /// What is first there, or nothing. Not to be cancelled: a delivery that nobody awaits would be
    /// nobody's. It ends by itself, at the latest when its source is told to stop, or when an answer
    /// takes too long.
    pub(super) async fn pull(self, from: Pull) -> Result<Option<Pulled>, BrokerError> {
        let mut open = self.channel.lock().await;
        let usable = open.as_ref().filter(|channel| channel.status().connected());
        let channel = if let Some(channel) = usable {
            channel.clone()
        } else {
            let session = next_session(&self.broker, &self.stop).await;
            let session = session.ok_or(BrokerError::Down)?;
            open.insert(self.broker.channel(&session.consuming).await?).clone()
        };
        let names = &self.broker.config().names;
        let (lane, queue) = match from {
            Pull::Lane(number) => (Lane::Parked, names.lane(number)),
            Pull::Bulk => (Lane::Bulk, names.rejudge.clone()),
        };
        let get = channel.basic_get(short(&queue), BasicGetOptions::default());
        match self.broker.within("one message of a queue", get).await {
            Ok(got) => Ok(got.map(|got| Pulled {
                holds_more: 0 < got.message_count,
                delivery: message::delivery(&self.broker, &channel, lane, &queue, got.delivery),
            })),
            Err(e) => {
                // An answer that comes late must not be taken for that to the next question.
                open.take();
                Err(e)
            }
        }
    }
}
