//! Databases to test on, and what is stored in them.

use std::time::Duration;

use judge_worker::store::{
    Claim, ClaimRequest, HistoryRecord, Lease, OutboxEvent, ReplyRoute, Store, StoreError,
    StoreOptions, Stored, TestRecord, Visibility,
};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::mariadb::MariaDb;

pub const HOUR: Duration = Duration::from_hours(1);

/// Makes each test of the list one test on `SQLite` and one on `MariaDB`.
macro_rules! on_both_databases {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(&$crate::fixture::Database::sqlite()).await;
            })*
        }
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(&$crate::fixture::Database::mariadb().await).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;

/// An empty database, which lives as long as this.
pub enum Database {
    Sqlite(TempDir),
    MariaDb(MariaDb),
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a folder"))
    }

    pub async fn mariadb() -> Self {
        Self::MariaDb(MariaDb::start().await)
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(dir) => format!("sqlite://{}", dir.path().join("judge.sqlite").display()),
            Self::MariaDb(server) => server.url(),
        }
    }

    /// A store with a pool of its own, as one worker has it.
    pub async fn connect(&self) -> Store {
        Store::connect(&self.url(), &StoreOptions::default()).await.expect("the database is up")
    }
}

/// Claims `request_id`, always with the same content.
pub async fn claim(store: &Store, request_id: &str, worker: &str, lease: Duration) -> Claim {
    let request = request(request_id, worker, lease);
    store.claim(&request).await.expect("the database is up")
}

pub async fn granted(store: &Store, request_id: &str, worker: &str, lease: Duration) -> Lease {
    match claim(store, request_id, worker, lease).await {
        Claim::Granted(lease) => lease,
        other => panic!("{request_id} can be claimed, yet: {other:?}"),
    }
}

pub fn request<'a>(request_id: &'a str, worker: &'a str, lease: Duration) -> ClaimRequest<'a> {
    let content_hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
    ClaimRequest { request_id, submission_id: "s-1", content_hash, worker, lease }
}

pub async fn try_store(store: &Store, lease: &Lease) -> Result<Stored, StoreError> {
    store.store_judgement(lease, &record(), &route(), report).await
}

pub async fn stored(store: &Store, lease: &Lease) -> OutboxEvent {
    match try_store(store, lease).await.expect("the database is up") {
        Stored::New(event) => event,
        other => panic!("the lease holds, yet: {other:?}"),
    }
}

/// A message whose keys are in no order, and whose number no other program writes that way.
#[expect(clippy::unnecessary_wraps, reason = "the store lets a report fail")]
pub fn report(history_id: i64, judged_at: OffsetDateTime) -> serde_json::Result<String> {
    let judged_at_us = judged_at.unix_timestamp_nanos() / 1_000;
    Ok(format!(r#"{{"verdict": "WA","score":1.50,  "id":{history_id},"at":{judged_at_us}}}"#))
}

pub fn route() -> ReplyRoute {
    ReplyRoute {
        reply_to: Some("amq.rabbitmq.reply-to.g1h2".to_owned()),
        correlation_id: Some("c-1".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    }
}

pub fn record() -> HistoryRecord {
    HistoryRecord {
        submission_id: "s-1".to_owned(),
        history_key: Some("Schlüssel 🗝".to_owned()),
        room_id: Some("room-7".to_owned()),
        user_id: None,
        problem_id: "sum".to_owned(),
        problem_version: "v-1".to_owned(),
        language: "cpp20".to_owned(),
        mode: "submit".to_owned(),
        verdict: "WA".to_owned(),
        score: Some(1.5),
        max_score: Some(100.0),
        cpu_time: Duration::from_millis(31),
        wall_time: Duration::from_millis(45),
        memory_kib: 5_000_000_000,
        source_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        tests: vec![test(1, Visibility::Public), test(2, Visibility::Hidden)],
    }
}

pub fn test(ordinal: u32, visibility: Visibility) -> TestRecord {
    TestRecord {
        ordinal,
        visibility,
        group: (visibility == Visibility::Hidden).then(|| "secret/group1".to_owned()),
        verdict: "AC".to_owned(),
        cpu_time: Duration::from_millis(u64::from(ordinal)),
        wall_time: Duration::from_millis(u64::from(ordinal) + 1),
        memory_kib: 1_024,
    }
}
