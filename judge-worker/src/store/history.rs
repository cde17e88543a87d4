//! What was judged: one row for each request, one for each of its tests.

use std::{collections::HashMap, time::Duration};

use sqlx::{AssertSqlSafe, FromRow, QueryBuilder};
use time::OffsetDateTime;

use super::{
    Store, StoreError,
    dialect::{Micros, Millis, with_pool},
};

/// The most rows that one reading of the history returns.
pub const MAX_HISTORY_ROWS: u32 = 1_000;

/// A judgement as the history keeps it. Strings are at most 255 characters where nothing else is
/// said; the database refuses longer ones.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct HistoryRecord {
    /// The submission, at most 64 characters.
    pub submission_id: String,
    /// The key that the sender chose to find the row by.
    pub history_key: Option<String>,
    /// The room whose topic the verdict goes to.
    pub room_id: Option<String>,
    /// Who submitted.
    pub user_id: Option<String>,
    /// The problem.
    pub problem_id: String,
    /// The content hash of the problem's package.
    pub problem_version: String,
    /// The language's id, at most 64 characters.
    pub language: String,
    /// `submit`, `sample` or `custom`.
    pub mode: String,
    /// The verdict's code, at most 16 characters.
    pub verdict: String,
    /// The score, where the problem is scored.
    pub score: Option<f64>,
    /// The score of a perfect solution.
    pub max_score: Option<f64>,
    /// The longest CPU time of a test. Kept in whole milliseconds, rounded down.
    #[sqlx(rename = "cpu_time_ms", try_from = "Millis")]
    pub cpu_time: Duration,
    /// The longest wall time of a test. Kept in whole milliseconds, rounded down.
    #[sqlx(rename = "wall_time_ms", try_from = "Millis")]
    pub wall_time: Duration,
    /// The largest memory use of a test.
    #[sqlx(try_from = "i64")]
    pub memory_kib: u64,
    /// SHA-256 of the source in hex.
    pub source_hash: String,
    /// The tests that were run, each ordinal once.
    #[sqlx(skip)]
    pub tests: Vec<TestRecord>,
}

/// A test as the history keeps it: facts and verdict, never its data.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct TestRecord {
    /// Its place in the problem.
    #[sqlx(try_from = "i64")]
    pub ordinal: u32,
    /// Whether its data may be shown.
    #[sqlx(try_from = "String")]
    pub visibility: Visibility,
    /// The test group, where the problem has any.
    #[sqlx(rename = "test_group")]
    pub group: Option<String>,
    /// The verdict's code, at most 16 characters.
    pub verdict: String,
    /// CPU time, kept in whole milliseconds, rounded down.
    #[sqlx(rename = "cpu_time_ms", try_from = "Millis")]
    pub cpu_time: Duration,
    /// Wall time, kept in whole milliseconds, rounded down.
    #[sqlx(rename = "wall_time_ms", try_from = "Millis")]
    pub wall_time: Duration,
    /// Peak memory.
    #[sqlx(try_from = "i64")]
    pub memory_kib: u64,
}

/// Who may see the data of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody: a sample of the statement.
    Public,
    /// Nobody but the judge.
    Hidden,
}

impl Visibility {
    /// As the column has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Hidden => "hidden",
        }
    }
}

impl TryFrom<String> for Visibility {
    type Error = String;

    fn try_from(stored: String) -> Result<Self, String> {
        match stored.as_str() {
            "public" => Ok(Self::Public),
            "hidden" => Ok(Self::Hidden),
            _ => Err(format!("{stored:?} is no visibility of a test")),
        }
    }
}

/// A stored judgement.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct HistoryEntry {
    /// The row's id; a later judgement has a higher one.
    pub id: i64,
    /// The request that was judged.
    pub request_id: String,
    /// Who judged it.
    pub worker: String,
    /// When it was stored, by the database's clock.
    #[sqlx(rename = "judged_at_us", try_from = "Micros")]
    pub judged_at: OffsetDateTime,
    /// What was stored.
    #[sqlx(flatten)]
    pub record: HistoryRecord,
}

#[derive(FromRow)]
struct TestOfHistory {
    history_id: i64,
    #[sqlx(flatten)]
    test: TestRecord,
}

/// All but `report`, which may be large.
const SELECT_HISTORY: &str = "SELECT id, request_id, worker, judged_at_us, submission_id, \
     history_key, room_id, user_id, problem_id, problem_version, language, mode, verdict, score, \
     max_score, cpu_time_ms, wall_time_ms, memory_kib, source_hash FROM judge_history";

impl Store {
    /// The newest `limit` judgements, newest first; at most [`MAX_HISTORY_ROWS`].
    pub async fn history(&self, limit: u32) -> Result<Vec<HistoryEntry>, StoreError> {
        let select = format!("{SELECT_HISTORY} ORDER BY id DESC LIMIT ?");
        self.attempt("read the history", || async {
            let entries: Vec<HistoryEntry> = with_pool!(&self.db, |pool| {
                sqlx::query_as(AssertSqlSafe(select.as_str()))
                    .bind(i64::from(limit.min(MAX_HISTORY_ROWS)))
                    .fetch_all(pool)
                    .await?
            });
            self.with_tests(entries).await
        })
        .await
    }

    /// The newest [`MAX_HISTORY_ROWS`] judgements stored under `history_key`, newest first.
    pub async fn history_by_key(&self, history_key: &str) -> Result<Vec<HistoryEntry>, StoreError> {
        let select = format!("{SELECT_HISTORY} WHERE history_key = ? ORDER BY id DESC LIMIT ?");
        self.attempt("read the history of a key", || async {
            let entries: Vec<HistoryEntry> = with_pool!(&self.db, |pool| {
                sqlx::query_as(AssertSqlSafe(select.as_str()))
                    .bind(history_key)
                    .bind(i64::from(MAX_HISTORY_ROWS))
                    .fetch_all(pool)
                    .await?
            });
            self.with_tests(entries).await
        })
        .await
    }

    /// Fills in the tests, which are never changed once their history row can be seen.
    async fn with_tests(&self, mut entries: Vec<HistoryEntry>) -> sqlx::Result<Vec<HistoryEntry>> {
        if entries.is_empty() {
            return Ok(entries);
        }
        let select = "SELECT history_id, ordinal, visibility, test_group, verdict, cpu_time_ms, \
                      wall_time_ms, memory_kib FROM judge_history_test WHERE history_id IN (";
        let found: Vec<TestOfHistory> = with_pool!(&self.db, |pool| {
            let mut select = QueryBuilder::new(select);
            let mut ids = select.separated(", ");
            for entry in &entries {
                ids.push_bind(entry.id);
            }
            select.push(") ORDER BY history_id, ordinal");
            select.build_query_as().persistent(false).fetch_all(pool).await?
        });
        let mut tests: HashMap<i64, Vec<TestRecord>> = HashMap::new();
        for TestOfHistory { history_id, test } in found {
            tests.entry(history_id).or_default().push(test);
        }
        for entry in &mut entries {
            entry.record.tests = tests.remove(&entry.id).unwrap_or_default();
        }
        Ok(entries)
    }
}
