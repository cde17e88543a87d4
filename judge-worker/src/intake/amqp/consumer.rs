//! Takes deliveries: live work is pushed and stands in line, lanes and bulk work are pulled while
//! somebody waits for work.
//!
//! Lanes have their turns in the line ([`turns`](super::turns)). Bulk work is asked for only when
//! nothing else is there, and live work has been silent for a while. What was pulled is handed out first.

use std::{num::NonZeroU16, pin::pin, time::Duration};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::warn;

use super::{
    broker::{Broker, BrokerError, in_one_line},
    feeder::Feeder,
    hints,
    line::{Line, Offer},
    puller::{Pull, Pulled, Puller},
    supervisor::Session,
};
use crate::intake::{Delivery, Lane};

/// How often all lanes are looked at, believed to hold something or not. What nobody was told of is what
/// a worker had in hand that died, and for that its lease has to run out as well, which takes longer.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// The longest pause between two questions for bulk work, unless the first one is longer: a worker with
/// nothing to do is to sleep, and nobody waits for bulk work by the second.
const LONGEST_BULK_PAUSE: Duration = Duration::from_secs(5);

/// Pause after a queue could not be asked, for all queues.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Deliveries from all queues, over every reconnect. Ends only when asked to.
pub struct AmqpSource {
    line: Line,
    puller: Puller,
    /// A pull under way. It is nobody else's, so what it gives waits here for the next caller.
    pulling: Option<(Pull, Pulling)>,
    /// When lanes and bulk work may be asked again, after a failure.
    resume: Instant,
    /// When all lanes are looked at next.
    look: Instant,
    /// When bulk work may be asked for, if live work stays silent.
    bulk: Instant,
    bulk_poll: Duration,
    /// Before the next question for bulk work, if there is none: the longer, the longer there was none.
    bulk_pause: Duration,
    prefetch: watch::Sender<u16>,
    stop: CancellationToken,
    feeder: Option<JoinHandle<()>>,
    _stop_on_drop: DropGuard,
}

type Pulling = JoinHandle<Result<Option<Pulled>, BrokerError>>;

impl Broker {
    /// Starts consuming with [`BrokerConfig::prefetch`](super::BrokerConfig::prefetch).
    pub fn consume(&self) -> AmqpSource {
        // A child, so that closing the broker ends the consumers as well.
        let stop = self.shutdown().child_token();
        let places = self.config().prefetch.get();
        let line = Line::new(places.into(), self.config().lanes);
        let (prefetch, prefetch_rx) = watch::channel(places);
        let feeder = Feeder {
            broker: self.clone(),
            line: line.clone(),
            prefetch: prefetch_rx,
            stop: stop.clone(),
        };
        if 0 < self.config().lanes {
            let until = stop.clone();
            let (announcing, listening) = (
                hints::announce(self.clone(), line.clone()),
                hints::listen(self.clone(), line.clone()),
            );
            tokio::spawn(async move {
                tokio::select! {
                    () = until.cancelled() => {}
                    () = announcing => {}
                    () = listening => {}
                }
            });
        }
        let (now, bulk_poll) = (Instant::now(), self.config().bulk_poll);
        AmqpSource {
            line,
            puller: Puller::new(self, stop.clone()),
            pulling: None,
            resume: now,
            look: now + LOOK_INTERVAL,
            bulk: now + bulk_poll,
            bulk_poll,
            bulk_pause: bulk_poll,
            prefetch,
            feeder: Some(tokio::spawn(feeder.run())),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        }
    }
}

impl AmqpSource {
    /// The next delivery; `None` after [`AmqpSource::stop_consuming`]. Safe to cancel.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            let delivery = self.take().await?;
            if delivery.ticket.is_live() {
                self.bulk_pause = self.bulk_poll;
                if delivery.lane != Lane::Bulk {
                    self.bulk = Instant::now() + self.bulk_poll;
                }
                return Some(delivery);
            }
            // It came on a channel that is gone, and will come again on another.
            delivery.ticket.forget();
        }
    }

    async fn take(&mut self) -> Option<Delivery> {
        let line = self.line.clone();
        loop {
            if self.stop.is_cancelled() {
                return None;
            }
            if let Some(delivery) = self.pulled().await {
                return Some(delivery);
            }
            let now = Instant::now();
            if self.look <= now {
                self.look = now + LOOK_INTERVAL;
                line.all_hold();
            }
            let may_pull = self.resume <= now;
            // Registered before looking, so that no change falls in between.
            let changed = pin!(line.changed());
            let again = match line.next(may_pull) {
                Offer::Delivery(delivery) => return Some(*delivery),
                Offer::Ask(lane) => {
                    self.pull(Pull::Lane(lane));
                    continue;
                }
                Offer::Nothing { lanes_open: Some(open) } => open,
                Offer::Nothing { lanes_open: None } if !may_pull => self.resume,
                Offer::Nothing { lanes_open: None } if self.bulk <= now => {
                    self.pull(Pull::Bulk);
                    continue;
                }
                Offer::Nothing { lanes_open: None } => self.bulk,
            };
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = changed => {}
                () = sleep_until(again.min(self.look)) => {}
            }
        }
    }

    fn pull(&mut self, from: Pull) {
        self.pulling = Some((from, tokio::spawn(self.puller.clone().pull(from))));
    }

    /// What the pull under way gives, if there is one. Safe to cancel.
    async fn pulled(&mut self) -> Option<Delivery> {
        let (from, pulling) = self.pulling.as_mut()?;
        let (from, pulled) = (*from, pulling.await);
        self.pulling = None;
        let now = Instant::now();
        let pulled = match pulled {
            Ok(Ok(pulled)) => pulled,
            Ok(Err(e)) => {
                warn!(?from, error = in_one_line(&e), "cannot ask for work; will retry");
                self.resume = now + AFTER_FAILURE;
                None
            }
            Err(e) => {
                warn!(?from, error = %e, "asking for work failed; the broker redelivers");
                self.resume = now + AFTER_FAILURE;
                None
            }
        };
        let holds_more = pulled.as_ref().is_some_and(|pulled| pulled.holds_more);
        let mut delivery = pulled.map(|pulled| pulled.delivery);
        match from {
            Pull::Lane(lane) => {
                // One that has failed is looked at with all others: it may be gone.
                self.line.asked(lane, delivery.as_mut(), holds_more);
            }
            Pull::Bulk if delivery.is_none() => {
                self.bulk = now + self.bulk_pause;
                self.bulk_pause = (2 * self.bulk_pause).min(self.bulk_poll.max(LONGEST_BULK_PAUSE));
            }
            Pull::Bulk => {}
        }
        delivery
    }

    /// Changes the number of live deliveries held at once. Those in hand still count for the old
    /// number, so that for a while there may be as many as both together.
    pub fn set_prefetch(&self, prefetch: NonZeroU16) {
        let prefetch = prefetch.get();
        self.prefetch.send_if_modified(|now| std::mem::replace(now, prefetch) != prefetch);
    }

    /// Takes no more: tells the broker, and gives back what was fetched but not handed out. That
    /// counts as a delivery of each, like anything given back. What is in hand stays valid.
    pub async fn stop_consuming(&mut self) {
        self.stop.cancel();
        // First the broker is told: what is given back before that, it would hand us again.
        if let Some(feeder) = self.feeder.take()
            && let Err(e) = feeder.await
        {
            warn!(error = %e, "a consumer task failed; the broker redelivers what it held");
        }
        if let Some(delivery) = self.pulled().await {
            give_back(delivery).await;
        }
        for delivery in self.line.remove(|_| true) {
            give_back(delivery).await;
        }
    }
}

pub(super) async fn give_back(delivery: Delivery) {
    // Lost or not, it is the broker's again.
    let _ = crate::intake::settle(delivery, crate::intake::Disposition::Requeue).await;
}

pub(super) async fn next_session(
    broker: &Broker,
    stop: &CancellationToken,
) -> Option<std::sync::Arc<Session>> {
    tokio::select! {
        () = stop.cancelled() => None,
        session = broker.session() => session,
    }
}
