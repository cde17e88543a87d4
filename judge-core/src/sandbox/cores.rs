//! Which core each slot's programs run on.
//!
//! ```text
//! cores that the worker may use   0        1        2        3
//!                                 │        │        └────────┴── its own threads
//!                                 slot 0   slot 1
//! ```
//!
//! A program on a core of its own keeps its caches, and shares the core with no other program and, with
//! more cores than slots, with no thread of ours: what it measures is more its own.
//!
//! Who works on several cores at once by nature has all of them: compilers, and the runtimes of Java and
//! JavaScript. On one core, their own threads (garbage collection, JIT) and the program's waited for each
//! other and used up the program's time: one that runs out of memory was told that it is too slow. What
//! a neighbour waits because of them is made good.
//!
//! A slot's init is put on the core from outside, and programs are born there
//! (`sched_setaffinity(2)`: a child inherits the mask). They can't leave: the filter refuses that call
//! (wall `refused-calls`). So this asks for no cgroup, and costs a run nothing.
//!
//! Each core is locked host-wide like the ids are, so that no two workers take the same one. Workers in
//! containers that share no `/run` don't see each other's locks: give each its own cores (`taskset(1)`,
//! or the container's cpuset).

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::ids::open_lock_file;
use crate::sys::fds::lock_bytes;

/// The cores of a worker's slots: one for each slot.
#[derive(Debug)]
pub struct Cores {
    /// By the slot's number.
    of_slots: Vec<usize>,
    /// Those of no slot.
    rest: Vec<usize>,
    /// Holds the locks as long as it is open.
    _locks: Option<File>,
}

/// Why slots are not pinned: their programs run wherever the scheduler puts them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpinned {
    /// Nobody asked for it.
    #[error("no slot has a core of its own: pinning is off")]
    Off,
    /// Some would have to share.
    #[error("no slot has a core of its own: there are {slots} slots and {cores} cores")]
    FewCores {
        /// So many slots.
        slots: u32,
        /// So many cores that this worker may use.
        cores: usize,
    },
    /// Which cores the time is granted on is for the scheduler to say, and others may be on any.
    #[error("no slot has a core of its own: a CPU quota grants less time than {cores} cores have")]
    Quota {
        /// So many cores that this worker may use.
        cores: usize,
    },
    /// Other workers have them.
    #[error("no slot has a core of its own: other workers have taken all but {free} of them")]
    Taken {
        /// So many are left.
        free: usize,
    },
    /// It can't be known which ones others have.
    #[error("no slot has a core of its own: they can't be locked: {0}")]
    NoLock(String),
}

impl Unpinned {
    /// What the operator may do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Off => "set pin_slots to auto",
            Self::FewCores { .. } => "set slots to the number of cores or less, or leave it out",
            Self::Quota { .. } => "give the worker cores (a cpuset) in place of a quota",
            Self::Taken { .. } => "give each worker cores of its own, by taskset or a cpuset",
            Self::NoLock(_) => "let the worker write its folder below /run, or /run/user",
        }
    }
}

impl Cores {
    /// Takes a core of `usable` for each of `slots`, that no other worker of this host has.
    ///
    /// # Errors
    /// Why there are none; judging goes on without.
    pub fn claim(usable: &[usize], slots: u32) -> Result<Self, Unpinned> {
        if usable.len() < slots as usize {
            return Err(Unpinned::FewCores { slots, cores: usable.len() });
        }
        // Of the mask, less what a quota of the cgroup takes.
        let granted = std::thread::available_parallelism().map_or(usable.len(), usize::from);
        let mask = usable_cores().map_or(usable.len(), |cores| cores.len());
        if granted < mask.min(usable.len()) {
            return Err(Unpinned::Quota { cores: usable.len() });
        }
        let locks = open_lock_file("cores.lock").map_err(|error| no_lock(&error))?;
        Self::claim_by(locks, usable, slots)
    }

    /// Takes these without asking anybody: for who knows that nobody else does.
    pub fn chosen(of_slots: Vec<usize>, rest: Vec<usize>) -> Self {
        Self { of_slots, rest, _locks: None }
    }

    fn claim_by(locks: File, usable: &[usize], slots: u32) -> Result<Self, Unpinned> {
        let mut of_slots = Vec::new();
        let mut rest = Vec::new();
        for &core in usable {
            let byte = u32::try_from(core).unwrap_or(u32::MAX - 1);
            let wanted = of_slots.len() < slots as usize;
            let locked = wanted
                && lock_bytes(locks.as_fd(), byte..byte + 1).map_err(|error| no_lock(&error))?;
            if locked { &mut of_slots } else { &mut rest }.push(core);
        }
        if of_slots.len() < slots as usize {
            return Err(Unpinned::Taken { free: of_slots.len() });
        }
        Ok(Self { of_slots, rest, _locks: Some(locks) })
    }

    /// The core of each slot, by its number.
    pub fn of_slots(&self) -> &[usize] {
        &self.of_slots
    }

    /// The cores that are left for the worker's own threads: none, where slots have them all.
    pub fn rest(&self) -> &[usize] {
        &self.rest
    }

    /// Where the programs and the compilers of a slot run.
    pub(crate) fn of_slot(&self, number: u32) -> Option<SlotCores> {
        let own = *self.of_slots.get(number as usize)?;
        let own = set_of(&[own]).ok()?;
        let all = [&self.of_slots[..], &self.rest[..]].concat();
        let of_all = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let all = set_of(&all).ok()?;
        Some(SlotCores { own, all, of_all })
    }
}

/// The cores of one slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotCores {
    /// One.
    pub own: CpuSet,
    /// The worker's.
    pub all: CpuSet,
    /// How many these are.
    pub of_all: u32,
}

fn no_lock(error: &dyn std::error::Error) -> Unpinned {
    Unpinned::NoLock(error.to_string())
}

/// The cores that this process may use, ascending: of the affinity mask of its first thread
/// (`sched_getaffinity(2)`), which the cpuset of its cgroup bounds.
///
/// # Errors
/// [`Errno::EINVAL`] on a host of more than 1024 cores.
pub fn usable_cores() -> Result<Vec<usize>, Errno> {
    let mask = sched_getaffinity(Pid::this())?;
    Ok((0..CpuSet::count()).filter(|core| mask.is_set(*core) == Ok(true)).collect())
}

/// Has all threads that this process has, and those that they will start, run on `cores` only, of
/// which there is at least one.
///
/// # Errors
/// As `sched_setaffinity(2)`: [`Errno::EINVAL`] when this process may use none of `cores`.
pub fn keep_threads_to(cores: &[usize]) -> io::Result<()> {
    let set = set_of(cores)?;
    // One that starts while we look has the mask of who started it: the second time, all are seen.
    for _ in 0..2 {
        for task in std::fs::read_dir("/proc/self/task")? {
            let thread = task?.file_name().to_str().and_then(|number| number.parse().ok());
            let thread = thread.ok_or_else(|| io::Error::other("a thread without a number"))?;
            match sched_setaffinity(Pid::from_raw(thread), &set) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

fn set_of(cores: &[usize]) -> Result<CpuSet, Errno> {
    let mut set = CpuSet::new();
    cores.iter().try_for_each(|core| set.set(*core))?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_core_is_given_to_two_slots_and_none_is_lost(
            usable in prop::collection::btree_set(0..64_usize, 0..12),
            wishes in prop::collection::vec((1..5_u32, any::<bool>()), 1..12),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cores.lock");
            let usable: Vec<usize> = usable.into_iter().collect();
            let mut living: Vec<Cores> = Vec::new();
            for (slots, one_ends) in wishes {
                let taken: Vec<usize> = living.iter().flat_map(|it| it.of_slots.clone()).collect();
                let free = usable.iter().filter(|core| !taken.contains(core)).count();
                let locks = File::create(&path).unwrap();
                match Cores::claim_by(locks, &usable, slots) {
                    Ok(cores) => {
                        prop_assert_eq!(cores.of_slots.len(), slots as usize);
                        prop_assert!(cores.of_slots.iter().all(|core| !taken.contains(core)));
                        let mut all = [&cores.of_slots[..], &cores.rest[..]].concat();
                        all.sort_unstable();
                        prop_assert_eq!(&all, &usable);
                        living.push(cores);
                    }
                    Err(why) => {
                        prop_assert!(free < slots as usize, "{why}");
                        prop_assert_eq!(why, Unpinned::Taken { free });
                    }
                }
                if one_ends {
                    living.pop();
                }
            }
        }
    }

    #[test]
    fn more_slots_than_cores_are_not_pinned() {
        let why = Cores::claim(&[0, 1], 3).map(|_| ()).unwrap_err();
        assert_eq!(why, Unpinned::FewCores { slots: 3, cores: 2 });
    }
}
