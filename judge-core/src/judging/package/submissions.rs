//! `submissions/`: the reference submissions and what is expected of each.

use super::{
    Expectation, ExpectedVerdict, FormatVersion, Kind, PackageError, Requirement, TestcasePattern,
    VerdictSet, expectation, folder::Folder, glob::Glob, metadata::Metadata, yaml::Keys,
};
use std::path::{Path, PathBuf};

/// A solution that the package brings along, to check its limits and validators with.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceSubmission {
    /// Path under `submissions/`: `accepted/sum.py`.
    pub name: String,
    /// Absolute, sorted, at least one: the file itself, or all files of the folder.
    pub files: Vec<PathBuf>,
    /// A code of the format's languages table, if `submissions.yaml` names one; otherwise the
    /// extensions of the files tell.
    pub language: Option<String>,
    /// Where to start, if `submissions.yaml` says so.
    pub entry_point: Option<String>,
    /// Whether it's meant to be shown as a solution.
    pub is_model: bool,
    /// What it must and must not do.
    pub expectation: Expectation,
}

const PARENT: &str = "submissions";
const FILE: &str = "submissions.yaml";

/// legacy and 2025-09, *Example submissions*.
pub(super) fn read(
    folder: &Folder,
    metadata: &Metadata,
) -> Result<Vec<ReferenceSubmission>, PackageError> {
    let parent = Path::new(PARENT);
    let rules = match metadata.format {
        FormatVersion::Legacy => Vec::new(),
        _ => read_rules(folder, metadata.kind)?,
    };
    let mut submissions = Vec::new();
    for kind in folder.list(parent)?.into_iter().filter(|entry| entry.is_folder) {
        let default = default_of(folder, &kind.name, &rules, metadata);
        for entry in folder.list(&kind.path)? {
            let name = format!("{}/{}", kind.name, entry.name);
            let files = folder.files_below(&entry.path)?;
            if files.is_empty() {
                folder.warn(&entry.path, "is an empty folder and is ignored");
                continue;
            }
            let mut submission = ReferenceSubmission {
                name,
                files: files.iter().map(|file| folder.root().join(file)).collect(),
                language: None,
                entry_point: None,
                is_model: false,
                expectation: default.clone(),
            };
            for rule in &rules {
                if rule.glob.matches(&submission.name) {
                    rule.apply(&mut submission, &kind.name);
                }
            }
            submissions.push(submission);
        }
    }
    if !submissions.iter().any(|submission| submission.name.starts_with("accepted/")) {
        folder.warn(parent, "has no accepted submission, which the format requires");
    }
    Ok(submissions)
}

/// What a folder's name asks for, as far as `submissions.yaml` doesn't put something else in place.
fn default_of(folder: &Folder, name: &str, rules: &[Rule], metadata: &Metadata) -> Expectation {
    let partial_score = name == "partially_accepted" && metadata.kind != Kind::PassFail;
    let Some(mut default) = expectation::of_folder(name, metadata.format) else {
        let has_rule = rules.iter().any(|rule| rule.pattern.split('/').next() == Some(name));
        if !partial_score && !has_rule {
            let path = Path::new(PARENT).join(name);
            folder.warn(&path, "is no folder of the format; its submissions may do anything");
        }
        return Expectation { requirements: Vec::new(), partial_score };
    };
    for rule in rules.iter().filter(|rule| rule.pattern == name) {
        default.permitted = rule.whole.permitted.unwrap_or(default.permitted);
        default.required = rule.whole.required.unwrap_or(default.required);
    }
    Expectation { requirements: vec![default], partial_score }
}

/// One pattern of `submissions.yaml` and what is under it.
struct Rule {
    pattern: String,
    glob: Glob,
    language: Option<String>,
    entry_point: Option<String>,
    is_model: Option<bool>,
    whole: Demands,
    parts: Vec<(TestcasePattern, Demands)>,
}

/// The keys that can be given for all tests, or for some.
struct Demands {
    permitted: Option<VerdictSet>,
    required: Option<VerdictSet>,
    score: Option<(f64, f64)>,
    message: Option<String>,
}

impl Rule {
    fn apply(&self, submission: &mut ReferenceSubmission, folder: &str) {
        let requirements = &mut submission.expectation.requirements;
        // A rule for a folder as a whole has gone into the default already.
        let replaces = self.pattern == folder && !requirements.is_empty();
        if let (false, Some(requirement)) = (replaces, self.whole.requirement(&self.pattern, None))
        {
            requirements.push(requirement);
        } else if replaces {
            let first = &mut requirements[0];
            first.score = self.whole.score.or(first.score);
            first.message = self.whole.message.clone().or(first.message.take());
        }
        for (tests, demands) in &self.parts {
            requirements.extend(demands.requirement(&self.pattern, Some(tests.clone())));
        }
        submission.language = self.language.clone().or(submission.language.take());
        submission.entry_point = self.entry_point.clone().or(submission.entry_point.take());
        submission.is_model = self.is_model.unwrap_or(submission.is_model);
    }
}

impl Demands {
    fn read(keys: &mut Keys<'_>, kind: Kind) -> Result<Self, PackageError> {
        let score = score_range(keys)?;
        if score.is_some() && kind == Kind::PassFail {
            return Err(keys.invalid("score", "can only be given for scoring problems"));
        }
        keys.ignore(&["use_for_time_limit"]);
        Ok(Self {
            permitted: verdicts(keys, "permitted")?,
            required: verdicts(keys, "required")?,
            score,
            message: keys.text("message")?.filter(|message| !message.is_empty()),
        })
    }

    fn requirement(&self, source: &str, tests: Option<TestcasePattern>) -> Option<Requirement> {
        let Self { permitted, required, score, message } = self;
        if permitted.is_none() && required.is_none() && score.is_none() && message.is_none() {
            return None;
        }
        Some(Requirement {
            source: source.to_owned(),
            testcases: tests,
            permitted: permitted.unwrap_or(VerdictSet::ANY),
            required: required.unwrap_or(VerdictSet::ANY),
            score: *score,
            message: message.clone(),
        })
    }
}

fn read_rules(folder: &Folder, kind: Kind) -> Result<Vec<Rule>, PackageError> {
    let path = Path::new(PARENT).join(FILE);
    let Some(mut file) = folder.yaml(&path)? else {
        return Ok(Vec::new());
    };
    let mut rules = Vec::new();
    for (pattern, mut keys) in file.sections() {
        let whole = Demands::read(&mut keys, kind)?;
        let language = keys.text("language")?;
        let entry_point = keys.text("entrypoint")?;
        let is_model = keys.flag("model_solution")?;
        keys.ignore(&["authors"]);
        let mut parts = Vec::new();
        for (tests, mut keys) in keys.sections() {
            let demands = Demands::read(&mut keys, kind)?;
            let tests = TestcasePattern { glob: glob(&keys, &tests)?, text: tests };
            parts.push((tests, demands));
            keys.finish();
        }
        let glob = glob(&keys, &pattern)?;
        keys.finish();
        rules.push(Rule { pattern, glob, language, entry_point, is_model, whole, parts });
    }
    file.finish();
    Ok(rules)
}

fn glob(keys: &Keys<'_>, pattern: &str) -> Result<Glob, PackageError> {
    Glob::new(pattern).map_err(|_| {
        let begin: String = pattern.chars().take(100).collect();
        keys.wrong(&format!(
            "the pattern {begin:?} is too long, or its braces have too many choices"
        ))
    })
}

fn verdicts(keys: &mut Keys<'_>, key: &str) -> Result<Option<VerdictSet>, PackageError> {
    let Some(codes) = keys.one_or_more(key)? else {
        return Ok(None);
    };
    let verdict = |code: &String| ExpectedVerdict::ALL.into_iter().find(|v| v.code() == code);
    let verdicts: Option<Vec<_>> = codes.iter().map(verdict).collect();
    match verdicts {
        Some(verdicts) if !verdicts.is_empty() => Ok(Some(VerdictSet::of(&verdicts))),
        _ => Err(keys.invalid(key, "must be a sequence of AC, WA, TLE and RTE")),
    }
}

/// A number, or a sequence of the lowest and the highest.
fn score_range(keys: &mut Keys<'_>) -> Result<Option<(f64, f64)>, PackageError> {
    let Some(bounds) = keys.one_or_more("score")? else {
        return Ok(None);
    };
    let bounds: Result<Vec<f64>, _> = bounds.iter().map(|bound| bound.parse()).collect();
    match bounds.as_deref() {
        Ok(&[score]) if score.is_finite() => Ok(Some((score, score))),
        Ok(&[low, high]) if low <= high => Ok(Some((low, high))),
        _ => Err(keys.invalid("score", "must be a number, or a lowest and a highest one")),
    }
}
