//! One worker at a time judges a request.

use std::time::Duration;

use judge_worker::store::{Claim, ClaimRequest, HistoryRecord, Renewal, Stored};

use crate::fixture::{
    Database, HOUR, claim, granted, on_both_databases, record, report, request, route, stored,
    try_store,
};

/// Enough for a race that is lost one time in ten to be seen.
const ROUNDS: u32 = 50;

on_both_databases! {
    of_two_rivals_for_a_new_request_exactly_one_is_granted_it
    of_two_rivals_for_an_expired_lease_exactly_one_is_granted_it
    a_live_lease_is_not_granted_again_not_even_to_its_holder
    an_expired_lease_is_taken_over_and_its_holder_can_write_no_more
    an_expired_lease_that_nobody_took_over_can_be_renewed
    a_released_request_can_be_claimed_at_once_and_the_old_lease_is_void
    a_lease_that_ran_out_and_a_failure_count_as_failed_tries_and_a_release_does_not
    a_request_given_up_is_finished_with_its_reason
    a_request_id_with_other_content_is_a_conflict
    request_ids_that_differ_in_case_are_two_requests
    a_finished_request_is_not_granted_again
}

async fn of_two_rivals_for_a_new_request_exactly_one_is_granted_it(db: &Database) {
    race(db, |_| None).await;
}

async fn of_two_rivals_for_an_expired_lease_exactly_one_is_granted_it(db: &Database) {
    race(db, |request_id| Some(request(request_id, "gone", Duration::ZERO))).await;
}

/// Two workers claim each of [`ROUNDS`] requests at the same time, after `before` did.
async fn race(db: &Database, before: impl Fn(&str) -> Option<ClaimRequest<'_>>) {
    let (left, right) = (db.connect().await, db.connect().await);
    for round in 0..ROUNDS {
        let request_id = format!("r-{round}");
        if let Some(before) = before(&request_id) {
            let gone = left.claim(&before).await.expect("the database is up");
            assert!(matches!(gone, Claim::Granted(_)), "{gone:?}");
        }
        let rivals = [(left.clone(), "left"), (right.clone(), "right")].map(|(store, worker)| {
            let request_id = request_id.clone();
            tokio::spawn(async move { claim(&store, &request_id, worker, HOUR).await })
        });
        let mut answers = Vec::new();
        for rival in rivals {
            answers.push(rival.await.expect("no panic"));
        }
        let granted = answers.iter().filter(|claim| matches!(claim, Claim::Granted(_))).count();
        let held =
            answers.iter().filter(|claim| matches!(claim, Claim::HeldElsewhere { .. })).count();
        assert_eq!((granted, held), (1, 1), "round {round}: {answers:?}");
    }
}

async fn a_live_lease_is_not_granted_again_not_even_to_its_holder(db: &Database) {
    let store = db.connect().await;
    granted(&store, "r", "holder", HOUR).await;
    for worker in ["holder", "other"] {
        let Claim::HeldElsewhere { worker, remaining } = claim(&store, "r", worker, HOUR).await
        else {
            panic!("{worker} got a lease that is held");
        };
        assert_eq!(worker, "holder");
        assert!(remaining <= HOUR && remaining > HOUR / 2, "{remaining:?}");
    }
}

async fn an_expired_lease_is_taken_over_and_its_holder_can_write_no_more(db: &Database) {
    let store = db.connect().await;
    let slept = granted(&store, "r", "sleeper", Duration::ZERO).await;
    let taken = granted(&store, "r", "heir", HOUR).await;
    assert!(taken.fence() > slept.fence());

    assert_eq!(try_store(&store, &slept).await.expect("it is up"), Stored::Fenced);
    assert_eq!(store.renew(&slept, HOUR).await.expect("it is up"), Renewal::Lost);
    store.release(&slept).await.expect("it is up");
    assert_eq!(store.history(10).await.expect("it is up"), []);
    assert_eq!(store.outbox_depth().await.expect("it is up"), 0);

    assert_eq!(store.renew(&taken, HOUR).await.expect("it is up"), Renewal::Renewed);
    assert_eq!(stored(&store, &taken).await.request_id, "r");
}

async fn an_expired_lease_that_nobody_took_over_can_be_renewed(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "late", Duration::ZERO).await;
    assert_eq!(store.renew(&lease, HOUR).await.expect("it is up"), Renewal::Renewed);
    let claim = claim(&store, "r", "other", HOUR).await;
    assert!(matches!(claim, Claim::HeldElsewhere { .. }), "{claim:?}");
}

async fn a_released_request_can_be_claimed_at_once_and_the_old_lease_is_void(db: &Database) {
    let store = db.connect().await;
    let returned = granted(&store, "r", "first", HOUR).await;
    store.release(&returned).await.expect("it is up");
    assert_eq!(store.renew(&returned, HOUR).await.expect("it is up"), Renewal::Lost);
    assert_eq!(try_store(&store, &returned).await.expect("it is up"), Stored::Fenced);
    assert!(granted(&store, "r", "second", HOUR).await.fence() > returned.fence());
}

async fn a_lease_that_ran_out_and_a_failure_count_as_failed_tries_and_a_release_does_not(
    db: &Database,
) {
    let store = db.connect().await;
    let first = granted(&store, "r", "vanishes", Duration::ZERO).await;
    assert_eq!(first.failed_tries(), 0);
    let second = granted(&store, "r", "gives back", HOUR).await;
    assert_eq!(second.failed_tries(), 1);
    store.release(&second).await.expect("it is up");
    let third = granted(&store, "r", "fails", HOUR).await;
    assert_eq!(third.failed_tries(), 1);
    store.release_failed(&third).await.expect("it is up");
    // Void already: neither of them is counted.
    store.release_failed(&third).await.expect("it is up");
    store.release_failed(&first).await.expect("it is up");
    assert_eq!(granted(&store, "r", "next", HOUR).await.failed_tries(), 2);
}

async fn a_request_given_up_is_finished_with_its_reason(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let given_up = HistoryRecord { verdict: "JE".to_owned(), tests: vec![], ..record() };
    let done = store.store_given_up(&lease, &given_up, &route(), "delivery_limit", report).await;
    let Ok(Stored::New(event)) = done else { panic!("the lease holds, yet: {done:?}") };
    let (history_id, reason) = (event.history_id, "delivery_limit".to_owned());
    assert_eq!(claim(&store, "r", "w", HOUR).await, Claim::GivenUp { history_id, reason });
    assert_eq!(store.event_of("r").await.expect("it is up"), Some(event));
    let again = store.store_judgement(&lease, &record(), &route(), report).await;
    assert_eq!(again.expect("it is up"), Stored::Before { history_id });
}

async fn a_request_id_with_other_content_is_a_conflict(db: &Database) {
    let store = db.connect().await;
    let other_hash = "0".repeat(64);
    let other = ClaimRequest { content_hash: &other_hash, ..request("r", "w", HOUR) };

    let lease = granted(&store, "r", "w", Duration::ZERO).await;
    assert_eq!(store.claim(&other).await.expect("it is up"), Claim::Conflict);
    stored(&store, &lease).await;
    assert_eq!(store.claim(&other).await.expect("it is up"), Claim::Conflict);
}

async fn request_ids_that_differ_in_case_are_two_requests(db: &Database) {
    let store = db.connect().await;
    granted(&store, "abc", "w", HOUR).await;
    granted(&store, "ABC", "w", HOUR).await;
}

async fn a_finished_request_is_not_granted_again(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let history_id = stored(&store, &lease).await.history_id;
    store.release(&lease).await.expect("it is up");
    assert_eq!(store.renew(&lease, HOUR).await.expect("it is up"), Renewal::Lost);
    assert_eq!(claim(&store, "r", "w", HOUR).await, Claim::Finished { history_id });
}
