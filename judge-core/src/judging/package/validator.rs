//! Custom output validators.

use super::{
    FormatVersion, PackageError,
    folder::Folder,
    metadata::{LegacyValidation, Metadata},
};
use std::path::{Path, PathBuf};

/// Who says whether an output is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// The default output validator, with the flags of each test.
    Default,
    /// A program of the package.
    Custom(ValidatorProgram),
}

/// A program that judges outputs: `PROGRAM INPUT ANSWER FEEDBACK_DIR/ FLAGS… < OUTPUT`, exit code
/// 42 for right and 43 for wrong (*Output validator*, *Invocation* in both formats).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatorProgram {
    /// Base name of its file or folder.
    pub name: String,
    /// Absolute: the folder that `files` are in.
    pub folder: PathBuf,
    /// Absolute, sorted, at least one. Among them may be scripts `build` and `run` instead of
    /// sources to compile. Finding the language is the caller's.
    pub files: Vec<PathBuf>,
}

/// Files of a validator: with the test's own they must fit into one run.
const MAX_FILES: usize = 100;

/// legacy, *Validation* and *Output validators*; 2025-09, *Output validator*.
pub(super) fn read(folder: &Folder, metadata: &Metadata) -> Result<Validation, PackageError> {
    let parent = Path::new(folder_name(metadata.format));
    let entries = folder.list(parent)?;
    match metadata.legacy_validation {
        Some(LegacyValidation::Default) => {
            if !entries.is_empty() {
                folder.warn(
                    parent,
                    "is ignored, because problem.yaml does not say validation: custom",
                );
            }
            return Ok(Validation::Default);
        }
        Some(LegacyValidation::Custom) if entries.is_empty() => {
            let remedy = "problem.yaml says validation: custom, so put the validator into it";
            return Err(PackageError::Missing { path: parent.into(), remedy: remedy.into() });
        }
        None if entries.is_empty() => return Ok(Validation::Default),
        Some(LegacyValidation::Custom) | None => {}
    }
    // A program is a file or a folder in the legacy format's `output_validators/`, and *is* the
    // newer formats' `output_validator/`, where packages also nest it one folder deeper.
    let (path, inner) = match &entries[..] {
        [only] if only.is_folder => (only.path.as_path(), folder.files_below(&only.path)?),
        [only] => (parent, vec![only.path.clone()]),
        _ if metadata.format == FormatVersion::Legacy => {
            let feature = "several output validators (put the files of one into a folder)".into();
            return Err(PackageError::Unsupported { path: parent.into(), feature });
        }
        _ => (parent, folder.files_below(parent)?),
    };
    if inner.is_empty() {
        let remedy = "the output validator has no files".into();
        return Err(PackageError::Missing { path: path.into(), remedy });
    }
    if MAX_FILES < inner.len() {
        let bound = format!("an output validator may have at most {MAX_FILES} files");
        return Err(PackageError::TooLarge { path: path.into(), bound });
    }
    let named_by = if path == parent { inner[0].as_path() } else { path };
    let name = named_by.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Validation::Custom(ValidatorProgram {
        name,
        folder: folder.root().join(path),
        files: inner.iter().map(|file| folder.root().join(file)).collect(),
    }))
}

pub(super) fn folder_name(format: FormatVersion) -> &'static str {
    match format {
        FormatVersion::Legacy => "output_validators",
        _ => "output_validator",
    }
}
