//! Entries as files of a folder that is ours alone.
//!
//! An entry is written beside its place and then moved there, so that no reader sees half of one. It is
//! not forced to the disk: what a crash leaves is found out by its digest. When there is too much, what
//! was not used for longest goes, which the times of modification tell. Whatever lies in there counts
//! and goes alike, so that remains of a crash need no care.

use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::super::compile::Compilation;
use super::super::language::Language;
use super::entry::{self, Encoded};
use super::{CacheError, Key};
use crate::sys::shortage::Shortage;

/// Makes the folder in which all that is kept has its own, if it is not there. Others may pass through it,
/// to what is shown in sandboxes.
///
/// # Errors
/// [`CacheError::NotOurs`] where somebody else owns it or may write it.
pub fn make_cache_folder(dir: &Path) -> Result<(), CacheError> {
    let io = |source| CacheError::Io { path: dir.to_path_buf(), source };
    DirBuilder::new().recursive(true).mode(0o711).create(dir).map_err(io)?;
    own(dir, 0o022)
}

/// The folder of entries.
pub struct Folder {
    path: PathBuf,
    max_bytes: u64,
    /// What lies in it, as far as this process knows; held while it is added to. Other processes may add
    /// to it too: before anything is said to be too much, it is counted.
    used: Mutex<u64>,
    /// Numbers the files on their way.
    written: AtomicU64,
}

/// What a file takes is counted in such blocks, the commonest of file systems.
const BLOCK: u64 = 4096;

impl Folder {
    /// Makes `compile` in `dir`, and `dir` too, where they are not there.
    pub fn open(dir: &Path, max_bytes: u64) -> Result<Self, CacheError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| CacheError::Io { path, source }
        };
        make_cache_folder(dir)?;
        let path = dir.join("compile");
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io(&path)(error));
            }
            _ => own(&path, 0o077)?,
        }
        let folder = Self { path, max_bytes, used: Mutex::new(0), written: AtomicU64::new(0) };
        *folder.used.lock().unwrap_or_else(PoisonError::into_inner) =
            folder.shrink_to(max_bytes).map_err(io(&folder.path))?;
        Ok(folder)
    }

    /// The sound entry of `key`, if there is one; what is there and is none goes.
    pub fn get(&self, key: &Key, language: &Arc<Language>) -> Option<Compilation> {
        let path = self.path.join(key.to_string());
        let mut file = match open_entry(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot open a compiled program");
                return None;
            }
        };
        match entry::read(key, &mut file, language) {
            Ok(compilation) => {
                // At worst it goes earlier than it should.
                let _ = file.set_times(FileTimes::new().set_modified(SystemTime::now()));
                Some(compilation)
            }
            Err(error) if Shortage::of(&error).is_none() => {
                tracing::warn!(path = %path.display(), %error, "a compiled program is spoilt");
                let _ = fs::remove_file(&path);
                None
            }
            // Of what the host is short of, the entry is not to blame.
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot read a compiled program");
                None
            }
        }
    }

    /// Keeps an entry, and tells whether that worked.
    pub fn put(&self, key: &Key, compilation: &Compilation) -> bool {
        match self.try_put(key, compilation) {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(folder = %self.path.display(), %error, "cannot keep a compiled program");
                false
            }
        }
    }

    fn try_put(&self, key: &Key, compilation: &Compilation) -> io::Result<bool> {
        let encoded = Encoded::of(key, compilation)?;
        let needed = on_disk(encoded.len());
        if self.max_bytes < needed {
            return Ok(false);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if self.max_bytes < *used + needed {
            // A little more than is needed, so that not every entry costs a look at all others.
            let target = (self.max_bytes - self.max_bytes / 8).min(self.max_bytes - needed);
            *used = self.shrink_to(target)?;
        }
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let on_its_way = self.path.join(format!("{}.{number}.new", std::process::id()));
        // Remains of a process that had our number.
        let _ = fs::remove_file(&on_its_way);
        let written =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&on_its_way).and_then(
                |mut file| {
                    encoded.write(&mut file)?;
                    file.set_times(FileTimes::new().set_modified(SystemTime::now()))?;
                    fs::rename(&on_its_way, self.path.join(key.to_string()))
                },
            );
        match written {
            Ok(()) => {
                *used += needed;
                Ok(true)
            }
            Err(error) => {
                let _ = fs::remove_file(&on_its_way);
                Err(error)
            }
        }
    }

    /// Removes what was not used for longest until all together takes at most `target` bytes; what it
    /// takes then.
    fn shrink_to(&self, target: u64) -> io::Result<u64> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Another process may have removed it.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                files.push((metadata.modified()?, entry.path(), on_disk(metadata.len())));
            }
        }
        let mut used: u64 = files.iter().map(|(_, _, len)| len).sum();
        files.sort();
        for (_, path, len) in files {
            if used <= target {
                break;
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => used -= len,
            }
        }
        Ok(used)
    }
}

/// No link is followed, and nothing is waited for: a pipe in its place is no entry.
fn open_entry(path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a regular file"));
    }
    Ok(file)
}

fn on_disk(len: u64) -> u64 {
    len.div_ceil(BLOCK).max(1).saturating_mul(BLOCK)
}

/// Refuses a folder that belongs to somebody else, or has one of the bits `forbidden` in its mode.
pub fn own(path: &Path, forbidden: u32) -> Result<(), CacheError> {
    let metadata = fs::symlink_metadata(path)
        .map_err(|source| CacheError::Io { path: path.to_path_buf(), source })?;
    let user = nix::unistd::geteuid().as_raw();
    if metadata.is_dir() && metadata.uid() == user && metadata.mode() & forbidden == 0 {
        return Ok(());
    }
    Err(CacheError::NotOurs { path: path.to_path_buf(), user })
}
