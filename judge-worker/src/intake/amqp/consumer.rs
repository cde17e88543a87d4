//! Takes deliveries: live work is pushed and prefetched, bulk work is pulled while a slot is free.
//!
//! Bulk work is not prefetched, since a delivery that waits behind live work for half an hour
//! runs into the broker's `consumer_timeout`. It is asked for only when [`AmqpSource::next`] waits
//! in vain, and what was fetched so is handed out first.

use std::{num::NonZeroU16, sync::Arc};

use futures_util::{StreamExt, stream::SelectAll};
use lapin::{
    Channel, Consumer,
    options::{BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    message::{self, short},
    supervisor::Session,
    topology,
};
use crate::intake::{Delivery, Lane};

/// Deliveries between the feeding task and the worker. The rest of the prefetched ones waits in
/// the client library.
const READ_AHEAD: usize = 64;

/// Deliveries from both queues, over every reconnect. Ends only when asked to.
pub struct AmqpSource {
    live: mpsc::Receiver<Delivery>,
    bulk: mpsc::Receiver<Delivery>,
    idle: watch::Sender<Idle>,
    prefetch: watch::Sender<NonZeroU16>,
    stop: CancellationToken,
    feeders: Vec<JoinHandle<()>>,
    _stop_on_drop: DropGuard,
}

/// What the bulk lane must know of the live one.
#[derive(Clone, Copy)]
struct Idle {
    /// Somebody waits for work right now.
    waiting: bool,
    /// When live work was last handed out, or could have been for the first time.
    last_live: Instant,
}

impl Broker {
    /// Starts consuming both queues with [`BrokerConfig::prefetch`](super::BrokerConfig::prefetch).
    pub fn consume(&self) -> AmqpSource {
        // A child, so that closing the broker ends the consumers as well.
        let stop = self.shutdown().child_token();
        let (live_tx, live) = mpsc::channel(READ_AHEAD);
        let (bulk_tx, bulk) = mpsc::channel(1);
        let (prefetch, prefetch_rx) = watch::channel(self.config().prefetch);
        let (idle, idle_rx) = watch::channel(Idle { waiting: false, last_live: Instant::now() });
        let feeder = LiveFeeder {
            broker: self.clone(),
            deliveries: live_tx,
            prefetch: prefetch_rx,
            stop: stop.clone(),
        };
        let puller = BulkPuller {
            broker: self.clone(),
            deliveries: bulk_tx,
            idle: idle_rx,
            stop: stop.clone(),
        };
        let feeders = vec![tokio::spawn(feeder.run()), tokio::spawn(puller.run())];
        AmqpSource {
            _stop_on_drop: stop.clone().drop_guard(),
            live,
            bulk,
            idle,
            prefetch,
            stop,
            feeders,
        }
    }
}

impl AmqpSource {
    /// The next delivery; `None` after [`AmqpSource::stop_consuming`]. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.take().await?;
            if delivery.ticket.is_live() {
                return Some(delivery);
            }
            // It came on a channel that is gone, and will come again on another.
            delivery.ticket.forget();
        }
    }

    async fn take(&mut self) -> Option<Delivery> {
        let ready = self.bulk.try_recv().or_else(|_| self.live.try_recv());
        let delivery = if let Ok(ready) = ready {
            Some(ready)
        } else {
            let _waiting = Waiting::announce(&self.idle);
            tokio::select! {
                biased;
                Some(delivery) = self.bulk.recv() => Some(delivery),
                delivery = self.live.recv() => delivery,
            }
        };
        if delivery.as_ref().is_some_and(|delivery| delivery.lane == Lane::Live) {
            self.idle.send_modify(|idle| idle.last_live = Instant::now());
        }
        delivery
    }

    /// Changes the number of live deliveries held at once. Those in hand still count for the old
    /// number, so that for a while there may be as many as both together.
    pub fn set_prefetch(&self, prefetch: NonZeroU16) {
        self.prefetch.send_if_modified(|now| std::mem::replace(now, prefetch) != prefetch);
    }

    /// Takes no more: tells the broker, and gives back what was fetched but not handed out. That
    /// counts as a delivery of each, like anything given back. What is in hand stays valid.
    pub async fn stop_consuming(&mut self) {
        self.stop.cancel();
        // First they tell the broker: what is given back before that, it would hand us again.
        for feeder in self.feeders.drain(..) {
            if let Err(e) = feeder.await {
                warn!(error = %e, "a consumer task failed; the broker redelivers what it held");
            }
        }
        while let Ok(delivery) = self.bulk.try_recv() {
            give_back(delivery).await;
        }
        while let Ok(delivery) = self.live.try_recv() {
            give_back(delivery).await;
        }
    }
}

async fn give_back(delivery: Delivery) {
    // Lost or not, it is the broker's again.
    let _ = crate::intake::settle(delivery, crate::intake::Disposition::Requeue).await;
}

/// Says that somebody waits, for as long as it lives: a cancelled `next` waits no longer.
struct Waiting<'a>(&'a watch::Sender<Idle>);

impl<'a> Waiting<'a> {
    fn announce(idle: &'a watch::Sender<Idle>) -> Self {
        idle.send_modify(|idle| idle.waiting = true);
        Self(idle)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|idle| idle.waiting = false);
    }
}

/// Feeds the live queue's deliveries to the worker, on one session after another.
struct LiveFeeder {
    broker: Broker,
    deliveries: mpsc::Sender<Delivery>,
    prefetch: watch::Receiver<NonZeroU16>,
    stop: CancellationToken,
}

impl LiveFeeder {
    async fn run(mut self) {
        let mut backoff = Backoff::new(self.broker.config().max_backoff);
        let mut first = true;
        while let Some(session) = next_session(&self.broker, &self.stop).await {
            match self.feed(&session, first, &mut backoff).await {
                Ok(()) => return,
                Err(e) => {
                    warn!(error = in_one_line(&e), "consuming was interrupted; starting over");
                }
            }
            first = false;
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = backoff.pause() => {}
            }
        }
    }

    /// `Ok` when told to stop.
    async fn feed(
        &mut self,
        session: &Arc<Session>,
        first: bool,
        backoff: &mut Backoff,
    ) -> Result<(), BrokerError> {
        if !first {
            // Somebody may have deleted the queue under us.
            topology::declare(&session.consuming, self.broker.config()).await?;
        }
        let channel = self.broker.channel(&session.consuming).await?;
        let mut consumers = SelectAll::new();
        let prefetch = *self.prefetch.borrow_and_update();
        let mut tag = self.start(&channel, &mut consumers, prefetch).await?;
        backoff.reset();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    self.stop(&channel, tag, consumers).await;
                    return Ok(());
                }
                Ok(()) = self.prefetch.changed() => {
                    // `basic.qos` holds for consumers that start after it. The old one's stream
                    // ends behind what it has prefetched.
                    let prefetch = *self.prefetch.borrow_and_update();
                    self.cancel(&channel, tag).await?;
                    tag = self.start(&channel, &mut consumers, prefetch).await?;
                }
                () = self.broker.gone(&channel, session) => return Err(BrokerError::Down),
                message = consumers.next() => {
                    let Some(message) = message else { return Err(BrokerError::Cancelled) };
                    let message = message
                        .map_err(|source| BrokerError::Request { request: "a delivery", source })?;
                    if let Some(unwanted) = self.hand_over(&channel, message).await {
                        self.stop(&channel, tag, consumers).await;
                        give_back(unwanted).await;
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn start(
        &self,
        channel: &Channel,
        consumers: &mut SelectAll<Consumer>,
        prefetch: NonZeroU16,
    ) -> Result<ShortString, BrokerError> {
        let qos = channel.basic_qos(prefetch.get(), BasicQosOptions::default());
        self.broker.within("a prefetch count", qos).await?;
        let consume = channel.basic_consume(
            short(&self.broker.config().names.submissions),
            short(""),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = self.broker.within("a consumer", consume).await?;
        let tag = consumer.tag();
        consumers.push(consumer);
        Ok(tag)
    }

    async fn cancel(&self, channel: &Channel, tag: ShortString) -> Result<(), BrokerError> {
        let cancel = channel.basic_cancel(tag, BasicCancelOptions::default());
        self.broker.within("the end of a consumer", cancel).await
    }

    /// After the cancel the streams end behind what the library still holds, which goes back.
    async fn stop(&self, channel: &Channel, tag: ShortString, mut consumers: SelectAll<Consumer>) {
        if let Err(e) = self.cancel(channel, tag).await {
            warn!(
                error = in_one_line(&e),
                "consumer not cancelled; the broker takes all of it back"
            );
            return;
        }
        let given_back = async {
            while let Some(Ok(message)) = consumers.next().await {
                give_back(self.delivery(channel, message)).await;
            }
        };
        if timeout(self.broker.config().request_timeout, given_back).await.is_err() {
            warn!("what was fetched was not given back in time; the broker takes it back later");
        }
    }

    /// Returns the delivery when nobody will take it.
    async fn hand_over(
        &self,
        channel: &Channel,
        message: lapin::message::Delivery,
    ) -> Option<Delivery> {
        let delivery = self.delivery(channel, message);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Some(delivery),
            permit = self.deliveries.reserve() => match permit {
                Ok(permit) => {
                    permit.send(delivery);
                    None
                }
                Err(_) => Some(delivery),
            },
        }
    }

    fn delivery(&self, channel: &Channel, message: lapin::message::Delivery) -> Delivery {
        let queue = &self.broker.config().names.submissions;
        message::delivery(&self.broker, channel, Lane::Live, queue, message)
    }
}

/// Pulls bulk work, one at a time, while the worker waits and the live queue is silent.
struct BulkPuller {
    broker: Broker,
    deliveries: mpsc::Sender<Delivery>,
    idle: watch::Receiver<Idle>,
    stop: CancellationToken,
}

impl BulkPuller {
    async fn run(mut self) {
        let mut backoff = Backoff::new(self.broker.config().max_backoff);
        while let Some(session) = next_session(&self.broker, &self.stop).await {
            match self.pull(&session, &mut backoff).await {
                Ok(()) => return,
                Err(e) => {
                    warn!(error = in_one_line(&e), "bulk work was interrupted; starting over");
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = backoff.pause() => {}
            }
        }
    }

    /// `Ok` when told to stop.
    async fn pull(&mut self, session: &Session, backoff: &mut Backoff) -> Result<(), BrokerError> {
        let channel = self.broker.channel(&session.consuming).await?;
        let stop = self.stop.clone();
        let queue = self.broker.config().names.rejudge.clone();
        let pause = self.broker.config().bulk_poll;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                idle = self.until_idle() => if !idle { return Ok(()) },
            }
            // Not under `select!`: a delivery that nobody awaits would be nobody's.
            let get = channel.basic_get(short(&queue), BasicGetOptions::default());
            let Some(got) = self.broker.within("bulk work", get).await? else {
                backoff.reset();
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = sleep(pause) => continue,
                }
            };
            backoff.reset();
            let delivery =
                message::delivery(&self.broker, &channel, Lane::Bulk, &queue, got.delivery);
            // There is room: only this task sends, and it waited for room.
            if let Err(unsent) = self.deliveries.try_send(delivery) {
                give_back(unsent.into_inner()).await;
            }
        }
    }

    /// Waits until a slot is free, nothing fetched waits for it, and live work has been silent
    /// for one polling interval. False when the source is gone.
    async fn until_idle(&mut self) -> bool {
        let quiet = self.broker.config().bulk_poll;
        loop {
            if self.deliveries.reserve().await.is_err() {
                return false;
            }
            let Ok(idle) = self.idle.wait_for(|idle| idle.waiting).await.map(|idle| *idle) else {
                return false;
            };
            let quiet_at = idle.last_live + quiet;
            if quiet_at <= Instant::now() {
                return true;
            }
            sleep_until(quiet_at).await;
        }
    }
}

async fn next_session(broker: &Broker, stop: &CancellationToken) -> Option<Arc<Session>> {
    tokio::select! {
        () = stop.cancelled() => None,
        session = broker.session() => session,
    }
}
