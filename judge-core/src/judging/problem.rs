//! A problem that submissions can be judged against: its package, and its validator once that is
//! compiled.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::package::{
    ArchiveBounds, Package, PackageError, Testcase, Unpacked, Validation, is_archive,
};
use super::pool::LentSlot;
use super::testcase_run::Checker;
use super::validator::{Validator, ValidatorError};
use crate::toolchain::Languages;

/// A package, and what is made of it only once.
#[derive(Debug)]
pub struct Problem {
    /// As read. Its paths are good as long as the problem is.
    pub package: Package,
    /// The folder of an archive, which goes with the problem.
    _unpacked: Option<Unpacked>,
    validator: Mutex<Option<Arc<Validator>>>,
}

impl Problem {
    /// Nothing is compiled yet.
    pub fn new(package: Package) -> Self {
        Self { package, _unpacked: None, validator: Mutex::new(None) }
    }

    /// Reads a package from its folder or from a zip archive, which is unpacked into a private folder
    /// below the process's temporary folder (`tempfile::env`), for as long as the problem lives.
    ///
    /// # Errors
    /// [`PackageError`]; all but [`PackageError::Io`] are the package's fault.
    pub fn read(path: &Path) -> Result<Self, PackageError> {
        if path.is_dir() || !is_archive(path) {
            return Ok(Self::new(Package::read(path)?));
        }
        let unpacked = Unpacked::of(path, &tempfile::env::temp_dir(), &ArchiveBounds::default())?;
        let package = Package::read(unpacked.package())?;
        Ok(Self { _unpacked: Some(unpacked), ..Self::new(package) })
    }

    /// Who checks outputs; compiles the validator if nobody has. Others wait meanwhile.
    pub(super) fn checking(
        &self,
        slot: &mut LentSlot,
        languages: &Languages,
    ) -> Result<Checking, ValidatorError> {
        let Validation::Custom(source) = &self.package.validation else {
            return Ok(Checking::Default);
        };
        let mut built = self.validator.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = &*built {
            return Ok(Checking::Custom(Arc::clone(validator)));
        }
        let limits = &self.package.limits;
        // The outer result is the sandbox's, which is worth a second try; the inner the problem's.
        let validator =
            slot.try_twice(|slot| match Validator::build(slot, source, languages, limits) {
                Err(ValidatorError::Sandbox(error)) => Err(error),
                done => Ok(done),
            })??;
        let validator = Arc::new(validator);
        *built = Some(Arc::clone(&validator));
        Ok(Checking::Custom(validator))
    }
}

/// Who checks the outputs of a problem.
#[derive(Debug)]
pub(super) enum Checking {
    Default,
    Custom(Arc<Validator>),
}

impl Checking {
    /// For one test, whose flags may be its own.
    pub fn of(&self, testcase: &Testcase) -> Checker<'_> {
        match self {
            Self::Default => Checker::Default(testcase.comparison.unwrap_or_default()),
            Self::Custom(validator) => Checker::Custom(validator),
        }
    }
}
