//! How large a worker is, with all its processes.

use std::{fmt, fs, path::Path};

use crate::serving::Serving;

/// What grows where something leaks.
#[derive(Clone, Debug)]
pub struct Size {
    rss_kib: u64,
    descriptors: usize,
    threads: usize,
    processes: usize,
    cgroups: usize,
    mounts: usize,
    files: usize,
}

impl Size {
    /// Now. `temporary` is its folder for temporary files.
    pub fn of(worker: &Serving, temporary: &Path) -> Self {
        let mut pids: Vec<i32> = worker.descendants().into_iter().map(|(pid, _)| pid).collect();
        pids.push(worker.pid());
        let each = |measure: fn(&Path) -> usize| -> usize {
            pids.iter().map(|pid| measure(Path::new(&format!("/proc/{pid}")))).sum()
        };
        Self {
            rss_kib: pids.iter().map(|pid| rss_kib(*pid)).sum(),
            descriptors: each(|process| entries(&process.join("fd"))),
            threads: each(|process| entries(&process.join("task"))),
            processes: pids.len(),
            cgroups: worker.cgroups().len(),
            mounts: each(mounts),
            files: files_below(temporary) + entries(worker.dir()),
        }
    }

    /// Panics with what has grown. Threads of a pool, descriptors and cached pages may come and go, a
    /// few for a worker of one slot; what leaks with each submission is beyond any of these soon.
    pub fn expect_no_larger_than(&self, first: &Self) {
        let grown = |now: usize, then: usize, room: usize| now > then + room;
        let memory = self.rss_kib > first.rss_kib + first.rss_kib / 5 + 8 * 1024;
        let counts = [
            ("descriptors", self.descriptors, first.descriptors, 4),
            ("threads", self.threads, first.threads, 4),
            ("processes", self.processes, first.processes, 0),
            ("cgroups", self.cgroups, first.cgroups, 0),
            ("mounts", self.mounts, first.mounts, 0),
            ("files", self.files, first.files, 2),
        ];
        for (what, now, then, room) in counts {
            assert!(!grown(now, then, room), "{what} grew: {self}, at first {first}");
        }
        assert!(!memory, "memory grew: {self}, at first {first}");
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rss_kib, descriptors, threads, processes, cgroups, mounts, files } = self;
        write!(
            f,
            "{rss_kib} KiB resident, {descriptors} descriptors, {threads} threads, {processes} \
             processes, {cgroups} cgroups, {mounts} mounts, {files} files"
        )
    }
}

/// Those of a process with a mount namespace of its own: what the whole host has mounted, others
/// change too.
fn mounts(process: &Path) -> usize {
    let namespace = |process: &Path| fs::read_link(process.join("ns/mnt")).ok();
    if namespace(process) == namespace(Path::new("/proc/self")) {
        return 0;
    }
    fs::read_to_string(process.join("mountinfo")).unwrap_or_default().lines().count()
}

/// Entries of a folder and of all folders in it.
fn files_below(folder: &Path) -> usize {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    found
        .map(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            1 + if is_folder { files_below(&entry.path()) } else { 0 }
        })
        .sum()
}

/// Entries of a folder, and none of one that is gone.
fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// `VmRSS` of `proc_pid_status(5)`.
fn rss_kib(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
