//! Memory, process and CPU accounting of a whole process tree, by control groups.
//!
//! Pure v2 is used where its tree offers the `memory` and `pids` controllers; else the v1
//! hierarchies of `memory`, `pids` and `cpuacct`, also beside a v2 tree without controllers (a
//! hybrid host). What was found is said by [`Mode`], in `doctor` and in every verdict.
//!
//! ```text
//! PARENT/judge-3          one worker process; a lock on it is held as long as that lives
//!   slot-0                one slot; on v2 it delegates to its two leaves
//!     init                the slot's init                              (v2 only)
//!     run                 the program; reused for run after run
//! ```
//!
//! PARENT is the group that the operator names; else `judge-worker` on v1, and on v2 what the
//! table in `place` says. A worker that was killed leaves groups behind, and for a moment processes
//! in them. The next one that starts takes a `judge-N` whose lock is free, and removes every other one
//! whose lock is free as well: those of a living worker are never touched.

mod files;
mod hierarchies;
mod place;
mod v1;
mod v2;

use std::fs::File;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::Flock;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::ids::{Ids, SlotIds};
use super::{Limits, Loss, SandboxError};
use hierarchies::Hierarchies;

/// Which control groups this host offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Version 2 with the controllers that a run needs.
    V2,
    /// Version 1 hierarchies, and no version 2 tree.
    V1,
    /// Version 1 hierarchies do the work; a version 2 tree without controllers stands beside.
    Hybrid,
    /// None: memory and processes are not bounded, CPU is measured by `wait4(2)`'s sum. Only where
    /// the operator said so, and every verdict tells.
    None,
}

impl Mode {
    /// As in metrics, `doctor` and verdicts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V1 => "v1",
            Self::Hybrid => "hybrid",
            Self::None => "none",
        }
    }
}

/// How the init brings a program into its group.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// Born inside by `clone3(CLONE_INTO_CGROUP)`: the group's directory.
    Born(BorrowedFd<'a>),
    /// The program itself writes `0` to each of these `tasks` files. Opened by us: the kernel
    /// checks the opener's rights, and a thread that moves itself waits for no RCU grace period.
    Joins(&'a [OwnedFd]),
    /// There is no group.
    None,
}

/// What a group counted since it was made ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// User plus system time.
    pub cpu: Duration,
    /// Highest memory in use, page cache included.
    pub memory_peak_bytes: u64,
    /// Page cache of files that are not in a tmpfs, now.
    pub page_cache_bytes: u64,
    /// Processes that the kernel killed for want of memory.
    pub oom_kills: u64,
    /// Forks refused by the limit on processes.
    pub forks_refused: u64,
}

/// The group of a slot's program, used for run after run.
pub trait RunGroup: Send {
    /// Sets the limits, forgets what was counted, and proves that nobody is inside and that hardly
    /// any memory of the run before is charged.
    fn make_ready(&mut self, limits: &Limits) -> Result<(), SandboxError>;

    /// How the next program enters it. Good until it is made ready again.
    fn entry(&self) -> Entry<'_>;

    /// User plus system time so far, and whether memory ran out: cheap, for polling.
    fn glance(&self) -> Result<(Duration, bool), SandboxError>;

    /// Who is inside now, by numbers of our pid namespace.
    fn members(&self) -> Result<Vec<Pid>, SandboxError>;

    /// Everything; exact once the group is empty.
    fn read(&self) -> Result<Reading, SandboxError>;
}

/// How long a group may take to be seen empty after its last process was reaped.
const SETTLE_PATIENCE: Duration = Duration::from_secs(5);

/// How much of the run before may be charged still when the next one begins. An honest run leaves
/// less than a mebibyte, of the kernel's own.
const LEFTOVER_BYTES: u64 = 2 << 20;

/// How long a run may wait for the memory of the run before it.
const RELEASE_PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at it.
const RELEASE_NAP: Duration = Duration::from_millis(1);

/// Waits until a group `held` no more than `leftover` bytes that can't be reclaimed.
///
/// The kernel takes an ipc namespace, sockets in flight and inodes apart some time after the last
/// process is gone, and tells nobody when it is done: `SysV` segments of one run would be charged to
/// the next, which would exceed its limit though it did nothing. So this looks again and again,
/// asking the group to let go (`relieve`) in between.
fn await_release(
    leftover: u64,
    held: impl Fn() -> Result<u64, SandboxError>,
    relieve: impl Fn() -> Result<(), SandboxError>,
) -> Result<(), SandboxError> {
    let began = Instant::now();
    loop {
        let bytes = held()?;
        if bytes <= leftover {
            return Ok(());
        }
        if RELEASE_PATIENCE < began.elapsed() {
            let what = format!("{bytes} bytes of memory are charged to its empty cgroup");
            return Err(SandboxError::NotClean(what));
        }
        std::thread::sleep(RELEASE_NAP);
        relieve()?;
    }
}

/// Where this worker process makes its groups.
#[derive(Debug)]
pub struct Cgroups {
    mode: Mode,
    hierarchies: Hierarchies,
    /// `judge-N` below the parent.
    instance: Instance,
}

/// This worker's place among the workers of the host.
#[derive(Debug)]
struct Instance {
    /// Among the workers with the same parent group.
    number: u32,
    /// Held for as long as this value lives.
    lock: Option<Flock<File>>,
    ids: Ids,
}

/// The most workers on one host, and so the most leftovers.
const MAX_INSTANCES: u32 = 64;

impl Cgroups {
    /// Looks at what the host offers and takes a place there. `parent`: the group below which to
    /// make ours, as a path inside each hierarchy; by default `judge-worker` at the top on v1; on v2
    /// the worker's own group, if it has one of its own (the worker then steps aside into its leaf
    /// `judge-supervisor`, a container's other processes with it), else `judge-worker` as well.
    ///
    /// Fails with [`SandboxError::NoCgroups`], which says what is missing.
    pub fn claim(parent: Option<&Path>) -> Result<Self, SandboxError> {
        let (mode, hierarchies) = hierarchies::detect(parent)?;
        let instance = claim_instance(&hierarchies)?;
        Ok(Self { mode, hierarchies, instance })
    }

    /// Goes without, for hosts that have none.
    pub fn none() -> Result<Self, SandboxError> {
        let instance = Instance { number: 0, lock: None, ids: Ids::claim()? };
        Ok(Self { mode: Mode::None, hierarchies: Hierarchies::None, instance })
    }

    /// Whether [`Self::claim`] could succeed for all that can be seen without changing anything.
    pub fn are_usable(parent: Option<&Path>) -> bool {
        hierarchies::are_writable(parent)
    }

    /// What was found.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// This worker's number, below 64: no other living worker with the same parent group has it.
    pub fn instance(&self) -> u32 {
        self.instance.number
    }

    /// The ids of this worker's slots.
    pub fn ids(&self) -> &Ids {
        &self.instance.ids
    }

    /// What runs on this host have to do without.
    pub fn losses(&self) -> Vec<Loss> {
        let groups = (self.mode == Mode::None).then_some(Loss::NoCgroups);
        groups.into_iter().chain(self.instance.ids.losses()).collect()
    }

    /// Makes the groups of the slot numbered `slot`, whose ids are `ids`. The init's process is put where it belongs by
    /// [`SlotGroups::adopt_init`].
    pub(super) fn slot(&self, slot: u32, ids: &SlotIds) -> Result<SlotGroups, SandboxError> {
        let name = PathBuf::from(instance_name(self.instance.number)).join(format!("slot-{slot}"));
        let (run, init): (Box<dyn RunGroup>, Option<PathBuf>) = match &self.hierarchies {
            Hierarchies::V2(tree) => {
                let group = v2::SlotGroup::create(&tree.join(name), ids.access())?;
                let init = group.init_dir();
                (Box::new(group), Some(init))
            }
            Hierarchies::V1(hierarchies) => {
                (Box::new(v1::SlotGroup::create(hierarchies, &name)?), None)
            }
            Hierarchies::None => (Box::new(NoGroup), None),
        };
        Ok(SlotGroups { run, init })
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        if self.instance.lock.is_some() {
            // Best effort: what stays behind is empty, and the next worker cleans it. The group that
            // is locked goes last: whoever makes it anew finds the others gone.
            for root in self.hierarchies.roots().into_iter().rev() {
                files::remove_tree(&root.join(instance_name(self.instance.number)));
            }
        }
    }
}

/// The groups of one slot.
pub struct SlotGroups {
    /// Of its programs.
    pub run: Box<dyn RunGroup>,
    init: Option<PathBuf>,
}

impl SlotGroups {
    /// Moves the init into its own leaf, so that it may give birth into the other (v2: the common
    /// ancestor must be the init's to write).
    pub fn adopt_init(&self, pid: Pid) -> Result<(), SandboxError> {
        match &self.init {
            Some(dir) => files::write(&dir.join("cgroup.procs"), &pid.to_string()),
            None => Ok(()),
        }
    }
}

fn instance_name(number: u32) -> String {
    format!("judge-{number}")
}

/// How long to wait for what a killed worker left in the place that is to be ours, and for what
/// there is in all other places together.
const LEFTOVER_PATIENCE: Duration = Duration::from_secs(10);

/// Takes the first place whose lock is free, and removes what dead workers left, there and elsewhere.
fn claim_instance(hierarchies: &Hierarchies) -> Result<Instance, SandboxError> {
    for number in 0..MAX_INSTANCES {
        let name = instance_name(number);
        let roots = hierarchies.roots();
        let Some(first) = roots.first() else {
            break;
        };
        let Some(lock) = make_and_lock(&first.join(&name))? else {
            continue;
        };
        let places: Vec<PathBuf> = roots.iter().map(|root| root.join(&name)).collect();
        if places.iter().all(|place| files::clear(place, LEFTOVER_PATIENCE)) {
            // Only under the lock: whoever removes the place holds it too.
            for place in &places {
                files::make_dir(place)?;
            }
            hierarchies.prepare_instance(&name)?;
            let ids = Ids::claim()?;
            remove_the_dead(&roots, number);
            return Ok(Instance { number, lock: Some(lock), ids });
        }
        let place = places[0].display();
        tracing::warn!(%place, "processes that a killed worker left do not end; passing over");
    }
    Err(SandboxError::NoCgroups(format!("all {MAX_INSTANCES} places for workers are taken")))
}

/// Removes all places of dead workers but `ours`. What can't be removed yet, a later start will: a
/// worker that is just ending holds its lock.
fn remove_the_dead(roots: &[&Path], ours: u32) {
    let deadline = Instant::now() + LEFTOVER_PATIENCE;
    for number in (0..MAX_INSTANCES).filter(|number| *number != ours) {
        let name = instance_name(number);
        let places: Vec<PathBuf> = roots.iter().map(|root| root.join(&name)).collect();
        if !places.iter().any(|place| place.exists()) {
            continue;
        }
        // Also where only another hierarchy has something: the lock is what says that nobody lives.
        let lock = match make_and_lock(&places[0]) {
            Ok(Some(lock)) => lock,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot remove what a killed worker left");
                continue;
            }
        };
        for place in places.iter().rev() {
            let patience = deadline.saturating_duration_since(Instant::now());
            if !files::clear(place, patience) {
                let place = place.display();
                tracing::warn!(%place, "processes that a killed worker left do not end");
            }
            files::remove_tree(place);
        }
        drop(lock);
    }
}

/// Makes the group `dir` if it is not there, and locks it; `None`: somebody else has it.
fn make_and_lock(dir: &Path) -> Result<Option<Flock<File>>, SandboxError> {
    files::make_dir(dir)?;
    files::try_lock(dir)
}

/// No accounting; the init's own sum of CPU times stands in.
struct NoGroup;

impl RunGroup for NoGroup {
    fn make_ready(&mut self, _: &Limits) -> Result<(), SandboxError> {
        Ok(())
    }

    fn entry(&self) -> Entry<'_> {
        Entry::None
    }

    fn glance(&self) -> Result<(Duration, bool), SandboxError> {
        Ok((Duration::ZERO, false))
    }

    fn members(&self) -> Result<Vec<Pid>, SandboxError> {
        Ok(vec![])
    }

    fn read(&self) -> Result<Reading, SandboxError> {
        Ok(Reading::default())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_run_waits_for_the_memory_of_the_run_before_it() {
        let bytes = Cell::new(40);
        let let_go = || {
            bytes.set(bytes.get() - 10);
            Ok(())
        };
        await_release(20, || Ok(bytes.get()), let_go).unwrap();
        assert_eq!(bytes.get(), 20, "an inclusive bound");
    }

    #[test]
    fn a_group_that_holds_little_is_not_asked_to_let_go() {
        await_release(20, || Ok(20), || unreachable!("nothing to wait for")).unwrap();
    }
}
