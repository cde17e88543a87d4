//! Who judges a request: one worker at a time, for as long as its lease lasts.

use std::time::Duration;

use sqlx::FromRow;

use super::{
    Store, StoreError,
    dialect::{micros, with_pool},
    error,
};

/// The longest lease there is; a longer one is cut to it. Holders renew long before.
pub const LONGEST_LEASE: Duration = Duration::from_hours(24);

/// How often a claim is decided anew because a rival changed the row in between. Whoever loses such
/// a race usually finds a live lease the next time.
const ROUNDS: u32 = 8;

/// What a worker says when it takes a submission in hand.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest<'a> {
    /// The idempotency key, 1 to 64 characters.
    pub request_id: &'a str,
    /// The submission that the request is about, 1 to 64 characters.
    pub submission_id: &'a str,
    /// SHA-256 in hex of what is judged: tells a redelivery from a request id used twice.
    pub content_hash: &'a str,
    /// The name of the claiming worker, for its peers to read.
    pub worker: &'a str,
    /// How long the claim stands unless it is renewed, by the database's clock.
    pub lease: Duration,
}

/// How a claim was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The request is the claimant's until the lease ends.
    Granted(Lease),
    /// Somebody is judging it, perhaps the same worker: a redelivery after a lost connection.
    HeldElsewhere {
        /// Who holds it.
        worker: String,
        /// How long at most until it can be claimed.
        remaining: Duration,
    },
    /// It has been judged; [`Store::event_of`] has the verdict.
    Finished {
        /// The row in `judge_history`.
        history_id: i64,
    },
    /// It was given up without a judgement; [`Store::event_of`] has the verdict that says so.
    GivenUp {
        /// The row in `judge_history`.
        history_id: i64,
        /// What [`Store::store_given_up`] was told.
        reason: String,
    },
    /// The same request id stands for other content: the sender's mistake.
    Conflict,
}

/// Proof of a granted claim. Whether it still holds, only the database knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) request_id: String,
    pub(super) worker: String,
    pub(super) fence: i64,
    pub(super) failed_tries: i64,
}

impl Lease {
    /// The request that is claimed.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The fencing token: every later lease of this request has a higher one.
    pub fn fence(&self) -> i64 {
        self.fence
    }

    /// How many leases of this request before came to nothing: their holder let them run out, as one
    /// that died does, or said so by [`Store::release_failed`]. It outlives every copy of the message,
    /// whose own counts begin anew.
    pub fn failed_tries(&self) -> u32 {
        u32::try_from(self.failed_tries).unwrap_or(u32::MAX)
    }
}

/// What became of a lease that its holder wanted to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It holds for the time asked, from now on.
    Renewed,
    /// Another worker has it, or the request is finished: stop judging.
    Lost,
}

#[derive(FromRow)]
struct ClaimRow {
    content_hash: String,
    worker: String,
    fence: i64,
    lease_until_us: i64,
    remaining_us: i64,
    failed_tries: i64,
    given_up: Option<String>,
    history_id: Option<i64>,
}

impl Store {
    /// Takes the request in hand, if it is new, given back, or its last lease has run out.
    /// Of any number of rivals one is granted it.
    pub async fn claim(&self, request: &ClaimRequest<'_>) -> Result<Claim, StoreError> {
        let doing = "claim a request";
        for _ in 0..ROUNDS {
            let decided = self.attempt(doing, || self.decide_claim(request)).await?;
            if let Some(claim) = decided {
                return Ok(claim);
            }
        }
        Err(StoreError::Contended { doing, rounds: ROUNDS })
    }

    /// `None` when a rival changed the row while it was looked at.
    async fn decide_claim(&self, request: &ClaimRequest<'_>) -> sqlx::Result<Option<Claim>> {
        let granted = |fence, failed_tries| {
            let (request_id, worker) = (request.request_id.to_owned(), request.worker.to_owned());
            Claim::Granted(Lease { request_id, worker, fence, failed_tries })
        };
        if self.claim_as_first(request).await? {
            return Ok(Some(granted(1, 0)));
        }
        let Some(row) = self.claim_row(request.request_id).await? else {
            return Ok(None);
        };
        if row.content_hash != request.content_hash {
            return Ok(Some(Claim::Conflict));
        }
        if let Some(history_id) = row.history_id {
            return Ok(Some(match row.given_up {
                None => Claim::Finished { history_id },
                Some(reason) => Claim::GivenUp { history_id, reason },
            }));
        }
        if let Ok(remaining @ 1..) = u64::try_from(row.remaining_us) {
            let remaining = Duration::from_micros(remaining);
            return Ok(Some(Claim::HeldElsewhere { worker: row.worker, remaining }));
        }
        // Whoever gives a request back sets the end of its lease to 0.
        let ran_out = row.lease_until_us != 0;
        let failed_tries = row.failed_tries + i64::from(ran_out);
        let taken_over = self.take_over(request, row.fence, failed_tries).await?;
        Ok(taken_over.then(|| granted(row.fence + 1, failed_tries)))
    }

    /// Claims a request that was never seen before; false when it was.
    async fn claim_as_first(&self, request: &ClaimRequest<'_>) -> sqlx::Result<bool> {
        let insert = "INSERT INTO judge_submission (request_id, submission_id, content_hash, \
                      state, worker, fence, lease_until_us, failed_tries, created_at_us) \
                      VALUES (?, ?, ?, 'judging', ?, 1, {now} + ?, 0, {now})";
        let inserted = with_pool!(&self.db, |pool| {
            sqlx::query(self.db.sql(insert))
                .bind(request.request_id)
                .bind(request.submission_id)
                .bind(request.content_hash)
                .bind(request.worker)
                .bind(lease_us(request.lease))
                .execute(pool)
                .await
                .map(drop)
        });
        match inserted {
            Err(e) if error::is_unique_violation(&e) => Ok(false),
            done => done.map(|()| true),
        }
    }

    async fn claim_row(&self, request_id: &str) -> sqlx::Result<Option<ClaimRow>> {
        let select = "SELECT s.content_hash, s.worker, s.fence, s.failed_tries, s.given_up, \
                      s.lease_until_us, s.lease_until_us - {now} AS remaining_us, \
                      h.id AS history_id \
                      FROM judge_submission s \
                      LEFT JOIN judge_history h ON h.request_id = s.request_id \
                      WHERE s.request_id = ?";
        with_pool!(&self.db, |pool| {
            sqlx::query_as(self.db.sql(select)).bind(request_id).fetch_optional(pool).await
        })
    }

    /// Takes over a lease that has run out, unless a rival did since `fence` was read.
    async fn take_over(
        &self,
        request: &ClaimRequest<'_>,
        fence: i64,
        failed_tries: i64,
    ) -> sqlx::Result<bool> {
        let update = "UPDATE judge_submission SET worker = ?, fence = fence + 1, \
                      lease_until_us = {now} + ?, failed_tries = ? \
                      WHERE request_id = ? AND fence = ? AND state = 'judging' \
                      AND lease_until_us <= {now}";
        with_pool!(&self.db, |pool| {
            let update = sqlx::query(self.db.sql(update))
                .bind(request.worker)
                .bind(lease_us(request.lease))
                .bind(failed_tries)
                .bind(request.request_id)
                .bind(fence);
            update.execute(pool).await.map(|done| done.rows_affected() == 1)
        })
    }

    /// Keeps the claim for `duration` from now. A lease that ran out is renewed too, if nobody took
    /// it over.
    pub async fn renew(&self, lease: &Lease, duration: Duration) -> Result<Renewal, StoreError> {
        let update = "UPDATE judge_submission SET lease_until_us = {now} + ? \
                      WHERE request_id = ? AND fence = ? AND state = 'judging'";
        let renewed = self
            .attempt("renew a lease", || async {
                with_pool!(&self.db, |pool| {
                    let update = sqlx::query(self.db.sql(update))
                        .bind(lease_us(duration))
                        .bind(&lease.request_id)
                        .bind(lease.fence);
                    update.execute(pool).await.map(|done| done.rows_affected() == 1)
                })
            })
            .await?;
        Ok(if renewed { Renewal::Renewed } else { Renewal::Lost })
    }

    /// Gives the request back: any worker may claim it at once, and this lease is void. Nothing
    /// happens when it is lost already.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.end_lease(lease, 0).await
    }

    /// The same after a try that failed: the next holder's [`Lease::failed_tries`] counts it.
    pub async fn release_failed(&self, lease: &Lease) -> Result<(), StoreError> {
        self.end_lease(lease, 1).await
    }

    async fn end_lease(&self, lease: &Lease, failures: i64) -> Result<(), StoreError> {
        let update = "UPDATE judge_submission \
                      SET fence = fence + 1, lease_until_us = 0, failed_tries = failed_tries + ? \
                      WHERE request_id = ? AND fence = ? AND state = 'judging'";
        self.attempt("release a lease", || async {
            with_pool!(&self.db, |pool| {
                let update =
                    sqlx::query(update).bind(failures).bind(&lease.request_id).bind(lease.fence);
                update.execute(pool).await.map(drop)
            })
        })
        .await
    }
}

fn lease_us(lease: Duration) -> i64 {
    micros(lease.min(LONGEST_LEASE))
}
