//! Why a package can't be used.

use std::{io, path::PathBuf};

/// The package can't be read, or can't be judged with. Except for [`PackageError::Io`] it's the
/// package that must change; the text says where and how.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// See [`ProblemId`](super::ProblemId).
    #[error("{0:?} can't be a problem id: use 1 to 64 of A-Z, a-z, 0-9, _ and - for the folder")]
    BadId(String),
    /// A file or folder that every package, or this one, must have.
    #[error("{} is missing: {remedy}", path.display())]
    Missing {
        /// In the package.
        path: PathBuf,
        /// What to put there.
        remedy: String,
    },
    /// A file isn't YAML at all, or repeats a key.
    #[error("{}, line {line}, column {column}: this is not valid YAML", path.display())]
    Yaml {
        /// In the package.
        path: PathBuf,
        /// From 1; 0 when the parser doesn't know.
        line: usize,
        /// From 1; 0 when the parser doesn't know.
        column: usize,
        /// What the parser says.
        source: serde_norway::Error,
    },
    /// A file says something that the format doesn't allow.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// In the package.
        path: PathBuf,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The format has it, this judge hasn't.
    #[error("{}: {feature}: this judge does not support it yet", path.display())]
    Unsupported {
        /// In the package.
        path: PathBuf,
        /// What the package asks for.
        feature: String,
    },
    /// The format leaves such files out, which for test data would change verdicts in silence.
    #[error("{path:?}: a name must be 1 to 255 of A-Z, a-z, 0-9, _, . and -: rename it")]
    BadName {
        /// In the package.
        path: PathBuf,
    },
    /// A symbolic link whose target is outside the package, or isn't there.
    #[error("{} is a link to something that is not in the package", path.display())]
    BadLink {
        /// In the package.
        path: PathBuf,
    },
    /// More than this judge is willing to read.
    #[error("{}: {bound}", path.display())]
    TooLarge {
        /// In the package.
        path: PathBuf,
        /// Which bound.
        bound: String,
    },
    /// It came as an archive that is broken, or of a kind that is not supported.
    #[error("this is no zip archive that can be read")]
    Archive {
        /// What is wrong.
        source: zip::result::ZipError,
    },
    /// Something in an archive that is not unpacked.
    #[error("{name:?}: {problem}")]
    Entry {
        /// In the archive, at most its first 100 characters.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The package is perhaps right, but can't be read here and now.
    #[error("cannot read {}", path.display())]
    Io {
        /// In the package.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PackageError {
    /// Whether another try, or another host, may succeed with the same package.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}
