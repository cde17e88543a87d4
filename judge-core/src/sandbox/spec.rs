//! What a caller says of one run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Limits;
use super::profile::ProfileName;
use crate::sys::fds::SealedFile;

/// One run.
#[derive(Debug, Clone, Copy)]
pub struct RunSpec<'a> {
    /// What it may touch.
    pub profile: ProfileName,
    /// Whether it runs on the slot's own core, where that has one; otherwise on all of the worker's.
    pub own_core: bool,
    /// Program, as an absolute path or relative to the working directory, and arguments.
    pub argv: &'a [String],
    /// The whole environment.
    pub env: &'a [(String, String)],
    /// What it may use.
    pub limits: &'a Limits,
    /// Standard input.
    pub stdin: &'a SealedFile,
    /// In the working directory when it starts.
    pub files: &'a [InputFile],
    /// Wanted from the working directory when it has ended.
    pub collect: &'a [Collect],
}

/// A file in the working directory of a run.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Relative; no `..`.
    pub path: String,
    /// All of it.
    pub content: Arc<SealedFile>,
    /// Whether it gets the mode 755 instead of 644.
    pub executable: bool,
}

/// A file wanted from a run.
#[derive(Debug, Clone)]
pub struct Collect {
    /// A relative path; or `*.suffix`, all files directly in the working directory that end so.
    pub pattern: String,
    /// Of one file, inclusive. A larger one counts as missing.
    pub max_bytes: u64,
}

/// Withdraws runs, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    cancelled: AtomicBool,
    parent: Option<Cancel>,
}

impl Cancel {
    /// From now on no run that holds this, or a part of it, goes on.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::cancel`] was called, on this or on what it is a part of.
    pub fn is_cancelled(&self) -> bool {
        let parent = self.0.parent.as_ref();
        self.0.cancelled.load(Ordering::Relaxed) || parent.is_some_and(Self::is_cancelled)
    }

    /// One that can be cancelled alone, and is cancelled with this one.
    #[must_use]
    pub fn part(&self) -> Self {
        let parent = Some(self.clone());
        Self(Arc::new(CancelState { cancelled: AtomicBool::new(false), parent }))
    }
}
