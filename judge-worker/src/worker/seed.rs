//! Writes problems and their public tests to the database, as the API may show them.

use std::fs;
use std::io;
use std::path::Path;

use judge_core::judging::package::{Package, PublicTestcase, StatementFormat};

use crate::problems::{Catalog, chain};
use crate::report::limits_json;
use crate::store::{ProblemRow, PublicTestRow, Store, StoreError};

/// Seeds every sound problem. One that can't be shown is judged all the same, and said in the log;
/// a database that does not answer is an error.
pub async fn seed(store: &Store, catalog: &Catalog) -> Result<(), StoreError> {
    for problem in catalog.sound() {
        let package = &problem.package;
        let (row, tests) = match rows(package) {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(problem = %package.id, %error, "cannot seed a problem");
                continue;
            }
        };
        match store.seed_problem(&row, &tests).await {
            Err(error @ StoreError::TooLarge { .. }) => {
                tracing::error!(problem = %package.id, error = %chain(&error), "cannot seed a problem");
            }
            done => done?,
        }
    }
    Ok(())
}

/// A problem as the API may show it. A hidden test can't be among the tests: it has no data to offer.
fn rows(package: &Package) -> io::Result<(ProblemRow, Vec<PublicTestRow>)> {
    let tests = package.public_testcases().map(test_row).collect::<io::Result<_>>()?;
    let row = ProblemRow {
        problem_id: package.id.as_str().to_owned(),
        version: package.version.clone(),
        title: package.title().to_owned(),
        statement_markdown: statement(package)?,
        limits_json: limits_json(package),
    };
    Ok((row, tests))
}

fn test_row(testcase: PublicTestcase<'_>) -> io::Result<PublicTestRow> {
    Ok(PublicTestRow {
        ordinal: testcase.ordinal(),
        input: testcase.read_input()?,
        answer: testcase.read_answer()?,
    })
}

/// The English statement, else any; Markdown before TeX, which is shown as it stands.
fn statement(package: &Package) -> io::Result<String> {
    let best = package.statements.iter().min_by_key(|statement| {
        (statement.format != StatementFormat::Markdown, !statement.language.starts_with("en"))
    });
    best.map_or(Ok(String::new()), |statement| fs::read_to_string(Path::new(&statement.path)))
}
