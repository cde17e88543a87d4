//! The plain files and directories of groups.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::Flock;
use nix::unistd::Pid;

use super::super::SandboxError;
use crate::sys::fds::lock_dir;

/// A file of a group, kept open: the kernel makes its text anew at each read from the start.
#[derive(Debug)]
pub(super) struct KernelFile {
    path: PathBuf,
    file: File,
}

/// More than any file that is read here holds.
const LONGEST: usize = 8 * 1024;

impl KernelFile {
    /// For reading, and for writing too where the kernel lets us.
    pub fn open(path: PathBuf) -> Result<Self, SandboxError> {
        let writable = File::options().read(true).write(true).open(&path);
        match writable.or_else(|_| File::open(&path)) {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(failed(&path, source)),
        }
    }

    /// As [`Self::open`]; `None` where this kernel has no such file.
    pub fn open_if_there(path: PathBuf) -> Result<Option<Self>, SandboxError> {
        match Self::open(path) {
            Err(SandboxError::Cgroup { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            opened => opened.map(Some),
        }
    }

    pub fn text(&self) -> Result<String, SandboxError> {
        let mut buffer = vec![0; LONGEST];
        let len = self.file.read_at(&mut buffer, 0).map_err(|source| failed(&self.path, source))?;
        buffer.truncate(len);
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }

    /// The one number in it; `max` is the highest.
    pub fn number(&self) -> Result<u64, SandboxError> {
        let text = self.text()?;
        match text.trim() {
            "max" => Ok(u64::MAX),
            digits => digits.parse().map_err(|_| {
                failed(&self.path, io::Error::other(format!("{digits:?} is not a number")))
            }),
        }
    }

    /// The number behind `key` in lines of `key number`; 0 when there is no such line.
    pub fn key(&self, key: &str) -> Result<u64, SandboxError> {
        Ok(key_in(&self.text()?, key))
    }

    /// Writes `value`, which the kernel takes whole or refuses.
    pub fn set(&self, value: &str) -> Result<(), SandboxError> {
        self.file
            .write_at(value.as_bytes(), 0)
            .map(drop)
            .map_err(|source| failed(&self.path, source))
    }
}

/// The numbers in a `cgroup.procs`, one a line.
pub(super) fn members(group: &Path) -> Result<Vec<Pid>, SandboxError> {
    let text = read(&group.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| line.parse().ok().map(Pid::from_raw)).collect())
}

/// The whole text of a small kernel file.
pub(super) fn read(path: &Path) -> Result<String, SandboxError> {
    fs::read_to_string(path).map_err(|source| failed(path, source))
}

/// The number behind `key` in a text of lines `key number`; 0 when there is no such line.
pub(super) fn key_in(text: &str, key: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Writes to a kernel file, which takes `value` whole or refuses.
pub(super) fn write(path: &Path, value: &str) -> Result<(), SandboxError> {
    KernelFile::open(path.into())?.set(value)
}

/// Makes a group, with its parents; one that is there already will do.
pub(super) fn make_dir(path: &Path) -> Result<(), SandboxError> {
    fs::create_dir_all(path).map_err(|source| failed(path, source))
}

/// Locks a group's directory ([`lock_dir`]).
pub(super) fn try_lock(dir: &Path) -> Result<Option<Flock<File>>, SandboxError> {
    lock_dir(dir).map_err(|source| failed(dir, source))
}

/// Ends what is left below `dir` and removes the groups there, for which it waits up to `patience`.
/// `false`: something did not go.
pub(super) fn clear(dir: &Path, patience: Duration) -> bool {
    // On v2 from Linux 5.14 on. Elsewhere they end with their init, which has lost its supervisor.
    let _ = write(&dir.join("cgroup.kill"), "1");
    let cleared = settles(patience, || {
        remove_children(dir);
        Ok(!has_children(dir))
    });
    cleared.unwrap_or(false)
}

/// Waits up to `patience` until `settled` holds: for what the kernel is about to do and announces
/// in no way that all versions share.
pub(super) fn settles(
    patience: Duration,
    mut settled: impl FnMut() -> Result<bool, SandboxError>,
) -> Result<bool, SandboxError> {
    let deadline = Instant::now() + patience;
    loop {
        if settled()? {
            return Ok(true);
        }
        if deadline < Instant::now() {
            return Ok(false);
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Between two looks at what is about to settle.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Removes the empty groups below `dir`, deepest first, and then `dir`.
pub(super) fn remove_tree(dir: &Path) {
    remove_children(dir);
    let _ = fs::remove_dir(dir);
}

/// Removes the empty groups below `dir`. A group with processes stays: it is in use.
fn remove_children(dir: &Path) {
    for child in children(dir) {
        remove_tree(&child);
    }
}

fn has_children(dir: &Path) -> bool {
    !children(dir).is_empty()
}

fn children(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let is_dir = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let dirs = entries.flatten().filter(is_dir);
    dirs.map(|entry| entry.path()).collect()
}

pub(super) fn failed(path: &Path, source: io::Error) -> SandboxError {
    SandboxError::Cgroup { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_matched_whole() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n";
        assert_eq!(key_in(text, "oom_kill"), 7);
        assert_eq!(key_in(text, "oom"), 0);
    }
}
