//! `judge-core`, set up as the settings say.

use std::path::{Path, PathBuf};

use judge_core::judging::{Judge, SlotPool};
use judge_core::sandbox::cgroup::{Cgroups, Mode};
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Loss, ProfileError, Profiles, SandboxError, SlotConfig};
use judge_core::toolchain::{CacheError, CompileCache, LanguageError, Languages};

use super::EngineSettings;

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
    /// There are no users for the programs to be.
    #[error(transparent)]
    Ids(SandboxError),
    /// Programs could read what others have written.
    #[error(
        "compiled programs in {} would be visible inside the sandbox, which shows {}: name another \
         cache_dir", cache_dir.display(), shown.display()
    )]
    CacheExposed {
        /// The folder.
        cache_dir: PathBuf,
        /// The part of the host's file tree that it is in.
        shown: PathBuf,
    },
    /// The folder of compiled programs that was named can't be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// Programs could read the problems.
    #[error(
        "the problems in {} would be visible inside the sandbox, which shows {}: move them \
         elsewhere", problems.display(), shown.display()
    )]
    ProblemsExposed {
        /// The folder.
        problems: PathBuf,
        /// The part of the host's file tree that it is in.
        shown: PathBuf,
    },
}

/// Sets up judging. No slot is built yet.
pub fn start(settings: &EngineSettings) -> Result<Judge, EngineError> {
    let source = profile_source(settings);
    let profiles = Profiles::load(&source)?;
    let languages = Languages::load(&source)?;
    refuse_exposed(&profiles, &settings.problems)?;
    // Archives are unpacked there.
    refuse_exposed(&profiles, &std::env::temp_dir())?;
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
    let config = SlotConfig { init_binary: own_binary(), profiles, cgroups };
    let cache = compile_cache(settings, &config)?;
    let judge = Judge::new(SlotPool::new(config, settings.slots), languages);
    Ok(match cache {
        Some(cache) => judge.keeping_compilations(cache),
        None => judge,
    })
}

/// Where compiled programs are kept when nobody says where (`hier(7)`).
const CACHE_DIR: &str = "/var/cache/judge-worker";

/// Compiled programs, in the folder that was named, or in one that will do.
fn compile_cache(
    settings: &EngineSettings,
    config: &SlotConfig,
) -> Result<Option<CompileCache>, EngineError> {
    let bytes = settings.compile_cache_bytes;
    if bytes == 0 {
        return Ok(None);
    }
    let open = |dir: &Path| {
        let real = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
        if let Some(shown) = config.profiles.exposing(&real) {
            return Err(EngineError::CacheExposed { cache_dir: real, shown: shown.into() });
        }
        CompileCache::open(dir, bytes, config).map_err(EngineError::Cache)
    };
    if let Some(dir) = &settings.cache_dir {
        return open(dir).map(Some);
    }
    match open(Path::new(CACHE_DIR)) {
        Ok(cache) => Ok(Some(cache)),
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

/// Refuses a folder that programs could read.
pub fn refuse_exposed(profiles: &Profiles, problems: &Path) -> Result<(), EngineError> {
    let real = std::fs::canonicalize(problems).unwrap_or_else(|_| problems.to_path_buf());
    match profiles.exposing(&real) {
        None => Ok(()),
        Some(shown) => Err(EngineError::ProblemsExposed { problems: real, shown: shown.into() }),
    }
}

/// The init is this very binary: `main` turns into one when it is called so.
fn own_binary() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}
