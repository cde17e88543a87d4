//! A database that dies, freezes or is full of surprises: nothing is lost, and nobody waits for ever.

use std::time::Duration;

use judge_worker::store::{HistoryRecord, Renewal, Store, StoreError, StoreOptions};

use sqlx::{Connection, Executor, mysql::MySqlConnection};

use crate::{
    fixture::{HOUR, granted, record, report, route, stored},
    mariadb::MariaDb,
    seeds::{problem, tests},
};

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_of_the_server_the_pool_recovers_and_everything_committed_is_there() {
    let mut server = MariaDb::start().await;
    let options =
        StoreOptions { acquire_timeout: Duration::from_millis(500), ..StoreOptions::default() };
    let store = Store::connect(&server.url(), &options).await.expect("it is up");
    let finished = granted(&store, "finished", "w", HOUR).await;
    let event = stored(&store, &finished).await;
    let in_hand = granted(&store, "in-hand", "w", HOUR).await;

    server.kill9();
    let failed = store.renew(&in_hand, HOUR).await.expect_err("it is dead");
    assert!(failed.is_transient(), "{failed:?}");
    let refused = Store::connect(&server.url(), &options).await.expect_err("it is dead");
    assert!(refused.is_transient(), "{refused:?}");

    server.restart().await;
    assert_eq!(store.event_of("finished").await.expect("it is up"), Some(event.clone()));
    assert_eq!(store.pending_events(Duration::ZERO, 9).await.expect("it is up"), [event]);
    assert_eq!(store.renew(&in_hand, HOUR).await.expect("it is up"), Renewal::Renewed);
    stored(&store, &in_hand).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_a_transient_error_and_not_waited_for_for_ever() {
    let server = MariaDb::start().await;
    let patience = Duration::from_millis(500);
    let options = StoreOptions { acquire_timeout: patience, patience, ..StoreOptions::default() };
    let store = Store::connect(&server.url(), &options).await.expect("it is up");
    store.ping().await.expect("it is up");

    server.freeze();
    let failed = store.ping().await.expect_err("it is frozen");
    assert!(failed.is_transient(), "{failed:?}");
    server.thaw();
    let patient = Store::connect(&server.url(), &StoreOptions::default()).await;
    patient.expect("it is up again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_too_long_is_refused_and_not_cut_though_the_server_would() {
    let server = MariaDb::start().await; // without strict mode
    let store = Store::connect(&server.url(), &StoreOptions::default()).await.expect("it is up");
    let lease = granted(&store, "r", "w", HOUR).await;
    let long = HistoryRecord { history_key: Some("k".repeat(256)), ..record() };
    let refused = store.store_judgement(&lease, &long, &route(), report).await;
    assert!(matches!(refused, Err(StoreError::Permanent { .. })), "{refused:?}");
    assert_eq!(store.history(1).await.expect("it is up"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_victim_of_a_deadlock_is_tried_again() {
    let server = MariaDb::start().await;
    let store = Store::connect(&server.url(), &StoreOptions::default()).await.expect("it is up");
    let (problem, tests) = (problem("1"), tests("1", 1));
    store.seed_problem(&problem, &tests).await.expect("it is up");

    // The rival locks the tests; the store locks the problem and waits for the tests; the rival asks
    // for the problem. Of the two the server breaks off the one that has written less: the store.
    let (mut rival, mut observer) = (server.root().await, server.root().await);
    rival.execute("USE judge").await.expect("it is there");
    let mut rival = rival.begin().await.expect("it is up");
    let lots = "INSERT INTO judge_problem SELECT CONCAT('rival-', seq), '1', '', '', '{}', 0 \
                FROM seq_1_to_1000";
    rival.execute(lots).await.expect("nobody has these");
    rival.execute("DELETE FROM judge_public_test").await.expect("nobody locks these");

    let deadlocks_before = status(&mut observer, "INNODB_DEADLOCKS").await;
    let seeding = tokio::spawn(async move { store.seed_problem(&problem, &tests).await });
    wait_for_a_lock_wait(&mut observer).await;
    rival.execute("UPDATE judge_problem SET title = 'rival'").await.expect("not the victim");
    rival.commit().await.expect("not the victim");

    seeding.await.expect("no panic").expect("it was tried again");
    assert!(
        status(&mut observer, "INNODB_DEADLOCKS").await > deadlocks_before,
        "there was a deadlock at all"
    );
}

/// A number of `SHOW GLOBAL STATUS`.
async fn status(observer: &mut MySqlConnection, name: &str) -> i64 {
    let select = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM information_schema.GLOBAL_STATUS \
                  WHERE VARIABLE_NAME = ?";
    sqlx::query_scalar(select).bind(name).fetch_one(observer).await.expect("root may see it")
}

async fn wait_for_a_lock_wait(observer: &mut MySqlConnection) {
    let waiting = async {
        while status(observer, "INNODB_ROW_LOCK_CURRENT_WAITS").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("the store comes to wait");
}
