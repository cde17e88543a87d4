//! `judge-core`, set up as the settings say.

use std::path::{Path, PathBuf};

use judge_core::judging::{Judge, SlotPool};
use judge_core::sandbox::cgroup::{Cgroups, Mode};
use judge_core::sandbox::cores::{Cores, Unpinned, keep_threads_to};
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Loss, ProfileError, Profiles, SandboxError, SlotConfig};
use judge_core::toolchain::{
    CacheError, CompileCache, LanguageError, Languages, PreparedFiles, make_cache_folder,
};

use super::EngineSettings;
use crate::config::Pinning;

/// Judging is not possible on this host, or not as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The profiles are wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The languages are wrong.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// There are no cgroups to be had.
    #[error(
        "cannot bound memory and processes here; run as root with writable cgroups, or as a user in \
         a group of its own (systemd-run --user --scope -p Delegate=yes judge-worker ...), or judge \
         without by allow_no_cgroup, and every verdict will say so"
    )]
    Cgroups(#[source] SandboxError),
    /// Each slot was to have a core of its own.
    #[error("{0}; {remedy}", remedy = .0.remedy())]
    Cores(Unpinned),
    /// There are no users for the programs to be.
    #[error(transparent)]
    Ids(SandboxError),
    /// Programs could read what they must not.
    #[error(
        "{what} in {} would be visible inside the sandbox, which shows {}: move them elsewhere",
        folder.display(), shown.display()
    )]
    Exposed {
        /// What they are.
        what: &'static str,
        /// Where.
        folder: PathBuf,
        /// The part of the host's file tree that it is in.
        shown: PathBuf,
    },
    /// The folder of compiled programs that was named can't be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Sets up judging. No slot is built yet.
pub fn start(settings: &EngineSettings) -> Result<Judge, EngineError> {
    let source = profile_source(settings);
    let mut profiles = Profiles::load(&source)?;
    let languages = Languages::load(&source)?;
    refuse_exposed(&profiles, &settings.problems)?;
    // Archives are unpacked there.
    refuse_exposed(&profiles, &tempfile::env::temp_dir())?;
    let cgroups = match Cgroups::claim(settings.cgroup_parent.as_deref()) {
        Ok(cgroups) => cgroups,
        Err(error @ (SandboxError::Ids { .. } | SandboxError::Withheld { .. })) => {
            return Err(EngineError::Ids(error));
        }
        Err(error) if settings.allow_no_cgroup => {
            tracing::warn!(%error, "judging without cgroups: memory is not enforced");
            Cgroups::none().map_err(EngineError::Ids)?
        }
        Err(error) => return Err(EngineError::Cgroups(error)),
    };
    let dir = cache_dir(settings, &profiles)?;
    let prepared = dir.as_deref().filter(|_| settings.prepare_compilers);
    let prepared = prepared.map(PreparedFiles::open).transpose()?;
    profiles.root.binds.extend(prepared.as_ref().map(PreparedFiles::bind));
    let config = SlotConfig { init_binary: own_binary(), profiles, cgroups };
    let cache = match (&dir, settings.compile_cache_bytes) {
        (None, _) | (_, 0) => None,
        (Some(dir), bytes) => Some(CompileCache::open(dir, bytes, &config)?),
    };
    let cores = cores(settings)?;
    let mut judge = Judge::new(SlotPool::on_cores(config, settings.slots, cores), languages)
        .ending_at_mismatch(settings.end_at_mismatch);
    if let Some(cache) = cache {
        judge = judge.keeping_compilations(cache);
    }
    if let Some(prepared) = prepared {
        judge = judge.with_prepared(prepared);
    }
    Ok(judge)
}

/// A core for each slot, if so set, and this process on what is left.
fn cores(settings: &EngineSettings) -> Result<Result<Cores, Unpinned>, EngineError> {
    let cores = match settings.pin_slots {
        Pinning::Off => Err(Unpinned::Off),
        Pinning::Auto => Cores::claim(&settings.cores, settings.slots),
        Pinning::On => {
            Ok(Cores::claim(&settings.cores, settings.slots).map_err(EngineError::Cores)?)
        }
    };
    match &cores {
        Ok(cores) => {
            tracing::info!(slots = ?cores.of_slots(), rest = ?cores.rest(), "each slot has a core");
            leave_to_slots(cores.rest());
        }
        Err(why) => tracing::info!(%why, "slots are not pinned"),
    }
    Ok(cores)
}

/// Keeps this process's threads on the cores that no slot has, if there are any.
pub(super) fn leave_to_slots(rest: &[usize]) {
    if !rest.is_empty()
        && let Err(error) = keep_threads_to(rest)
    {
        tracing::warn!(%error, "cannot keep the worker's own threads off the cores of slots");
    }
}

/// Where compiled programs are kept when nobody says where (`hier(7)`).
const CACHE_DIR: &str = "/var/cache/judge-worker";

/// The folder for compiled programs and for what is prepared: the one that was named, or one that
/// will do.
fn cache_dir(
    settings: &EngineSettings,
    profiles: &Profiles,
) -> Result<Option<PathBuf>, EngineError> {
    let usable = |dir: &Path| {
        refuse_shown(profiles, "compiled programs", dir)?;
        make_cache_folder(dir).map(|()| dir.to_path_buf()).map_err(EngineError::Cache)
    };
    if settings.compile_cache_bytes == 0 && !settings.prepare_compilers {
        return Ok(None);
    }
    if let Some(dir) = &settings.cache_dir {
        return usable(dir).map(Some);
    }
    match usable(Path::new(CACHE_DIR)) {
        Ok(dir) => Ok(Some(dir)),
        Err(error) => {
            tracing::warn!(%error, "compiled programs are not kept; name another folder in cache_dir");
            Ok(None)
        }
    }
}

/// Where profiles and languages are read from.
pub fn profile_source(settings: &EngineSettings) -> ProfileSource {
    settings.profiles.clone().map_or(ProfileSource::BuiltIn, ProfileSource::Folder)
}

/// Which cgroups it stands on.
pub fn cgroup_mode(judge: &Judge) -> Mode {
    judge.pool().config().cgroups.mode()
}

/// What its sandboxes have to do without on this host.
pub fn losses(judge: &Judge) -> Vec<Loss> {
    judge.pool().config().cgroups.losses()
}

/// Refuses a folder of problems that programs could read.
pub fn refuse_exposed(profiles: &Profiles, problems: &Path) -> Result<(), EngineError> {
    refuse_shown(profiles, "the problems", problems)
}

fn refuse_shown(profiles: &Profiles, what: &'static str, folder: &Path) -> Result<(), EngineError> {
    let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    match profiles.exposing(&real) {
        None => Ok(()),
        Some(shown) => Err(EngineError::Exposed { what, folder: real, shown: shown.into() }),
    }
}

/// The init is this very binary: `main` turns into one when it is called so.
fn own_binary() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}
