//! How a judgement is stored: the claim's end, the history and the event, all or nothing.

use sqlx::{FromRow, QueryBuilder};
use time::OffsetDateTime;

use super::{
    HistoryRecord, Lease, OutboxEvent, Store, StoreError,
    dialect::{Micros, millis, signed, with_pool},
    error,
};

/// The largest verdict message that is stored. With its statement it must stay below the
/// `max_allowed_packet` of a `MariaDB` as installed, 16 MiB.
pub const MAX_REPORT_BYTES: usize = 8 << 20;

/// Rows in one INSERT: 8 values each, where `SQLite` allows 32766 and `MySQL` 65535.
const TESTS_PER_INSERT: usize = 1_000;

/// What the delivery asked about its answer, to be honoured by whoever publishes it. Each at most
/// 255 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct ReplyRoute {
    /// The queue of the property `reply-to`.
    pub reply_to: Option<String>,
    /// The property `correlation-id`.
    pub correlation_id: Option<String>,
    /// The header `traceparent` (W3C Trace Context).
    pub traceparent: Option<String>,
}

/// What became of a judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is in the history. Publish the event, then tell [`Store::event_published`].
    New(OutboxEvent),
    /// The request had been judged before; that judgement stands ([`Store::event_of`]).
    Before {
        /// The row in `judge_history`.
        history_id: i64,
    },
    /// The lease was lost and another worker is at it: nothing was stored.
    Fenced,
}

impl Store {
    /// Stores a judgement together with the message that announces it: both or neither.
    ///
    /// `report` writes that message, public and in JSON, given the new row's id and its `judged_at`;
    /// it may be called more than once. Only a lease that nobody took over can store, even if its
    /// time is over.
    pub async fn store_judgement(
        &self,
        lease: &Lease,
        record: &HistoryRecord,
        route: &ReplyRoute,
        report: impl Fn(i64, OffsetDateTime) -> serde_json::Result<String> + Sync,
    ) -> Result<Stored, StoreError> {
        self.store(Judgement { lease, record, route, given_up: None }, report).await
    }

    /// The same of a request that nobody will judge: its record holds a verdict and no test. `reason`,
    /// at most 32 characters, is what a later [`Store::claim`] is answered with.
    pub async fn store_given_up(
        &self,
        lease: &Lease,
        record: &HistoryRecord,
        route: &ReplyRoute,
        reason: &str,
        report: impl Fn(i64, OffsetDateTime) -> serde_json::Result<String> + Sync,
    ) -> Result<Stored, StoreError> {
        self.store(Judgement { lease, record, route, given_up: Some(reason) }, report).await
    }

    async fn store(
        &self,
        judgement: Judgement<'_>,
        report: impl Fn(i64, OffsetDateTime) -> serde_json::Result<String> + Sync,
    ) -> Result<Stored, StoreError> {
        let stored = self
            .attempt("store a judgement", || async {
                match self.try_store(judgement, &report).await {
                    Err(Interrupted::Database(e)) => Err(e),
                    Err(Interrupted::Report(e)) => Ok(Err(e)),
                    Ok(stored) => Ok(Ok(stored)),
                }
            })
            .await??;
        match stored {
            Some(event) => Ok(Stored::New(event)),
            None => self.what_stands(judgement.lease).await,
        }
    }

    /// The transaction; `None` when the request isn't this lease's to finish.
    async fn try_store(
        &self,
        judgement: Judgement<'_>,
        report: &(impl Fn(i64, OffsetDateTime) -> serde_json::Result<String> + Sync),
    ) -> Result<Option<OutboxEvent>, Interrupted> {
        let Judgement { lease, record, route, given_up } = judgement;
        with_pool!(&self.db, |pool| {
            let mut tx = pool.begin().await?;

            // First, because it locks the row against a take-over, and all of SQLite's database.
            let finish = "UPDATE judge_submission SET state = 'finished', given_up = ? \
                          WHERE request_id = ? AND fence = ? AND state = 'judging'";
            let finish =
                sqlx::query(finish).bind(given_up).bind(&lease.request_id).bind(lease.fence);
            if finish.execute(&mut *tx).await?.rows_affected() == 0 {
                tx.rollback().await?;
                return Ok(None);
            }

            // The report comes last: it names the id and the time that this row is given.
            let insert = "INSERT INTO judge_history (request_id, submission_id, history_key, \
                          room_id, user_id, problem_id, problem_version, language, mode, verdict, \
                          score, max_score, cpu_time_ms, wall_time_ms, memory_kib, source_hash, \
                          worker, judged_at_us, report) \
                          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {now}, '{}')";
            let insert = sqlx::query(self.db.sql(insert))
                .bind(&lease.request_id)
                .bind(&record.submission_id)
                .bind(&record.history_key)
                .bind(&record.room_id)
                .bind(&record.user_id)
                .bind(&record.problem_id)
                .bind(&record.problem_version)
                .bind(&record.language)
                .bind(&record.mode)
                .bind(&record.verdict)
                .bind(record.score)
                .bind(record.max_score)
                .bind(millis(record.cpu_time))
                .bind(millis(record.wall_time))
                .bind(signed(record.memory_kib))
                .bind(&record.source_hash)
                .bind(&lease.worker);
            match insert.execute(&mut *tx).await {
                Err(e) if error::is_unique_violation(&e) => {
                    tx.rollback().await?;
                    return Ok(None);
                }
                done => done?,
            };
            let select = "SELECT id, judged_at_us FROM judge_history WHERE request_id = ?";
            let select = sqlx::query_as(select).bind(&lease.request_id);
            let (history_id, judged_at_us): (i64, i64) = select.fetch_one(&mut *tx).await?;

            for tests in record.tests.chunks(TESTS_PER_INSERT) {
                let insert = "INSERT INTO judge_history_test (history_id, ordinal, visibility, \
                              test_group, verdict, cpu_time_ms, wall_time_ms, memory_kib) ";
                let mut insert = QueryBuilder::new(insert);
                insert.push_values(tests, |mut row, test| {
                    row.push_bind(history_id)
                        .push_bind(i64::from(test.ordinal))
                        .push_bind(test.visibility.as_str())
                        .push_bind(&test.group)
                        .push_bind(&test.verdict)
                        .push_bind(millis(test.cpu_time))
                        .push_bind(millis(test.wall_time))
                        .push_bind(signed(test.memory_kib));
                });
                // As many texts as there are numbers of tests: not to be kept prepared.
                insert.build().persistent(false).execute(&mut *tx).await?;
            }

            let judged_at = OffsetDateTime::try_from(Micros(judged_at_us))
                .map_err(|e| sqlx::Error::Decode(e.into()))?;
            let payload = report(history_id, judged_at).map_err(StoreError::Report)?;
            StoreError::check_size("bytes of a verdict message", payload.len(), MAX_REPORT_BYTES)?;
            let update = sqlx::query("UPDATE judge_history SET report = ? WHERE id = ?");
            update.bind(&payload).bind(history_id).execute(&mut *tx).await?;

            let insert = "INSERT INTO judge_outbox \
                          (history_id, reply_to, correlation_id, traceparent, created_at_us) \
                          VALUES (?, ?, ?, ?, {now})";
            let insert = sqlx::query(self.db.sql(insert))
                .bind(history_id)
                .bind(&route.reply_to)
                .bind(&route.correlation_id)
                .bind(&route.traceparent);
            insert.execute(&mut *tx).await?;

            tx.commit().await?;
            Ok(Some(OutboxEvent {
                history_id,
                request_id: lease.request_id.clone(),
                submission_id: record.submission_id.clone(),
                room_id: record.room_id.clone(),
                route: route.clone(),
                payload,
            }))
        })
    }

    /// Why a judgement was not taken: the request is finished, or somebody else's.
    async fn what_stands(&self, lease: &Lease) -> Result<Stored, StoreError> {
        let select = "SELECT id FROM judge_history WHERE request_id = ?";
        let history_id: Option<i64> = self
            .attempt("look for an earlier judgement", || async {
                with_pool!(&self.db, |pool| {
                    let select = sqlx::query_scalar(select).bind(&lease.request_id);
                    select.fetch_optional(pool).await
                })
            })
            .await?;
        Ok(history_id.map_or(Stored::Fenced, |history_id| Stored::Before { history_id }))
    }
}

#[derive(Clone, Copy)]
struct Judgement<'a> {
    lease: &'a Lease,
    record: &'a HistoryRecord,
    route: &'a ReplyRoute,
    given_up: Option<&'a str>,
}

/// Why the transaction was given up.
enum Interrupted {
    /// Perhaps by a rival: it may be tried again.
    Database(sqlx::Error),
    /// By ourselves: the verdict message can't be stored.
    Report(StoreError),
}

impl From<sqlx::Error> for Interrupted {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Interrupted {
    fn from(error: StoreError) -> Self {
        Self::Report(error)
    }
}
