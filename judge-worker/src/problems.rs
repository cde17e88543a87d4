//! The problems that this worker knows, by id.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use judge_core::judging::Problem;
use judge_core::judging::package::{Package, PackageError};

use crate::message::MAX_TESTS;

/// A package that can't be judged against.
#[derive(Debug, thiserror::Error)]
pub enum ProblemError {
    /// The package itself is wrong.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Its verdicts would not fit into a message.
    #[error("the problem has {0} testcases, at most {MAX_TESTS} are possible")]
    TooManyTests(usize),
}

/// Reads one package.
pub fn read(dir: &Path) -> Result<Problem, ProblemError> {
    let package = Package::read(dir)?;
    let tests = package.testcases.len();
    if MAX_TESTS < tests {
        return Err(ProblemError::TooManyTests(tests));
    }
    Ok(Problem::new(package))
}

/// The folder of problems can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the problem folder {}", path.display())]
pub struct CatalogError {
    path: PathBuf,
    source: io::Error,
}

/// All packages of a folder, sound or broken.
#[derive(Debug, Default)]
pub struct Catalog {
    problems: BTreeMap<String, Result<Arc<Problem>, Arc<ProblemError>>>,
}

impl Catalog {
    /// Reads every package in `dir`. A broken one is kept as broken, and said in the log: the others
    /// can be judged.
    pub fn read(dir: &Path) -> Result<Self, CatalogError> {
        let failed = |source| CatalogError { path: dir.into(), source };
        let mut problems = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(id) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if id.starts_with('.') || !path.is_dir() {
                continue;
            }
            let problem = read(&path).map(Arc::new).map_err(Arc::new);
            if let Err(error) = &problem {
                tracing::error!(problem = id, error = %chain(error), "a package can't be used");
            }
            problems.insert(id.to_owned(), problem);
        }
        Ok(Self { problems })
    }

    /// The problem of that id: `None` if there is no such folder.
    pub fn find(&self, id: &str) -> Option<Result<Arc<Problem>, Arc<ProblemError>>> {
        self.problems.get(id).cloned()
    }

    /// Those that can be judged against, by id.
    pub fn sound(&self) -> impl Iterator<Item = &Arc<Problem>> {
        self.problems.values().filter_map(|problem| problem.as_ref().ok())
    }

    /// How many packages are broken.
    pub fn broken(&self) -> usize {
        self.problems.values().filter(|problem| problem.is_err()).count()
    }
}

/// An error with all its causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
