//! `judge-worker verify PROBLEM…`: does every reference submission behave as its folder says, and how
//! near are the limits?

use std::fs;
use std::path::PathBuf;

use judge_core::judging::package::{ExpectedVerdict, Package, ReferenceSubmission};
use judge_core::judging::{
    AfterFailure, Judge, JudgedTest, Judgement, LowerLimits, Mode, Problem, Task, Verdict as Ruled,
};
use judge_core::sandbox::Cancel;

use super::judge::{COMPILER_BYTES, judge_with_bar, read_sources};
use super::table::{memory, table, time};
use super::{Exit, complain, scope, start_logging};
use crate::config::{Settings, SettingsArgs};
use crate::engine::{self, EngineSettings};
use crate::message::Excerpt;
use crate::problems::{self, chain};

/// What to verify.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Problem packages: folders or zip archives.
    #[arg(required = true, value_name = "PROBLEM")]
    packages: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What is wrong with a package, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    Fine,
    Deviates,
    Broken,
    Failed,
}

/// Verifies each, and prints a table a package.
pub fn run(args: &Args) -> Exit {
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => settings,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    start_logging(&settings);
    scope::enter(&settings);
    let judge = match engine::start(&EngineSettings::of(&settings)) {
        Ok(judge) => judge,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    // Many are compiled here.
    judge.prepare(&Cancel::default());
    let mut worst = Finding::Fine;
    for path in &args.packages {
        let exposed = engine::refuse_exposed(&judge.pool().config().profiles, path);
        if let Err(error) = exposed {
            return complain(Exit::Wrong, &error);
        }
        let found = match problems::read(path) {
            Ok(problem) => verify(&judge, &problem, settings.parallel_tests),
            Err(error) => {
                println!("{}: {}", path.display(), chain(&error));
                Finding::Broken
            }
        };
        worst = worst.max(found);
    }
    match worst {
        Finding::Fine => Exit::Well,
        Finding::Deviates => Exit::No,
        Finding::Broken => Exit::Wrong,
        Finding::Failed => Exit::Failed,
    }
}

fn verify(judge: &Judge, problem: &Problem, parallel: bool) -> Finding {
    let package = &problem.package;
    println!(
        "{} ({}): {} tests, {} CPU, {}",
        package.title(),
        package.id.as_str(),
        package.testcases.len(),
        time(package.limits.time),
        memory(package.limits.memory_bytes)
    );
    for warning in &package.warnings {
        println!("  warning: {warning}");
    }
    let heads = ["submission", "verdict", "slowest CPU", "of limit", "most memory", "deviation"];
    let mut table = table(&heads);
    let (mut worst, mut deviations) = (Finding::Fine, 0);
    for submission in &package.submissions {
        match run_reference(judge, problem, submission, parallel) {
            Ok((judgement, unmet)) => {
                if !unmet.is_empty() {
                    worst = worst.max(Finding::Deviates);
                    deviations += 1;
                }
                let cpu = judgement.tests.iter().map(|test| test.run.usage.cpu).max();
                let peak = judgement.tests.iter().map(|test| test.run.usage.memory_bytes).max();
                let share = cpu.map(|cpu| cpu.as_secs_f64() / package.limits.time.as_secs_f64());
                table.add_row([
                    submission.name.clone(),
                    verdicts_of(&judgement),
                    cpu.map(time).unwrap_or_default(),
                    share.map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default(),
                    peak.map(memory).unwrap_or_default(),
                    unmet.join("; "),
                ]);
            }
            Err(reason) => {
                worst = Finding::Failed;
                table.add_row([submission.name.as_str(), "-", "", "", "", reason.as_str()]);
            }
        }
    }
    println!("{table}");
    let count = package.submissions.len();
    println!("{count} submissions, {deviations} not as expected\n");
    worst
}

/// Not only up to the first failure, since an expectation may be about any test. Those behind one
/// that is too slow are run only if something is amiss without them.
fn run_reference(
    judge: &Judge,
    problem: &Problem,
    submission: &ReferenceSubmission,
    parallel: bool,
) -> Result<(Judgement, Vec<String>), String> {
    let language = submission.language.as_deref().and_then(language_id);
    let read = read_sources(judge, language, &submission.files);
    let (language, sources) = read.map_err(|error| chain(&error))?;
    let run = |after_failure| {
        let task = Task {
            problem,
            language: &language,
            sources: &sources,
            mode: Mode::Submit,
            limits: LowerLimits::default(),
            after_failure,
            parallel,
        };
        let judged = judge_with_bar(judge, &task, &submission.name);
        let (judgement, remarks) = judged.map_err(|error| chain(&error))?;
        if let Some(said) = remarks.on_validator() {
            let said = Excerpt::<COMPILER_BYTES>::of(said.as_bytes());
            eprintln!("the output validator does not compile:\n{}", said.marked().trim_end());
        }
        let deviations = deviations_of(&problem.package, submission, &judgement);
        Ok((judgement, deviations))
    };
    let (judgement, deviations) = run(AfterFailure::GoOnUntilTooSlow)?;
    let cut = judgement.compile.ok && judgement.tests.len() < problem.package.testcases.len();
    if cut && !deviations.is_empty() {
        return run(AfterFailure::GoOn);
    }
    Ok((judgement, deviations))
}

/// Codes of the format's languages table that we call otherwise. What it leaves open (`cpp`) is
/// guessed from the file names.
fn language_id(code: &str) -> Option<&str> {
    match code {
        "cpp" | "java" | "c" => None,
        other => Some(other),
    }
}

fn deviations_of(
    package: &Package,
    submission: &ReferenceSubmission,
    judgement: &Judgement,
) -> Vec<String> {
    if judgement.verdict == Ruled::JudgingError {
        return vec!["the problem's output validator failed".to_owned()];
    }
    let tags = expected_tags(submission);
    if !tags.is_empty() {
        let met = tags.iter().any(|tag| tag.contains(&judgement.verdict));
        let wanted: Vec<&str> = tags.iter().flat_map(|tag| tag.iter().map(|v| v.code())).collect();
        let code = judgement.verdict.code();
        return if met { vec![] } else { vec![format!("{code}, expected {}", wanted.join("/"))] };
    }
    let runs: Vec<(&str, ExpectedVerdict)> = if judgement.compile.ok {
        let name = |test: &JudgedTest| package.testcase(test.ordinal).map_or("", |t| &t.name);
        judgement.tests.iter().map(|test| (name(test), expected(test.run.verdict))).collect()
    } else {
        // What does not compile fails every test, in a way that the format has no word for.
        let names = package.testcases.iter().map(|testcase| testcase.name.as_str());
        names.map(|name| (name, ExpectedVerdict::RunTimeError)).collect()
    };
    submission.expectation.unmet(&runs)
}

/// The format knows four verdicts; a memory or output limit counts as a run-time error.
fn expected(verdict: Ruled) -> ExpectedVerdict {
    match verdict {
        Ruled::Accepted => ExpectedVerdict::Accepted,
        Ruled::WrongAnswer => ExpectedVerdict::WrongAnswer,
        Ruled::TimeLimitExceeded | Ruled::WallTimeLimitExceeded => {
            ExpectedVerdict::TimeLimitExceeded
        }
        Ruled::MemoryLimitExceeded
        | Ruled::OutputLimitExceeded
        | Ruled::RunTimeError
        | Ruled::SecurityViolation
        | Ruled::CompileError
        | Ruled::CompileLimitExceeded
        | Ruled::JudgingError
        | Ruled::Cancelled => ExpectedVerdict::RunTimeError,
    }
}

/// How much of a source file is searched for a tag, in bytes.
const TAG_WITHIN: usize = 64 * 1024;

/// `@EXPECTED_RESULTS@: MEMORY-LIMIT, RUN-ERROR` in a source file says more exactly what a folder
/// can't (*Problem package format*, appendix of `DOMjudge`'s manual: *Expected results*).
fn expected_tags(submission: &ReferenceSubmission) -> Vec<&'static [Ruled]> {
    for path in &submission.files {
        let Ok(content) = fs::read(path) else { continue };
        let text = String::from_utf8_lossy(&content[..content.len().min(TAG_WITHIN)]).into_owned();
        if let Some((_, list)) = text.split_once("@EXPECTED_RESULTS@:") {
            let list = list.lines().next().unwrap_or_default();
            return list.split(',').filter_map(|word| verdicts_of_tag(word.trim())).collect();
        }
    }
    vec![]
}

fn verdicts_of_tag(word: &str) -> Option<&'static [Ruled]> {
    let word = word.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    Some(match word {
        "CORRECT" | "AC" => &[Ruled::Accepted],
        "WRONG-ANSWER" | "WA" | "NO-OUTPUT" => &[Ruled::WrongAnswer],
        "TIMELIMIT" | "TLE" => &[Ruled::TimeLimitExceeded, Ruled::WallTimeLimitExceeded],
        "RUN-ERROR" | "RTE" => &[Ruled::RunTimeError, Ruled::SecurityViolation],
        "MEMORY-LIMIT" | "MLE" => &[Ruled::MemoryLimitExceeded],
        "OUTPUT-LIMIT" | "OLE" => &[Ruled::OutputLimitExceeded],
        "COMPILER-ERROR" | "CE" => &[Ruled::CompileError, Ruled::CompileLimitExceeded],
        _ => return None,
    })
}

/// The verdict, and how many tests had which other.
fn verdicts_of(judgement: &Judgement) -> String {
    let text = judgement.verdict.code().to_owned();
    let accepted =
        judgement.tests.iter().filter(|test| test.run.verdict == Ruled::Accepted).count();
    if judgement.verdict != Ruled::Accepted && 0 < accepted {
        return format!("{text} (AC on {accepted})");
    }
    text
}
