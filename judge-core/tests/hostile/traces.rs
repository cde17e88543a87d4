//! What a program may have left on the host beside processes: names, mounts, keys, objects, groups.
//!
//! The host has other users, so only what a program of this slot can have made is looked for: what
//! carries the [mark](super::host::Host) or an id of the slot, or lies in a group of it.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where something could be planted. What lies deeper is not looked at.
const FOLDERS: [&str; 14] = [
    "/",
    "/box",
    "/tmp",
    "/var/tmp",
    "/run",
    "/dev",
    "/dev/shm",
    "/dev/mqueue",
    "/usr",
    "/usr/bin",
    "/etc",
    "/etc/cron.d",
    "/home",
    "/root",
];

/// What the kernel says of mounts, keys, modules and swap, and settings that start a program.
const TABLES: [&str; 7] = [
    "/proc/self/mountinfo",
    "/proc/keys",
    "/proc/modules",
    "/proc/swaps",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
];

/// `SysV` objects of the host's own ipc namespace (`proc_sysvipc(5)`).
const OBJECTS: [&str; 3] = ["/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg"];

/// Nothing on the host may carry the `mark` or belong to one of the `ids`.
pub fn check(mark: &str, ids: &Range<u32>) -> Result<(), String> {
    for folder in FOLDERS {
        // One that the host does not have holds nothing.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let named = entry.file_name().to_string_lossy().contains(mark);
            // One that is gone by now was somebody else's.
            let owned = entry.metadata().is_ok_and(|metadata| ids.contains(&metadata.uid()));
            if named || owned {
                return Err(format!("the host has {}", entry.path().display()));
            }
        }
    }
    for table in TABLES {
        if fs::read_to_string(table).is_ok_and(|text| text.contains(mark)) {
            return Err(format!("the mark stands in {table}"));
        }
    }
    for objects in OBJECTS {
        if fs::read_to_string(objects).is_ok_and(|text| has_object_of(&text, ids)) {
            return Err(format!("an object of the slot stands in {objects}"));
        }
    }
    Ok(())
}

/// Whether a table with a heading has a line whose owner or maker is one of the `ids`.
fn has_object_of(table: &str, ids: &Range<u32>) -> bool {
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let heading = lines.next().unwrap_or_default();
    let columns: Vec<usize> = (0..heading.len())
        .filter(|&at| ["uid", "gid", "cuid", "cgid"].contains(&heading[at]))
        .collect();
    let id = |line: &[&str], at: usize| line.get(at).and_then(|field| field.parse().ok());
    lines.any(|line| columns.iter().any(|&at| id(&line, at).is_some_and(|id| ids.contains(&id))))
}

/// The control groups of a slot.
pub struct Groups(BTreeSet<PathBuf>);

impl Groups {
    /// Those of slot `number` of the worker `instance`, below the place `mounted` where the host has
    /// its hierarchies.
    pub fn of_slot(mounted: &Path, instance: u32, number: u32) -> Self {
        let slot = format!("judge-{instance}/slot-{number}");
        let mut all = BTreeSet::new();
        add_folders(mounted, &mut all);
        all.retain(|folder| folder.ancestors().any(|above| above.ends_with(&slot)));
        assert!(!all.is_empty(), "no group {slot} in {}", mounted.display());
        Self(all)
    }

    /// There may be none among them that was not there before.
    pub fn check(&self) -> Result<(), String> {
        let mut now = BTreeSet::new();
        for group in &self.0 {
            add_folders(group, &mut now);
        }
        match now.difference(&self.0).next() {
            None => Ok(()),
            Some(new) => Err(format!("there is a new group {}", new.display())),
        }
    }
}

/// Adds a folder and all below it. Groups come and go while this looks.
fn add_folders(folder: &Path, all: &mut BTreeSet<PathBuf>) {
    all.insert(folder.into());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            add_folders(&entry.path(), all);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    /// The last before `(uid_t) -1`.
    const NOBODYS: Range<u32> = u32::MAX - 2..u32::MAX - 1;

    #[test]
    fn a_file_that_carries_the_mark_or_belongs_to_the_slot_is_noticed() {
        let unlikely = "neither a file nor a mount of the host";
        assert_eq!(check(unlikely, &NOBODYS), Ok(()));
        let file = tempfile::Builder::new().prefix("judge-mark").tempfile_in("/dev/shm").unwrap();
        let path = file.path().to_str().unwrap();
        let name = file.path().file_name().unwrap().to_str().unwrap();
        assert!(check(name, &NOBODYS).is_err_and(|what| what.contains(path)));
        chown(file.path(), Some(NOBODYS.start), None).unwrap();
        assert!(check(unlikely, &NOBODYS).is_err_and(|what| what.contains(path)));
    }

    #[test]
    fn a_mount_that_carries_the_mark_is_noticed() {
        // A mount that every host has stands for the one that a program would make.
        let mark = " /proc ";
        assert!(check(mark, &NOBODYS).is_err_and(|what| what.contains("mountinfo")));
    }

    #[test]
    fn an_object_of_the_slot_is_noticed() {
        let table = "key shmid perms size cpid lpid nattch uid gid cuid cgid atime\n\
                     0 7 1600 4096 71 71 0 0 0 0 0 1\n\
                     0 8 1600 4096 72 72 0 0 0 0 4294967293 1\n";
        assert!(has_object_of(table, &NOBODYS));
        let others = table.replace("4294967293", "4294967292");
        assert!(!has_object_of(&others, &NOBODYS));
    }

    #[test]
    fn a_group_within_a_group_is_noticed() {
        let mounted = tempfile::tempdir().unwrap();
        let run = mounted.path().join("memory/judge-worker/judge-3/slot-1/run");
        fs::create_dir_all(&run).unwrap();
        let groups = Groups::of_slot(mounted.path(), 3, 1);
        fs::create_dir(mounted.path().join("memory/judge-worker/judge-3/slot-2")).unwrap();
        assert_eq!(groups.check(), Ok(()));
        fs::create_dir(run.join("planted")).unwrap();
        assert!(groups.check().is_err_and(|what| what.contains("planted")));
    }
}
