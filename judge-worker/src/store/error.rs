//! What can go wrong with a database, and whether another try may help.

use std::{io, path::PathBuf, time::Duration};

use sqlx::{migrate::MigrateError, mysql::MySqlDatabaseError};

/// The database failed or refused. It says nothing about the submission: no verdict may follow.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A lost connection, a full disk, a lock held for too long: another try may succeed. A write may
    /// have happened all the same; every operation of the store may be repeated.
    #[error("the database cannot {doing} now")]
    Transient {
        /// What was attempted, to complete "cannot …".
        doing: &'static str,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// As [`StoreError::Transient`]: there was no answer, so a write may have happened.
    #[error("the database did not {doing} within {after:?}")]
    TimedOut {
        /// What was attempted, to complete "did not …".
        doing: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// Rivals kept changing the row between the look and the write: the next try finds a winner.
    #[error("the database cannot {doing}: rivals were faster {rounds} times")]
    Contended {
        /// What was attempted, to complete "cannot …".
        doing: &'static str,
        /// How often it was tried.
        rounds: u32,
    },
    /// The same would happen again: a missing right, a value that doesn't fit, a bug of ours.
    #[error("the database refuses to {doing}")]
    Permanent {
        /// What was attempted, to complete "refuses to …".
        doing: &'static str,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// The caller gave more than a table may hold.
    #[error("{what}: {actual}, where {limit} are the most that is stored")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        actual: usize,
        /// The most, inclusive.
        limit: usize,
    },
    /// The verdict message could not be written down as JSON: a bug of ours.
    #[error("cannot write the verdict message as JSON")]
    Report(#[source] serde_json::Error),
    /// The settings name no database that can be used. Never repeats the URL: it has a password.
    #[error("the database URL is of no use: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The `SQLite` file is not there and can't be made.
    #[error("cannot create the database file {path:?}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The tables can't be brought up to date.
    #[error("cannot migrate the database: {advice}")]
    Migrate {
        /// What to do about it.
        advice: &'static str,
        /// What the migrator says.
        source: MigrateError,
    },
}

impl StoreError {
    /// Whether the same operation may succeed later, with nobody doing anything about it here.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transient { .. } | Self::TimedOut { .. } | Self::Contended { .. } => true,
            Self::Permanent { .. }
            | Self::TooLarge { .. }
            | Self::Report(_)
            | Self::Url { .. }
            | Self::File { .. }
            | Self::Migrate { .. } => false,
        }
    }

    pub(super) fn of(doing: &'static str, source: sqlx::Error) -> Self {
        if is_transient(&source) {
            Self::Transient { doing, source }
        } else {
            Self::Permanent { doing, source }
        }
    }

    pub(super) fn of_migration(source: MigrateError) -> Self {
        match source {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _)
                if is_transient(&source) =>
            {
                Self::Transient { doing: "migrate its tables", source }
            }
            MigrateError::Dirty(_) => Self::Migrate {
                advice: "a worker was killed while it migrated; every migration may run again, so \
                         delete the row with success = 0 from judge_migration and start once more",
                source,
            },
            _ => Self::Migrate {
                advice: "a migration differs from the one applied before, or the user may not \
                         create tables",
                source,
            },
        }
    }

    /// Refuses `actual` above `limit`, which is inclusive.
    pub(super) fn check_size(
        what: &'static str,
        actual: usize,
        limit: usize,
    ) -> Result<(), StoreError> {
        if actual <= limit { Ok(()) } else { Err(Self::TooLarge { what, actual, limit }) }
    }
}

/// Whether the database broke this off only because of a rival, so that it may be tried at once.
pub(super) fn is_contention(error: &sqlx::Error) -> bool {
    match fault(error) {
        Fault::MySql(number) => matches!(number, 1020 | 1213),
        Fault::Sqlite(code) => matches!(code, 5 | 6),
        Fault::Connection | Fault::Other => false,
    }
}

/// Whether this is about a row that is there already.
pub(super) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn is_transient(error: &sqlx::Error) -> bool {
    match fault(error) {
        Fault::Connection => true,
        // <https://mariadb.com/kb/en/mariadb-error-code-reference/>, the same numbers in MySQL:
        Fault::MySql(number) => matches!(
            number,
            1020 | 1213 | 1205 // row changed, deadlock, lock wait timeout
            | 1021 | 1026 | 1030 | 1114 // disk full, error writing, error of the engine, table full
            | 1037 | 1038 | 1041 // out of memory
            | 1040 | 1203 | 1226 // too many connections
            | 1053 | 1077 | 1079 | 3169 // shutting down
            | 1158 // ER_NET_READ_ERROR and its siblings up to
            ..=1161 // ER_NET_WRITE_INTERRUPTED
            | 1290 | 1792 | 1836 // read-only: a failover
            | 1317 | 1927 | 1969 | 3024 // interrupted, connection killed, statement timeout
        ),
        // <https://sqlite.org/rescode.html>: BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN, PROTOCOL.
        Fault::Sqlite(code) => matches!(code, 5 | 6 | 7 | 10 | 13 | 14 | 15),
        Fault::Other => false,
    }
}

enum Fault {
    Connection,
    /// The server's error number.
    MySql(u16),
    /// The primary result code.
    Sqlite(u32),
    Other,
}

fn fault(error: &sqlx::Error) -> Fault {
    let database = match error {
        sqlx::Error::Database(database) => database,
        // A server killed in the middle of an answer leaves half a packet: `Protocol`.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => return Fault::Connection,
        _ => return Fault::Other,
    };
    if let Some(error) = database.try_downcast_ref::<MySqlDatabaseError>() {
        return Fault::MySql(error.number());
    }
    // SQLite's extended codes have the primary one in their low byte.
    match database.code().and_then(|code| code.parse::<u32>().ok()) {
        Some(code) => Fault::Sqlite(code & 0xff),
        None => Fault::Other,
    }
}
