//! Where in the v2 tree a worker makes its groups.
//!
//! A group that hands controllers down may hold no process of its own, unless it is the root of the
//! whole tree (`cgroups(7)`, *no internal processes*). So it depends on who is in the worker's group:
//!
//! | the worker runs as                            | its groups are made in                        |
//! |-----------------------------------------------|-----------------------------------------------|
//! | it was told a group                           | that one                                      |
//! | a container's process, in a cgroup namespace  | the namespace's root; all in it step aside    |
//! | a service, alone or with its parent process   | that group; they step aside                   |
//! | the second worker of one of these             | the same                                      |
//! | a command in somebody's session               | `judge-worker` at the top: that group is not ours to divide |
//!
//! To step aside is to move into the leaf [`LEAF`].

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, Pid, eaccess, getpid, getppid};

use super::super::SandboxError;
use super::files::{failed, make_dir, members, read, write};
use super::hierarchies::{CgroupMount, DEFAULT_PARENT};

/// Where those step aside to whose group is to be divided. The name is fixed, since a second worker
/// must know it again.
const LEAF: &str = "judge-supervisor";

/// What runs need. CPU time is counted in every group, also without the `cpu` controller.
pub(super) const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// The directory (made, if need be) below which a worker makes its groups, with the controllers
/// handed down to it. `parent`: as in [`super::Cgroups::claim`].
pub(super) fn find(tree: &CgroupMount, parent: Option<&Path>) -> Result<PathBuf, SandboxError> {
    let own = own_group(tree)?;
    let dir = match parent {
        Some(parent) => tree.point.join(parent.strip_prefix("/").unwrap_or(parent)),
        None => choose(&tree.point, own.as_deref())?,
    };
    make_dir(&dir)?;
    let path = dir.ancestors().filter(|dir| dir.starts_with(&tree.point));
    let mut path: Vec<&Path> = path.collect();
    path.reverse();
    for dir in path {
        if own.as_deref() == Some(dir) && !is_whole_tree(dir) {
            step_aside(dir)?;
        }
        hand_down(dir)?;
    }
    Ok(dir)
}

/// Whether the tree has the controllers that runs need.
pub(super) fn offers_all(tree: &CgroupMount) -> bool {
    read(&tree.point.join("cgroup.controllers")).is_ok_and(|offered| {
        CONTROLLERS.iter().all(|needed| offered.split_whitespace().any(|name| name == *needed))
    })
}

/// Whether [`find`] would be allowed to do what it does; nothing is changed to find out.
pub(super) fn is_writable(tree: &CgroupMount, parent: Option<&Path>) -> bool {
    let dir = match parent {
        Some(parent) => Ok(tree.point.join(parent.strip_prefix("/").unwrap_or(parent))),
        None => own_group(tree).and_then(|own| choose(&tree.point, own.as_deref())),
    };
    let Ok(dir) = dir else {
        return false;
    };
    // What is above the group that is there already is not ours to change.
    dir.ancestors().find(|dir| dir.exists()).is_some_and(|dir| {
        let files = ["cgroup.procs", "cgroup.subtree_control"].map(|file| dir.join(file));
        may_write(dir) && files.iter().all(|file| may_write(file))
    })
}

/// Whether we, as who we act, may write there.
pub(super) fn may_write(path: &Path) -> bool {
    eaccess(path, AccessFlags::W_OK).is_ok()
}

fn choose(top: &Path, own: Option<&Path>) -> Result<PathBuf, SandboxError> {
    let whole = is_whole_tree(top);
    match own {
        Some(own) if own.file_name().is_some_and(|name| name == LEAF) => {
            Ok(own.parent().unwrap_or(own).into())
        }
        Some(own) if !is_whole_tree(own) && (own == top || is_alone(own)?) => Ok(own.into()),
        _ if whole => Ok(top.join(DEFAULT_PARENT)),
        Some(own) => Err(SandboxError::NoCgroups(format!(
            "the worker shares the group {} with other processes; start it in a group, or a cgroup \
             namespace, of its own",
            own.display()
        ))),
        None => Err(SandboxError::NoCgroups(format!(
            "the worker's own group is not below {}; mount the cgroup2 file system of its own \
             cgroup namespace there",
            top.display()
        ))),
    }
}

/// The directory of the group that we are in; `None`: it is not in what is mounted here.
fn own_group(tree: &CgroupMount) -> Result<Option<PathBuf>, SandboxError> {
    // The v2 line: `0::/path`, seen from the root of our cgroup namespace.
    let text = read(Path::new("/proc/self/cgroup"))?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::"));
    let own = Path::new(own.unwrap_or("/"));
    let below = own.strip_prefix(&tree.root);
    let below = below.or_else(|_| own.strip_prefix("/")).unwrap_or(own);
    // `collect` drops the empty last component that joining "" would leave.
    let dir: PathBuf = tree.point.join(below).components().collect();
    // A mount older than our namespace shows another place under that name.
    let ours = std::process::id().to_string();
    let inside = match read(&dir.join("cgroup.procs")) {
        Ok(procs) => procs.lines().any(|pid| pid == ours),
        Err(_) => false,
    };
    Ok(inside.then_some(dir))
}

/// The root of all groups lacks the files that every other has, and the roots of namespaces too.
fn is_whole_tree(dir: &Path) -> bool {
    !dir.join("cgroup.type").exists()
}

/// Whether nobody is in `dir` but us, and the process that executed its own binary again to be us.
fn is_alone(dir: &Path) -> Result<bool, SandboxError> {
    let (ours, parents) = (getpid(), getppid());
    let image = |pid: Pid| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    let is_of_us = |pid: &Pid| *pid == ours || *pid == parents && image(*pid) == image(ours);
    Ok(members(dir)?.iter().all(is_of_us))
}

/// Processes that are born while the others move are moved in the next round. A group that still has
/// some after so many is not about to fall quiet.
const ROUNDS: u32 = 16;

/// Moves everybody in `dir` into its leaf.
fn step_aside(dir: &Path) -> Result<(), SandboxError> {
    let leaf = dir.join(LEAF);
    make_dir(&leaf)?;
    for _ in 0..ROUNDS {
        let procs = read(&dir.join("cgroup.procs"))?;
        if procs.is_empty() {
            return Ok(());
        }
        for pid in procs.lines() {
            match write(&leaf.join("cgroup.procs"), pid) {
                Err(SandboxError::Cgroup { source, .. })
                    if source.raw_os_error() == Some(Errno::ESRCH as i32) => {} // it has ended
                moved => moved?,
            }
        }
    }
    Err(SandboxError::NoCgroups(format!(
        "the processes in {} multiply faster than they can be moved",
        dir.display()
    )))
}

/// Lets the children of `dir` have the controllers that runs need.
pub(super) fn hand_down(dir: &Path) -> Result<(), SandboxError> {
    let control = dir.join("cgroup.subtree_control");
    let handed = read(&control)?;
    for controller in CONTROLLERS {
        if handed.split_whitespace().any(|name| name == controller) {
            continue;
        }
        write(&control, &format!("+{controller}")).map_err(|error| explain(dir, error))?;
    }
    Ok(())
}

fn explain(dir: &Path, error: SandboxError) -> SandboxError {
    let SandboxError::Cgroup { path, source } = error else {
        return error;
    };
    match source.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EBUSY) => SandboxError::NoCgroups(format!(
            "{} holds processes, and so can't be divided; give the worker a group of its own",
            dir.display()
        )),
        Some(Errno::ENOENT) => SandboxError::NoCgroups(format!(
            "{} was not given the controllers {CONTROLLERS:?}; delegate them (systemd: \
             `Delegate=memory pids`)",
            dir.display()
        )),
        _ => failed(&path, source),
    }
}
