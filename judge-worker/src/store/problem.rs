//! What the API may show of a problem: seeded from its package, public tests only.

use sqlx::FromRow;

use super::{Store, StoreError, dialect::with_pool, error};

/// The longest statement that is stored.
pub const MAX_STATEMENT_BYTES: usize = 1 << 20;

/// The longest input, and the longest answer, of a public test that is stored.
pub const MAX_PUBLIC_TEST_BYTES: usize = 4 << 20;

/// The most public tests of a problem that are stored.
pub const MAX_PUBLIC_TESTS: usize = 1_000;

/// A problem as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ProblemRow {
    /// The name of the package, at most 255 characters.
    pub problem_id: String,
    /// The content hash of the package, at most 255 characters.
    pub version: String,
    /// The title.
    pub title: String,
    /// The statement, at most [`MAX_STATEMENT_BYTES`].
    pub statement_markdown: String,
    /// The limits as a JSON object.
    pub limits_json: String,
}

/// A test whose data the statement shows.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PublicTestRow {
    /// Its place in the problem.
    #[sqlx(try_from = "i64")]
    pub ordinal: u32,
    /// The input, at most [`MAX_PUBLIC_TEST_BYTES`].
    pub input: Vec<u8>,
    /// The answer of the judge, at most [`MAX_PUBLIC_TEST_BYTES`].
    pub answer: Vec<u8>,
}

impl Store {
    /// Stores a problem and its public tests in place of what was there: whoever reads sees the old
    /// or the new, and seeding twice is the same as once.
    pub async fn seed_problem(
        &self,
        problem: &ProblemRow,
        tests: &[PublicTestRow],
    ) -> Result<(), StoreError> {
        let statement = problem.statement_markdown.len();
        StoreError::check_size("bytes of a problem statement", statement, MAX_STATEMENT_BYTES)?;
        StoreError::check_size("public tests of a problem", tests.len(), MAX_PUBLIC_TESTS)?;
        for bytes in tests.iter().flat_map(|test| [test.input.len(), test.answer.len()]) {
            StoreError::check_size("bytes of a public test", bytes, MAX_PUBLIC_TEST_BYTES)?;
        }
        self.attempt("seed a problem", || self.try_seed(problem, tests)).await
    }

    async fn try_seed(&self, problem: &ProblemRow, tests: &[PublicTestRow]) -> sqlx::Result<()> {
        let insert = "INSERT INTO judge_problem \
                      (version, title, statement_markdown, limits_json, problem_id, updated_at_us) \
                      VALUES (?, ?, ?, ?, ?, {now})";
        let update = "UPDATE judge_problem SET version = ?, title = ?, statement_markdown = ?, \
                      limits_json = ?, updated_at_us = {now} WHERE problem_id = ?";
        with_pool!(&self.db, |pool| {
            let mut tx = pool.begin().await?;
            // The update first: it locks the row that is usually there, so rivals queue up. Where it
            // isn't, and a rival's insert comes first, there is something to update after all.
            for upsert in [update, insert, update] {
                let upsert = sqlx::query(self.db.sql(upsert))
                    .bind(&problem.version)
                    .bind(&problem.title)
                    .bind(&problem.statement_markdown)
                    .bind(&problem.limits_json)
                    .bind(&problem.problem_id);
                match upsert.execute(&mut *tx).await {
                    Ok(done) if done.rows_affected() == 1 => break,
                    Err(e) if !error::is_unique_violation(&e) => return Err(e),
                    _ => {}
                }
            }
            let delete = sqlx::query("DELETE FROM judge_public_test WHERE problem_id = ?");
            delete.bind(&problem.problem_id).execute(&mut *tx).await?;
            for test in tests {
                // One at a time: together they may exceed the server's `max_allowed_packet`.
                let insert = "INSERT INTO judge_public_test (problem_id, ordinal, input, answer) \
                              VALUES (?, ?, ?, ?)";
                let insert = sqlx::query(insert)
                    .bind(&problem.problem_id)
                    .bind(i64::from(test.ordinal))
                    .bind(&test.input)
                    .bind(&test.answer);
                insert.execute(&mut *tx).await?;
            }
            tx.commit().await
        })
    }

    /// A seeded problem with its public tests in order; `None` when there is none of that id.
    pub async fn seeded_problem(
        &self,
        problem_id: &str,
    ) -> Result<Option<(ProblemRow, Vec<PublicTestRow>)>, StoreError> {
        let problem = "SELECT problem_id, version, title, statement_markdown, limits_json \
                       FROM judge_problem WHERE problem_id = ?";
        let tests = "SELECT ordinal, input, answer FROM judge_public_test \
                     WHERE problem_id = ? ORDER BY ordinal";
        self.attempt("read a problem", || async {
            with_pool!(&self.db, |pool| {
                // One transaction, so that both are of the same seeding.
                let mut tx = pool.begin().await?;
                let problem: Option<ProblemRow> =
                    sqlx::query_as(problem).bind(problem_id).fetch_optional(&mut *tx).await?;
                let tests: Vec<PublicTestRow> =
                    sqlx::query_as(tests).bind(problem_id).fetch_all(&mut *tx).await?;
                tx.commit().await?;
                Ok(problem.map(|problem| (problem, tests)))
            })
        })
        .await
    }
}
