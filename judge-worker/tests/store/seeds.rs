//! Problems as the API shows them.

use judge_worker::store::{
    MAX_PUBLIC_TEST_BYTES, MAX_PUBLIC_TESTS, MAX_STATEMENT_BYTES, ProblemRow, PublicTestRow,
    StoreError,
};

use crate::fixture::{Database, on_both_databases};

on_both_databases! {
    seeding_twice_is_the_same_as_once
    a_new_version_takes_the_place_of_the_old_one_tests_included
    workers_that_seed_at_once_leave_one_whole_problem
    what_is_too_large_is_refused_and_what_just_fits_is_stored
    a_problem_that_was_never_seeded_is_none
}

pub fn problem(version: &str) -> ProblemRow {
    ProblemRow {
        problem_id: "sum".to_owned(),
        version: version.to_owned(),
        title: "A + B — easy".to_owned(),
        statement_markdown: format!("# Sum\n\nVersion {version}: $a + b$"),
        limits_json: r#"{"cpuTimeMs": 1000}"#.to_owned(),
    }
}

/// `count` tests whose data tell the version, and are no UTF-8.
pub fn tests(version: &str, count: u32) -> Vec<PublicTestRow> {
    let data = [version.as_bytes(), b"\x00\xff\n"].concat();
    let row = |ordinal| PublicTestRow { ordinal, input: data.clone(), answer: data.clone() };
    (1..=count).map(row).collect()
}

async fn seeding_twice_is_the_same_as_once(db: &Database) {
    let store = db.connect().await;
    for _ in 0..2 {
        store.seed_problem(&problem("1"), &tests("1", 3)).await.expect("it is up");
        let seeded = store.seeded_problem("sum").await.expect("it is up");
        assert_eq!(seeded, Some((problem("1"), tests("1", 3))));
    }
}

async fn a_new_version_takes_the_place_of_the_old_one_tests_included(db: &Database) {
    let store = db.connect().await;
    store.seed_problem(&problem("1"), &tests("1", 3)).await.expect("it is up");
    store.seed_problem(&problem("2"), &tests("2", 1)).await.expect("it is up");
    let seeded = store.seeded_problem("sum").await.expect("it is up");
    assert_eq!(seeded, Some((problem("2"), tests("2", 1))));
}

async fn workers_that_seed_at_once_leave_one_whole_problem(db: &Database) {
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(db.connect().await);
    }
    let seeders: Vec<_> = stores
        .iter()
        .cloned()
        .enumerate()
        .map(|(i, store)| {
            tokio::spawn(async move {
                let version = i.to_string();
                for _ in 0..10 {
                    store.seed_problem(&problem(&version), &tests(&version, 3)).await?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .collect();
    for seeder in seeders {
        seeder.await.expect("no panic").expect("every worker seeds");
    }
    let seeded = stores[0].seeded_problem("sum").await.expect("it is up");
    let (problem_left, tests_left) = seeded.expect("it was seeded");
    assert_eq!(problem_left, problem(&problem_left.version));
    assert_eq!(tests_left, tests(&problem_left.version, 3), "of the same version");
}

async fn what_is_too_large_is_refused_and_what_just_fits_is_stored(db: &Database) {
    let store = db.connect().await;
    let statement = |bytes| ProblemRow { statement_markdown: "x".repeat(bytes), ..problem("1") };
    let input = |bytes| PublicTestRow { ordinal: 1, input: vec![7; bytes], answer: Vec::new() };
    let too_many = tests("1", u32::try_from(MAX_PUBLIC_TESTS + 1).expect("a small number"));
    for (problem, tests) in [
        (statement(MAX_STATEMENT_BYTES + 1), tests("1", 1)),
        (problem("1"), vec![input(MAX_PUBLIC_TEST_BYTES + 1)]),
        (problem("1"), too_many),
    ] {
        let refused = store.seed_problem(&problem, &tests).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
        assert_eq!(store.seeded_problem("sum").await.expect("it is up"), None);
    }
    let (fitting, test) = (statement(MAX_STATEMENT_BYTES), [input(MAX_PUBLIC_TEST_BYTES)]);
    store.seed_problem(&fitting, &test).await.expect("it just fits");
    let seeded = store.seeded_problem("sum").await.expect("it is up");
    assert_eq!(seeded, Some((fitting, test.to_vec())));
}

async fn a_problem_that_was_never_seeded_is_none(db: &Database) {
    let store = db.connect().await;
    assert_eq!(store.seeded_problem("sum").await.expect("it is up"), None);
}
