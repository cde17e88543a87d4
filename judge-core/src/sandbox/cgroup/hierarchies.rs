//! Finding the hierarchies that this host offers.

use std::path::{Path, PathBuf};

use super::super::SandboxError;
use super::Mode;
use super::files::{make_dir, read};
use super::place;

/// The group at the top of each hierarchy in which workers make theirs, unless told otherwise.
pub(super) const DEFAULT_PARENT: &str = "judge-worker";

/// Directories below which this worker makes its groups.
#[derive(Debug)]
pub(super) enum Hierarchies {
    /// The one tree.
    V2(PathBuf),
    /// One directory a controller; two controllers may share one.
    V1(V1Hierarchies),
    /// Nothing.
    None,
}

/// The v1 controllers that a run needs.
#[derive(Debug, Clone)]
pub(super) struct V1Hierarchies {
    pub memory: PathBuf,
    pub pids: PathBuf,
    pub cpuacct: PathBuf,
}

impl Hierarchies {
    /// Each directory once; the first holds the lock.
    pub fn roots(&self) -> Vec<&Path> {
        match self {
            Self::V2(tree) => vec![tree],
            Self::V1(V1Hierarchies { memory, pids, cpuacct }) => {
                let mut roots = vec![memory.as_path()];
                for root in [pids.as_path(), cpuacct.as_path()] {
                    if !roots.contains(&root) {
                        roots.push(root);
                    }
                }
                roots
            }
            Self::None => vec![],
        }
    }

    /// On v2, hands the controllers down to the slots of the instance `name`.
    pub fn prepare_instance(&self, name: &str) -> Result<(), SandboxError> {
        let Self::V2(tree) = self else {
            return Ok(());
        };
        let dir = tree.join(name);
        if !dir.join("memory.peak").exists() {
            let missing = "this kernel does not record memory peaks on v2, Linux 5.19 does";
            return Err(SandboxError::NoCgroups(missing.into()));
        }
        place::hand_down(&dir)
    }
}

/// A line of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`) that mounts control groups.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CgroupMount {
    /// The part of the hierarchy that is mounted: `/` unless a container shows less.
    pub root: PathBuf,
    pub point: PathBuf,
    version2: bool,
    /// Of v1: `memory`, `cpu`, …
    controllers: Vec<String>,
}

/// What the host offers, and the directory (made, if need be) below which we are to work.
pub(super) fn detect(parent: Option<&Path>) -> Result<(Mode, Hierarchies), SandboxError> {
    let mounts = read_mounts()?;
    let tree = mounts.iter().find(|mount| mount.version2);
    let mut missing = Vec::new();
    if let Some(tree) = tree {
        let offered = read(&tree.point.join("cgroup.controllers"))?;
        let offered: Vec<&str> = offered.split_whitespace().collect();
        if place::CONTROLLERS.iter().all(|needed| offered.contains(needed)) {
            return Ok((Mode::V2, Hierarchies::V2(place::find(tree, parent)?)));
        }
        missing.push(format!("the v2 tree at {} offers {offered:?} only", tree.point.display()));
    }
    let find = |controller: &str| {
        mounts.iter().find(|mount| mount.controllers.iter().any(|name| name == controller))
    };
    match (find("memory"), find("pids"), find("cpuacct")) {
        (Some(memory), Some(pids), Some(cpuacct)) => {
            let below = parent.unwrap_or(Path::new(DEFAULT_PARENT));
            let place = |mount: &CgroupMount| -> Result<PathBuf, SandboxError> {
                let dir = mount.point.join(below.strip_prefix("/").unwrap_or(below));
                make_dir(&dir)?;
                Ok(dir)
            };
            let hierarchies = V1Hierarchies {
                memory: place(memory)?,
                pids: place(pids)?,
                cpuacct: place(cpuacct)?,
            };
            let mode = if tree.is_some() { Mode::Hybrid } else { Mode::V1 };
            Ok((mode, Hierarchies::V1(hierarchies)))
        }
        found => {
            let names = ["memory", "pids", "cpuacct"];
            let absent = [found.0.is_none(), found.1.is_none(), found.2.is_none()];
            let absent: Vec<_> =
                names.iter().zip(absent).filter(|(_, a)| *a).map(|(n, _)| n).collect();
            missing.push(format!("no v1 hierarchy is mounted for {absent:?}"));
            Err(SandboxError::NoCgroups(missing.join("; ")))
        }
    }
}

/// Whether a worker could make its groups: nothing is changed to find out.
pub(super) fn are_writable(parent: Option<&Path>) -> bool {
    let Ok(mounts) = read_mounts() else {
        return false;
    };
    if let Some(tree) = mounts.iter().find(|mount| mount.version2)
        && place::offers_all(tree)
    {
        return place::is_writable(tree, parent);
    }
    let below = parent.unwrap_or(Path::new(DEFAULT_PARENT));
    ["memory", "pids", "cpuacct"].iter().all(|controller| {
        let holds = |mount: &&CgroupMount| mount.controllers.iter().any(|name| name == controller);
        mounts.iter().find(holds).is_some_and(|mount| {
            let dir = mount.point.join(below.strip_prefix("/").unwrap_or(below));
            dir.ancestors().find(|dir| dir.exists()).is_some_and(place::may_write)
        })
    })
}

fn read_mounts() -> Result<Vec<CgroupMount>, SandboxError> {
    let text = read(Path::new("/proc/self/mountinfo"))?;
    Ok(text.lines().filter_map(parse_mount).collect())
}

/// `ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAGS…] - TYPE SOURCE SUPEROPTIONS`
fn parse_mount(line: &str) -> Option<CgroupMount> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, point) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    let version2 = match kind.next()? {
        "cgroup2" => true,
        "cgroup" => false,
        _ => return None,
    };
    let options = kind.nth(1)?;
    let controllers =
        if version2 { vec![] } else { options.split(',').map(str::to_owned).collect() };
    Some(CgroupMount { root: root.into(), point: point.into(), version2, controllers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_of_v1_names_its_controllers() {
        let line = "34 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct";
        let mount = parse_mount(line).unwrap();
        assert_eq!(mount.point, Path::new("/sys/fs/cgroup/cpu,cpuacct"));
        assert!(!mount.version2);
        assert_eq!(mount.controllers, ["rw", "cpu", "cpuacct"]);
    }

    #[test]
    fn a_mount_of_v2_in_a_container_shows_less_than_the_whole_tree() {
        let line = "40 31 0:26 /box/1 /sys/fs/cgroup ro - cgroup2 cgroup2 rw,nsdelegate";
        let mount = parse_mount(line).unwrap();
        assert!(mount.version2);
        assert_eq!(mount.root, Path::new("/box/1"));
    }

    #[test]
    fn other_mounts_are_passed_over() {
        assert_eq!(parse_mount("22 1 0:20 / /proc rw - proc proc rw"), None);
        assert_eq!(parse_mount("garbage"), None);
    }
}
