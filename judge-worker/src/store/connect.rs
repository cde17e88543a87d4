//! How a URL becomes a [`Store`]: options of each connection, and the schema brought up to date.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Executor,
    migrate::{Migrate, Migrator},
    mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions},
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::{Store, StoreError, dialect::Db};

/// A table of our own: the database may be one that other programs migrate too.
const MIGRATION_TABLE: &str = "judge_migration";

/// How long a starting worker waits for another one that migrates.
const MIGRATION_PATIENCE: Duration = Duration::from_mins(2);

/// How the pool of connections behaves.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// At least 1. One for each slot and one for the outbox is enough. In-memory `SQLite` has one.
    pub max_connections: u32,
    /// How long to wait for a free connection, or for a server that doesn't answer.
    pub acquire_timeout: Duration,
    /// How long one operation may take in all, its retries included.
    pub patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(10),
            patience: Duration::from_secs(30),
        }
    }
}

impl Store {
    /// Connects to `mysql://user:password@host:port/database` (or `mariadb://…`), `sqlite://path` or
    /// `sqlite::memory:`, and brings its tables up to date; any number of workers may start at once.
    ///
    /// A `SQLite` file is made, readable by its owner only, when it is not there. A `MySQL` user
    /// needs `CREATE, ALTER, INDEX, REFERENCES, SELECT, INSERT, UPDATE, DELETE` on the database.
    pub async fn connect(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        let scheme = url.split(':').next().unwrap_or_default();
        let opening = async {
            match scheme {
                "mysql" | "mariadb" => connect_mysql(url, options).await,
                "sqlite" => connect_sqlite(url, options).await,
                _ => Err(unusable("it starts with none of mysql:, mariadb: and sqlite:")),
            }
        };
        let after = MIGRATION_PATIENCE + options.patience;
        let db = tokio::time::timeout(after, opening)
            .await
            .unwrap_or(Err(StoreError::TimedOut { doing: "migrate its tables", after }))?;
        Ok(Self { db, patience: options.patience })
    }
}

async fn connect_mysql(url: &str, options: &StoreOptions) -> Result<Db, StoreError> {
    let server = MySqlConnectOptions::from_str(url).map_err(|e| unusable(e.to_string()))?;
    if server.get_database().is_none() {
        return Err(unusable("it names no database, as in mysql://user@host/DATABASE"));
    }
    let connection = MySqlConnection::connect_with(&server);
    let mut connection = tokio::time::timeout(options.acquire_timeout, connection)
        .await
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
        .map_err(|source| StoreError::of("be reached", source))?;
    migrate_mysql(&mut connection).await?;
    // Nothing is lost when the farewell fails: the server drops the lock with the connection.
    drop(connection.close().await);

    let pool = MySqlPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // Without strict mode a value too long is cut, and the cut one stored. The server
                // waits 50 s for a row lock by default: longer than an operation may take.
                let session = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), \
                               SESSION innodb_lock_wait_timeout = 10";
                connection.execute(session).await.map(drop)
            })
        });
    Ok(Db::MySql(pool.connect_lazy_with(server)))
}

/// Migrates under a lock of our own, which the end of the connection releases.
///
/// The migrator's lock asks `GET_LOCK` for an infinite wait in `MySQL`'s way, to which `MariaDB`
/// answers at once that it is an incorrect value; the migrator then goes on without a lock.
async fn migrate_mysql(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    // Lock names are of the whole server, and have at most 64 characters.
    let lock = "SELECT GET_LOCK(CONCAT('judge-worker:', SHA1(DATABASE())), ?)";
    let locked: Option<i64> = sqlx::query_scalar(lock)
        .bind(MIGRATION_PATIENCE.as_secs())
        .fetch_one(&mut *connection)
        .await
        .map_err(|source| StoreError::of("lock its migrations", source))?;
    if locked != Some(1) {
        let doing = "let go of a migration that another worker runs";
        return Err(StoreError::TimedOut { doing, after: MIGRATION_PATIENCE });
    }
    migrate(sqlx::migrate!("migrations/mysql"), connection).await
}

async fn connect_sqlite(url: &str, options: &StoreOptions) -> Result<Db, StoreError> {
    let file = SqliteConnectOptions::from_str(url)
        .map_err(|e| unusable(e.to_string()))?
        .busy_timeout(options.patience)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().acquire_timeout(options.acquire_timeout);
    let (file, pool) = if url.contains(":memory:") {
        // The data live in the connection, so there is one, and it never ends.
        (file, pool.max_connections(1).idle_timeout(None).max_lifetime(None))
    } else {
        create_private(file.get_filename())?;
        let file = file.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        (file, pool.max_connections(options.max_connections))
    };
    // Only who asks for a lock anew is made to wait by the timeout, and the change to a write-ahead log
    // is no such: of several workers that open a new file at once, some hear that it is locked.
    let began = Instant::now();
    let pool = loop {
        match pool.clone().connect_with(file.clone()).await {
            Err(error) if is_locked(&error) && began.elapsed() < options.patience => {
                tokio::time::sleep(LOCKED_NAP).await;
            }
            opened => break opened.map_err(|source| StoreError::of("be opened", source))?,
        }
    };
    let mut connection =
        pool.acquire().await.map_err(|source| StoreError::of("be opened", source))?;
    migrate_sqlite(&mut connection).await?;
    drop(connection);
    Ok(Db::Sqlite(pool))
}

/// Between two attempts to open a file that somebody else is opening.
const LOCKED_NAP: Duration = Duration::from_millis(20);

/// `SQLITE_BUSY`, in its least eight bits (*Result and Error Codes*).
fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Migrates in one transaction that takes the write lock first: the migrator has no lock for
/// `SQLite`, so that two workers would apply the same migration.
async fn migrate_sqlite(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let doing = "migrate its tables";
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(|source| StoreError::of(doing, source))?;
    migrate(sqlx::migrate!("migrations/sqlite"), &mut *tx).await?;
    tx.commit().await.map_err(|source| StoreError::of(doing, source))
}

async fn migrate<C: Migrate>(mut migrator: Migrator, connection: &mut C) -> Result<(), StoreError> {
    migrator.dangerous_set_table_name(MIGRATION_TABLE);
    migrator.set_locking(false); // ours is held
    // A newer worker may have migrated further. Migrations only add, so this one can still work.
    migrator.set_ignore_missing(true);
    // `run` takes `impl Acquire`, whose lifetime keeps the future from being `Send`.
    migrator.run_direct(None, connection, false).await.map_err(StoreError::of_migration)
}

/// Makes an empty file for its owner only. `SQLite` gives the files beside it the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map(drop).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

fn unusable(reason: impl Into<String>) -> StoreError {
    StoreError::Url { reason: reason.into() }
}
