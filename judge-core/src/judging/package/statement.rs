//! Problem statements, and the titles that legacy packages keep in them.

use super::{FormatVersion, PackageError, folder::Folder};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// One language's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// ISO 639 code, perhaps with a country: `en`, `pt-BR`.
    pub language: String,
    /// How it's written.
    pub format: StatementFormat,
    /// Absolute. Images it refers to are beside it.
    pub path: PathBuf,
}

/// By file extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementFormat {
    /// `.md`; the legacy format doesn't list it, but it costs nothing to take it there as well.
    Markdown,
    /// `.tex`
    Tex,
    /// `.pdf`
    Pdf,
}

/// *Problem statements* in both formats: `problem.LANGUAGE.EXTENSION`, English if it's left out.
pub(super) fn read(folder: &Folder, format: FormatVersion) -> Result<Vec<Statement>, PackageError> {
    let parent = Path::new(match format {
        FormatVersion::Legacy => "problem_statement",
        _ => "statement",
    });
    let mut statements = Vec::new();
    for entry in folder.list(parent)?.into_iter().filter(|entry| !entry.is_folder) {
        let Some((language, format)) = language_and_format(&entry.name) else {
            continue;
        };
        let path = folder.root().join(&entry.path);
        statements.push(Statement { language: language.to_owned(), format, path });
    }
    if statements.is_empty() {
        folder.warn(parent, "has no statement, such as problem.en.md");
    }
    Ok(statements)
}

/// legacy, *Problem statements*: the title of each TeX statement, without formatting if it has one.
pub(super) fn titles(
    folder: &Folder,
    statements: &[Statement],
) -> Result<BTreeMap<String, String>, PackageError> {
    let mut titles = BTreeMap::new();
    for statement in statements.iter().filter(|s| s.format == StatementFormat::Tex) {
        let path = statement.path.strip_prefix(folder.root()).unwrap_or(&statement.path);
        let text = folder.text(path)?.unwrap_or_default();
        if let Some(title) = tex_title(&text) {
            titles.insert(statement.language.clone(), title.to_owned());
        }
    }
    Ok(titles)
}

fn language_and_format(file_name: &str) -> Option<(&str, StatementFormat)> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    let format = match extension {
        "md" => StatementFormat::Markdown,
        "tex" => StatementFormat::Tex,
        "pdf" => StatementFormat::Pdf,
        _ => return None,
    };
    match stem.strip_prefix("problem")? {
        "" => Some(("en", format)),
        language => Some((language.strip_prefix('.').filter(|l| is_language(l))?, format)),
    }
}

/// *General requirements*: `en`, `fil`, `pt-BR`.
fn is_language(code: &str) -> bool {
    let (language, country) = match code.split_once('-') {
        Some((language, country)) => (language, Some(country)),
        None => (code, None),
    };
    let lower = language.bytes().all(|b| b.is_ascii_lowercase());
    let upper = |c: &str| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase());
    lower && matches!(language.len(), 2 | 3) && country.is_none_or(upper)
}

fn tex_title(text: &str) -> Option<&str> {
    let plain = text.lines().find_map(|line| line.trim().strip_prefix("%% plainproblemname:"));
    if let Some(plain) = plain {
        return Some(plain.trim());
    }
    let (_, after) = text.split_once("\\problemname{")?;
    let mut depth = 1_u32;
    let end = after.find(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    Some(after[..end].trim())
}
