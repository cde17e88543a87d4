//! A judgement and the event that announces it are stored together, once.

use std::time::Duration;

use judge_worker::store::{
    HistoryRecord, MAX_REPORT_BYTES, ReplyRoute, Store, StoreError, Stored, Visibility,
};

use crate::fixture::{
    Database, HOUR, granted, on_both_databases, record, report, route, stored, test, try_store,
};

on_both_databases! {
    a_judgement_reads_as_it_was_stored
    the_event_waits_in_the_outbox_until_it_is_published
    a_finished_request_can_be_answered_again_after_its_event_was_published
    a_judgement_that_fails_at_any_step_leaves_no_trace
    a_second_judgement_of_a_request_leaves_the_first_one_standing
    of_two_judgements_stored_at_once_exactly_one_stands
    pending_events_come_oldest_first_and_only_when_old_enough
    history_is_newest_first_and_bounded
    more_tests_than_one_statement_takes_are_all_stored
    what_was_stored_is_there_after_connecting_again
}

async fn a_judgement_reads_as_it_was_stored(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "worker-3", HOUR).await;
    let event = stored(&store, &lease).await;

    let entries = store.history_by_key("Schlüssel 🗝").await.expect("it is up");
    let [entry] = entries.as_slice() else { panic!("one entry: {entries:?}") };
    assert_eq!(entry.record, record());
    assert_eq!((entry.id, entry.request_id.as_str()), (event.history_id, "r"));
    assert_eq!(entry.worker, "worker-3");
    let as_announced = report(entry.id, entry.judged_at).expect("plain text");
    assert_eq!(event.payload, as_announced);
    assert_eq!(store.history_by_key("another").await.expect("it is up"), []);
}

async fn the_event_waits_in_the_outbox_until_it_is_published(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let event = stored(&store, &lease).await;
    assert_eq!(event.route, route());
    assert_eq!((event.submission_id.as_str(), event.room_id.as_deref()), ("s-1", Some("room-7")));

    let waiting = store.pending_events(Duration::ZERO, 10).await.expect("it is up");
    assert_eq!(waiting, std::slice::from_ref(&event));
    assert_eq!(store.outbox_depth().await.expect("it is up"), 1);
    for _ in 0..2 {
        store.event_published(event.history_id).await.expect("it is up");
        assert_eq!(store.pending_events(Duration::ZERO, 10).await.expect("it is up"), []);
        assert_eq!(store.outbox_depth().await.expect("it is up"), 0);
    }
}

async fn a_finished_request_can_be_answered_again_after_its_event_was_published(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    assert_eq!(store.event_of("r").await.expect("it is up"), None);
    let event = stored(&store, &lease).await;
    assert_eq!(store.event_of("r").await.expect("it is up"), Some(event.clone()));

    store.event_published(event.history_id).await.expect("it is up");
    let routeless = ReplyRoute::default();
    let again = store.event_of("r").await.expect("it is up").expect("it is finished");
    assert_eq!(again.payload, event.payload, "byte for byte");
    assert_eq!((again.history_id, again.route), (event.history_id, routeless));
}

async fn a_judgement_that_fails_at_any_step_leaves_no_trace(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let no_json = |_, _| Err(serde_json::from_str::<()>("").expect_err("it is empty"));
    let broken_json = |_, _| Ok("{".to_owned());
    let too_large = |_, _| Ok(format!("\"{}\"", "x".repeat(MAX_REPORT_BYTES)));
    let mut twice = record();
    twice.tests.push(test(1, Visibility::Public));

    let failed = store.store_judgement(&lease, &record(), &route(), no_json).await;
    assert!(matches!(failed, Err(StoreError::Report(_))), "{failed:?}");
    untouched(&store).await;
    let failed = store.store_judgement(&lease, &record(), &route(), too_large).await;
    assert!(matches!(failed, Err(StoreError::TooLarge { .. })), "{failed:?}");
    untouched(&store).await;
    let failed = store.store_judgement(&lease, &record(), &route(), broken_json).await;
    assert!(matches!(failed, Err(StoreError::Permanent { .. })), "{failed:?}");
    untouched(&store).await;
    let failed = store.store_judgement(&lease, &twice, &route(), report).await;
    assert!(matches!(failed, Err(StoreError::Permanent { .. })), "{failed:?}");
    untouched(&store).await;

    // The claim was not finished either.
    stored(&store, &lease).await;
}

async fn untouched(store: &Store) {
    assert_eq!(store.history(10).await.expect("it is up"), []);
    assert_eq!(store.outbox_depth().await.expect("it is up"), 0);
    assert_eq!(store.event_of("r").await.expect("it is up"), None);
}

async fn a_second_judgement_of_a_request_leaves_the_first_one_standing(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let first = stored(&store, &lease).await;
    let accepted = HistoryRecord { verdict: "AC".to_owned(), ..record() };
    let second = store.store_judgement(&lease, &accepted, &route(), report).await;
    assert_eq!(second.expect("it is up"), Stored::Before { history_id: first.history_id });
    let history = store.history(10).await.expect("it is up");
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].record.verdict, "WA");
    assert_eq!(store.outbox_depth().await.expect("it is up"), 1);
}

async fn of_two_judgements_stored_at_once_exactly_one_stands(db: &Database) {
    let (left, right) = (db.connect().await, db.connect().await);
    for round in 1..=20_u64 {
        let lease = granted(&left, &format!("r-{round}"), "w", HOUR).await;
        let rivals = [left.clone(), right.clone()].map(|store| {
            let lease = lease.clone();
            tokio::spawn(async move { try_store(&store, &lease).await })
        });
        let mut new = 0;
        for rival in rivals {
            match rival.await.expect("no panic").expect("the database is up") {
                Stored::New(_) => new += 1,
                Stored::Before { .. } => {}
                Stored::Fenced => panic!("nobody took the lease over"),
            }
        }
        assert_eq!(new, 1, "round {round}");
        assert_eq!(left.outbox_depth().await.expect("it is up"), round);
    }
}

async fn pending_events_come_oldest_first_and_only_when_old_enough(db: &Database) {
    let store = db.connect().await;
    let mut events = Vec::new();
    for request_id in ["r-1", "r-2", "r-3"] {
        let lease = granted(&store, request_id, "w", HOUR).await;
        events.push(stored(&store, &lease).await);
    }
    assert_eq!(store.pending_events(Duration::ZERO, 10).await.expect("it is up"), events);
    assert_eq!(store.pending_events(Duration::ZERO, 2).await.expect("it is up"), events[..2]);
    assert_eq!(store.pending_events(HOUR, 10).await.expect("it is up"), []);
}

async fn history_is_newest_first_and_bounded(db: &Database) {
    let store = db.connect().await;
    for request_id in ["r-1", "r-2", "r-3"] {
        let lease = granted(&store, request_id, "w", HOUR).await;
        stored(&store, &lease).await;
    }
    let newest = store.history(2).await.expect("it is up");
    let ids: Vec<&str> = newest.iter().map(|entry| entry.request_id.as_str()).collect();
    assert_eq!(ids, ["r-3", "r-2"]);
    assert!(newest.iter().all(|entry| entry.record == record()), "each with its tests");
}

async fn more_tests_than_one_statement_takes_are_all_stored(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let tests = (1..=2_500).map(|ordinal| test(ordinal, Visibility::Hidden)).collect();
    let many = HistoryRecord { tests, ..record() };
    store.store_judgement(&lease, &many, &route(), report).await.expect("it is up");
    assert_eq!(store.history(1).await.expect("it is up")[0].record, many);
}

async fn what_was_stored_is_there_after_connecting_again(db: &Database) {
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    let event = stored(&store, &lease).await;
    store.close().await;
    assert!(store.ping().await.expect_err("it is closed").is_transient());
    assert_eq!(db.connect().await.event_of("r").await.expect("it is up"), Some(event));
}
