//! Who is next, and what has to wait in a lane: the rules of fairness, with nothing of a broker.
//!
//! ```text
//!                    ┌─ nothing else of this user waits ─► waiting: a turn of its own ─┐
//! judge.submissions ─┤                                                                 ├─► next
//!                    └─ something does ─► parked in the user's lane ─► a turn a lane ──┘
//! ```
//!
//! Turns are taken in the order in which they were asked for. A lane has one turn at a time, however
//! much it holds, and asks for it only when somebody looks for work: behind everything that has come by
//! then. So, from the moment at which a submission is here until it is taken, no other user comes
//! before it more often than there are places, counting what is in hand already. (That is a submission
//! of somebody who has no other one waiting; whoever has shares the turns of a lane.) Two users whose
//! lanes are the same share its turns, as far as they have more than one waiting. What other workers have
//! parked is not known to be somebody's until some of it was taken: until then it may be one more.
//!
//! No turn is skipped for ever: what asks later stands behind, and a lane stands back only for
//! deliveries that were here when it asked.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::message::Submitter;

#[cfg(test)]
mod tests;

/// Most users of one lane that are remembered. Others still have their turn; only that what they send
/// next may overtake what they have in the lane.
const MOST_REMEMBERED: usize = 1024;

/// What waits here, and what is believed of the lanes.
pub(super) struct Turns<T> {
    /// How many may be in hand at one time.
    places: usize,
    waiting: VecDeque<Turn<T>>,
    lanes: Vec<Lane>,
    in_hand: HashMap<Submitter, usize>,
    /// How many deliveries have come so far.
    arrivals: u64,
}

enum Turn<T> {
    Direct { submitter: Submitter, arrival: u64, item: T },
    OfLane(u16),
}

#[derive(Default)]
struct Lane {
    belief: Belief,
    /// Those known to have something in it: what they send goes there too, to stay in order.
    users: BTreeSet<Submitter>,
    /// On their way into it.
    parking: usize,
}

/// What is believed of a lane, and what follows from it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Belief {
    /// It holds nothing.
    #[default]
    Empty,
    /// It holds something, since so many deliveries had come, and has no turn yet.
    Asks(u64),
    /// It has a turn among those that wait.
    HasTurn,
    /// It is being asked; `told_again` if somebody said meanwhile that it holds something, of which the
    /// answer may not know.
    IsAsked { told_again: bool },
}

/// What there is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<T> {
    /// This one is in hand now.
    Direct(Submitter, T),
    /// This lane is to be asked; the answer goes to [`Turns::asked`].
    Ask(u16),
    /// Nothing that may be taken now. `lanes_wait` if that is for the lanes being closed.
    Nothing { lanes_wait: bool },
}

impl<T> Turns<T> {
    /// So many places, and so many lanes, none of which is known to hold anything. Without lanes,
    /// first come is first served.
    pub(super) fn new(places: usize, lanes: u16) -> Self {
        Self {
            places,
            waiting: VecDeque::new(),
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            in_hand: HashMap::new(),
            arrivals: 0,
        }
    }

    pub(super) fn set_places(&mut self, places: usize) {
        self.places = places;
    }

    /// How many deliveries wait here.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.iter().filter(|turn| matches!(turn, Turn::Direct { .. })).count()
    }

    /// Takes in a delivery, or gives it back with the lane that it is to be parked in, which is to be
    /// followed by [`Turns::parked`].
    pub(super) fn arrive(&mut self, submitter: Submitter, item: T) -> Option<(u16, T)> {
        let lanes = u16::try_from(self.lanes.len()).unwrap_or(u16::MAX);
        let lane = submitter.lane(lanes).filter(|lane| self.is_to_wait(submitter, *lane));
        let Some(lane) = lane else {
            self.keep(submitter, item);
            return None;
        };
        if let Some(lane) = self.lanes.get_mut(usize::from(lane)) {
            lane.remember(submitter);
            lane.parking += 1;
        }
        Some((lane, item))
    }

    /// Takes in a delivery whatever else waits.
    pub(super) fn keep(&mut self, submitter: Submitter, item: T) {
        self.arrivals += 1;
        self.waiting.push_back(Turn::Direct { submitter, arrival: self.arrivals, item });
    }

    /// Whether somebody has something waiting already: here, in the lane, or behind all places.
    fn is_to_wait(&self, submitter: Submitter, lane: u16) -> bool {
        let lane = self.lanes.get(usize::from(lane));
        let in_hand = self.in_hand.get(&submitter).copied().unwrap_or(0);
        lane.is_some_and(|lane| lane.users.contains(&submitter))
            || self.places <= in_hand
            || self.waiting.iter().any(
                |turn| matches!(turn, Turn::Direct { submitter: other, .. } if *other == submitter),
            )
    }

    /// What was on its way into a lane is there, or stayed here: one that was not confirmed may be in
    /// both places.
    pub(super) fn parked(&mut self, lane: u16) {
        if let Some(lane) = self.lanes.get_mut(usize::from(lane)) {
            lane.parking = lane.parking.saturating_sub(1);
        }
        self.holds(lane);
    }

    /// Somebody says that a lane holds something. Of a lane that there is not, this means nothing.
    pub(super) fn holds(&mut self, lane: u16) {
        let since = self.arrivals;
        let Some(lane) = self.lanes.get_mut(usize::from(lane)) else { return };
        match &mut lane.belief {
            empty @ Belief::Empty => *empty = Belief::Asks(since),
            Belief::IsAsked { told_again } => *told_again = true,
            Belief::Asks(_) | Belief::HasTurn => {}
        }
    }

    /// Any lane may hold something.
    pub(super) fn all_hold(&mut self) {
        for lane in 0..u16::try_from(self.lanes.len()).unwrap_or(u16::MAX) {
            self.holds(lane);
        }
    }

    /// The turn that is first. While the lanes are closed, theirs stand where they are, and what is here
    /// goes on.
    pub(super) fn next(&mut self, lanes_are_open: bool) -> Next<T> {
        self.give_turns_to_lanes();
        let may_go = |turn: &Turn<T>| lanes_are_open || matches!(turn, Turn::Direct { .. });
        let first = self.waiting.iter().position(may_go);
        match first.and_then(|first| self.waiting.remove(first)) {
            Some(Turn::Direct { submitter, item, .. }) => {
                self.take_in_hand(submitter);
                Next::Direct(submitter, item)
            }
            Some(Turn::OfLane(number)) => {
                if let Some(lane) = self.lanes.get_mut(usize::from(number)) {
                    lane.belief = Belief::IsAsked { told_again: false };
                }
                Next::Ask(number)
            }
            None => Next::Nothing { lanes_wait: !self.waiting.is_empty() },
        }
    }

    /// A lane that asks gets a turn, unless somebody who has something in it still has a delivery
    /// waiting that was here before.
    fn give_turns_to_lanes(&mut self) {
        for (number, lane) in (0..).zip(&mut self.lanes) {
            let Belief::Asks(since) = lane.belief else { continue };
            let stands_back = self.waiting.iter().any(|turn| match turn {
                Turn::Direct { submitter, arrival, .. } => {
                    *arrival <= since && lane.users.contains(submitter)
                }
                Turn::OfLane(_) => false,
            });
            if !stands_back {
                self.waiting.push_back(Turn::OfLane(number));
                lane.belief = Belief::HasTurn;
            }
        }
    }

    /// What a lane gave: something of somebody, which is in hand now, or nothing. `holds_more` if there
    /// is something behind it.
    pub(super) fn asked(&mut self, lane: u16, gave: Option<Submitter>, holds_more: bool) {
        let since = self.arrivals;
        if let Some(submitter) = gave {
            self.take_in_hand(submitter);
        }
        let Some(lane) = self.lanes.get_mut(usize::from(lane)) else { return };
        let told_again = lane.belief == Belief::IsAsked { told_again: true };
        if let Some(submitter) = gave {
            lane.remember(submitter);
        }
        if holds_more || told_again {
            lane.belief = Belief::Asks(since);
        } else {
            lane.belief = Belief::Empty;
            if lane.parking == 0 {
                lane.users.clear();
            }
        }
    }

    /// One that was in hand is settled.
    pub(super) fn settled(&mut self, submitter: Submitter) {
        if let Some(count) = self.in_hand.get_mut(&submitter) {
            *count -= 1;
            if *count == 0 {
                self.in_hand.remove(&submitter);
            }
        }
    }

    /// Gives up what waits here and is not worth keeping: all that `is_void` says.
    pub(super) fn remove(&mut self, is_void: impl Fn(&T) -> bool) -> Vec<T> {
        let mut void = Vec::new();
        for turn in std::mem::take(&mut self.waiting) {
            match turn {
                Turn::Direct { item, .. } if is_void(&item) => void.push(item),
                other => self.waiting.push_back(other),
            }
        }
        void
    }

    fn take_in_hand(&mut self, submitter: Submitter) {
        *self.in_hand.entry(submitter).or_default() += 1;
    }
}

impl Lane {
    fn remember(&mut self, submitter: Submitter) {
        if self.users.len() < MOST_REMEMBERED {
            self.users.insert(submitter);
        }
    }
}
