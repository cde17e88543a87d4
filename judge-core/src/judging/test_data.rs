//! Inputs and answers in memory, so that runs of the same test share one copy.
//!
//! ```text
//! file of the package ──first use──▶ sealed file ──▶ standard input of every run (no copy)
//!                                         └────────▶ mapped for every comparison (no copy)
//! ```
//!
//! Sealed, since a file of the package may be cut short while it is mapped, and reading it would kill
//! the process then (`mmap(2)`, `SIGBUS`). Bounded: what was not used for longest goes first; what is
//! too large is read for each run anew. Never here: which tests there are.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sys::fds::SealedFile;

/// The largest test data file, in bytes: larger ones would not fit beside each other in memory.
const LARGEST_TEST_DATA: u64 = 1 << 30;

/// Files of packages that were read. Clones share them.
#[derive(Clone)]
pub struct TestData(Arc<Shared>);

struct Shared {
    max_bytes: u64,
    kept: Mutex<Kept>,
}

/// Without what is kept: it would name hidden tests.
impl fmt::Debug for TestData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestData").field("max_bytes", &self.0.max_bytes).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Kept {
    files: HashMap<Key, Entry>,
    bytes: u64,
    /// Grows with every use.
    clock: u64,
}

/// A file of one version of a package: an update is another file.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    version: String,
    path: PathBuf,
}

struct Entry {
    content: Arc<SealedFile>,
    used: u64,
}

impl TestData {
    /// Keeps up to `max_bytes` (inclusive) when nobody uses them.
    pub fn new(max_bytes: u64) -> Self {
        Self(Arc::new(Shared { max_bytes, kept: Mutex::default() }))
    }

    /// The content of `path`, as it was when it was first asked for in this `version` of its package.
    pub(super) fn get(&self, version: &str, path: &Path) -> io::Result<Arc<SealedFile>> {
        let key = Key { version: version.to_owned(), path: path.to_path_buf() };
        if let Some(content) = self.kept().used(&key) {
            return Ok(content);
        }
        // Not under the lock, for it takes long; two who are at it at once waste one copy.
        let content = Arc::new(read(path)?);
        self.kept().keep(key, &content, self.0.max_bytes);
        Ok(content)
    }

    /// How much is kept when nobody uses it.
    pub(super) fn max_bytes(&self) -> u64 {
        self.0.max_bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves it whole: nothing in there panics between two of its changes.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn used(&mut self, key: &Key) -> Option<Arc<SealedFile>> {
        self.clock += 1;
        let entry = self.files.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.content))
    }

    fn keep(&mut self, key: Key, content: &Arc<SealedFile>, max_bytes: u64) {
        if max_bytes < content.len() || self.files.contains_key(&key) {
            return;
        }
        self.bytes += content.len();
        self.files.insert(key, Entry { content: Arc::clone(content), used: self.clock });
        while max_bytes < self.bytes {
            let oldest = self.files.iter().min_by_key(|(_, entry)| entry.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { break };
            if let Some(gone) = self.files.remove(&key) {
                self.bytes -= gone.content.len();
            }
        }
    }
}

fn read(path: &Path) -> io::Result<SealedFile> {
    SealedFile::of_file(&mut File::open(path)?, LARGEST_TEST_DATA)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, len: usize) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, "x".repeat(len)).unwrap();
        path
    }

    #[test]
    fn a_file_is_read_once_for_each_version_of_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "1.in", 3);
        let data = TestData::new(100);
        let first = data.get("one", &path).unwrap();
        std::fs::write(&path, "changed").unwrap();
        assert!(Arc::ptr_eq(&first, &data.get("one", &path).unwrap()));
        assert_eq!(data.get("two", &path).unwrap().read_all().unwrap(), b"changed");
    }

    #[test]
    fn what_was_not_used_for_longest_goes_when_there_is_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b", "c"].map(|name| file(folder.path(), name, 4));
        let data = TestData::new(8);
        let get = |path: &PathBuf| data.get("", path).unwrap();
        let [a, b] = [get(&paths[0]), get(&paths[1])];
        assert!(Arc::ptr_eq(&a, &get(&paths[0])));
        get(&paths[2]);
        assert!(Arc::ptr_eq(&a, &get(&paths[0])), "used after b");
        assert!(!Arc::ptr_eq(&b, &get(&paths[1])), "thrown away");
        assert_eq!(data.kept().bytes, 8);
    }

    #[test]
    fn what_is_larger_than_all_that_is_kept_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "1.in", 9);
        let data = TestData::new(8);
        let first = data.get("", &path).unwrap();
        assert!(!Arc::ptr_eq(&first, &data.get("", &path).unwrap()));
        assert_eq!(data.kept().bytes, 0);
        assert!(data.get("", &folder.path().join("missing")).is_err());
    }
}
