//! What was compiled once is not compiled again.
//!
//! ```text
//! sources, language, toolchain, walls ──▶ key ──▶ somebody compiles it now? wait for him
//!                                          │      an entry in the folder, sound? ──▶ hit
//!                                          └────▶ compile, keep, tell who waits ───▶ miss
//! ```
//!
//! The key covers everything that goes into the compiler, so a submission can name no entry but its
//! own; the content is what the slot's init handed out as sealed files. Kept is only what compiling
//! again would give: a program, or the compiler's own no. Ends by limits and failures of ours may be
//! chance, and are found out each time. A source that asks for the time (`__TIME__`) gets that of its
//! first compiling.
//!
//! Nothing here fails a submission: what can't be read is compiled, what can't be kept is not.
//! Never here: how compiling is done.

mod entry;
mod flights;
mod folder;
mod key;

use std::path::PathBuf;
use std::sync::Arc;

use super::compile::{Compilation, SourceFile};
use super::language::Language;
use crate::sandbox::{Cancel, SandboxError, SlotConfig};
use flights::{Flight, Flights};
use folder::Folder;
pub use folder::make_cache_folder;
pub(super) use folder::own;
pub use key::Key;
pub(super) use key::Surroundings;

/// The folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file system says no.
    #[error("cannot use the compile cache in {}", path.display())]
    Io {
        /// What could not be made or looked at.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others could put programs of theirs there.
    #[error(
        "the cache folder {} is not a folder that belongs to user {user} and that nobody else may \
         write: name another one, or give it to that user with mode 0711", path.display()
    )]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// The effective user of this process.
        user: u32,
    },
}

/// Compilations on disk. Clones share it; so may other processes of the same user.
#[derive(Clone)]
pub struct CompileCache(Arc<Shared>);

struct Shared {
    folder: Folder,
    flights: Flights,
    surroundings: Surroundings,
}

/// A compilation, and where it is from.
#[derive(Debug)]
pub struct Compiled {
    /// What came of compiling, now or before.
    pub compilation: Compilation,
    /// Whether it was there, from before or from somebody who was at it.
    pub cached: bool,
}

impl CompileCache {
    /// Uses the folder `compile` in `dir`, both made if they are not there, for up to `max_bytes`
    /// (inclusive; whole blocks of 4 KiB are counted). `config` says behind which walls compilers run:
    /// what was compiled behind others is not used.
    ///
    /// # Errors
    /// [`CacheError::NotOurs`] where somebody else owns `dir` or may write it.
    pub fn open(
        dir: &std::path::Path,
        max_bytes: u64,
        config: &SlotConfig,
    ) -> Result<Self, CacheError> {
        Ok(Self(Arc::new(Shared {
            folder: Folder::open(dir, max_bytes)?,
            flights: Flights::default(),
            surroundings: Surroundings::of(config),
        })))
    }

    /// The key of a compilation with a toolchain that calls itself `version`.
    pub fn key(&self, language: &Language, version: &str, sources: &[SourceFile]) -> Key {
        self.0.surroundings.key(language, version, sources)
    }

    /// The compilation of `key`, which `compile` makes if nobody has. Callers with equal keys wait for
    /// the first of them, until `cancel`; where its result is none to keep, each makes its own.
    ///
    /// # Errors
    /// Those of `compile`.
    pub fn get_or_compile(
        &self,
        key: Key,
        language: &Arc<Language>,
        cancel: &Cancel,
        compile: impl FnOnce() -> Result<Compilation, SandboxError>,
    ) -> Result<Compiled, SandboxError> {
        let Shared { folder, flights, .. } = &*self.0;
        let found =
            || folder.get(&key, language).map(|compilation| Compiled { compilation, cached: true });
        if let Some(found) = found() {
            return Ok(found);
        }
        let made = |compilation| Compiled { compilation, cached: false };
        let flight = match flights.join(key, cancel) {
            Flight::Ours(flight) => flight,
            Flight::Landed => match found() {
                Some(found) => return Ok(found),
                None => return compile().map(made),
            },
            Flight::Lost => return compile().map(made),
        };
        // Who flew before us may have landed between our look and our start.
        if let Some(found) = found() {
            flight.land();
            return Ok(found);
        }
        let compilation = compile()?;
        if entry::is_worth_keeping(&compilation) && folder.put(&key, &compilation) {
            flight.land();
        }
        Ok(made(compilation))
    }
}

#[cfg(test)]
mod tests;
