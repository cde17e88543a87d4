//! The problems that this worker knows, by id.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use judge_core::judging::Problem;
use judge_core::judging::package::{PackageError, is_archive};
use judge_core::sys::shortage::Shortage;

use crate::message::MAX_TESTS;

/// A package that can't be judged against.
#[derive(Debug, thiserror::Error)]
pub enum ProblemError {
    /// The package itself is wrong.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// Nobody can say which of them is meant.
    #[error("the problem is there twice, as {} and as {}: remove one", one.display(), other.display())]
    Twice {
        /// A folder or an archive.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// Its verdicts would not fit into a message.
    #[error("the problem has {0} testcases, at most {MAX_TESTS} are possible")]
    TooManyTests(usize),
}

/// Reads one package, a folder or a zip archive.
pub fn read(path: &Path) -> Result<Problem, ProblemError> {
    let problem = Problem::read(path)?;
    let tests = problem.package.testcases.len();
    if MAX_TESTS < tests {
        return Err(ProblemError::TooManyTests(tests));
    }
    Ok(problem)
}

/// The problems can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Their folder is missing, or closed to us.
    #[error("cannot read the problem folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The host could not have them read, which says nothing of the package.
    #[error("cannot read the problem package {}, for the host is {shortage}", path.display())]
    Short {
        /// The package.
        path: PathBuf,
        /// Of what.
        shortage: Shortage,
        /// What was attempted in vain.
        source: ProblemError,
    },
}

/// All packages of a folder, sound or broken.
#[derive(Debug, Default)]
pub struct Catalog {
    problems: BTreeMap<String, Result<Arc<Problem>, Arc<ProblemError>>>,
}

impl Catalog {
    /// Reads every package in `dir`: folders named by the problem's id, and archives `ID.zip`. A
    /// broken one is kept as broken: the others can be judged. One that could not be read for want of
    /// something on this host is not broken: nothing is judged until there is enough.
    pub fn read(dir: &Path) -> Result<Self, CatalogError> {
        let failed = |source| CatalogError::Folder { path: dir.into(), source };
        let mut paths: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_folder = path.is_dir();
            if !is_folder && !is_archive(&path) {
                continue;
            }
            let id = if is_folder { path.file_name() } else { path.file_stem() };
            let Some(id) = id.and_then(|name| name.to_str()) else { continue };
            if !id.starts_with('.') {
                paths.entry(id.to_owned()).or_default().push(path);
            }
        }
        let mut problems = BTreeMap::new();
        for (id, mut paths) in paths {
            let problem = match (paths.pop(), paths.pop()) {
                (Some(one), Some(other)) => Err(ProblemError::Twice { one, other }),
                (Some(path), None) => match read(&path) {
                    Err(source) if let Some(shortage) = Shortage::of(&source) => {
                        return Err(CatalogError::Short { path, shortage, source });
                    }
                    read => read,
                },
                (None, _) => continue,
            };
            let problem = problem.map(Arc::new).map_err(Arc::new);
            problems.insert(id, problem);
        }
        Ok(Self { problems })
    }

    /// The problem of that id: `None` if there is neither such a folder nor such an archive.
    pub fn find(&self, id: &str) -> Option<Result<Arc<Problem>, Arc<ProblemError>>> {
        self.problems.get(id).cloned()
    }

    /// Those that can be judged against, by id.
    pub fn sound(&self) -> impl Iterator<Item = &Arc<Problem>> {
        self.problems.values().filter_map(|problem| problem.as_ref().ok())
    }

    /// Says in the log which packages are broken, and why.
    pub fn log_broken(&self) {
        for (id, problem) in &self.problems {
            if let Err(error) = problem {
                tracing::error!(problem = id, error = %chain(error), "a package can't be used");
            }
        }
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
