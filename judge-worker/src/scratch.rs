//! The folder for a process's temporary files, which does not outlive it.
//!
//! ```text
//! TMPDIR/judge-scratch-XXXXXX     one process; locked as long as that lives
//!   judge-package-XXXXXX          an archive, unpacked
//!   .tmpXXXXXX                    what should not be found by the self-test
//! ```
//!
//! A process that is killed leaves its folder behind. The next one that starts removes every such
//! folder whose lock is free.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use judge_core::sys::fds::lock_dir;
use nix::fcntl::Flock;
use nix::unistd::geteuid;
use tempfile::TempDir;

/// What all such folders begin with.
const PREFIX: &str = "judge-scratch-";

/// A start elsewhere may take a folder for left over before it is locked: then another is made.
const MOST_TRIES: u32 = 16;

/// The folder. Removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    dir: TempDir,
    _lock: Flock<File>,
}

/// There is no place for temporary files.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a folder for temporary files in {}; name another place in TMPDIR", parent.display())]
pub struct ScratchError {
    parent: PathBuf,
    source: io::Error,
}

impl Scratch {
    /// Removes what dead processes of this user left in `parent`, makes a folder there that nobody
    /// else may enter, and has all temporary files of this process made in it from now on.
    ///
    /// To be called once, before anything asks where temporary files go.
    pub fn enter(parent: &Path) -> Result<Self, ScratchError> {
        let failed = |source| ScratchError { parent: parent.to_owned(), source };
        let scratch = Self::make(parent).map_err(failed)?;
        tempfile::env::override_temp_dir(scratch.dir.path()).map_err(|other| {
            failed(io::Error::other(format!("{} is it already", other.display())))
        })?;
        Ok(scratch)
    }

    fn make(parent: &Path) -> io::Result<Self> {
        remove_left_over(parent)?;
        for _ in 0..MOST_TRIES {
            let mut builder = tempfile::Builder::new();
            let only_ours = fs::Permissions::from_mode(0o700);
            let dir = builder.prefix(PREFIX).permissions(only_ours).tempdir_in(parent)?;
            if let Some(lock) = lock_dir(dir.path())? {
                return Ok(Self { dir, _lock: lock });
            }
        }
        Err(io::Error::other("somebody removes them as fast as they are made"))
    }
}

fn remove_left_over(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Others may write in there too: a link, or a folder of somebody else, is not ours to follow.
        let path = entry.path();
        let is_ours = fs::symlink_metadata(&path)
            .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
        if !is_ours {
            continue;
        }
        let removed = match lock_dir(&path) {
            Ok(Some(_lock)) => fs::remove_dir_all(&path),
            Ok(None) => continue,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "cannot remove what a killed worker left");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let entries = fs::read_dir(parent).expect("a folder of ours");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_have_stays() {
        let parent = tempfile::tempdir().expect("a folder");
        let living = Scratch::make(parent.path()).expect("a place");
        fs::write(living.dir.path().join("file"), "in use").expect("ours");
        let dead = parent.path().join(format!("{PREFIX}dead"));
        fs::create_dir_all(dead.join("judge-package-1/sums")).expect("a new folder");
        fs::create_dir(parent.path().join("of-others")).expect("a new folder");

        let next = Scratch::make(parent.path()).expect("a place");
        assert!(!dead.exists());
        assert_eq!(names(living.dir.path()), ["file"]);
        let (living_dir, next_dir) = (living.dir.path().to_owned(), next.dir.path().to_owned());
        assert_ne!(living_dir, next_dir);
        drop((living, next));
        assert_eq!(names(parent.path()), ["of-others"], "both remove their own at their end");
    }

    #[test]
    fn a_link_is_never_followed() {
        let (parent, elsewhere) = (tempfile::tempdir(), tempfile::tempdir());
        let (parent, elsewhere) = (parent.expect("a folder"), elsewhere.expect("a folder"));
        fs::write(elsewhere.path().join("precious"), "").expect("ours");
        let link = parent.path().join(format!("{PREFIX}link"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("a new name");
        let _scratch = Scratch::make(parent.path()).expect("a place");
        assert_eq!(names(elsewhere.path()), ["precious"]);
        assert!(link.is_symlink());
    }

    #[test]
    fn nobody_else_may_enter() {
        let parent = tempfile::tempdir().expect("a folder");
        let scratch = Scratch::make(parent.path()).expect("a place");
        let mode = fs::metadata(scratch.dir.path()).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
