//! History in `MySQL` 8, `MariaDB` 10.6+ or `SQLite`: who judges a request, what came of it, and
//! which verdicts no broker has confirmed yet.
//!
//! ```text
//! claim ──► Granted(lease) ──► store_judgement ──► New(event) ──► publish ──► event_published
//!   │            │ renew            │ one transaction: claim finished, history, tests, outbox
//!   │            ▼                  ├─► Before   a redelivery; the first judgement stands
//!   │         release               └─► Fenced   the lease ran out and another worker took over
//!   └─► HeldElsewhere · Finished, GivenUp (republish `event_of`) · Conflict
//! ```
//!
//! A claim is a row, not a lock in memory: it outlives the worker, and a lease that runs out passes
//! to the next claimant with a higher *fencing token*. Every write of a holder names its token in SQL,
//! so one that slept through its lease can't write. Leases and timestamps are by the database's
//! clock alone: the workers' clocks may differ.
//!
//! Each statement stands once for all dialects; the module `dialect` has what differs. Never here:
//! whether to ack, retry or judge again, and data of hidden tests, for which no table has a column.

mod claim;
mod connect;
mod dialect;
mod error;
mod history;
mod judgement;
mod outbox;
mod problem;

pub use claim::{Claim, ClaimRequest, LONGEST_LEASE, Lease, Renewal};
pub use connect::StoreOptions;
pub use error::StoreError;
pub use history::{HistoryEntry, HistoryRecord, MAX_HISTORY_ROWS, TestRecord, Visibility};
pub use judgement::{MAX_REPORT_BYTES, ReplyRoute, Stored};
pub use outbox::{MAX_PENDING_EVENTS, OutboxEvent};
pub use problem::{
    MAX_PUBLIC_TEST_BYTES, MAX_PUBLIC_TESTS, MAX_STATEMENT_BYTES, ProblemRow, PublicTestRow,
};

use std::time::Duration;

use dialect::{Db, with_pool};

/// A connected database whose schema is current. Clones share one pool of connections.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    /// How long one operation may take in all, its retries included.
    patience: Duration,
}

impl Store {
    /// Asks the database for an answer; the answer itself says nothing more than that.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.attempt("answer", || async {
            with_pool!(&self.db, |pool| sqlx::query("SELECT 1").execute(pool).await.map(drop))
        })
        .await
    }

    /// Kind and version of the server, such as `MariaDB 10.11.6`: never its address or credentials.
    pub async fn describe(&self) -> Result<String, StoreError> {
        let ask_version = match self.db {
            Db::MySql(_) => "SELECT VERSION()",
            Db::Sqlite(_) => "SELECT sqlite_version()",
        };
        let version: String = self
            .attempt("tell its version", || async {
                with_pool!(&self.db, |pool| sqlx::query_scalar(ask_version).fetch_one(pool).await)
            })
            .await?;
        // `10.11.6-MariaDB-0+deb12u1`: what follows the first dash is packaging.
        let number = version.split('-').next().unwrap_or_default();
        let kind = match self.db {
            Db::Sqlite(_) => "SQLite",
            Db::MySql(_) if version.contains("MariaDB") => "MariaDB",
            Db::MySql(_) => "MySQL",
        };
        Ok(format!("{kind} {number}"))
    }

    /// Waits until every connection is given back and closed. What is asked of any clone afterwards
    /// fails.
    pub async fn close(&self) {
        with_pool!(&self.db, |pool| pool.close().await);
    }
}
