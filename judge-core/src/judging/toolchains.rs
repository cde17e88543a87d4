//! The toolchains of this host, as a judge uses them: which work, what was compiled before, what they
//! are prepared with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::pool::{LentSlot, SlotPool};
use crate::sandbox::{Cancel, SandboxError};
use crate::toolchain::{
    Availability, CompileCache, Compiled, Language, Languages, PrepareError, PreparedFiles,
    SourceFile, compile_with, probe,
};

/// Shared by all threads.
#[derive(Clone)]
pub(super) struct Toolchains {
    pub languages: Languages,
    /// What was found when a language was first asked for.
    available: Arc<Mutex<BTreeMap<String, Availability>>>,
    pub compilations: Option<CompileCache>,
    pub prepared: Option<PreparedFiles>,
}

impl Toolchains {
    pub fn new(languages: Languages) -> Self {
        Self { languages, available: Arc::default(), compilations: None, prepared: None }
    }

    /// Whether a language's toolchain works here, where that was found out before.
    pub fn known_availability(&self, language: &Language) -> Option<Availability> {
        self.available.lock().unwrap_or_else(PoisonError::into_inner).get(&language.id).cloned()
    }

    /// The same, found out in `slot` where it was not.
    pub fn availability(
        &self,
        slot: &mut LentSlot,
        language: &Arc<Language>,
    ) -> Result<Availability, SandboxError> {
        if let Some(known) = self.known_availability(language) {
            return Ok(known);
        }
        let found = slot.try_twice(|slot| probe(slot, language))?;
        let mut available = self.available.lock().unwrap_or_else(PoisonError::into_inner);
        available.insert(language.id.clone(), found.clone());
        Ok(found)
    }

    /// Compiles with a toolchain that calls itself `version`, or finds what was compiled before.
    pub fn compile(
        &self,
        slot: &mut LentSlot,
        language: &Arc<Language>,
        version: &str,
        sources: &[SourceFile],
        cancel: &Cancel,
    ) -> Result<Compiled, SandboxError> {
        let prepared = self.prepared.as_ref().and_then(|files| files.find(language, version));
        let mut compile = || {
            slot.try_twice(|slot| compile_with(slot, language, sources, prepared.as_ref(), cancel))
        };
        match &self.compilations {
            Some(cache) => {
                let key = cache.key(language, version, sources);
                cache.get_or_compile(key, language, cancel, compile)
            }
            None => Ok(Compiled { compilation: compile()?, cached: false }),
        }
    }

    /// Prepares what is not there for each language that works here, in a slot of `pool`. What can't
    /// be prepared is logged, and done without.
    pub fn prepare(&self, pool: &SlotPool, cancel: &Cancel) {
        let Some(files) = &self.prepared else { return };
        for language in self.languages.iter().filter(|it| it.compile.prepared.is_some()) {
            if cancel.is_cancelled() {
                return;
            }
            match self.prepare_one(pool, files, language, cancel) {
                Ok(()) => {}
                Err(_) if cancel.is_cancelled() => return,
                Err(error) => tracing::warn!(
                    language = %language.id, %error,
                    "could not prepare what compiling is sooner with: it takes longer"
                ),
            }
        }
    }

    fn prepare_one(
        &self,
        pool: &SlotPool,
        files: &PreparedFiles,
        language: &Arc<Language>,
        cancel: &Cancel,
    ) -> Result<(), PrepareError> {
        let mut slot = pool.acquire()?;
        let Availability::Available { version } = self.availability(&mut slot, language)? else {
            return Ok(());
        };
        if files.find(language, &version).is_some() {
            return Ok(());
        }
        // A compiler that fails is no reason for another slot.
        let made = slot.try_twice(|slot| match files.make(slot, language, &version, cancel) {
            Err(PrepareError::Sandbox(error)) => Err(error),
            made => Ok(made),
        })?;
        if made.is_ok() {
            tracing::info!(language = %language.id, "prepared what compiling is sooner with");
        }
        made
    }
}
