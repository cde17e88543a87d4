//! What a reference submission must and must not do.

use super::{FormatVersion, glob::Glob};

/// The verdicts that expectations are written in. Of ours, exceeding the wall limit counts as
/// [`ExpectedVerdict::TimeLimitExceeded`], and exceeding the memory or
/// output limit or a security violation as a run-time error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedVerdict {
    /// `AC`
    Accepted = 1,
    /// `WA`
    WrongAnswer = 2,
    /// `TLE`
    TimeLimitExceeded = 4,
    /// `RTE`
    RunTimeError = 8,
}

impl ExpectedVerdict {
    /// All of them, in the order of the formats.
    pub const ALL: [Self; 4] =
        [Self::Accepted, Self::WrongAnswer, Self::TimeLimitExceeded, Self::RunTimeError];

    /// As the formats write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "AC",
            Self::WrongAnswer => "WA",
            Self::TimeLimitExceeded => "TLE",
            Self::RunTimeError => "RTE",
        }
    }
}

/// A set of [`ExpectedVerdict`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerdictSet(u8);

impl VerdictSet {
    /// Every verdict.
    pub const ANY: Self = Self(15);

    /// The set of these.
    pub fn of(verdicts: &[ExpectedVerdict]) -> Self {
        Self(verdicts.iter().fold(0, |set, verdict| set | *verdict as u8))
    }

    /// Whether the verdict is in the set.
    pub fn contains(self, verdict: ExpectedVerdict) -> bool {
        self.0 & verdict as u8 != 0
    }

    /// Codes with `/` between them, as in `AC/TLE`.
    pub fn codes(self) -> String {
        let verdicts = ExpectedVerdict::ALL.into_iter().filter(|v| self.contains(*v));
        verdicts.map(ExpectedVerdict::code).collect::<Vec<_>>().join("/")
    }
}

/// All that a reference submission is held against.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// All must be met. Empty if anything goes.
    pub requirements: Vec<Requirement>,
    /// legacy `partially_accepted`: the whole must be accepted, with a score short of the best.
    pub partial_score: bool,
}

/// One rule (2025-09, *Example submissions*).
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// Which rule this is, for messages: `accepted`, or a pattern of `submissions.yaml`.
    pub source: String,
    /// The tests it is about: a pattern for their names or groups; `None` for all tests.
    pub testcases: Option<TestcasePattern>,
    /// Every run must have one of these verdicts.
    pub permitted: VerdictSet,
    /// At least one run must have one of these verdicts.
    pub required: VerdictSet,
    /// Lowest and highest score, inclusive, of the submission, or of the group that `testcases`
    /// names.
    pub score: Option<(f64, f64)>,
    /// Must occur in the judge message of at least one run.
    pub message: Option<String>,
}

/// A pattern of `submissions.yaml` for names of tests and groups.
#[derive(Debug, Clone, PartialEq)]
pub struct TestcasePattern {
    pub(super) text: String,
    pub(super) glob: Glob,
}

impl TestcasePattern {
    /// Whether the test of this name, or a group it is in, matches.
    pub fn matches(&self, testcase: &str) -> bool {
        self.glob.matches(testcase)
    }
}

impl Expectation {
    /// What the verdicts break, a sentence each; empty if all is as expected. `runs` has names and
    /// verdicts of all tests: a submission must not be stopped at its first failure for this.
    /// Scores and messages are not looked at.
    pub fn unmet(&self, runs: &[(&str, ExpectedVerdict)]) -> Vec<String> {
        let mut unmet = Vec::new();
        for requirement in &self.requirements {
            let scope = requirement.testcases.as_ref();
            let runs: Vec<_> =
                runs.iter().filter(|(name, _)| scope.is_none_or(|s| s.matches(name))).collect();
            let whose = match scope {
                None => requirement.source.clone(),
                Some(pattern) => format!("{}, {}", requirement.source, pattern.text),
            };
            let permitted = requirement.permitted;
            if let Some((name, verdict)) = runs.iter().find(|(_, v)| !permitted.contains(*v)) {
                let (got, codes) = (verdict.code(), permitted.codes());
                unmet.push(format!("{whose}: {name} is {got}, where only {codes} is permitted"));
            }
            let required = requirement.required;
            if required != VerdictSet::ANY && !runs.iter().any(|(_, v)| required.contains(*v)) {
                unmet.push(format!("{whose}: no test is {}", required.codes()));
            }
        }
        unmet
    }
}

/// What the name of a submission's folder asks for; `None` if the format gives it no meaning.
///
/// legacy and 2025-09, *Example submissions*. Where they differ: a legacy submission that is too
/// slow may also be wrong, and one that crashes may do anything else as well. `rejected` and
/// `brute_force` are of the newer format, and mean the same in older packages.
pub(super) fn of_folder(folder: &str, format: FormatVersion) -> Option<Requirement> {
    use ExpectedVerdict::{
        Accepted as AC, RunTimeError as RTE, TimeLimitExceeded as TLE, WrongAnswer as WA,
    };
    let legacy = format == FormatVersion::Legacy;
    let any = &ExpectedVerdict::ALL[..];
    let (permitted, required): (&[_], &[_]) = match folder {
        "accepted" => (&[AC], any),
        "rejected" => (any, &[WA, TLE, RTE]),
        "wrong_answer" => (&[AC, WA], &[WA]),
        "time_limit_exceeded" if legacy => (&[AC, WA, TLE], &[TLE]),
        "time_limit_exceeded" => (&[AC, TLE], &[TLE]),
        "run_time_error" if legacy => (any, &[RTE]),
        "run_time_error" => (&[AC, RTE], &[RTE]),
        "brute_force" => (&[AC, TLE, RTE], &[TLE, RTE]),
        _ => return None,
    };
    Some(Requirement {
        source: folder.to_owned(),
        testcases: None,
        permitted: VerdictSet::of(permitted),
        required: VerdictSet::of(required),
        score: None,
        message: None,
    })
}
