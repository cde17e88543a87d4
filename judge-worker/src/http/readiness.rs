//! Whether this worker can judge now, and if not, why.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The longest reason kept, in bytes; a longer one is cut at a character.
const MAX_REASON_BYTES: usize = 500;

/// What must hold before a worker is sent work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The broker connection is open and its topology is declared.
    BrokerConnected,
    /// The database answers and is migrated.
    DatabaseReachable,
    /// The process that judges is there.
    EngineRunning,
    /// No attack of the sandbox's self-test got through.
    SandboxSelftestPassed,
    /// The worker takes new work.
    NotDraining,
}

/// The conditions of one worker. Cheap to clone; all clones are the same conditions.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<watch::Sender<ReadinessReport>>);

/// All conditions at one moment; the body of `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadinessReport {
    /// Whether every condition holds.
    pub ready: bool,
    /// Each condition with its state.
    pub conditions: BTreeMap<Condition, ConditionState>,
}

/// Whether one condition holds, and why it is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConditionState {
    /// Whether it holds.
    pub ok: bool,
    /// One sentence for an operator.
    pub reason: String,
}

impl Readiness {
    /// Not ready until each of `conditions` has been reported to hold. A worker without a broker
    /// leaves [`Condition::BrokerConnected`] out.
    pub fn waiting_for(conditions: impl IntoIterator<Item = Condition>) -> Self {
        let waiting = ConditionState { ok: false, reason: "not checked yet".to_owned() };
        let conditions: BTreeMap<_, _> =
            conditions.into_iter().map(|condition| (condition, waiting.clone())).collect();
        let ready = conditions.is_empty();
        Self(Arc::new(watch::Sender::new(ReadinessReport { ready, conditions })))
    }

    /// `condition` holds from now on.
    pub fn hold(&self, condition: Condition) {
        self.set(condition, true, "ok");
    }

    /// `condition` does not hold. The reason is shown to whoever can reach `/readyz`, so it must
    /// not contain a URL with a password.
    pub fn fail(&self, condition: Condition, reason: &str) {
        self.set(condition, false, reason);
    }

    /// All conditions now.
    pub fn report(&self) -> ReadinessReport {
        self.0.borrow().clone()
    }

    /// A receiver that wakes when a condition or its reason changes.
    pub fn subscribe(&self) -> watch::Receiver<ReadinessReport> {
        self.0.subscribe()
    }

    fn set(&self, condition: Condition, ok: bool, reason: &str) {
        let reason = &reason[..reason.floor_char_boundary(MAX_REASON_BYTES)];
        self.0.send_if_modified(|report| {
            let state = ConditionState { ok, reason: reason.to_owned() };
            let before = report.conditions.insert(condition, state.clone());
            report.ready = report.conditions.values().all(|state| state.ok);
            before.as_ref() != Some(&state)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, MAX_REASON_BYTES, Readiness};

    #[test]
    fn a_worker_is_ready_once_every_condition_holds_and_no_longer_when_one_fails() {
        let readiness =
            Readiness::waiting_for([Condition::DatabaseReachable, Condition::NotDraining]);
        assert!(!readiness.report().ready);
        readiness.hold(Condition::DatabaseReachable);
        assert!(!readiness.report().ready);
        readiness.hold(Condition::NotDraining);
        assert!(readiness.report().ready);
        readiness.fail(Condition::DatabaseReachable, "connection refused");
        let report = readiness.report();
        assert!(!report.ready);
        assert_eq!(report.conditions[&Condition::DatabaseReachable].reason, "connection refused");
    }

    #[test]
    fn only_a_change_wakes_a_subscriber() {
        let readiness = Readiness::waiting_for([Condition::NotDraining]);
        let mut receiver = readiness.subscribe();
        readiness.hold(Condition::NotDraining);
        assert!(receiver.has_changed().expect("the sender lives"));
        receiver.mark_unchanged();
        readiness.hold(Condition::NotDraining);
        assert!(!receiver.has_changed().expect("the sender lives"));
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let readiness = Readiness::waiting_for([]);
        readiness.fail(Condition::NotDraining, &"é".repeat(MAX_REASON_BYTES));
        let reason = &readiness.report().conditions[&Condition::NotDraining].reason;
        assert_eq!(reason.len(), MAX_REASON_BYTES);
    }
}
