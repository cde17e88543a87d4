//! The protocol that keeps a submission from being lost or doubled, as a small model, and every state
//! that it can get into: workers that die or stand still at any step, connections that break, a
//! database or a broker that fails before or after it did what was asked, leases that run out too
//! early, messages that come twice, that kill whoever takes them, or that use an id a second time.
//!
//! ```text
//! state.rs    queue, workers, rows      what there is
//! steps.rs    what each worker does     the protocol, and what may go wrong
//! books.rs    what must hold            in every state, and after the last failure
//! ```
//!
//! A model that nothing can fail in proves nothing: each mechanism of the protocol is taken away in
//! turn, and the checker must then find how that goes wrong. `settled` (`books.rs`) stands for liveness: from
//! any state, once nothing fails any more, everything must come to its end.

mod books;
mod state;
mod steps;

use stateright::{Checker, HasDiscoveries, Model};

use books::Rule;
use state::{Content, Message};
use steps::{Mechanism, Protocol};

/// One message.
fn once() -> Protocol {
    Protocol { messages: vec![message(0, Content::First)], workers: 2, faults: 4, without: None }
}

/// The same message twice, as a publisher leaves it that did not hear the confirm.
fn twice() -> Protocol {
    let messages = vec![message(0, Content::First), message(0, Content::First)];
    Protocol { messages, workers: 2, faults: 3, without: None }
}

/// One id for two contents.
fn conflict() -> Protocol {
    let messages = vec![message(0, Content::First), message(0, Content::Second)];
    Protocol { messages, workers: 2, faults: 3, without: None }
}

/// Of two requests, one kills whoever judges it.
fn poison() -> Protocol {
    let messages = vec![message(0, Content::First), message(1, Content::Poison)];
    Protocol { messages, workers: 2, faults: 2, without: None }
}

fn message(request: usize, content: Content) -> Message {
    Message { request, content, given_up: false }
}

fn no_rule_is_broken(protocol: Protocol) {
    let checker = protocol.checker().spawn_bfs().join();
    println!("{} states, {} steps deep", checker.unique_state_count(), checker.max_depth());
    if let Some((rule, path)) = checker.discoveries().into_iter().next() {
        panic!("broken: {rule}\n{path}");
    }
    assert!(1_000 < checker.unique_state_count(), "too few states to say anything");
}

#[test]
fn one_message_is_judged_and_told_whatever_fails() {
    no_rule_is_broken(once());
}

#[test]
fn a_message_that_comes_twice_is_judged_once_whatever_fails() {
    no_rule_is_broken(twice());
}

#[test]
fn an_id_used_for_two_contents_is_judged_for_the_first_whatever_fails() {
    no_rule_is_broken(conflict());
}

#[test]
fn a_message_that_kills_workers_is_given_up_and_its_neighbour_judged_whatever_fails() {
    no_rule_is_broken(poison());
}

#[test]
fn three_workers_with_one_request_at_a_time_judge_it_once() {
    let messages = vec![message(0, Content::First); 3];
    no_rule_is_broken(Protocol { messages, workers: 3, faults: 2, without: None });
}

/// Where each mechanism is missed, and the rule that is broken without it.
fn missed(mechanism: Mechanism) -> (Protocol, Rule) {
    match mechanism {
        Mechanism::Claim => (twice(), Rule::OneAtATime),
        Mechanism::Fence => (twice(), Rule::OnlyTheHolderWrites),
        Mechanism::FinishedOnce => (twice(), Rule::OneRow),
        Mechanism::ContentHash => (conflict(), Rule::AckedOnlyWhenTold),
        Mechanism::Transaction | Mechanism::Outbox => (once(), Rule::EveryRowIsTold),
        Mechanism::RowFirst => (once(), Rule::NoVerdictBeforeItsRow),
        Mechanism::StoredVerdictStands => (twice(), Rule::OneVerdict),
        Mechanism::Confirms | Mechanism::TellAgain => (twice(), Rule::AckedOnlyWhenTold),
        Mechanism::Lease | Mechanism::AckLast | Mechanism::CopyFirst => {
            (once(), Rule::EverythingEnds)
        }
        Mechanism::CountedTries => (poison(), Rule::EverythingEnds),
        Mechanism::RowOfGivingUp => (poison(), Rule::NoVerdictBeforeItsRow),
    }
}

#[test]
fn without_any_one_mechanism_something_goes_wrong() {
    for mechanism in Mechanism::ALL {
        let (protocol, rule) = missed(mechanism);
        let protocol = Protocol { without: Some(mechanism), ..protocol };
        let found = HasDiscoveries::AnyOf([rule.name()].into());
        let checker = protocol.checker().finish_when(found).spawn_bfs().join();
        let path = checker.discovery(rule.name());
        let missed =
            || panic!("{mechanism:?} is not missed, as {:?} holds without it", rule.name());
        let path = path.unwrap_or_else(missed);
        println!("without {mechanism:?}: {} after {:?}", rule.name(), path.into_actions());
    }
}
