use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;

use super::*;

fn user(name: &str) -> Submitter {
    Submitter::of_body(format!(r#"{{"userId":"{name}"}}"#).as_bytes())
}

/// Two users with lanes of their own, of `lanes`.
fn apart(lanes: u16) -> (Submitter, Submitter) {
    let (anna, mut others) = (user("anna"), (0..).map(|n| user(&format!("ben-{n}"))));
    let ben = others.find(|ben| ben.lane(lanes) != anna.lane(lanes));
    (anna, ben.expect("one of infinitely many"))
}

#[test]
fn who_has_nothing_else_waiting_is_next_without_a_lane() {
    let (mut turns, (anna, ben)) = (Turns::new(2, 4), apart(4));
    assert_eq!(turns.arrive(anna, "a1"), None);
    assert_eq!(turns.arrive(ben, "b1"), None);
    assert_eq!(turns.next(true), Next::Direct(anna, "a1"));
    // It is in hand, and does not wait.
    assert_eq!(turns.arrive(anna, "a2"), None);
    assert_eq!(turns.next(true), Next::Direct(ben, "b1"));
    assert_eq!(turns.next(true), Next::Direct(anna, "a2"));
    assert_eq!(turns.next(true), Next::Nothing { lanes_wait: false });
}

#[test]
fn a_second_one_that_would_wait_is_parked_and_so_is_one_behind_all_places() {
    let (mut turns, (anna, _)) = (Turns::new(2, 4), apart(4));
    let lane = anna.lane(4).expect("four lanes");
    assert_eq!(turns.arrive(anna, 1), None);
    assert_eq!(turns.arrive(anna, 2), Some((lane, 2)));
    assert_eq!(turns.next(true), Next::Direct(anna, 1));
    let mut turns = Turns::new(1, 4);
    assert_eq!(turns.arrive(anna, 1), None);
    assert_eq!(turns.next(true), Next::Direct(anna, 1));
    assert_eq!(turns.arrive(anna, 2), Some((lane, 2)));
}

#[test]
fn what_is_sent_later_goes_to_the_lane_too_until_that_is_seen_to_be_empty() {
    let (mut turns, (anna, _)) = (Turns::new(2, 4), apart(4));
    let lane = anna.lane(4).expect("four lanes");
    assert_eq!(turns.arrive(anna, 1), None);
    assert_eq!(turns.arrive(anna, 2), Some((lane, 2)));
    assert_eq!(turns.next(true), Next::Direct(anna, 1));
    turns.settled(anna);
    assert_eq!(turns.arrive(anna, 3), Some((lane, 3)), "2 is not there yet");
    turns.parked(lane);
    turns.parked(lane);
    assert_eq!(turns.next(true), Next::Ask(lane));
    turns.asked(lane, Some(anna), true);
    turns.settled(anna);
    assert_eq!(turns.arrive(anna, 4), Some((lane, 4)));
    turns.parked(lane);
    for more in [true, false] {
        assert_eq!(turns.next(true), Next::Ask(lane));
        turns.asked(lane, Some(anna), more);
        turns.settled(anna);
    }
    assert_eq!(turns.arrive(anna, 5), None);
}

#[test]
fn a_hint_that_comes_while_the_lane_is_asked_is_not_lost() {
    let mut turns = Turns::<()>::new(2, 1);
    turns.holds(0);
    assert_eq!(turns.next(true), Next::Ask(0));
    turns.holds(0);
    turns.asked(0, None, false);
    assert_eq!(turns.next(true), Next::Ask(0));
    turns.asked(0, None, false);
    assert_eq!(turns.next(true), Next::Nothing { lanes_wait: false });
}

#[test]
fn closed_lanes_keep_their_turns_and_delay_nobody_else() {
    let (mut turns, (anna, _)) = (Turns::new(1, 1), apart(4));
    turns.holds(0);
    assert_eq!(turns.next(false), Next::Nothing { lanes_wait: true });
    turns.keep(anna, 1);
    assert_eq!(turns.next(false), Next::Direct(anna, 1));
    assert_eq!(turns.next(true), Next::Ask(0));
}

#[test]
fn without_lanes_first_come_is_first_served() {
    let (mut turns, (anna, ben)) = (Turns::new(1, 0), apart(4));
    for item in [1, 2] {
        assert_eq!(turns.arrive(anna, item), None);
    }
    assert_eq!(turns.arrive(ben, 3), None);
    let order = [(anna, 1), (anna, 2), (ben, 3)];
    assert_eq!(order.map(|_| turns.next(true)), order.map(|(who, n)| Next::Direct(who, n)));
}

/// A worker and its lanes: everything but time.
struct World {
    turns: Turns<usize>,
    lanes: Vec<VecDeque<(Submitter, usize)>>,
    in_hand: VecDeque<(Submitter, usize)>,
    places: usize,
    arrived: usize,
    /// Of each that waits in the line: how many of each user were in hand when it came, or were taken
    /// since.
    ahead: BTreeMap<usize, BTreeMap<Submitter, usize>>,
    taken: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive(usize),
    Take,
    Settle(usize),
}

impl World {
    fn new(places: usize, lanes: u16) -> Self {
        Self {
            turns: Turns::new(places, lanes),
            lanes: (0..lanes).map(|_| VecDeque::new()).collect(),
            in_hand: VecDeque::new(),
            places,
            arrived: 0,
            ahead: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    fn arrive(&mut self, submitter: Submitter) {
        self.arrived += 1;
        if let Some((lane, item)) = self.turns.arrive(submitter, self.arrived) {
            self.lanes[usize::from(lane)].push_back((submitter, item));
            self.turns.parked(lane);
            return;
        }
        let mut ahead = BTreeMap::new();
        for (other, _) in &self.in_hand {
            *ahead.entry(*other).or_default() += 1;
        }
        self.ahead.insert(self.arrived, ahead);
    }

    /// Takes one if there is room and any; panics if there is one and it gets none.
    fn take(&mut self) {
        while self.in_hand.len() < self.places {
            let took = match self.turns.next(true) {
                Next::Direct(submitter, item) => (submitter, item),
                Next::Ask(lane) => {
                    let held = &mut self.lanes[usize::from(lane)];
                    let gave = held.pop_front();
                    self.turns.asked(lane, gave.map(|(submitter, _)| submitter), !held.is_empty());
                    let Some(gave) = gave else { continue };
                    gave
                }
                Next::Nothing { .. } => {
                    assert_eq!(self.taken.len(), self.arrived, "idle while something waits");
                    return;
                }
            };
            let (submitter, item) = took;
            self.in_hand.push_back(took);
            self.taken.push(item);
            if let Some(ahead) = self.ahead.remove(&item) {
                let others = ahead.iter().filter(|(other, _)| **other != submitter);
                for (_, count) in others {
                    assert!(*count <= self.places, "{count} of one user are before another's");
                }
            }
            for ahead in self.ahead.values_mut() {
                *ahead.entry(submitter).or_default() += 1;
            }
            return;
        }
    }

    fn settle(&mut self, which: usize) {
        if let Some(which) = which.checked_rem(self.in_hand.len())
            && let Some((submitter, _)) = self.in_hand.remove(which)
        {
            self.turns.settled(submitter);
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        // Half of it all is of one user.
        4 => Just(Step::Arrive(0)),
        4 => (1_usize..12).prop_map(Step::Arrive),
        4 => Just(Step::Take),
        4 => (0_usize..8).prop_map(Step::Settle),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn nobody_is_behind_more_of_another_user_than_there_are_places(
        steps in steps(), places in 1_usize..6, lanes in 1_u16..20,
    ) {
        let mut world = World::new(places, lanes);
        for step in steps {
            match step {
                Step::Arrive(who) => world.arrive(user(&format!("user-{who}"))),
                Step::Take => world.take(),
                Step::Settle(which) => world.settle(which),
            }
        }
        // Whatever waits is taken in the end, each once.
        while world.taken.len() < world.arrived {
            world.settle(0);
            world.take();
        }
        world.taken.sort_unstable();
        prop_assert_eq!(world.taken, (1..=world.arrived).collect::<Vec<_>>());
    }

    #[test]
    fn a_lane_has_its_turn_however_many_others_come(lanes in 1_u16..8, waiting in 0_usize..20) {
        let mut turns = Turns::new(1, lanes);
        let (mut others, mut lanes_to_ask) = (0..waiting, Vec::new());
        others.by_ref().for_each(|n| turns.keep(user(&format!("other-{n}")), ()));
        turns.all_hold();
        for n in 0..waiting + usize::from(lanes) {
            match turns.next(true) {
                Next::Ask(lane) => lanes_to_ask.push(lane),
                // One more comes for each that is taken.
                Next::Direct(submitter, ()) => {
                    turns.settled(submitter);
                    turns.keep(user(&format!("late-{n}")), ());
                }
                Next::Nothing { .. } => unreachable!("there is always more"),
            }
        }
        prop_assert_eq!(lanes_to_ask, (0..lanes).collect::<Vec<_>>());
    }
}
