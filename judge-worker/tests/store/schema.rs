//! Connecting: the tables come up to date, and no error tells a password.

use std::{fs, os::unix::fs::PermissionsExt};

use judge_worker::store::{Store, StoreError, StoreOptions};

use crate::fixture::{Database, HOUR, granted, on_both_databases, stored};

on_both_databases! {
    workers_that_start_at_once_and_again_migrate_once
    the_description_names_kind_and_version_only
}

async fn workers_that_start_at_once_and_again_migrate_once(db: &Database) {
    for _ in 0..2 {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = db.url();
                tokio::spawn(async move { Store::connect(&url, &StoreOptions::default()).await })
            })
            .collect();
        for start in starts {
            let store = start.await.expect("no panic").expect("every worker starts");
            store.ping().await.expect("it is up");
        }
    }
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    stored(&store, &lease).await;
}

async fn the_description_names_kind_and_version_only(db: &Database) {
    let description = db.connect().await.describe().await.expect("it is up");
    let (kind, version) = description.split_once(' ').expect("two words");
    let expected = match db {
        Database::Sqlite(_) => "SQLite",
        Database::MariaDb(_) => "MariaDB",
    };
    assert_eq!(kind, expected);
    assert!(version.chars().all(|c| c.is_ascii_digit() || c == '.'), "{version}");
}

#[tokio::test]
async fn a_sqlite_file_is_made_for_its_owner_only() {
    let db = Database::sqlite();
    let store = db.connect().await;
    let lease = granted(&store, "r", "w", HOUR).await;
    stored(&store, &lease).await;
    let Database::Sqlite(dir) = &db else { unreachable!("made so above") };
    let mut files = 0;
    for file in fs::read_dir(dir.path()).expect("it is there") {
        let file = file.expect("it is there");
        let mode = file.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
        files += 1;
    }
    assert!(files >= 2, "the database and its write-ahead log");
}

#[tokio::test]
async fn a_sqlite_file_in_no_folder_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("missing/judge.sqlite");
    let url = format!("sqlite://{}", path.display());
    let error = Store::connect(&url, &StoreOptions::default()).await.expect_err("no folder");
    assert!(matches!(&error, StoreError::File { path: named, .. } if *named == path), "{error:?}");
}

#[tokio::test]
async fn a_url_of_no_use_is_an_error_without_its_password() {
    for url in [
        "",
        "judge.sqlite",
        "postgres://judge:hunter2@127.0.0.1/judge",
        "mysql://judge:hunter2@127.0.0.1",
        "mysql://judge:hunter2@127.0.0.1:port/judge",
        "mysql://judge:hunter2@127.0.0.1/judge?ssl-mode=sometimes",
        "sqlite://judge.sqlite?mode=sideways",
    ] {
        let error = Store::connect(url, &StoreOptions::default()).await.expect_err(url);
        assert!(matches!(error, StoreError::Url { .. }), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
