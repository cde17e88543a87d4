//! `problem.yaml`.

use super::yaml::Keys;
use super::{FormatVersion, Kind, Objective, PackageError, ProblemLimits, folder::Folder, limits};
use std::{collections::BTreeMap, path::Path};

pub(super) struct Metadata {
    pub(super) format: FormatVersion,
    /// By language code.
    pub(super) names: BTreeMap<String, String>,
    pub(super) kind: Kind,
    pub(super) limits: ProblemLimits,
    /// What `validation` says; in the newer formats a folder tells, and this is `None`.
    pub(super) legacy_validation: Option<LegacyValidation>,
    /// `validator_flags` of the legacy format.
    pub(super) validator_flags: Vec<String>,
    pub(super) languages: Option<Vec<String>>,
    pub(super) allow_file_writing: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum LegacyValidation {
    Default,
    Custom,
}

pub(super) const FILE: &str = "problem.yaml";

pub(super) fn read(folder: &Folder) -> Result<Metadata, PackageError> {
    let mut keys = folder.yaml(Path::new(FILE))?.ok_or_else(|| PackageError::Missing {
        path: FILE.into(),
        remedy: "every problem package has one at its root".into(),
    })?;
    let format = format(&mut keys)?;
    let metadata = match format {
        FormatVersion::Legacy => legacy(folder, &mut keys)?,
        FormatVersion::Draft2023_07 | FormatVersion::V2025_09 => newer(folder, &mut keys, format)?,
    };
    keys.finish();
    Ok(metadata)
}

fn format(keys: &mut Keys<'_>) -> Result<FormatVersion, PackageError> {
    match keys.text("problem_format_version")?.as_deref() {
        None | Some("legacy" | "legacy-icpc") => Ok(FormatVersion::Legacy),
        Some("2023-07-draft" | "2023-07") => Ok(FormatVersion::Draft2023_07),
        Some("2025-09" | "2025-09-draft") => Ok(FormatVersion::V2025_09),
        Some(other) => Err(keys.invalid(
            "problem_format_version",
            &format!("is {other:?}; known are legacy, 2023-07-draft and 2025-09"),
        )),
    }
}

/// legacy, *Problem metadata*.
fn legacy(folder: &Folder, keys: &mut Keys<'_>) -> Result<Metadata, PackageError> {
    let scoring = match keys.text("type")?.as_deref() {
        None | Some("pass-fail") => false,
        Some("scoring") => true,
        Some(other) => return Err(unknown_type(keys, other)),
    };
    let validation = keys.text("validation")?.unwrap_or_else(|| "default".into());
    let words: Vec<_> = validation.split_whitespace().collect();
    let (validation, options) = match words.split_first() {
        Some((&"default", options)) => (LegacyValidation::Default, options),
        Some((&"custom", options)) => (LegacyValidation::Custom, options),
        _ => return Err(keys.invalid("validation", "must begin with default or custom")),
    };
    let mut custom_scores = false;
    for option in options {
        match (validation, *option) {
            (LegacyValidation::Custom, "interactive") => {
                return Err(keys.unsupported("an interactive problem"));
            }
            (LegacyValidation::Custom, "score") if scoring => custom_scores = true,
            (_, other) => {
                return Err(keys.invalid("validation", &format!("can't have {other:?} here")));
            }
        }
    }
    let objective = objective(keys)?;
    let kind = if scoring {
        Kind::Scoring { objective, validator_scores: custom_scores }
    } else {
        Kind::PassFail
    };
    keys.ignore(&["uuid", "author", "source", "source_url", "license", "rights_owner", "keywords"]);
    Ok(Metadata {
        format: FormatVersion::Legacy,
        names: names(keys)?,
        kind,
        limits: limits::read(folder, keys, FormatVersion::Legacy)?,
        legacy_validation: Some(validation),
        validator_flags: words_of(keys.text("validator_flags")?.as_deref()),
        languages: None,
        allow_file_writing: true,
    })
}

/// 2025-09, *Problem metadata*; the draft of 2023-07 became it.
fn newer(
    folder: &Folder,
    keys: &mut Keys<'_>,
    format: FormatVersion,
) -> Result<Metadata, PackageError> {
    let types = keys.one_or_more("type")?.unwrap_or_else(|| vec!["pass-fail".into()]);
    for one in &types {
        match one.as_str() {
            "pass-fail" | "scoring" => {}
            "interactive" | "multi-pass" | "submit-answer" => {
                return Err(keys.unsupported(format!("a problem of type {one}")));
            }
            other => return Err(unknown_type(keys, other)),
        }
    }
    if types.len() != 1 {
        return Err(keys.invalid("type", "must be one of pass-fail and scoring"));
    }
    let kind = match types[0].as_str() {
        "scoring" => Kind::Scoring { objective: Objective::Maximise, validator_scores: true },
        _ => Kind::PassFail,
    };
    let names = names(keys)?;
    if names.is_empty() {
        return Err(keys.invalid("name", "is missing: add the problem's name"));
    }
    if keys.take("uuid").is_none() && format == FormatVersion::V2025_09 {
        keys.warn("uuid", "is missing, which this format requires");
    }
    if keys.take("constants").is_some() {
        keys.warn("constants", "are not substituted; a program that uses one may not compile");
    }
    let all_languages = |languages: &Vec<String>| languages[..] == ["all"];
    keys.ignore(&["version", "credits", "source", "license", "rights_owner", "embargo_until"]);
    keys.ignore(&["keywords"]);
    Ok(Metadata {
        format,
        names,
        kind,
        limits: limits::read(folder, keys, format)?,
        legacy_validation: None,
        validator_flags: Vec::new(),
        languages: keys.one_or_more("languages")?.filter(|list| !all_languages(list)),
        allow_file_writing: keys.flag("allow_file_writing")?.unwrap_or(false),
    })
}

/// A name for English, or a map from language codes to names.
fn names(keys: &mut Keys<'_>) -> Result<BTreeMap<String, String>, PackageError> {
    if keys.is_map("name") {
        let names = keys.section("name")?.map(Keys::strings).transpose()?;
        return Ok(names.into_iter().flatten().collect());
    }
    let name = keys.text("name")?;
    Ok(name.map(|name| ("en".to_owned(), name)).into_iter().collect())
}

fn objective(keys: &mut Keys<'_>) -> Result<Objective, PackageError> {
    let Some(mut grading) = keys.section("grading")? else {
        return Ok(Objective::Maximise);
    };
    let objective = match grading.text("objective")?.as_deref() {
        None | Some("max") => Objective::Maximise,
        Some("min") => Objective::Minimise,
        Some(_) => return Err(grading.invalid("objective", "must be min or max")),
    };
    grading.ignore(&["show_test_data_groups"]);
    grading.finish();
    Ok(objective)
}

fn unknown_type(keys: &Keys<'_>, name: &str) -> PackageError {
    keys.invalid("type", &format!("is {name:?}; it must be pass-fail or scoring"))
}

pub(super) fn words_of(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}
