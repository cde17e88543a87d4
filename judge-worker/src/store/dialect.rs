//! What differs between `MySQL` and `SQLite`, and how an operation meets trouble that passes.

use std::time::Duration;

use sqlx::{AssertSqlSafe, MySqlPool, SqlitePool};

use super::{Store, StoreError, error};

/// How often one operation is tried when the database keeps breaking off deadlocks it is part of.
/// Each time at least one of its rivals got through, so few are needed.
const ATTEMPTS: u32 = 5;

/// The pool of the database in use.
#[derive(Clone, Debug)]
pub(super) enum Db {
    MySql(MySqlPool),
    Sqlite(SqlitePool),
}

/// Runs one body on whichever pool there is: written once, and type-checked for each driver.
macro_rules! with_pool {
    ($db:expr, |$pool:ident| $body:expr) => {
        match $db {
            $crate::store::dialect::Db::MySql($pool) => $body,
            $crate::store::dialect::Db::Sqlite($pool) => $body,
        }
    };
}
pub(super) use with_pool;

impl Db {
    /// `text` with `{now}` replaced by the database's own clock, in microseconds since 1970 UTC.
    pub(super) fn sql(&self, text: &'static str) -> AssertSqlSafe<String> {
        let now = match self {
            Self::MySql(_) => {
                "TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00', UTC_TIMESTAMP(6))"
            }
            // SQLite's clock has milliseconds, and hands them out as a fraction.
            Self::Sqlite(_) => "(CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER) * 1000)",
        };
        AssertSqlSafe(text.replace("{now}", now))
    }
}

impl Store {
    /// Runs `operation`, again when the database broke it off as a deadlock, until the store's
    /// patience is over. A lost connection is not tried again: whether a commit arrived is unknown,
    /// and the caller has a whole submission to weigh. `doing` completes "the database can't …".
    pub(super) async fn attempt<T, F, Fut>(
        &self,
        doing: &'static str,
        operation: F,
    ) -> Result<T, StoreError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = sqlx::Result<T>>,
    {
        let attempts = async {
            for _ in 1..ATTEMPTS {
                match operation().await {
                    Err(e) if error::is_contention(&e) => {}
                    done => return done,
                }
            }
            operation().await
        };
        match tokio::time::timeout(self.patience, attempts).await {
            Ok(done) => done.map_err(|source| StoreError::of(doing, source)),
            Err(_) => Err(StoreError::TimedOut { doing, after: self.patience }),
        }
    }
}

/// Whole microseconds, as the columns `…_us` count them.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Whole milliseconds, as the columns `…_ms` count them.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A count for a column: SQL's integers are signed.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A column `…_ms` on its way to a [`Duration`].
#[derive(sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct Millis(i64);

impl From<Millis> for Duration {
    fn from(Millis(ms): Millis) -> Self {
        Self::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

/// A column `…_us` on its way to a point in time.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct Micros(pub(super) i64);

impl TryFrom<Micros> for time::OffsetDateTime {
    type Error = time::error::ComponentRange;

    fn try_from(Micros(us): Micros) -> Result<Self, Self::Error> {
        Self::from_unix_timestamp_nanos(i128::from(us) * 1_000)
    }
}
