//! How large processes are, and how often they wake up, by `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Fallible;

/// What a process holds in memory, in KiB (`proc_pid_smaps(5)`, `smaps_rollup`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident, pages that it shares with others included: what `ps` and `top` say.
    pub resident: u64,
    /// The same, each shared page divided by the number of those who share it. Sums of these over
    /// processes are true, where those of `resident` count what is shared many times.
    pub proportional: u64,
    /// Anonymous pages, such as heap and stacks: what is there again when the binary is not.
    pub anonymous: u64,
}

impl Memory {
    /// Of one process.
    pub fn of(pid: u32) -> Fallible<Self> {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        Self::parse(&text).ok_or_else(|| format!("{path} does not look as expected").into())
    }

    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix(" kB")?.parse().ok()
        };
        let (resident, proportional) = (field("Rss")?, field("Pss")?);
        Some(Self { resident, proportional, anonymous: field("Anonymous")? })
    }
}

/// How often each thread of `pid` has gone to sleep of itself so far, by thread: its name, and how
/// often. Every time, something has woken it up before (`proc_pid_status(5)`).
pub fn sleeps(pid: u32) -> Fallible<BTreeMap<PathBuf, (String, u64)>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = entry?.path();
        // A thread may end between two looks.
        if let Some(counted) = sleeps_of(&task) {
            found.insert(task, counted);
        }
    }
    Ok(found)
}

fn sleeps_of(task: &Path) -> Option<(String, u64)> {
    let status = fs::read_to_string(task.join("status")).ok()?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let count = field("voluntary_ctxt_switches:")?.trim().parse().ok()?;
    Some((field("Name:")?.trim().to_owned(), count))
}

/// The processes that descend from `pid`, each after its parent; `pid` comes first.
pub fn family(pid: u32) -> Fallible<Vec<u32>> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        if let Some(parent) = parent_in(&stat) {
            parents.insert(pid, parent);
        }
    }
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child));
        next += 1;
    }
    Ok(family)
}

/// `PID (NAME) STATE PARENT …`, and a name may hold anything (`proc_pid_stat(5)`).
fn parent_in(stat: &str) -> Option<u32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// What a process calls itself: its first argument.
pub fn name(pid: u32) -> Fallible<String> {
    let arguments = fs::read(format!("/proc/{pid}/cmdline"))?;
    let first = arguments.split(|byte| *byte == 0).next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).into_owned();
    Ok(first.rsplit('/').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn memory_is_read_by_its_names() {
        let text = "00400000-7fff ---p 00000000 00:00 0 [rollup]\nRss:      2048 kB\n\
                    Pss:      1024 kB\nPss_Anon:  100 kB\nAnonymous:  512 kB\n";
        let memory = Memory { resident: 2048, proportional: 1024, anonymous: 512 };
        assert_eq!(Memory::parse(text), Some(memory));
        assert_eq!(Memory::parse("Rss: 1 kB\n"), None);
    }

    #[test]
    fn a_process_has_memory_threads_and_children() {
        let own = std::process::id();
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let found = family(own).unwrap();
        assert!(found.first() == Some(&own) && found.contains(&child.id()), "{found:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
        let memory = Memory::of(own).unwrap();
        assert!(0 < memory.proportional && memory.proportional <= memory.resident, "{memory:?}");
        assert!(!sleeps(own).unwrap().is_empty());
    }

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent_in("7 (a) b (c) S 3 7 7 0"), Some(3));
        assert_eq!(parent_in("7 (a"), None);
    }
}
