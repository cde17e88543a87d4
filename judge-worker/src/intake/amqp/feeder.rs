//! Brings live work into the line, and parks what is to wait for its user's turn.
//!
//! ```text
//! judge.submissions ─► consumer ─► the line ─► the worker
//!                          └─ its user has something waiting ─► judge.lane.<n>, confirmed; then acked
//! ```
//!
//! A consumer with as many places as the worker has would never see who stands behind the submissions
//! of one user. So there is one place more; and as soon as what stands there is to be parked, a second
//! consumer, which takes many at once, *sweeps* the queue until it is silent, or has brought more that
//! stays here than the worker has places: that would wait here while another worker may be idle.
//! Parking needs neither a slot nor the database. What is parked is as large as what is fetched, so
//! memory is bounded by the prefetch of both.

use std::{pin::Pin, sync::Arc};

use futures_util::{
    StreamExt,
    stream::{FuturesUnordered, SelectAll},
};
use lapin::{
    Channel, Consumer,
    options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::{FieldTable, ShortString},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    backoff::Backoff,
    broker::{Broker, BrokerError, in_one_line},
    consumer::{give_back, next_session},
    line::Line,
    message::{self, short},
    supervisor::Session,
    sweep, topology,
};
use crate::intake::{Delivery, Lane, settle::park};

/// What a sweep has in hand at once: so much that confirming and acking one overlaps with the next.
/// Each counts a delivery when the connection breaks, though its copy in the lane begins with what it
/// had before.
const SWEPT_AT_ONCE: u16 = 64;

/// Feeds the live queue's deliveries into the line, on one session after another.
pub(super) struct Feeder {
    pub(super) broker: Broker,
    pub(super) line: Line,
    pub(super) prefetch: watch::Receiver<u16>,
    pub(super) stop: CancellationToken,
}

/// Deliveries being parked. All are polled by one task, so that they are published in their order.
type Parking = FuturesUnordered<Parked>;

/// The lane, and the delivery if it could not be moved there.
type Parked = Pin<Box<dyn Future<Output = (u16, Result<(), Box<Delivery>>)> + Send>>;

/// The consumers of one session.
struct Consuming {
    channel: Channel,
    deliveries: SelectAll<Consumer>,
    main: ShortString,
    sweeper: Option<ShortString>,
}

impl Feeder {
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new(self.broker.config().max_backoff);
        let mut first = true;
        while let Some(session) = next_session(&self.broker, &self.stop).await {
            let mut parking = Parking::new();
            let fed = self.feed(&session, first, &mut parking, &mut backoff).await;
            // Theirs is an end of its own, within the time for a confirm. What was published on a
            // session that broke may be in the lane, and comes again all the same.
            let line = self.line.clone();
            let ending = async move {
                while let Some((lane, parked)) = parking.next().await {
                    note_parked(&line, lane, parked);
                }
            };
            match fed {
                Ok(()) => return ending.await,
                Err(e) => {
                    drop(tokio::spawn(ending));
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
        parking: &mut Parking,
        backoff: &mut Backoff,
    ) -> Result<(), BrokerError> {
        if !first {
            // Somebody may have deleted the queue under us.
            topology::declare(&session.consuming, self.broker.config()).await?;
        }
        for void in self.line.remove(|delivery| !delivery.ticket.is_live()) {
            void.ticket.forget();
        }
        // What is there by now, nobody has told us.
        self.line.all_hold();
        let mut consuming = self.start(session).await?;
        backoff.reset();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    self.stop(consuming).await;
                    return Ok(());
                }
                Ok(()) = self.prefetch.changed() => {
                    // `basic.qos` holds for consumers that start after it. The old one's stream
                    // ends behind what it has prefetched.
                    let places = *self.prefetch.borrow_and_update();
                    self.line.set_places(places.into());
                    self.cancel(&consuming.channel, consuming.main.clone()).await?;
                    consuming.main = self.consume(&mut consuming, self.prefetch_of(places)).await?;
                }
                Some((lane, parked)) = parking.next(), if !parking.is_empty() => {
                    note_parked(&self.line, lane, parked);
                }
                () = self.broker.gone(&consuming.channel, session) => return Err(BrokerError::Down),
                message = consuming.deliveries.next() => {
                    let Some(message) = message else { return Err(BrokerError::Cancelled) };
                    let message = message
                        .map_err(|source| BrokerError::Request { request: "a delivery", source })?;
                    let delivery = self.delivery(&consuming.channel, message);
                    if let Some((lane, delivery)) = self.line.arrive(delivery) {
                        parking.push(self.park(lane, delivery));
                        self.begin_sweep(&mut consuming).await?;
                    } else if self.fetched_ahead() {
                        self.end_sweep(&mut consuming).await?;
                    }
                }
                () = sleep(sweep::QUIET), if consuming.sweeper.is_some() && parking.is_empty() => {
                    self.end_sweep(&mut consuming).await?;
                }
            }
        }
    }

    fn park(&self, lane: u16, delivery: Delivery) -> Parked {
        let queue = self.broker.config().names.lane(lane);
        Box::pin(async move { (lane, park(delivery, &queue).await.map(drop)) })
    }

    /// Whether more waits here than a worker should keep from the others.
    fn fetched_ahead(&self) -> bool {
        usize::from(*self.prefetch.borrow()) < self.line.waiting()
    }

    async fn begin_sweep(&self, consuming: &mut Consuming) -> Result<(), BrokerError> {
        if consuming.sweeper.is_none() && !self.fetched_ahead() {
            consuming.sweeper = Some(self.consume(consuming, SWEPT_AT_ONCE).await?);
        }
        Ok(())
    }

    async fn end_sweep(&self, consuming: &mut Consuming) -> Result<(), BrokerError> {
        match consuming.sweeper.take() {
            Some(tag) => self.cancel(&consuming.channel, tag).await,
            None => Ok(()),
        }
    }

    /// One more than there are places, where there is something to do about it.
    fn prefetch_of(&self, places: u16) -> u16 {
        places.saturating_add((0 < self.broker.config().lanes).into())
    }

    async fn start(&mut self, session: &Session) -> Result<Consuming, BrokerError> {
        let mut consuming = Consuming {
            channel: self.broker.channel(&session.consuming).await?,
            deliveries: SelectAll::new(),
            main: short(""),
            sweeper: None,
        };
        let places = *self.prefetch.borrow_and_update();
        self.line.set_places(places.into());
        consuming.main = self.consume(&mut consuming, self.prefetch_of(places)).await?;
        Ok(consuming)
    }

    async fn consume(
        &self,
        consuming: &mut Consuming,
        prefetch: u16,
    ) -> Result<ShortString, BrokerError> {
        let qos = consuming.channel.basic_qos(prefetch, BasicQosOptions::default());
        self.broker.within("a prefetch count", qos).await?;
        let consume = consuming.channel.basic_consume(
            short(&self.broker.config().names.submissions),
            short(""),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = self.broker.within("a consumer", consume).await?;
        let tag = consumer.tag();
        consuming.deliveries.push(consumer);
        Ok(tag)
    }

    async fn cancel(&self, channel: &Channel, tag: ShortString) -> Result<(), BrokerError> {
        let cancel = channel.basic_cancel(tag, BasicCancelOptions::default());
        self.broker.within("the end of a consumer", cancel).await
    }

    /// After the cancel the streams end behind what the library still holds, which goes back. First the
    /// broker is told of both: what is given back before that, it would hand us again.
    async fn stop(&self, consuming: Consuming) {
        let Consuming { channel, mut deliveries, main, sweeper } = consuming;
        for tag in [Some(main), sweeper].into_iter().flatten() {
            if let Err(e) = self.cancel(&channel, tag).await {
                warn!(
                    error = in_one_line(&e),
                    "consumer not cancelled; the broker takes all of it back"
                );
                return;
            }
        }
        let given_back = async {
            while let Some(Ok(message)) = deliveries.next().await {
                give_back(self.delivery(&channel, message)).await;
            }
        };
        if timeout(self.broker.config().request_timeout, given_back).await.is_err() {
            warn!("what was fetched was not given back in time; the broker takes it back later");
        }
    }

    fn delivery(&self, channel: &Channel, message: lapin::message::Delivery) -> Delivery {
        let queue = &self.broker.config().names.submissions;
        message::delivery(&self.broker, channel, Lane::Live, queue, message)
    }
}

fn note_parked(line: &Line, lane: u16, parked: Result<(), Box<Delivery>>) {
    match parked {
        Ok(()) => line.parked(lane),
        Err(delivery) => line.not_parked(lane, *delivery),
    }
}
