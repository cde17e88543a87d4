//! What can be wrong with settings. Each says where it stands, so that it can be put right.

use std::{io, path::PathBuf};

/// Whoever runs the worker has to change something before it can start.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The value does not fit.
    #[error("{place}: expected {expected}, found {found}")]
    BadValue {
        /// A flag, a variable, or a line of a file with its key.
        place: String,
        /// What would fit.
        expected: String,
        /// What is there; of a secret, not even that.
        found: String,
    },
    /// The file has a key that is no setting.
    #[error("{place}: there is no setting `{key}`{}", did_you_mean(*nearest))]
    UnknownKey {
        /// The file and the line.
        place: String,
        /// The key.
        key: String,
        /// One that is much like it.
        nearest: Option<&'static str>,
    },
    /// The file is not TOML.
    #[error("{place}: not TOML: {message}")]
    NotToml {
        /// The file and the line.
        place: String,
        /// What the parser says.
        message: String,
    },
    /// A file that a setting names cannot be read.
    #[error("{place}: cannot read {path:?}")]
    Unreadable {
        /// The setting that names it.
        place: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The variable is not UTF-8.
    #[error("the environment variable {variable} is not UTF-8")]
    NotUtf8 {
        /// Its name.
        variable: String,
    },
    /// A secret and the file that holds it are given side by side.
    #[error("{place} and {other} both give the same setting: leave one of them out")]
    GivenTwice {
        /// Where the one stands.
        place: String,
        /// Where the other stands.
        other: String,
    },
    /// No message could hold the largest program.
    #[error("max_message_bytes ({message}) is below max_source_bytes ({source_bytes})")]
    MessageBelowSource {
        /// The largest message.
        message: usize,
        /// The largest program.
        source_bytes: usize,
    },
    /// Two queues of one name would mix what must be kept apart.
    #[error("the queue name {name:?} is given to two queues")]
    QueueTwice {
        /// The name.
        name: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}
