//! Builds the root of a slot: what every program of it sees, read-only.

use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{Gid, Uid, chdir, pivot_root, sethostname, setresgid, setresuid};

use super::super::ids::Inside;
use super::super::profile::{Bind, RootLayout};
use super::super::protocol::{InitStep, Setup};
use super::super::{Missing, Wall};
use super::writable::WRITABLE;
use super::{At, Failure, c_path};
use crate::sys::mounts::{Restriction, restrict_tree};

/// Where programs work.
pub const WORK_DIR: &str = "/box";

/// The same for calls that want a C string.
pub const WORK_DIR_C: &CStr = c"/box";

/// Where the new root is put together; any directory that every Linux system has will do, since the
/// mount is seen by nobody else.
const STAGE: &str = "/tmp";

/// Bytes and inodes of the root itself, which holds mount points and a few small files.
const ROOT_OPTIONS: &str = "mode=0755,size=1m,nr_inodes=512";

pub fn build(setup: &Setup, missing: &Missing) -> Result<(), Failure> {
    let binds = &setup.profiles.root.binds;
    let sources = binds.iter().map(Source::of).collect::<Result<Vec<_>, _>>()?;
    if setup.inside == Inside::Two {
        become_root()?;
    }
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).at(InitStep::Propagation, "/")?;
    let root = Some("tmpfs");
    mount(root, STAGE, root, MsFlags::MS_NODEV, Some(ROOT_OPTIONS)).at(InitStep::Tmpfs, STAGE)?;
    let stage = Path::new(STAGE);
    for (bind, source) in binds.iter().zip(sources) {
        if let Some(source) = source {
            show(stage, bind, source, missing)?;
        }
    }
    for file in &setup.profiles.root.files {
        let target = below(stage, &file.to);
        make_parent(&target)?;
        fs::write(&target, &file.content).at(InitStep::File, &file.to)?;
    }
    for device in devices(&setup.profiles.root, missing)? {
        let target = below(stage, &device);
        make_parent(&target)?;
        File::create(&target).at(InitStep::Device, &target)?;
        let bind = MsFlags::MS_BIND;
        mount(Some(&device), &target, none, bind, none).at(InitStep::Device, &device)?;
    }
    for (link, target) in
        [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        let link = stage.join("dev").join(link);
        make_parent(&link)?;
        symlink(target, &link).at(InitStep::File, &link)?;
    }
    for (dir, _) in WRITABLE {
        let dir = below(stage, Path::new(dir));
        fs::create_dir_all(&dir).at(InitStep::Tmpfs, &dir)?;
    }
    mount_proc(stage, missing)?;
    change_root(missing)?;
    let walls =
        [(Wall::ReadOnlyRoot, Restriction::ReadOnly), (Wall::NoSetuid, Restriction::NoSetuid)];
    restrict_tree(c"/", &missing.standing(&walls)).at(InitStep::Freeze, "/")?;
    if missing.stands(Wall::UtsNamespace) {
        sethostname(&setup.hostname).at(InitStep::Hostname, &setup.hostname)?;
    }
    Ok(())
}

/// The nodes that are shown. Where the wall is missing, others of the host too: as many as fit.
fn devices(layout: &RootLayout, missing: &Missing) -> Result<Vec<PathBuf>, Failure> {
    let mut shown: Vec<PathBuf> = layout.devices.iter().map(|device| device.path.clone()).collect();
    if !missing.stands(Wall::FewDevices) {
        let entries = fs::read_dir("/dev").at(InitStep::Device, "/dev")?.flatten();
        let is_node = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|it| it.is_char_device());
        let others = entries.filter(is_node).map(|entry| entry.path());
        shown.extend(
            others.filter(|path| !layout.devices.iter().any(|it| it.path == *path)).take(100),
        );
    }
    Ok(shown)
}

/// The supervisor has mapped our uid 0 by now; as who we were, files could not be made.
fn become_root() -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(gid, gid, gid).at(InitStep::Identity, "gid 0")?;
    setresuid(uid, uid, uid).at(InitStep::Identity, "uid 0")
}

/// A part of the host's tree that is to be shown.
enum Source {
    /// The same link inside.
    Link(PathBuf),
    /// What is bound, held open: it may stand where only the worker's user may pass, whom we are until
    /// [`become_root`], or below the stage.
    Tree { held: File, is_dir: bool },
}

impl Source {
    /// `None`: not there, and optional.
    fn of(bind: &Bind) -> Result<Option<Self>, Failure> {
        let kind = match fs::symlink_metadata(&bind.from) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if bind.optional && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error).at(InitStep::Bind, &bind.from),
        };
        if kind.is_symlink() && !points_away(&bind.from) {
            return Ok(Some(Self::Link(fs::read_link(&bind.from).at(InitStep::Bind, &bind.from)?)));
        }
        let path_only = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(&bind.from);
        let held = path_only.at(InitStep::Bind, &bind.from)?;
        let is_dir = held.metadata().at(InitStep::Bind, &bind.from)?.is_dir();
        Ok(Some(Self::Tree { held, is_dir }))
    }
}

/// Shows a part of the host's tree: a link as the same link, a file or directory as a bind with
/// everything below it, whose device nodes can't be opened. It is made read-only with the root.
fn show(stage: &Path, bind: &Bind, source: Source, missing: &Missing) -> Result<(), Failure> {
    let target = below(stage, bind.target());
    make_parent(&target)?;
    let held = match source {
        Source::Link(link) => return symlink(link, &target).at(InitStep::Bind, &target),
        Source::Tree { held, is_dir: true } => {
            fs::create_dir_all(&target).at(InitStep::Bind, &target)?;
            held
        }
        Source::Tree { held, is_dir: false } => {
            File::create(&target).at(InitStep::Bind, &target)?;
            held
        }
    };
    let recursive = MsFlags::MS_BIND | MsFlags::MS_REC;
    let none = None::<&str>;
    let from = format!("/proc/self/fd/{}", held.as_raw_fd());
    mount(Some(from.as_str()), &target, none, recursive, none).at(InitStep::Bind, &bind.from)?;
    let walls = [(Wall::NoDevices, Restriction::NoDevices)];
    restrict_tree(&c_path(&target)?, &missing.standing(&walls)).at(InitStep::Freeze, &bind.from)
}

/// Whether a link leads out of what will be visible inside: such a one is followed and its target
/// bound instead. Debian's `/lib -> usr/lib` stays a link, `/etc/localtime` points into `/usr`.
fn points_away(link: &Path) -> bool {
    let Ok(target) = fs::canonicalize(link) else {
        return false;
    };
    !target.starts_with("/usr")
}

/// `/proc` of the own pid namespace, with nothing but processes in it (`proc(5)`: `subset=pid`), and
/// none of those visible that belong to the init.
fn mount_proc(stage: &Path, missing: &Missing) -> Result<(), Failure> {
    let dir = stage.join("proc");
    fs::create_dir_all(&dir).at(InitStep::Proc, &dir)?;
    // The kernel lets nobody mount the one of a pid namespace that isn't his.
    if !missing.stands(Wall::OwnProc) || !missing.stands(Wall::PidNamespace) {
        let recursive = MsFlags::MS_BIND | MsFlags::MS_REC;
        let none = None::<&str>;
        return mount(Some("/proc"), &dir, none, recursive, none).at(InitStep::Proc, &dir);
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let proc = Some("proc");
    let walls = [(Wall::ProcSubset, "subset=pid"), (Wall::HiddenPids, "hidepid=invisible")];
    let options = missing.standing(&walls).join(",");
    mount(proc, &dir, proc, flags, Some(options.as_str())).at(InitStep::Proc, &dir)
}

/// Makes the stage the root, and lets go of the old one for good (`pivot_root(2)`, *NOTES*: both may
/// be the same directory).
fn change_root(missing: &Missing) -> Result<(), Failure> {
    chdir(STAGE).at(InitStep::Pivot, STAGE)?;
    pivot_root(".", ".").at(InitStep::Pivot, STAGE)?;
    if missing.stands(Wall::HostTree) {
        umount2(".", MntFlags::MNT_DETACH).at(InitStep::Pivot, "the old root")?;
    }
    chdir("/").at(InitStep::Pivot, "/")
}

fn below(stage: &Path, path: &Path) -> PathBuf {
    stage.join(path.strip_prefix("/").unwrap_or(path))
}

fn make_parent(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).at(InitStep::File, parent)
}
