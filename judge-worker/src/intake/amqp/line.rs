//! The line in which deliveries stand, shared by those who bring them, who park them, who hear of lanes,
//! and who takes the next.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use super::{
    sweep::Sweep,
    turns::{Next, Turns},
};
use crate::intake::Delivery;
use crate::message::Submitter;

/// See above; clones share it.
#[derive(Clone)]
pub(super) struct Line(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    changed: Notify,
    /// There is something in [`State::unannounced`].
    to_announce: Notify,
}

struct State {
    turns: Turns<Delivery>,
    sweep: Sweep,
    /// Lanes of which the other workers don't know yet that they hold something.
    unannounced: BTreeSet<u16>,
}

/// What the worker can have now.
pub(super) enum Offer {
    /// This.
    Delivery(Box<Delivery>),
    /// What this lane holds, if it does: see [`Line::asked`].
    Ask(u16),
    /// Nothing before something changes; the lanes are closed until then, if given.
    Nothing {
        /// When to ask again.
        lanes_open: Option<Instant>,
    },
}

impl Line {
    pub(super) fn new(places: usize, lanes: u16) -> Self {
        let state = State {
            turns: Turns::new(places, lanes),
            sweep: Sweep::default(),
            unannounced: BTreeSet::new(),
        };
        let (changed, to_announce) = (Notify::new(), Notify::new());
        Self(Arc::new(Inner { state: Mutex::new(state), changed, to_announce }))
    }

    /// Registered at once: no change falls between this and awaiting it.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }

    pub(super) fn set_places(&self, places: usize) {
        self.state().turns.set_places(places);
    }

    /// How many deliveries wait.
    pub(super) fn waiting(&self) -> usize {
        self.state().turns.waiting()
    }

    /// Takes in a delivery, or says in which lane it is to be parked: then [`Line::parked`] or
    /// [`Line::not_parked`] follows.
    pub(super) fn arrive(&self, delivery: Delivery) -> Option<(u16, Delivery)> {
        let (submitter, now) = (submitter(&delivery), Instant::now());
        let mut state = self.state();
        let parking = state.turns.arrive(submitter, delivery);
        match &parking {
            Some(_) => state.sweep.parks(now),
            None => state.sweep.stirs(now),
        }
        drop(state);
        self.0.changed.notify_waiters();
        parking
    }

    /// It is in its lane, where others may look for it as well.
    pub(super) fn parked(&self, lane: u16) {
        let mut state = self.state();
        state.turns.parked(lane);
        state.sweep.parked(Instant::now());
        state.unannounced.insert(lane);
        drop(state);
        self.0.to_announce.notify_one();
        self.0.changed.notify_waiters();
    }

    /// It could not be moved, and waits here.
    pub(super) fn not_parked(&self, lane: u16, delivery: Delivery) {
        let submitter = submitter(&delivery);
        let mut state = self.state();
        state.turns.parked(lane);
        state.sweep.parked(Instant::now());
        state.turns.keep(submitter, delivery);
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// Somebody says that these lanes hold something.
    pub(super) fn hold(&self, lanes: &[u16]) {
        let mut state = self.state();
        for lane in lanes {
            state.turns.holds(*lane);
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    /// Any lane may hold something.
    pub(super) fn all_hold(&self) {
        self.state().turns.all_hold();
        self.0.changed.notify_waiters();
    }

    /// What is next. `lanes_are_open`: as far as the caller is concerned.
    pub(super) fn next(&self, lanes_are_open: bool) -> Offer {
        let now = Instant::now();
        let mut state = self.state();
        let opens = state.sweep.opens(now);
        match state.turns.next(lanes_are_open && opens.is_none()) {
            Next::Direct(submitter, mut delivery) => {
                drop(state);
                delivery.ticket.take_place(self.place_of(submitter));
                Offer::Delivery(Box::new(delivery))
            }
            Next::Ask(lane) => Offer::Ask(lane),
            Next::Nothing { lanes_wait } => {
                Offer::Nothing { lanes_open: opens.filter(|_| lanes_wait) }
            }
        }
    }

    /// What came of asking a lane, and whether there is something behind it.
    pub(super) fn asked(&self, lane: u16, gave: Option<&mut Delivery>, holds_more: bool) {
        let submitter = gave.as_deref().map(submitter);
        self.state().turns.asked(lane, submitter, holds_more);
        if let (Some(delivery), Some(submitter)) = (gave, submitter) {
            delivery.ticket.take_place(self.place_of(submitter));
        }
    }

    /// Takes out deliveries that nobody waits for any more.
    pub(super) fn remove(&self, is_void: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        self.state().turns.remove(is_void)
    }

    /// The lanes to tell the others of; waits until there are some. Safe to cancel.
    pub(super) async fn to_announce(&self) -> Vec<u16> {
        loop {
            let lanes = std::mem::take(&mut self.state().unannounced);
            if !lanes.is_empty() {
                return lanes.into_iter().collect();
            }
            self.0.to_announce.notified().await;
        }
    }

    fn place_of(&self, submitter: Submitter) -> Place {
        Place { line: self.clone(), submitter }
    }

    /// Nothing panics while it holds the lock halfway through a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn submitter(delivery: &Delivery) -> Submitter {
    delivery.body().map_or(Submitter::NOBODY, Submitter::of_body)
}

/// The place that a delivery in hand takes up until it is settled.
pub(in crate::intake) struct Place {
    line: Line,
    submitter: Submitter,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.state().turns.settled(self.submitter);
    }
}
