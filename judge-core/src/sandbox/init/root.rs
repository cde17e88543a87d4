//! Builds the root of a slot: what every program of it sees, read-only.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::{Gid, Uid, chdir, pivot_root, sethostname, setresgid, setresuid};

use super::super::profile::{Bind, TmpfsSize};
use super::super::protocol::{InitStep, Setup};
use super::{At, Failure, c_path};
use crate::sys::mounts::{freeze_tree, seal_tree};

/// Where programs work.
pub const WORK_DIR: &str = "/box";

/// The writable directories: mount points of fresh tmpfs for each run.
pub const WRITABLE: [&str; 3] = [WORK_DIR, "/tmp", "/dev/shm"];

/// Where the new root is put together; any directory that every Linux system has will do, since the
/// mount is seen by nobody else.
const STAGE: &str = "/tmp";

/// Bytes and inodes of the root itself, which holds mount points and a few small files.
const ROOT_OPTIONS: &str = "mode=0755,size=1m,nr_inodes=512";

pub fn build(setup: &Setup) -> Result<(), Failure> {
    become_root()?;
    let none = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).at(InitStep::Propagation, "/")?;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let root = Some("tmpfs");
    mount(root, STAGE, root, plain, Some(ROOT_OPTIONS)).at(InitStep::Tmpfs, STAGE)?;
    let stage = Path::new(STAGE);
    for bind in &setup.profiles.root.binds {
        show(stage, bind)?;
    }
    for file in &setup.profiles.root.files {
        let target = below(stage, &file.to);
        make_parent(&target)?;
        fs::write(&target, &file.content).at(InitStep::File, &file.to)?;
    }
    for device in &setup.profiles.root.devices {
        let target = below(stage, &device.path);
        make_parent(&target)?;
        File::create(&target).at(InitStep::Device, &target)?;
        let bind = MsFlags::MS_BIND;
        mount(Some(&device.path), &target, none, bind, none).at(InitStep::Device, &device.path)?;
    }
    for (link, target) in
        [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")]
    {
        let link = stage.join("dev").join(link);
        make_parent(&link)?;
        symlink(target, &link).at(InitStep::File, &link)?;
    }
    for dir in WRITABLE {
        let dir = below(stage, Path::new(dir));
        fs::create_dir_all(&dir).at(InitStep::Tmpfs, &dir)?;
    }
    mount_proc(stage)?;
    change_root()?;
    freeze_tree(&c_path(Path::new("/"))?).at(InitStep::Freeze, "/")?;
    sethostname(&setup.hostname).at(InitStep::Hostname, &setup.hostname)
}

/// The supervisor has mapped our uid 0 by now; as who we were, files could not be made.
fn become_root() -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(gid, gid, gid).at(InitStep::Identity, "gid 0")?;
    setresuid(uid, uid, uid).at(InitStep::Identity, "uid 0")
}

/// Shows a part of the host's tree: a link as the same link, a file or directory as a read-only
/// bind with everything below it.
fn show(stage: &Path, bind: &Bind) -> Result<(), Failure> {
    let target = below(stage, bind.target());
    let kind = match fs::symlink_metadata(&bind.from) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if bind.optional && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(());
        }
        Err(error) => return Err(error).at(InitStep::Bind, &bind.from),
    };
    make_parent(&target)?;
    if kind.is_symlink() && !points_away(&bind.from) {
        let link = fs::read_link(&bind.from).at(InitStep::Bind, &bind.from)?;
        return symlink(link, &target).at(InitStep::Bind, &target);
    }
    if fs::metadata(&bind.from).at(InitStep::Bind, &bind.from)?.is_dir() {
        fs::create_dir_all(&target).at(InitStep::Bind, &target)?;
    } else {
        File::create(&target).at(InitStep::Bind, &target)?;
    }
    let recursive = MsFlags::MS_BIND | MsFlags::MS_REC;
    let none = None::<&str>;
    mount(Some(&bind.from), &target, none, recursive, none).at(InitStep::Bind, &bind.from)?;
    seal_tree(&c_path(&target)?).at(InitStep::Freeze, &bind.from)
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
fn mount_proc(stage: &Path) -> Result<(), Failure> {
    let dir = stage.join("proc");
    fs::create_dir_all(&dir).at(InitStep::Proc, &dir)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let proc = Some("proc");
    mount(proc, &dir, proc, flags, Some("subset=pid,hidepid=invisible")).at(InitStep::Proc, &dir)
}

/// Makes the stage the root, and lets go of the old one for good (`pivot_root(2)`, *NOTES*: both may
/// be the same directory).
fn change_root() -> Result<(), Failure> {
    chdir(STAGE).at(InitStep::Pivot, STAGE)?;
    pivot_root(".", ".").at(InitStep::Pivot, STAGE)?;
    umount2(".", MntFlags::MNT_DETACH).at(InitStep::Pivot, "the old root")?;
    chdir("/").at(InitStep::Pivot, "/")
}

/// Puts fresh, empty file systems on the writable directories. Only an init whose programs are all
/// gone may do this.
pub fn mount_writable(sizes: &super::super::profile::TmpfsSizes) -> Result<(), Failure> {
    for (dir, TmpfsSize { size_mib, inodes, .. }) in
        WRITABLE.iter().zip([&sizes.work, &sizes.tmp, &sizes.shm])
    {
        let options = format!(
            "size={size_mib}m,nr_inodes={inodes},mode=0700,uid={PROGRAM_ID},gid={PROGRAM_ID}"
        );
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        let kind = Some("tmpfs");
        mount(kind, *dir, kind, flags, Some(options.as_str())).at(InitStep::Tmpfs, dir)?;
    }
    Ok(())
}

/// Takes them away again. What they held is gone when the last descriptor of it closes.
pub fn unmount_writable() -> Result<(), Failure> {
    for dir in WRITABLE.iter().rev() {
        umount2(*dir, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW).at(InitStep::Tmpfs, dir)?;
    }
    Ok(())
}

/// Uid and gid of every program, inside.
pub const PROGRAM_ID: u32 = 1000;

fn below(stage: &Path, path: &Path) -> PathBuf {
    stage.join(path.strip_prefix("/").unwrap_or(path))
}

fn make_parent(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).at(InitStep::File, parent)
}
