//! The protocol, step by step, and what may go wrong at each.

use std::collections::BTreeSet;

use stateright::{Model, Property};

use super::{
    books::Rule,
    state::{Content, End, InHand, Message, Row, State, Step, Verdict},
};

/// The model's `MOST_TRIES`.
const MOST_TRIES: u8 = 2;

/// Where a protocol that lacks something is looked at no further.
const MOST_TOKENS: u8 = 8;

/// A small world, and the mechanism that it has to do without.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// What is published.
    pub messages: Vec<Message>,
    pub workers: usize,
    /// How much may go wrong.
    pub faults: u8,
    pub without: Option<Mechanism>,
}

/// What the protocol stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// A request that somebody has a running lease on is nobody else's.
    Claim,
    /// A lease runs out.
    Lease,
    /// A write names the token of its lease.
    Fence,
    /// What is in the history is neither claimed nor stored again.
    FinishedOnce,
    /// A request is what it was when it was claimed first.
    ContentHash,
    /// History and outbox in one transaction.
    Transaction,
    /// What is stored and not told is kept where others find it.
    Outbox,
    /// Nothing is told before it is stored.
    RowFirst,
    /// Who finds a verdict stored tells that one, not its own.
    StoredVerdictStands,
    /// A verdict is told when the broker says so.
    Confirms,
    /// A redelivery of a finished request has its verdict told again before it is acked.
    TellAgain,
    /// A delivery is acked when everything else is done.
    AckLast,
    /// The copy for another queue is there before the original is acked.
    CopyFirst,
    /// Tries that came to nothing are counted, and bounded.
    CountedTries,
    /// What is given up has its row like anything else.
    RowOfGivingUp,
}

impl Mechanism {
    pub const ALL: [Self; 15] = [
        Self::Claim,
        Self::Lease,
        Self::Fence,
        Self::FinishedOnce,
        Self::ContentHash,
        Self::Transaction,
        Self::Outbox,
        Self::RowFirst,
        Self::StoredVerdictStands,
        Self::Confirms,
        Self::TellAgain,
        Self::AckLast,
        Self::CopyFirst,
        Self::CountedTries,
        Self::RowOfGivingUp,
    ];
}

/// How a step that others have a part in went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Nothing happened.
    Failed,
    /// It happened, and the worker did not hear so.
    Unheard,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Receive(usize, Message),
    Step(usize, Outcome),
    /// The verdict in a request's outbox is told by whoever looks into it.
    Relay(usize, Outcome),
    /// The lease of a request runs out; while its holder lives, that is a failure.
    LeaseRunsOut(usize),
    Crash(usize),
    Disconnect(usize),
    BrokerRestarts,
    BrokerGivesUp(Message),
    BrokerLoses(Message),
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let requests = 1 + self.messages.iter().map(|m| m.request).max().expect("some message");
        let mut state = State {
            queue: [].into(),
            workers: vec![None; self.workers],
            rows: vec![Row::default(); requests],
            told: vec![BTreeSet::new(); requests],
            acked: [].into(),
            dead: [].into(),
            purged: [].into(),
            faults_left: self.faults,
        };
        self.messages.iter().for_each(|message| state.enqueue(*message));
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let faulty = 0 < state.faults_left;
        for (number, worker) in state.workers.iter().enumerate() {
            let Some(in_hand) = worker else {
                actions.extend(state.queue.keys().map(|message| Action::Receive(number, *message)));
                continue;
            };
            actions.push(Action::Step(number, Outcome::Done));
            if faulty {
                actions.extend(failures(in_hand.next).iter().map(|o| Action::Step(number, *o)));
                actions.extend([Action::Crash(number), Action::Disconnect(number)]);
            }
        }
        for (request, row) in state.rows.iter().enumerate() {
            if row.outbox {
                actions.push(Action::Relay(request, Outcome::Done));
                actions.extend(faulty.then_some(Action::Relay(request, Outcome::Unheard)));
            }
            if self.lease_can_run_out(state, request) && (faulty || !has_holder(state, request)) {
                actions.push(Action::LeaseRunsOut(request));
            }
        }
        if faulty {
            actions.push(Action::BrokerRestarts);
            for message in state.queue.keys() {
                actions.push(Action::BrokerLoses(*message));
                actions.extend((!message.given_up).then_some(Action::BrokerGivesUp(*message)));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        if is_fault(last, action) {
            state.faults_left -= 1;
        }
        match action {
            Action::Receive(worker, message) => self.receive(&mut state, worker, message),
            Action::Step(worker, outcome) => self.step(&mut state, worker, outcome),
            Action::Relay(request, outcome) => relay(&mut state, request, outcome),
            Action::LeaseRunsOut(request) => {
                let row = &mut state.rows[request];
                (row.ran_out, row.released) = (row.fence, false);
            }
            Action::Crash(worker) => state.kill(worker),
            Action::Disconnect(worker) => state.disconnect(worker),
            Action::BrokerRestarts => (0..self.workers).for_each(|w| state.disconnect(w)),
            Action::BrokerGivesUp(message) => {
                state.dequeue(message);
                state.enqueue(Message { given_up: true, ..message });
            }
            Action::BrokerLoses(message) => {
                state.dequeue(message);
                state.purged.insert((message.request, message.content));
            }
        }
        state.workers.sort();
        Some(state)
    }

    /// Some mechanisms keep workers from taking turns without end; what goes wrong without them shows
    /// long before.
    fn within_boundary(&self, state: &State) -> bool {
        self.without.is_none() || state.rows.iter().all(|row| row.fence <= MOST_TOKENS)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Rule::ALL.into_iter().map(Rule::property).collect()
    }
}

/// What may go wrong with a step, beside the death of its worker.
fn failures(step: Step) -> &'static [Outcome] {
    match step {
        Step::Claim | Step::Store { .. } | Step::Publish { .. } => {
            &[Outcome::Failed, Outcome::Unheard]
        }
        Step::Settle(End::Dead | End::Retry) => &[Outcome::Failed, Outcome::Unheard],
        Step::Judge { .. } | Step::EmptyOutbox { .. } => &[Outcome::Failed],
        // An ack that fails is a connection that breaks.
        Step::Settle(End::Ack)
        | Step::AckOriginal
        | Step::FillOutbox { .. }
        | Step::CopyAfterAck(_) => &[],
    }
}

fn is_fault(state: &State, action: Action) -> bool {
    match action {
        Action::Receive(..) => false,
        Action::Step(_, outcome) | Action::Relay(_, outcome) => outcome != Outcome::Done,
        Action::LeaseRunsOut(request) => has_holder(state, request),
        Action::Crash(_)
        | Action::Disconnect(_)
        | Action::BrokerRestarts
        | Action::BrokerGivesUp(_)
        | Action::BrokerLoses(_) => true,
    }
}

/// Whether somebody would renew the request's lease.
fn has_holder(state: &State, request: usize) -> bool {
    let newest = state.rows[request].fence;
    state.workers.iter().flatten().any(|in_hand| {
        let lease = match in_hand.next {
            Step::Judge { fence } | Step::Store { fence, .. } => Some(fence),
            _ => None,
        };
        in_hand.message.request == request && lease == Some(newest)
    })
}

fn relay(state: &mut State, request: usize, outcome: Outcome) {
    let row = &mut state.rows[request];
    state.told[request].extend(row.history.iter().map(|(verdict, _)| *verdict));
    row.outbox = outcome != Outcome::Done;
}

impl Protocol {
    pub fn has(&self, mechanism: Mechanism) -> bool {
        self.without != Some(mechanism)
    }

    pub fn lease_can_run_out(&self, state: &State, request: usize) -> bool {
        let row = &state.rows[request];
        self.has(Mechanism::Lease) && row.is_leased() && !row.is_finished()
    }

    pub fn receive(&self, state: &mut State, worker: usize, message: Message) {
        state.dequeue(message);
        let held = self.has(Mechanism::AckLast);
        state.workers[worker] = Some(InHand { message, held, next: Step::Claim });
    }

    /// The worker does what it is at.
    pub fn step(&self, state: &mut State, worker: usize, outcome: Outcome) {
        let in_hand = state.workers[worker].expect("it has something in hand");
        let (message, request) = (in_hand.message, in_hand.message.request);
        let next = match in_hand.next {
            Step::Claim => {
                let answer = (outcome != Outcome::Failed)
                    .then(|| self.claim(&mut state.rows[request], message));
                answer.filter(|_| outcome == Outcome::Done).unwrap_or(Step::Settle(End::Retry))
            }
            Step::Judge { fence } if outcome == Outcome::Failed => {
                release_failed(&mut state.rows[request], fence)
            }
            Step::Judge { .. } if message.content == Content::Poison => {
                return state.kill(worker);
            }
            Step::Judge { fence } => Step::Store { fence, verdict: Verdict::Judged { fence } },
            Step::Store { fence, verdict } => {
                if !self.has(Mechanism::RowFirst) {
                    state.told[request].insert(verdict);
                }
                let answer = (outcome != Outcome::Failed)
                    .then(|| self.store(&mut state.rows[request], fence, verdict));
                answer.filter(|_| outcome == Outcome::Done).unwrap_or(Step::Settle(End::Retry))
            }
            Step::FillOutbox { verdict } => {
                state.rows[request].outbox = true;
                Step::Publish { verdict }
            }
            Step::Publish { verdict } => {
                if outcome != Outcome::Failed {
                    state.told[request].insert(verdict);
                }
                if outcome == Outcome::Done || !self.has(Mechanism::Confirms) {
                    Step::EmptyOutbox { verdict }
                } else {
                    Step::Settle(End::Retry)
                }
            }
            Step::EmptyOutbox { verdict } => {
                if outcome == Outcome::Done {
                    state.rows[request].outbox = false;
                }
                Step::Settle(if verdict == Verdict::GivenUp { End::Dead } else { End::Ack })
            }
            Step::Settle(End::Ack) => {
                if in_hand.held || !self.has(Mechanism::AckLast) {
                    state.acked.insert((request, message.content));
                }
                state.workers[worker] = None;
                return;
            }
            Step::Settle(end) if !self.has(Mechanism::CopyFirst) => Step::CopyAfterAck(end),
            Step::Settle(end) => {
                if outcome != Outcome::Failed {
                    copy(state, message, end);
                }
                if outcome != Outcome::Done {
                    return state.kill(worker); // given back, and nothing remembered
                }
                Step::AckOriginal
            }
            Step::AckOriginal => {
                state.workers[worker] = None;
                return;
            }
            Step::CopyAfterAck(end) => {
                copy(state, message, end);
                state.workers[worker] = None;
                return;
            }
        };
        let held = in_hand.held && !matches!(next, Step::CopyAfterAck(_));
        state.workers[worker] = Some(InHand { held, next, ..in_hand });
    }

    /// `store::claim`, and what the worker makes of its answer.
    fn claim(&self, row: &mut Row, message: Message) -> Step {
        if row.content.is_some_and(|known| known != message.content)
            && self.has(Mechanism::ContentHash)
        {
            return Step::Settle(End::Dead);
        }
        if let Some((verdict, _)) = row.history.first()
            && self.has(Mechanism::FinishedOnce)
        {
            return if self.has(Mechanism::TellAgain) || row.is_given_up() {
                Step::Publish { verdict: *verdict }
            } else {
                Step::Settle(End::Ack)
            };
        }
        if row.is_leased() && self.has(Mechanism::Claim) {
            return Step::Settle(End::Retry);
        }
        if 0 < row.fence && !row.released && self.has(Mechanism::CountedTries) {
            row.failed_tries += 1;
        }
        let fence = row.fence + 1;
        row.content.get_or_insert(message.content);
        (row.fence, row.released) = (fence, false);
        if message.given_up || MOST_TRIES <= row.failed_tries {
            return self.give_up(fence);
        }
        Step::Judge { fence }
    }

    fn give_up(&self, fence: u8) -> Step {
        let verdict = Verdict::GivenUp;
        if self.has(Mechanism::RowOfGivingUp) {
            Step::Store { fence, verdict }
        } else {
            Step::Publish { verdict }
        }
    }

    /// `store::store_judgement`, and what the worker makes of its answer.
    fn store(&self, row: &mut Row, fence: u8, verdict: Verdict) -> Step {
        if let Some((stored, _)) = row.history.first()
            && self.has(Mechanism::FinishedOnce)
        {
            let stands = self.has(Mechanism::StoredVerdictStands);
            return Step::Publish { verdict: if stands { *stored } else { verdict } };
        }
        let is_newest = row.fence == fence;
        if !is_newest && self.has(Mechanism::Fence) {
            return Step::Settle(End::Retry);
        }
        row.history.push((verdict, is_newest));
        if !self.has(Mechanism::Transaction) {
            return Step::FillOutbox { verdict };
        }
        row.outbox = self.has(Mechanism::Outbox);
        Step::Publish { verdict }
    }
}

/// `store::release_failed`, and giving up if that was one try too many.
fn release_failed(row: &mut Row, fence: u8) -> Step {
    if MOST_TRIES <= row.failed_tries + 1 {
        return Step::Store { fence, verdict: Verdict::GivenUp };
    }
    if row.fence == fence && !row.is_finished() {
        row.fence += 1;
        row.failed_tries += 1;
        (row.ran_out, row.released) = (row.fence, true);
    }
    Step::Settle(End::Retry)
}

fn copy(state: &mut State, message: Message, end: End) {
    match end {
        End::Retry => state.enqueue(message),
        End::Dead => drop(state.dead.insert((message.request, message.content))),
        End::Ack => unreachable!("what is acked is not copied"),
    }
}
