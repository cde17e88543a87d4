//! What must hold: in every state, and once nothing fails any more.

use stateright::Property;

use super::{
    state::{State, Step},
    steps::{Outcome, Protocol},
};

/// The promises, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    OneRow,
    OneAtATime,
    OnlyTheHolderWrites,
    NoVerdictBeforeItsRow,
    OneVerdict,
    AckedOnlyWhenTold,
    EveryRowIsTold,
    EverythingEnds,
}

impl Rule {
    pub const ALL: [Self; 8] = [
        Self::OneRow,
        Self::OneAtATime,
        Self::OnlyTheHolderWrites,
        Self::NoVerdictBeforeItsRow,
        Self::OneVerdict,
        Self::AckedOnlyWhenTold,
        Self::EveryRowIsTold,
        Self::EverythingEnds,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::OneRow => "a request has at most one history row",
            Self::OneAtATime => "a request is judged by one worker at a time, while leases run",
            Self::OnlyTheHolderWrites => "only the newest lease stores",
            Self::NoVerdictBeforeItsRow => "no verdict is told before its row is stored",
            Self::OneVerdict => "the verdicts told of a request are the same",
            Self::AckedOnlyWhenTold => "nothing is acked before its own verdict was told",
            Self::EveryRowIsTold => "after the last failure, every row is told",
            Self::EverythingEnds => {
                "after the last failure, every message is acked or dead, its request told"
            }
        }
    }

    pub fn property(self) -> Property<Protocol> {
        let holds: fn(&Protocol, &State) -> bool = match self {
            Self::OneRow => |_, state| state.rows.iter().all(|row| row.history.len() <= 1),
            Self::OneAtATime => {
                |_, state| (0..state.rows.len()).all(|request| judging(state, request) <= 1)
            }
            Self::OnlyTheHolderWrites => |_, state| {
                state.rows.iter().flat_map(|row| &row.history).all(|(_, is_newest)| *is_newest)
            },
            Self::NoVerdictBeforeItsRow => |_, state| {
                let mut requests = state.rows.iter().zip(&state.told);
                requests.all(|(row, told)| {
                    told.iter().all(|told| row.history.iter().any(|(stored, _)| stored == told))
                })
            },
            Self::OneVerdict => |_, state| state.told.iter().all(|told| told.len() <= 1),
            Self::AckedOnlyWhenTold => |_, state| {
                state.acked.iter().all(|(request, content)| {
                    state.rows[*request].content == Some(*content) && is_told(state, *request)
                })
            },
            Self::EveryRowIsTold => |protocol, state| {
                // Where its message still exists, the next rule says so.
                if state.purged.is_empty() {
                    return true;
                }
                settled(protocol, state).is_none_or(|state| {
                    let mut rows = (0..state.rows.len()).filter(|r| state.rows[*r].is_finished());
                    rows.all(|request| is_told(&state, request))
                })
            },
            Self::EverythingEnds => |protocol, state| {
                settled(protocol, state).is_some_and(|state| {
                    protocol.messages.iter().all(|message| {
                        let (request, content) = (message.request, message.content);
                        let key = (request, content);
                        state.purged.contains(&key)
                            || state.acked.contains(&key)
                            || (state.dead.contains(&key)
                                && (is_told(&state, request)
                                    || state.rows[request].content != Some(content)))
                    })
                })
            },
        };
        Property::always(self.name(), holds)
    }
}

/// How many are at a request whose lease has not run out.
fn judging(state: &State, request: usize) -> usize {
    let row = &state.rows[request];
    let at_it = state.workers.iter().flatten().filter(|in_hand| {
        in_hand.message.request == request
            && matches!(in_hand.next, Step::Judge { fence } if row.ran_out < fence)
    });
    at_it.count()
}

fn is_told(state: &State, request: usize) -> bool {
    let history = &state.rows[request].history;
    !history.is_empty() && history.iter().all(|(verdict, _)| state.told[request].contains(verdict))
}

/// More rounds than anything needs that comes to an end.
const ROUNDS: usize = 32;

/// Where it ends from here when nothing fails any more, and whoever waits gets its turn; `None` if
/// it does not end. The one worker's turns are as good as any: all others are idle.
fn settled(protocol: &Protocol, state: &State) -> Option<State> {
    let mut state = state.clone();
    for _ in 0..ROUNDS {
        for worker in 0..state.workers.len() {
            while state.workers[worker].is_some() {
                protocol.step(&mut state, worker, Outcome::Done);
            }
        }
        for request in 0..state.rows.len() {
            if protocol.lease_can_run_out(&state, request) {
                let row = &mut state.rows[request];
                (row.ran_out, row.released) = (row.fence, false);
            }
            if state.rows[request].outbox {
                let stored = state.rows[request].history.iter().map(|(verdict, _)| *verdict);
                state.told[request].extend(stored);
                state.rows[request].outbox = false;
            }
        }
        let Some(waiting) = state.queue.keys().next().copied() else { return Some(state) };
        protocol.receive(&mut state, 0, waiting);
    }
    None
}
