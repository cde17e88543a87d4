//! Reads problem packages in the ICPC/Kattis problem package format.
//!
//! ```text
//! problem.yaml         metadata     names, kind, limits
//! .timelimit           limits       (legacy)
//! problem_statement/   statement    statement/ in the newer format
//! data/                testdata     sample = public, secret = hidden; groups
//! output_validators/   validator    output_validator/ in the newer format
//! submissions/         submissions  each with what is expected of it
//! ```
//!
//! A package that came as a zip archive is unpacked first (`archive`).
//!
//! Three versions are read: `legacy` (with its subset `legacy-icpc`), `2025-09`, and the draft of
//! `2023-07` that became it. The docstrings cite sections of
//! <https://www.kattis.com/problem-package-format/spec/>. A package that asks for something this
//! judge can't do is refused, never judged by half; keys that nobody knows are warnings.
//!
//! Everything is checked here, so that judging can rely on it; test data itself is only hashed.
//! Never here: running or compiling anything, input validators, statements' contents.

mod archive;
mod error;
mod expectation;
mod folder;
mod glob;
mod groups;
mod limits;
mod metadata;
mod statement;
mod submissions;
mod testdata;
#[cfg(test)]
mod tests;
mod validator;
mod yaml;

pub use archive::{ArchiveBounds, Unpacked, is_archive};
pub use error::PackageError;
pub use expectation::{Expectation, ExpectedVerdict, Requirement, TestcasePattern, VerdictSet};
pub use groups::{
    Acceptance, GradeAggregation, Grading, Group, GroupRules, Member, PointAggregation, Points,
};
pub use limits::{ProblemLimits, TimeMargins};
pub use statement::{Statement, StatementFormat};
pub use submissions::ReferenceSubmission;
pub use validator::{Validation, ValidatorProgram};

use serde::{Deserialize, Serialize};

use crate::judging::comparison::ComparisonFlags;
use folder::Folder;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// A problem, ready to be judged against. All paths are absolute, and were there when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The name of its folder.
    pub id: ProblemId,
    /// The folder, without symbolic links.
    pub root: PathBuf,
    /// Which rules it was read by.
    pub format: FormatVersion,
    /// Titles by language code; see also [`Package::title`].
    pub titles: BTreeMap<String, String>,
    /// What submissions may use.
    pub limits: ProblemLimits,
    /// Who says whether an output is right.
    pub validation: Validation,
    /// Whether submissions get a score.
    pub kind: Kind,
    /// Codes of the format's languages table; `None` if any language will do.
    pub languages: Option<Vec<String>>,
    /// Whether submissions may write files into their working directory.
    pub allow_file_writing: bool,
    /// One a language and format.
    pub statements: Vec<Statement>,
    /// Samples, then secret tests, each in the order of the format; at least one secret test.
    pub testcases: Vec<Testcase>,
    /// The tree of test data; the first one is its root, and parents come before their members.
    pub groups: Vec<Group>,
    /// Sorted by name.
    pub submissions: Vec<ReferenceSubmission>,
    /// SHA-256 in lower-case hexadecimal of everything that can change a verdict: `problem.yaml`,
    /// `.timelimit`, sample and secret data, the output validator. Not of statements, submissions,
    /// file modes or times.
    pub version: String,
    /// What the package's author should look at; nothing that changes a verdict.
    pub warnings: Vec<String>,
}

/// `problem_format_version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatVersion {
    /// `legacy` and `legacy-icpc`; also what a package without a version is.
    Legacy,
    /// `2023-07-draft`: read like 2025-09, but where it has files `testdata.yaml`, its groups are
    /// graded as in the legacy format.
    Draft2023_07,
    /// `2025-09`.
    V2025_09,
}

/// `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A submission is accepted or not.
    PassFail,
    /// It also gets a score.
    Scoring {
        /// Which scores are better.
        objective: Objective,
        /// Whether the output validator may give scores, in `score.txt`.
        validator_scores: bool,
    },
}

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Higher ones; always so in 2025-09.
    Maximise,
    /// Lower ones.
    Minimise,
}

/// One input, and what is needed to judge the output for it.
///
/// Its data are for judging alone, whoever may see them. Others ask for [`Testcase::as_public`], which
/// a hidden test answers with nothing:
///
/// ```
/// # use judge_core::judging::package::Testcase;
/// fn shown(test: &Testcase) -> Option<std::io::Result<Vec<u8>>> {
///     Some(test.as_public()?.read_answer())
/// }
/// ```
/// ```compile_fail
/// # use judge_core::judging::package::Testcase;
/// fn shown(test: &Testcase) -> Option<std::io::Result<Vec<u8>>> {
///     Some(std::fs::read(&test.answer))
/// }
/// ```
#[derive(Clone, PartialEq)]
pub struct Testcase {
    /// From 1, over samples and secret tests.
    pub ordinal: u32,
    /// Path under `data/` without extension: `secret/group1/02-max`. Unique in the package.
    pub name: String,
    /// Whether users may see its data.
    pub visibility: Visibility,
    /// The innermost group it is in: an index into [`Package::groups`].
    pub group: usize,
    /// Standard input.
    pub(in crate::judging) input: PathBuf,
    /// What the output is compared with, or the validator is given.
    pub(in crate::judging) answer: PathBuf,
    /// Command-line arguments for the submission; empty in the legacy format.
    pub(in crate::judging) args: Vec<String>,
    /// Arguments for the output validator: of the problem, the group and the test, as the format
    /// puts them together.
    pub(in crate::judging) validator_flags: Vec<String>,
    /// `validator_flags` as the default validator understands them; `None` with a custom one.
    pub comparison: Option<ComparisonFlags>,
}

/// Who may see the data of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// `data/sample`: everybody.
    Public,
    /// `data/secret`: nobody but the problem's authors, also where the format's `full_feedback`
    /// would allow it.
    Hidden,
}

impl Testcase {
    /// Itself as a test whose data everybody may see; `None` if it is hidden.
    pub fn as_public(&self) -> Option<PublicTestcase<'_>> {
        (self.visibility == Visibility::Public).then_some(PublicTestcase(self))
    }
}

/// Without data: a line of a log may hold it.
impl fmt::Debug for Testcase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ordinal, visibility, .. } = self;
        f.debug_struct("Testcase")
            .field("ordinal", ordinal)
            .field("visibility", visibility)
            .finish_non_exhaustive()
    }
}

/// A test whose data everybody may see: the one way to data of a test outside of judging.
#[derive(Debug, Clone, Copy)]
pub struct PublicTestcase<'a>(&'a Testcase);

impl<'a> PublicTestcase<'a> {
    /// From 1, over samples and secret tests.
    pub fn ordinal(self) -> u32 {
        self.0.ordinal
    }

    /// The whole input.
    pub fn read_input(self) -> io::Result<Vec<u8>> {
        fs::read(self.input())
    }

    /// The whole answer of the judge.
    pub fn read_answer(self) -> io::Result<Vec<u8>> {
        fs::read(self.answer())
    }

    pub(in crate::judging) fn input(self) -> &'a Path {
        &self.0.input
    }

    pub(in crate::judging) fn answer(self) -> &'a Path {
        &self.0.answer
    }
}

impl Package {
    /// Reads the package in a folder, and hashes its data, which takes a while if it is large.
    ///
    /// # Errors
    /// [`PackageError`], for the first problem found. All but [`PackageError::Io`] are the
    /// package's fault.
    pub fn read(dir: &Path) -> Result<Self, PackageError> {
        let folder = Folder::open(dir)?;
        let id = id_of(dir, folder.root())?;
        let metadata = metadata::read(&folder)?;
        refuse_unsupported(&folder)?;
        let validation = validator::read(&folder, &metadata)?;
        let data = testdata::read(&folder, &metadata, validation == Validation::Default)?;
        let statements = statement::read(&folder, metadata.format)?;
        let titles = titles(&folder, &metadata, &statements)?;
        let submissions = submissions::read(&folder, &metadata)?;
        let version = version(&folder, metadata.format)?;
        Ok(Self {
            id,
            root: folder.root().to_owned(),
            format: metadata.format,
            titles,
            limits: metadata.limits,
            validation,
            kind: metadata.kind,
            languages: metadata.languages,
            allow_file_writing: metadata.allow_file_writing,
            statements,
            testcases: data.testcases,
            groups: data.groups,
            submissions,
            version,
            warnings: folder.into_warnings(),
        })
    }

    /// The title in English, else in any language, else the id.
    pub fn title(&self) -> &str {
        let title = self.titles.get("en").or_else(|| self.titles.values().next());
        title.map_or(self.id.as_str(), String::as_str)
    }

    /// The test of that ordinal, if there is one.
    pub fn testcase(&self, ordinal: u32) -> Option<&Testcase> {
        self.testcases.get(usize::try_from(ordinal).ok()?.checked_sub(1)?)
    }

    /// The tests whose data everybody may see, in order.
    pub fn public_testcases(&self) -> impl Iterator<Item = PublicTestcase<'_>> {
        self.testcases.iter().filter_map(Testcase::as_public)
    }

    /// The name of the innermost group of a test, such as `secret/group1`.
    pub fn group_name(&self, testcase: &Testcase) -> &str {
        self.groups.get(testcase.group).map_or("", |group| &group.name)
    }
}

/// The name of a problem: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`. It is safe as a file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProblemId(String);

impl ProblemId {
    /// # Errors
    /// [`PackageError::BadId`] if `id` is not of that form.
    pub fn new(id: &str) -> Result<Self, PackageError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=64).contains(&id.len()) || !id.bytes().all(allowed) {
            return Err(PackageError::BadId(id.chars().take(100).collect()));
        }
        Ok(Self(id.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder as it was named counts, so that a link can give a package its id.
fn id_of(dir: &Path, root: &Path) -> Result<ProblemId, PackageError> {
    let name = dir.file_name().or_else(|| root.file_name()).unwrap_or_default();
    ProblemId::new(&name.to_string_lossy())
}

/// Parts of the format that change what a submission is or how it's judged.
fn refuse_unsupported(folder: &Folder) -> Result<(), PackageError> {
    let parts = [
        ("include", "code that is compiled with every submission"),
        ("static_validator", "a static validator"),
    ];
    for (path, feature) in parts {
        if !folder.list(Path::new(path))?.is_empty() {
            return Err(PackageError::Unsupported { path: path.into(), feature: feature.into() });
        }
    }
    Ok(())
}

fn titles(
    folder: &Folder,
    metadata: &metadata::Metadata,
    statements: &[Statement],
) -> Result<BTreeMap<String, String>, PackageError> {
    if metadata.format == FormatVersion::Legacy {
        let mut titles = metadata.names.clone();
        titles.extend(statement::titles(folder, statements)?);
        return Ok(titles);
    }
    let written: BTreeSet<_> = statements.iter().map(|statement| &statement.language).collect();
    if !written.is_empty() && written != metadata.names.keys().collect() {
        let text = "name must have exactly the languages of the statements";
        folder.warn(Path::new(metadata::FILE), text);
    }
    Ok(metadata.names.clone())
}

fn version(folder: &Folder, format: FormatVersion) -> Result<String, PackageError> {
    let mut files = BTreeSet::new();
    for file in [metadata::FILE, limits::TIME_LIMIT_FILE] {
        if folder.has(file)? {
            files.insert(PathBuf::from(file));
        }
    }
    files.extend(folder.files_below(Path::new(validator::folder_name(format)))?);
    for part in ["data/testdata.yaml", "data/sample", "data/secret"] {
        let data = folder.files_below(Path::new(part))?;
        files.extend(data.into_iter().filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("in" | "ans" | "yaml"))
        }));
    }
    folder.digest(&files)
}
