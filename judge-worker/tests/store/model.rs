//! Claims against a model of them: whatever order workers come in, one of them can write.

use std::time::Duration;

use judge_worker::store::{Claim, Lease, Renewal, Store, StoreOptions, Stored};
use proptest::prelude::*;

use crate::fixture::{HOUR, claim, try_store};

/// What a worker does about the one request. An index picks one of the leases granted so far.
#[derive(Clone, Debug)]
enum Step {
    Claim(Duration),
    Renew(prop::sample::Index, Duration),
    Release(prop::sample::Index),
    Store(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    // A lease of no time is one that has run out.
    let lease = || prop_oneof![Just(Duration::ZERO), Just(HOUR)];
    prop_oneof![
        6 => lease().prop_map(Step::Claim),
        3 => (any::<prop::sample::Index>(), lease()).prop_map(|(i, d)| Step::Renew(i, d)),
        2 => any::<prop::sample::Index>().prop_map(Step::Release),
        1 => any::<prop::sample::Index>().prop_map(Step::Store),
    ]
}

/// What the claim should be.
#[derive(Default)]
struct Model {
    fence: i64,
    live: bool,
    finished: Option<i64>,
}

impl Model {
    fn is_held_by(&self, lease: &Lease) -> bool {
        self.finished.is_none() && lease.fence() == self.fence
    }
}

async fn follow(store: &Store, request_id: &str, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut leases: Vec<Lease> = Vec::new();
    for step in steps {
        match step {
            Step::Claim(duration) => match claim(store, request_id, "w", duration).await {
                Claim::Granted(lease) => {
                    assert!(!model.live && model.finished.is_none(), "granted twice");
                    assert_eq!(lease.fence(), model.fence + 1);
                    (model.fence, model.live) = (lease.fence(), duration == HOUR);
                    leases.push(lease);
                }
                Claim::HeldElsewhere { .. } => assert!(model.live && model.finished.is_none()),
                Claim::Finished { history_id } => assert_eq!(model.finished, Some(history_id)),
                Claim::GivenUp { .. } => panic!("nobody gives up"),
                Claim::Conflict => panic!("the content is always the same"),
            },
            _ if leases.is_empty() => {}
            Step::Renew(which, duration) => {
                let lease = which.get(&leases);
                let renewed = store.renew(lease, duration).await.expect("it is up");
                assert_eq!(renewed == Renewal::Renewed, model.is_held_by(lease));
                if renewed == Renewal::Renewed {
                    model.live = duration == HOUR;
                }
            }
            Step::Release(which) => {
                let lease = which.get(&leases);
                store.release(lease).await.expect("it is up");
                if model.is_held_by(lease) {
                    (model.fence, model.live) = (model.fence + 1, false);
                }
            }
            Step::Store(which) => {
                let lease = which.get(&leases);
                match try_store(store, lease).await.expect("it is up") {
                    Stored::New(event) => {
                        assert!(model.is_held_by(lease), "a void lease wrote");
                        model.finished = Some(event.history_id);
                    }
                    Stored::Before { history_id } => assert_eq!(model.finished, Some(history_id)),
                    Stored::Fenced => {
                        assert!(model.finished.is_none() && !model.is_held_by(lease));
                    }
                }
            }
        }
    }
}

#[test]
fn claims_follow_the_model_in_whatever_order_workers_come() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime
        .block_on(Store::connect("sqlite::memory:", &StoreOptions::default()))
        .expect("memory is there");
    let mut runner = proptest::test_runner::TestRunner::default();
    let request = std::cell::Cell::new(0_u32);
    runner
        .run(&prop::collection::vec(step(), 1..24), |steps| {
            request.set(request.get() + 1);
            runtime.block_on(follow(&store, &format!("r-{}", request.get()), steps));
            Ok(())
        })
        .expect("the store and the model agree");
}
