//! The writable file systems of a run: a tmpfs each, fresh for it.
//!
//! To mount and unmount three of them costs more than to start a program, and most programs write no
//! file. So one that was not touched is kept for the next run. That it was not is seen by the time of
//! change of its root directory: nothing appears in it, moves or goes without that time changing
//! (`inode(7)`), and nobody but the owner, which no program is, can set it back (`utimensat(2)`). A program that is the
//! init's user ([`Inside::One`]) gets new ones each time.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use nix::mount::{MntFlags, MsFlags};

use super::super::ids::{Inside, PROGRAM_ID};
use super::super::profile::{ProfileName, TmpfsSize, TmpfsSizes};
use super::super::protocol::InitStep;
use super::super::{Missing, Wall};
use super::root::WORK_DIR;
use super::{At, Failure, c_path};
use crate::sys::pass::Pass;

/// Where they are, and the wall that each is.
pub const WRITABLE: [(&str, Wall); 3] =
    [(WORK_DIR, Wall::FreshBox), ("/tmp", Wall::FreshTmp), ("/dev/shm", Wall::FreshShm)];

/// When the root directory of an untouched file system was changed: a second after the epoch.
const UNTOUCHED: Duration = Duration::from_secs(1);

/// What is mounted.
#[derive(Debug, Default)]
pub struct Writable {
    /// With whose sizes.
    mounted: Option<ProfileName>,
}

impl Writable {
    /// Puts fresh, empty file systems of `sizes` in place, or leaves those there that are. Only an
    /// init whose programs are all gone may do this.
    pub fn make_fresh(
        &mut self,
        pass: Pass,
        inside: Inside,
        profile: ProfileName,
        sizes: &TmpfsSizes,
        missing: &Missing,
    ) -> Result<(), Failure> {
        if self.mounted == Some(profile) {
            return Ok(());
        }
        self.unmount(pass, missing)?;
        for ((dir, fresh), size) in WRITABLE.into_iter().zip([&sizes.work, &sizes.tmp, &sizes.shm])
        {
            if missing.stands(fresh) || !is_mounted(dir)? {
                mount_fresh(pass, inside, dir, size, missing)?;
            }
        }
        self.mounted = Some(profile);
        Ok(())
    }

    /// Takes away what was touched. What it held is gone when the last descriptor of it closes.
    pub fn clear(&mut self, pass: Pass, inside: Inside, missing: &Missing) -> Result<(), Failure> {
        // The program is the owner, and could have set the time back.
        if inside == Inside::One {
            return self.unmount(pass, missing);
        }
        for (dir, fresh) in WRITABLE {
            if missing.stands(fresh) && !is_untouched(dir)? {
                return self.unmount(pass, missing);
            }
        }
        Ok(())
    }

    fn unmount(&mut self, pass: Pass, missing: &Missing) -> Result<(), Failure> {
        if self.mounted.take().is_none() {
            return Ok(());
        }
        for (dir, _) in WRITABLE.into_iter().rev().filter(|(_, fresh)| missing.stands(*fresh)) {
            let flags = MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW;
            pass.umount(&c_path(dir.as_ref())?, flags).at(InitStep::Tmpfs, dir)?;
        }
        Ok(())
    }
}

/// Owned by root and sticky: everybody may make files, and nobody may change the directory itself.
/// Where there is no root inside, it is the program's.
fn mount_fresh(
    pass: Pass,
    inside: Inside,
    dir: &str,
    size: &TmpfsSize,
    missing: &Missing,
) -> Result<(), Failure> {
    let TmpfsSize { size_mib, inodes, .. } = size;
    // Zero stands for no bound (`tmpfs(5)`).
    let size_mib = if missing.stands(Wall::TmpfsBytes) { *size_mib } else { 0 };
    let inodes = if missing.stands(Wall::TmpfsInodes) { *inodes } else { 0 };
    let owner = match inside {
        Inside::Two => 0,
        Inside::One => PROGRAM_ID,
    };
    let options = format!("size={size_mib}m,nr_inodes={inodes},mode=1777,uid={owner},gid={owner}");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOATIME;
    let options = c_path(options.as_ref())?;
    pass.mount(c"tmpfs", &c_path(dir.as_ref())?, flags, &options).at(InitStep::Tmpfs, dir)?;
    let then = SystemTime::UNIX_EPOCH + UNTOUCHED;
    let times = FileTimes::new().set_accessed(then).set_modified(then);
    File::open(dir).and_then(|opened| opened.set_times(times)).at(InitStep::Tmpfs, dir)
}

fn is_untouched(dir: &str) -> Result<bool, Failure> {
    let metadata = fs::metadata(dir).at(InitStep::Tmpfs, dir)?;
    let modified = metadata.modified().at(InitStep::Tmpfs, dir)?;
    Ok(modified == SystemTime::UNIX_EPOCH + UNTOUCHED)
}

/// Whether the directory `dir` has a file system of its own now.
fn is_mounted(dir: &str) -> Result<bool, Failure> {
    let device = |path| Ok(fs::metadata(path).at(InitStep::Tmpfs, path)?.dev());
    Ok(device(dir)? != device("/")?)
}
