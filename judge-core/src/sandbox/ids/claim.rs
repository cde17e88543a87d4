//! The lock that shares ids out among the workers of a host.
//!
//! One file, and in it byte *n* stands for id *n*: a worker locks the bytes of its block. So blocks
//! that overlap can't both be held, however each worker came to its range, and the lock of a worker
//! that was killed is gone with it.
//!
//! Workers of one user share `/run/user/UID`, those of root `/run/judge-worker`. Those in another
//! container see another file: hence the lot that each draws first.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::geteuid;

use super::super::SandboxError;
use super::{IDS_PER_SLOT, IDS_PER_WORKER, MAX_SLOTS};
use crate::sys::fds::lock_bytes;

/// A worker's block of ids, and the lock on it.
#[derive(Debug)]
pub(super) struct Claim {
    ids: Range<u32>,
    /// Holds the lock as long as it is open.
    _lock: File,
}

impl Claim {
    /// Takes a block of `pool` that no other claim on `file` has. `pool` has room for one.
    pub fn take(file: &Path, pool: Range<u32>) -> Result<Self, SandboxError> {
        let blocks = (pool.end - pool.start) / IDS_PER_WORKER;
        let lot = u32::try_from(RandomState::new().hash_one(()) % u64::from(blocks.max(1)));
        Self::take_from(file, pool, lot.expect("below a 32-bit number"))
    }

    /// As [`Self::take`]; tries the block numbered `first` first.
    fn take_from(file: &Path, pool: Range<u32>, first: u32) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Ids { path: file.into(), source };
        let lock = open(file).map_err(failed)?;
        let blocks = (pool.end - pool.start) / IDS_PER_WORKER;
        for block in (first..blocks).chain(0..first).take(MOST_TRIES) {
            let start = pool.start + block * IDS_PER_WORKER;
            let ids = start..start + IDS_PER_WORKER;
            if lock_bytes(lock.as_fd(), ids.clone()).map_err(|error| failed(error.into()))? {
                return Ok(Self { ids, _lock: lock });
            }
        }
        let full = format!("all ids of {pool:?} are taken by other workers");
        Err(failed(io::Error::other(full)))
    }

    /// The first of all.
    pub fn first(&self) -> u32 {
        self.ids.start
    }

    /// Those of one slot.
    pub fn slot(&self, number: u32) -> Range<u32> {
        assert!(number < MAX_SLOTS, "the caller bounds the number of slots");
        let first = self.ids.start + number * IDS_PER_SLOT;
        first..first + IDS_PER_SLOT
    }
}

/// More workers than any host has.
const MOST_TRIES: usize = 4096;

/// Opens the file `name` beside the lock on ids, for locks of another kind.
pub(in crate::sandbox) fn open_lock_file(name: &str) -> Result<File, SandboxError> {
    let path = lock_file()?.with_file_name(name);
    open(&path).map_err(|source| SandboxError::Ids { path, source })
}

/// Where the lock of this user lies, in a directory (made, if need be) that is the user's alone.
pub(super) fn lock_file() -> Result<PathBuf, SandboxError> {
    let user = geteuid();
    // By number, and not by $XDG_RUNTIME_DIR: a worker without that variable must find it too.
    let usual = if user.is_root() { "/run".into() } else { format!("/run/user/{user}") };
    let usual = PathBuf::from(usual);
    let usual = private_dir(&usual.join("judge-worker"));
    let dir = usual.or_else(|_| private_dir(&PathBuf::from(format!("/tmp/judge-worker-{user}"))));
    let dir = dir.map_err(|(path, source)| SandboxError::Ids { path, source })?;
    Ok(dir.join("ids.lock"))
}

/// Makes `dir`, or sees that it is ours and that nobody else may write there.
fn private_dir(dir: &Path) -> Result<PathBuf, (PathBuf, io::Error)> {
    let check = || -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = fs::symlink_metadata(dir)?;
        if !found.is_dir() || found.uid() != geteuid().as_raw() || found.mode() & 0o022 != 0 {
            return Err(io::Error::other("is not a directory that only we may write in"));
        }
        Ok(())
    };
    check().map(|()| dir.into()).map_err(|error| (dir.into(), error))
}

/// Opens the lock file, made if need be, for locking: nobody else may even do that.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits()).open(path)?;
    let found = file.metadata()?;
    if found.uid() != geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(Errno::EPERM.into());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    const BLOCK: u32 = IDS_PER_WORKER;

    fn apart(claims: &[Claim]) -> bool {
        let all = || claims.iter().map(|claim| &claim.ids);
        all().enumerate().all(|(at, one)| {
            let later = all().skip(at + 1);
            later.into_iter().all(|other| one.end <= other.start || other.end <= one.start)
        })
    }

    proptest! {
        #[test]
        fn living_claims_never_overlap_whatever_range_and_place_each_starts_from(
            wishes in prop::collection::vec((0_u32..3 * BLOCK, 1_u32..8, 0_u32..8, any::<bool>()), 1..24)
        ) {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("ids.lock");
            let mut living = Vec::new();
            for (offset, blocks, first, one_ends) in wishes {
                let pool = offset..offset + blocks * BLOCK;
                if let Ok(claim) = Claim::take_from(&file, pool.clone(), first % blocks) {
                    prop_assert!(pool.start <= claim.ids.start && claim.ids.end <= pool.end);
                    living.push(claim);
                }
                prop_assert!(apart(&living), "{living:?}");
                if one_ends {
                    living.pop();
                }
            }
        }
    }

    #[test]
    fn a_full_range_says_so_and_has_room_again_when_a_worker_ends() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ids.lock");
        let claim = || Claim::take(&file, 7..7 + 2 * BLOCK);
        let (one, _other) = (claim().unwrap(), claim().unwrap());
        let full = claim().unwrap_err();
        let why = std::error::Error::source(&full).unwrap().to_string();
        assert!(why.contains("taken"), "{why}");
        let freed = one.ids.clone();
        drop(one);
        assert_eq!(claim().unwrap().ids, freed);
    }

    #[test]
    fn slots_of_a_worker_have_different_ids_all_of_its_block() {
        let dir = tempfile::tempdir().unwrap();
        let claim = Claim::take(&dir.path().join("ids.lock"), 0..BLOCK).unwrap();
        let ids: Vec<u32> = (0..MAX_SLOTS).flat_map(|number| claim.slot(number)).collect();
        assert_eq!(ids, (0..BLOCK).collect::<Vec<_>>());
    }

    /// Names the lock file to the process that is started as another worker.
    const FILE: &str = "JUDGE_TEST_IDS_LOCK";

    #[test]
    #[ignore = "is the worker that another test starts, and kills"]
    fn is_another_worker() {
        let file = std::env::var_os(FILE).expect("only to be started by another test");
        let claim = Claim::take(Path::new(&file), 0..2 * BLOCK).unwrap();
        println!("\nhas {}", claim.first());
        io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    }

    #[test]
    fn the_ids_of_another_process_are_free_as_soon_as_it_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ids.lock");
        let claim = || Claim::take(&file, 0..2 * BLOCK);
        let mut other = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sandbox::ids::claim::tests::is_another_worker"])
            .args(["--ignored", "--nocapture"])
            .env(FILE, &file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = io::BufReader::new(other.stdout.take().unwrap()).lines();
        let has = lines.find_map(|line| line.unwrap().strip_prefix("has ").map(str::to_owned));
        let has: u32 = has.expect("it gets ids").parse().unwrap();
        let ours = claim().unwrap();
        assert_ne!(ours.first(), has);
        claim().unwrap_err();
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(claim().unwrap().first(), has);
    }

    #[test]
    fn a_directory_that_others_may_write_in_holds_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        let (open, link) = (dir.path().join("open"), dir.path().join("link"));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        private_dir(&open).unwrap_err();
        private_dir(&link).unwrap_err();
        let good = private_dir(&dir.path().join("good")).unwrap();
        assert_eq!(private_dir(&good).unwrap(), good);
    }
}
