//! What the host has run out of, read from an error: no fault of whatever was being done.

use std::error::Error;
use std::fmt;
use std::io;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// Something of the host that is used up. It passes, or an operator sees to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shortage {
    /// `EMFILE`, `ENFILE`: no descriptor is free, here or on the whole host.
    Descriptors,
    /// `ENOMEM`: no memory.
    Memory,
    /// `ENOSPC`, `EDQUOT`: no block or no inode is free on a file system.
    Disk,
    /// `EAGAIN` where a process or thread was to be started (`clone(2)`). Never read from an
    /// error, since it means something else elsewhere.
    Processes,
}

impl Shortage {
    /// The first one among `error` and its causes.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            let of_io = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error);
            let errno = error.downcast_ref::<Errno>().copied().or(of_io.map(Errno::from_raw));
            match errno {
                Some(Errno::EMFILE | Errno::ENFILE) => return Some(Self::Descriptors),
                Some(Errno::ENOMEM) => return Some(Self::Memory),
                Some(Errno::ENOSPC | Errno::EDQUOT) => return Some(Self::Disk),
                _ => next = error.source(),
            }
        }
        None
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Descriptors => {
                "out of file descriptors: raise the limit (ulimit -n, LimitNOFILE=, --ulimit \
                 nofile) or use fewer slots"
            }
            Self::Memory => "out of memory: give the worker more, or use fewer slots",
            Self::Disk => "out of disk space or inodes: make room (df, df -i)",
            Self::Processes => {
                "out of processes or threads: raise the limit (ulimit -u, TasksMax=, --pids-limit)"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Shortage;
    use nix::errno::Errno;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot do it")]
    struct Because<E: std::error::Error + 'static>(#[source] E);

    #[test]
    fn a_shortage_is_found_behind_other_errors() {
        let full = Because(Because(io::Error::from_raw_os_error(Errno::ENOSPC as i32)));
        assert_eq!(Shortage::of(&full), Some(Shortage::Disk));
        assert_eq!(Shortage::of(&Because(Errno::EMFILE)), Some(Shortage::Descriptors));
    }

    #[test]
    fn other_errors_are_none() {
        assert_eq!(Shortage::of(&Because(Errno::ENOENT)), None);
        assert_eq!(Shortage::of(&Because(io::Error::other("ENOSPC"))), None);
        assert_eq!(Shortage::of(&Errno::EAGAIN), None, "it says nothing of processes by itself");
    }
}
