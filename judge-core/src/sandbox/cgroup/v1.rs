//! Groups in the v1 hierarchies of `memory`, `pids` and `cpuacct`.
//!
//! One group a hierarchy for the life of the slot: making a v1 memory group costs milliseconds
//! after an idle moment, resetting one microseconds. The kernel's documents: *Memory Resource
//! Controller*, *CPU Accounting Controller*, *Process Number Controller*.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::Pid;

use super::files::{self, KernelFile, key_in};
use super::hierarchies::V1Hierarchies;
use super::{
    Entry, LEFTOVER_BYTES, Limits, Reading, RunGroup, SETTLE_PATIENCE, SandboxError, await_release,
};

pub(super) struct SlotGroup {
    /// Of each hierarchy, the memory controller's first.
    dirs: Vec<PathBuf>,
    /// By which a program joins them.
    tasks: Vec<OwnedFd>,
    memory_limit: KernelFile,
    /// Memory plus swap; only where the kernel accounts for swap.
    memsw_limit: Option<KernelFile>,
    memory_usage: KernelFile,
    memory_peak: KernelFile,
    memory_stat: KernelFile,
    force_empty: KernelFile,
    oom_control: KernelFile,
    pids_max: KernelFile,
    pids_current: KernelFile,
    pids_events: Option<KernelFile>,
    cpu_usage: KernelFile,
    /// Counters that can't be reset, as they stood when the group was made ready.
    before: Before,
}

#[derive(Default, Clone, Copy)]
struct Before {
    oom_kills: u64,
    forks_refused: u64,
    memory_limit: u64,
}

impl SlotGroup {
    pub fn create(hierarchies: &V1Hierarchies, name: &Path) -> Result<Self, SandboxError> {
        let at = |root: &Path| -> Result<PathBuf, SandboxError> {
            let dir = root.join(name);
            files::make_dir(&dir)?;
            Ok(dir)
        };
        let memory = at(&hierarchies.memory)?;
        let pids = at(&hierarchies.pids)?;
        let cpuacct = at(&hierarchies.cpuacct)?;
        let memsw_limit = KernelFile::open_if_there(memory.join("memory.memsw.limit_in_bytes"))?;
        let dirs = distinct([memory.clone(), pids.clone(), cpuacct.clone()]);
        let group = Self {
            memory_limit: KernelFile::open(memory.join("memory.limit_in_bytes"))?,
            memsw_limit,
            memory_usage: KernelFile::open(memory.join("memory.usage_in_bytes"))?,
            memory_peak: KernelFile::open(memory.join("memory.max_usage_in_bytes"))?,
            memory_stat: KernelFile::open(memory.join("memory.stat"))?,
            force_empty: KernelFile::open(memory.join("memory.force_empty"))?,
            oom_control: KernelFile::open(memory.join("memory.oom_control"))?,
            pids_max: KernelFile::open(pids.join("pids.max"))?,
            pids_current: KernelFile::open(pids.join("pids.current"))?,
            pids_events: KernelFile::open_if_there(pids.join("pids.events"))?,
            cpu_usage: KernelFile::open(cpuacct.join("cpuacct.usage"))?,
            tasks: dirs.iter().map(|dir| open_tasks(dir)).collect::<Result<_, _>>()?,
            dirs,
            before: Before::default(),
        };
        // Swapping what is not used would let a program hold more than its limit.
        files::write(&group.dirs[0].join("memory.swappiness"), "0")?;
        Ok(group)
    }

    /// Less what lies in a tmpfs or a shared segment: v1 counts that in `cache` too, and `shmem` is
    /// that part of it.
    fn page_cache_bytes(&self) -> Result<u64, SandboxError> {
        let stat = self.memory_stat.text()?;
        Ok(key_in(&stat, "cache").saturating_sub(key_in(&stat, "shmem")))
    }

    fn forks_refused(&self) -> Result<u64, SandboxError> {
        self.pids_events.as_ref().map_or(Ok(0), |events| events.key("max"))
    }

    /// Memory and memory-plus-swap must be moved in the order that keeps the first below the
    /// second.
    fn set_memory(&mut self, bytes: u64) -> Result<(), SandboxError> {
        if self.before.memory_limit == bytes {
            return Ok(());
        }
        let value = bytes.to_string();
        match &self.memsw_limit {
            None => self.memory_limit.set(&value)?,
            Some(memsw) if memsw.number()? < bytes => {
                memsw.set(&value)?;
                self.memory_limit.set(&value)?;
            }
            Some(memsw) => {
                self.memory_limit.set(&value)?;
                memsw.set(&value)?;
            }
        }
        self.before.memory_limit = bytes;
        Ok(())
    }
}

impl RunGroup for SlotGroup {
    fn make_ready(&mut self, limits: &Limits) -> Result<(), SandboxError> {
        // The last process may be reaped a moment before the kernel takes it off the count.
        if !files::settles(SETTLE_PATIENCE, || Ok(self.pids_current.number()? == 0))? {
            return Err(SandboxError::NotClean("processes in its cgroup".into()));
        }
        // Page cache of an earlier run's files would have to be reclaimed in the next one's time.
        // Asking for the cache costs more than the rest together, and it is no more than the whole.
        let used = self.memory_usage.number()?;
        if limits.memory_bytes / 2 < used && limits.memory_bytes / 2 < self.page_cache_bytes()? {
            self.force_empty.set("0")?;
        }
        let held = || match self.memory_usage.number()? {
            used @ ..=LEFTOVER_BYTES => Ok(used),
            used => Ok(used.saturating_sub(self.page_cache_bytes()?)),
        };
        // Only the kernel's own caches, and what is charged in advance, go when asked to.
        await_release(LEFTOVER_BYTES, held, || self.force_empty.set("0"))?;
        self.memory_peak.set("0")?;
        self.set_memory(limits.memory_bytes)?;
        self.pids_max.set(&limits.processes.to_string())?;
        self.cpu_usage.set("0")?;
        self.before.oom_kills = self.oom_control.key("oom_kill")?;
        self.before.forks_refused = self.forks_refused()?;
        Ok(())
    }

    fn entry(&self) -> Entry<'_> {
        Entry::Joins(&self.tasks)
    }

    fn glance(&self) -> Result<(Duration, bool), SandboxError> {
        let killed = self.before.oom_kills < self.oom_control.key("oom_kill")?;
        Ok((Duration::from_nanos(self.cpu_usage.number()?), killed))
    }

    fn members(&self) -> Result<Vec<Pid>, SandboxError> {
        files::members(&self.dirs[0])
    }

    fn read(&self) -> Result<Reading, SandboxError> {
        Ok(Reading {
            cpu: Duration::from_nanos(self.cpu_usage.number()?),
            memory_peak_bytes: self.memory_peak.number()?,
            page_cache_bytes: self.page_cache_bytes()?,
            oom_kills: self.oom_control.key("oom_kill")?.saturating_sub(self.before.oom_kills),
            forks_refused: self.forks_refused()?.saturating_sub(self.before.forks_refused),
        })
    }
}

impl Drop for SlotGroup {
    fn drop(&mut self) {
        for dir in &self.dirs {
            // Best effort: a group that is still in use is removed by the next worker.
            let _ = std::fs::remove_dir(dir);
        }
    }
}

fn open_tasks(dir: &Path) -> Result<OwnedFd, SandboxError> {
    let path = dir.join("tasks");
    let opened = File::options().write(true).open(&path);
    Ok(opened.map_err(|source| files::failed(&path, source))?.into())
}

fn distinct(dirs: [PathBuf; 3]) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    for dir in dirs {
        if !kept.contains(&dir) {
            kept.push(dir);
        }
    }
    kept
}
