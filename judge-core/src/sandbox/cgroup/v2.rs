//! A group in the v2 tree (*Control Group v2*, the kernel's document).
//!
//! The init gives birth right into the program's group, for which it must be allowed to write the
//! `cgroup.procs` of that group and of the common ancestor: these two files, and nothing else, are
//! given to the root of the slot's user namespace, or opened to it where the worker can't give away. No cgroup file is visible inside. Both groups must
//! also lie in the init's cgroup namespace, where the tree is mounted with `nsdelegate`: so the init
//! stays in the worker's, and each program enters one of its own.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use nix::unistd::Pid;

use super::super::ids::Access;
use super::files::{self, KernelFile, key_in};
use super::place;
use super::{
    Entry, LEFTOVER_BYTES, Limits, Reading, RunGroup, SETTLE_PATIENCE, SandboxError, await_release,
};

pub(super) struct SlotGroup {
    dir: PathBuf,
    access: Access,
    run: Run,
}

/// The program's leaf, with its files open.
struct Run {
    dir: PathBuf,
    /// In which programs are born.
    birthplace: OwnedFd,
    events: KernelFile,
    memory_max: KernelFile,
    memory_current: KernelFile,
    memory_peak: KernelFile,
    memory_stat: KernelFile,
    memory_events: KernelFile,
    pids_max: KernelFile,
    pids_events: KernelFile,
    cpu_stat: KernelFile,
    /// Counters that can't be reset, as they stood when the group was made ready.
    before: Before,
}

#[derive(Default, Clone, Copy)]
struct Before {
    cpu_usec: u64,
    oom_kills: u64,
    forks_refused: u64,
}

/// What the kernel charges in advance for each CPU on which a group's processes ran
/// (`MEMCG_CHARGE_BATCH`, 64 pages), and keeps when they are gone.
const CHARGED_AHEAD_BYTES: u64 = 64 * 4096;

impl SlotGroup {
    pub fn create(dir: &Path, access: Access) -> Result<Self, SandboxError> {
        files::make_dir(dir)?;
        place::hand_down(dir)?;
        let_write(&dir.join("cgroup.procs"), access)?;
        files::make_dir(&dir.join("init"))?;
        let run = Run::create(dir.join("run"), access)?;
        Ok(Self { dir: dir.into(), access, run })
    }

    pub fn init_dir(&self) -> PathBuf {
        self.dir.join("init")
    }
}

impl Run {
    fn create(dir: PathBuf, access: Access) -> Result<Self, SandboxError> {
        files::make_dir(&dir)?;
        let_write(&dir.join("cgroup.procs"), access)?;
        let birthplace = fs::File::open(&dir).map_err(|source| files::failed(&dir, source))?;
        let run = Self {
            birthplace: birthplace.into(),
            events: KernelFile::open(dir.join("cgroup.events"))?,
            memory_max: KernelFile::open(dir.join("memory.max"))?,
            memory_current: KernelFile::open(dir.join("memory.current"))?,
            memory_peak: KernelFile::open(dir.join("memory.peak"))?,
            memory_stat: KernelFile::open(dir.join("memory.stat"))?,
            memory_events: KernelFile::open(dir.join("memory.events"))?,
            pids_max: KernelFile::open(dir.join("pids.max"))?,
            pids_events: KernelFile::open(dir.join("pids.events"))?,
            cpu_stat: KernelFile::open(dir.join("cpu.stat"))?,
            before: Before::default(),
            dir,
        };
        // Kernels without swap have no such file, and need none.
        if let Some(swap) = KernelFile::open_if_there(run.dir.join("memory.swap.max"))? {
            swap.set("0")?;
        }
        files::write(&run.dir.join("memory.oom.group"), "1")?;
        Ok(run)
    }

    fn is_empty(&self) -> Result<bool, SandboxError> {
        Ok(self.events.key("populated")? == 0)
    }

    /// Forgets the peak, for this open file, from kernel 6.12 on. `false`: this one can't.
    fn reset_peak(&self) -> bool {
        self.memory_peak.set("reset").is_ok()
    }

    /// Less what lies in a tmpfs or a shared segment: `file` counts that too, and `shmem` is that
    /// part of it.
    fn page_cache_bytes(&self) -> Result<u64, SandboxError> {
        let stat = self.memory_stat.text()?;
        Ok(key_in(&stat, "file").saturating_sub(key_in(&stat, "shmem")))
    }

    /// What is charged and can't be had back by asking.
    fn held_bytes(&self) -> Result<u64, SandboxError> {
        let slab = self.memory_stat.key("slab_reclaimable")?;
        let cache = self.page_cache_bytes()?.saturating_add(slab);
        Ok(self.memory_current.number()?.saturating_sub(cache))
    }

    fn counters(&self) -> Result<Before, SandboxError> {
        Ok(Before {
            cpu_usec: self.cpu_stat.key("usage_usec")?,
            oom_kills: self.memory_events.key("oom_kill")?,
            forks_refused: self.pids_events.key("max")?,
        })
    }
}

impl RunGroup for SlotGroup {
    fn make_ready(&mut self, limits: &Limits) -> Result<(), SandboxError> {
        // From Linux 6.19 on, a process that was reaped may leave its group a moment later.
        if !files::settles(SETTLE_PATIENCE, || self.run.is_empty())? {
            return Err(SandboxError::NotClean("processes in its cgroup".into()));
        }
        let leftover = LEFTOVER_BYTES + CHARGED_AHEAD_BYTES * most_cpus();
        await_release(leftover, || self.run.held_bytes(), || Ok(()))?;
        if !self.run.reset_peak() {
            // An older kernel: a new group has a peak of its own. Making one is cheap on v2.
            let dir = self.run.dir.clone();
            fs::remove_dir(&dir).map_err(|source| files::failed(&dir, source))?;
            self.run = Run::create(dir, self.access)?;
        }
        self.run.memory_max.set(&limits.memory_bytes.to_string())?;
        self.run.pids_max.set(&limits.processes.to_string())?;
        self.run.before = self.run.counters()?;
        Ok(())
    }

    fn entry(&self) -> Entry<'_> {
        Entry::Born(self.run.birthplace.as_fd())
    }

    fn glance(&self) -> Result<(Duration, bool), SandboxError> {
        let now = self.run.counters()?;
        let before = self.run.before;
        let cpu = Duration::from_micros(now.cpu_usec.saturating_sub(before.cpu_usec));
        Ok((cpu, before.oom_kills < now.oom_kills))
    }

    fn members(&self) -> Result<Vec<Pid>, SandboxError> {
        files::members(&self.run.dir)
    }

    fn read(&self) -> Result<Reading, SandboxError> {
        let (now, before) = (self.run.counters()?, self.run.before);
        Ok(Reading {
            cpu: Duration::from_micros(now.cpu_usec.saturating_sub(before.cpu_usec)),
            memory_peak_bytes: self.run.memory_peak.number()?,
            page_cache_bytes: self.run.page_cache_bytes()?,
            oom_kills: now.oom_kills.saturating_sub(before.oom_kills),
            forks_refused: now.forks_refused.saturating_sub(before.forks_refused),
        })
    }
}

impl Drop for SlotGroup {
    fn drop(&mut self) {
        // Best effort: a group that is still in use is removed by the next worker.
        files::clear(&self.dir, SETTLE_PATIENCE);
        let _ = fs::remove_dir(&self.dir);
    }
}

/// How many CPUs a run may have been on, asked once: all that the host may have (`cpu_possible_mask`,
/// such as `0-3`), for our own threads may be kept off some of them.
fn most_cpus() -> u64 {
    static CPUS: OnceLock<u64> = OnceLock::new();
    *CPUS.get_or_init(|| {
        let possible = fs::read_to_string("/sys/devices/system/cpu/possible").unwrap_or_default();
        let last = possible.trim().rsplit(['-', ',']).next().and_then(|last| last.parse().ok());
        let ours = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        last.map_or(ours, |last: u64| ours.max(last.saturating_add(1)))
    })
}

/// Lets the init write `path`, a `cgroup.procs`.
fn let_write(path: &Path, access: Access) -> Result<(), SandboxError> {
    let done = match access {
        Access::Owned(init) => chown(path, Some(init), Some(init)),
        // No door for others on this host: to move a process here one must also be allowed to write
        // the common ancestor of both groups (`cgroups(7)`), which for theirs is not ours to open.
        Access::Open => fs::set_permissions(path, fs::Permissions::from_mode(0o666)),
        Access::Same => Ok(()),
    };
    done.map_err(|source| files::failed(path, source))
}
