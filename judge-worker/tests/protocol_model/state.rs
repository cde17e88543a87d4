//! What there is: a queue, workers, and the database's rows, with what consumers have been told.

use std::collections::{BTreeMap, BTreeSet};

/// What is judged. Two contents under one request id are the sender's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    First,
    Second,
    /// Ends every worker that judges it.
    Poison,
}

/// A submission in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message {
    /// The request's number.
    pub request: usize,
    pub content: Content,
    /// By the broker: it is to be answered, not judged.
    pub given_up: bool,
}

/// Two judgements of one request may differ, so each is named by the lease it was made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    Judged { fence: u8 },
    GivenUp,
}

/// How a worker is done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    Ack,
    Dead,
    Retry,
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Claim,
    Judge {
        fence: u8,
    },
    Store {
        fence: u8,
        verdict: Verdict,
    },
    /// Only without [`Mechanism::Transaction`](super::steps::Mechanism::Transaction).
    FillOutbox {
        verdict: Verdict,
    },
    Publish {
        verdict: Verdict,
    },
    EmptyOutbox {
        verdict: Verdict,
    },
    Settle(End),
    /// Its copy is where it must be.
    AckOriginal,
    /// Only without [`Mechanism::CopyFirst`](super::steps::Mechanism::CopyFirst).
    CopyAfterAck(End),
}

/// A delivery in the hand of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InHand {
    pub message: Message,
    /// Whether the broker still waits for it to be settled; else it is in the queue again.
    pub held: bool,
    pub next: Step,
}

/// The rows of a request. A lease runs while `fence` is above `ran_out`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// What the request stands for, once it is claimed.
    pub content: Option<Content>,
    /// The newest fencing token given; 0 for none.
    pub fence: u8,
    /// No lease up to this token runs any more.
    pub ran_out: u8,
    /// Whether the last holder gave the request back; else it let the lease run out.
    pub released: bool,
    pub failed_tries: u8,
    /// Each with whether its writer's lease was the newest.
    pub history: Vec<(Verdict, bool)>,
    pub outbox: bool,
}

/// Everything, but for what a process that died has forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// How many of each wait.
    pub queue: BTreeMap<Message, u8>,
    /// `None` for an idle one. In order, as they are interchangeable.
    pub workers: Vec<Option<InHand>>,
    pub rows: Vec<Row>,
    /// The verdicts that the broker has taken, for each request.
    pub told: Vec<BTreeSet<Verdict>>,
    pub acked: BTreeSet<(usize, Content)>,
    pub dead: BTreeSet<(usize, Content)>,
    /// Lost by the broker, as in a purge: for these, nothing is promised.
    pub purged: BTreeSet<(usize, Content)>,
    /// How much more may go wrong.
    pub faults_left: u8,
}

impl Row {
    pub fn is_finished(&self) -> bool {
        !self.history.is_empty()
    }

    pub fn is_leased(&self) -> bool {
        self.ran_out < self.fence
    }

    pub fn is_given_up(&self) -> bool {
        self.history.iter().any(|(verdict, _)| *verdict == Verdict::GivenUp)
    }
}

impl State {
    pub fn enqueue(&mut self, message: Message) {
        *self.queue.entry(message).or_default() += 1;
    }

    /// Takes one out of the queue.
    pub fn dequeue(&mut self, message: Message) {
        let count = self.queue.get_mut(&message).expect("it waits");
        *count -= 1;
        if *count == 0 {
            self.queue.remove(&message);
        }
    }

    /// The worker's connection is gone: the broker hands out again what it held.
    pub fn disconnect(&mut self, worker: usize) {
        if let Some(in_hand) = &mut self.workers[worker]
            && in_hand.held
        {
            in_hand.held = false;
            let message = in_hand.message;
            self.enqueue(message);
        }
    }

    /// The worker's process is gone.
    pub fn kill(&mut self, worker: usize) {
        self.disconnect(worker);
        self.workers[worker] = None;
    }
}
