//! Verdict messages that no broker has confirmed yet, and those of finished requests.
//!
//! The message stands in `judge_history.report`; the row in `judge_outbox` says that it is due.

use std::time::Duration;

use sqlx::FromRow;

use super::{
    ReplyRoute, Store, StoreError,
    dialect::{micros, with_pool},
};

/// The most events that one reading of the outbox returns.
pub const MAX_PENDING_EVENTS: u32 = 100;

/// A verdict message as it was stored with its judgement.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct OutboxEvent {
    /// The row in `judge_history` that it announces.
    pub history_id: i64,
    /// The request: the `messageId`, by which consumers tell a message sent twice.
    pub request_id: String,
    /// The submission, for the routing key.
    pub submission_id: String,
    /// The room, for the routing key.
    pub room_id: Option<String>,
    /// What the delivery asked about its answer; forgotten once the event is published.
    #[sqlx(flatten)]
    pub route: ReplyRoute,
    /// The message: JSON, byte for byte as it was stored.
    pub payload: String,
}

impl Store {
    /// At most `limit` and [`MAX_PENDING_EVENTS`] events stored at least `older_than` ago and not
    /// published yet, oldest first. Workers that ask at the same time get the same ones.
    pub async fn pending_events(
        &self,
        older_than: Duration,
        limit: u32,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        let select = "SELECT h.id AS history_id, h.request_id, h.submission_id, h.room_id, \
                      o.reply_to, o.correlation_id, o.traceparent, h.report AS payload \
                      FROM judge_outbox o JOIN judge_history h ON h.id = o.history_id \
                      WHERE o.created_at_us <= {now} - ? ORDER BY o.created_at_us LIMIT ?";
        self.attempt("read the outbox", || async {
            with_pool!(&self.db, |pool| {
                sqlx::query_as(self.db.sql(select))
                    .bind(micros(older_than))
                    .bind(i64::from(limit.min(MAX_PENDING_EVENTS)))
                    .fetch_all(pool)
                    .await
            })
        })
        .await
    }

    /// Takes the event of `history_id` out of the outbox: a broker has confirmed it. Nothing happens
    /// when it is out already.
    pub async fn event_published(&self, history_id: i64) -> Result<(), StoreError> {
        let delete = "DELETE FROM judge_outbox WHERE history_id = ?";
        self.attempt("empty the outbox", || async {
            with_pool!(&self.db, |pool| {
                sqlx::query(delete).bind(history_id).execute(pool).await.map(drop)
            })
        })
        .await
    }

    /// How many events wait to be published.
    pub async fn outbox_depth(&self) -> Result<u64, StoreError> {
        let count: i64 = self
            .attempt("count the outbox", || async {
                with_pool!(&self.db, |pool| {
                    let count = "SELECT COUNT(*) FROM judge_outbox";
                    sqlx::query_scalar(count).fetch_one(pool).await
                })
            })
            .await?;
        Ok(count.unsigned_abs())
    }

    /// The verdict message of a finished request, whether published or not, so that a redelivery of
    /// the request can be answered. `None` when it isn't finished.
    pub async fn event_of(&self, request_id: &str) -> Result<Option<OutboxEvent>, StoreError> {
        let select = "SELECT h.id AS history_id, h.request_id, h.submission_id, h.room_id, \
                      o.reply_to, o.correlation_id, o.traceparent, h.report AS payload \
                      FROM judge_history h LEFT JOIN judge_outbox o ON o.history_id = h.id \
                      WHERE h.request_id = ?";
        self.attempt("read a stored verdict", || async {
            with_pool!(&self.db, |pool| {
                sqlx::query_as(select).bind(request_id).fetch_optional(pool).await
            })
        })
        .await
    }
}
