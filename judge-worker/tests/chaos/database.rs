//! The database of a run through chaos, of either kind: how it fails, and what stands in it.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, MySqlConnection, SqliteConnection,
    mysql::MySqlConnectOptions, sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{books::Row, mariadb::MariaDb, proxy::Proxy};

/// The server or the file. Gone when dropped.
pub enum Database {
    MariaDb(MariaDb),
    /// One host's workers share a file.
    Sqlite(TempDir),
}

/// Where it is, for whoever only looks.
#[derive(Clone, Debug)]
pub enum Address {
    MariaDb(String),
    Sqlite(PathBuf),
}

impl Database {
    pub async fn mariadb() -> Self {
        Self::MariaDb(MariaDb::start().await)
    }

    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a folder"))
    }

    pub fn address(&self) -> Address {
        match self {
            Self::MariaDb(server) => Address::MariaDb(server.url()),
            Self::Sqlite(dir) => Address::Sqlite(dir.path().join("judge.sqlite")),
        }
    }

    /// To it; there is none to a file.
    pub async fn wire(&self) -> Option<Proxy> {
        match self {
            Self::MariaDb(server) => Some(Proxy::to(port_of(&server.url())).await),
            Self::Sqlite(_) => None,
        }
    }

    /// Has it fail for so long: the server dies of kill -9, and somebody has the file for himself.
    pub async fn fail(&mut self, pause: Duration) -> String {
        let address = self.address();
        match self {
            Self::MariaDb(server) => {
                server.kill9();
                sleep(pause).await;
                server.restart().await;
                format!("the database was killed, and is back after {pause:?}")
            }
            Self::Sqlite(_) => {
                let Ok(mut file) = address.open_sqlite().await else {
                    return "the file could not be opened".to_owned();
                };
                // Nobody else can write then; workers may keep us out for as long as we wait.
                if file.execute("BEGIN IMMEDIATE").await.is_err() {
                    return "the file was never free".to_owned();
                }
                sleep(pause).await;
                drop(file.close().await);
                format!("the file was locked for {pause:?}")
            }
        }
    }
}

impl Address {
    /// What a worker is told, by way of a wire where there is one.
    pub fn url(&self, wire: Option<&Proxy>) -> String {
        match self {
            Self::MariaDb(url) => {
                let own = port_of(url);
                let port = wire.map_or(own, |wire| wire.port);
                url.replace(&format!(":{own}/"), &format!(":{port}/"))
            }
            Self::Sqlite(path) => format!("sqlite://{}", path.display()),
        }
    }

    /// How many requests have a row; `Err` while the database is away.
    pub async fn finished(&self) -> sqlx::Result<usize> {
        let count = self.count("SELECT COUNT(*) FROM judge_history").await?;
        Ok(usize::try_from(count).expect("a count"))
    }

    /// Events that nobody was told of, and claims that are not finished.
    pub async fn unfinished(&self) -> sqlx::Result<i64> {
        let unfinished = "SELECT (SELECT COUNT(*) FROM judge_outbox) \
                          + (SELECT COUNT(*) FROM judge_submission WHERE state <> 'finished')";
        self.count(unfinished).await
    }

    /// The history with its claims.
    pub async fn rows(&self) -> sqlx::Result<Vec<Row>> {
        let rows = "SELECT h.request_id, h.verdict, h.report, s.state, s.given_up, s.fence \
                    FROM judge_history h \
                    LEFT JOIN judge_submission s ON s.request_id = h.request_id";
        match self {
            Self::MariaDb(url) => sqlx::query_as(rows).fetch_all(&mut open_mysql(url).await?).await,
            Self::Sqlite(_) => sqlx::query_as(rows).fetch_all(&mut self.open_sqlite().await?).await,
        }
    }

    /// What was stored for a request.
    pub async fn report_of(&self, request_id: &str) -> sqlx::Result<Option<String>> {
        let report = "SELECT report FROM judge_history WHERE request_id = ?";
        match self {
            Self::MariaDb(url) => {
                let report = sqlx::query_scalar(report).bind(request_id);
                report.fetch_optional(&mut open_mysql(url).await?).await
            }
            Self::Sqlite(_) => {
                let report = sqlx::query_scalar(report).bind(request_id);
                report.fetch_optional(&mut self.open_sqlite().await?).await
            }
        }
    }

    async fn count(&self, query: &'static str) -> sqlx::Result<i64> {
        match self {
            Self::MariaDb(url) => {
                sqlx::query_scalar(query).fetch_one(&mut open_mysql(url).await?).await
            }
            Self::Sqlite(_) => {
                sqlx::query_scalar(query).fetch_one(&mut self.open_sqlite().await?).await
            }
        }
    }

    async fn open_sqlite(&self) -> sqlx::Result<SqliteConnection> {
        let Self::Sqlite(path) = self else { unreachable!("asked for by whoever knows") };
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(ANSWER_PATIENCE);
        SqliteConnection::connect_with(&options).await
    }
}

/// How long it may take to answer before it counts as away.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

async fn open_mysql(url: &str) -> sqlx::Result<MySqlConnection> {
    let options: MySqlConnectOptions = url.parse()?;
    let opened = timeout(ANSWER_PATIENCE, options.connect()).await;
    opened.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

pub fn port_of(url: &str) -> u16 {
    let (_, rest) = url.rsplit_once(':').expect("a port");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}
