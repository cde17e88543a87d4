//! `judge-worker judge PROBLEM SOURCE…`: one submission, here and now.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use judge_core::judging::{
    AfterFailure, AuthorRemarks, Cause, Judge, JudgeError, Judgement, LowerLimits, Mode, Problem,
    Stage, Task, Verdict as Ruled,
};
use judge_core::sandbox::Cancel;
use judge_core::toolchain::{Language, SourceFile};

use super::table::{bar, memory, table, time, verdict_cell};
use super::{Exit, complain, scope, start_logging};
use crate::config::{Settings, SettingsArgs};
use crate::engine::{self, EngineSettings};
use crate::message::{
    Excerpt, LanguageId, Mode as WireMode, ProblemId, RequestId, RequestedLimits, Source, Subject,
    Submission, SubmissionId, Timestamp,
};
use crate::problems;
use crate::report::{Judged, reason_of};

/// What to judge.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The problem package: a folder, or a zip archive.
    problem: PathBuf,
    /// Source files of one submission.
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// Language id; guessed from the first file's name if not given.
    #[arg(long)]
    language: Option<String>,
    /// Print one JSON object of the shape of the verdict message.
    #[arg(long)]
    json: bool,
    /// Run the public tests only.
    #[arg(long)]
    sample: bool,
    /// Run the remaining tests after a failure too.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// A request on the command line that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("no language is called {0:?}; there are: {1}")]
    UnknownLanguage(String, String),
    #[error("cannot tell the language of {}; name it with --language (one of: {known})", path.display())]
    NoGuess { path: PathBuf, known: String },
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} has no usable file name", .0.display())]
    Nameless(PathBuf),
}

/// Judges, prints, and tells whether it was accepted.
pub fn run(args: &Args) -> Exit {
    let settings = match Settings::load(&args.settings) {
        Ok(settings) => Settings { problems: args.problem.clone(), ..settings },
        Err(error) => return complain(Exit::Wrong, &error),
    };
    start_logging(&settings);
    scope::enter(&settings);
    let problem = match problems::read(&args.problem) {
        Ok(problem) => problem,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    let judge = match engine::start(&EngineSettings::of(&settings)) {
        Ok(judge) => judge,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    let (language, sources) = match read_sources(&judge, args.language.as_deref(), &args.sources) {
        Ok(read) => read,
        Err(error) => return complain(Exit::Wrong, &error),
    };
    let mode = if args.sample { Mode::Sample } else { Mode::Submit };
    let task = Task {
        problem: &problem,
        language: &language,
        sources: &sources,
        mode,
        limits: LowerLimits::default(),
        after_failure: if args.all || !settings.stop_at_first_failure {
            AfterFailure::GoOn
        } else {
            AfterFailure::Stop
        },
        parallel: settings.parallel_tests,
    };
    match judge_with_bar(&judge, &task, problem.package.id.as_str()) {
        Ok((judgement, remarks)) => {
            if args.json {
                print_json(&settings, &judge, &problem, &language, mode, &judgement);
            } else {
                print_table(&problem, &language, &judgement, &remarks);
            }
            match judgement.verdict {
                Ruled::Accepted => Exit::Well,
                Ruled::JudgingError => Exit::Failed,
                _ => Exit::No,
            }
        }
        Err(error) => complain(Exit::Failed, &error),
    }
}

/// The files, and what they are written in.
pub(super) fn read_sources(
    judge: &Judge,
    language: Option<&str>,
    paths: &[PathBuf],
) -> Result<(Arc<Language>, Vec<SourceFile>), RequestError> {
    let languages = judge.languages();
    let known = || languages.iter().map(|l| l.id.as_str()).collect::<Vec<_>>().join(", ");
    let found = match language {
        Some(name) => languages
            .find(name)
            .ok_or_else(|| RequestError::UnknownLanguage(name.to_owned(), known()))?,
        None => paths
            .iter()
            .find_map(|path| languages.guess(path.file_name()?.to_str()?))
            .ok_or_else(|| RequestError::NoGuess {
                path: paths.first().cloned().unwrap_or_default(),
                known: known(),
            })?,
    };
    let read = |path: &PathBuf| {
        let content = fs::read(path)
            .map_err(|source| RequestError::Unreadable { path: path.clone(), source })?;
        let name = file_name(path).ok_or_else(|| RequestError::Nameless(path.clone()))?;
        Ok(SourceFile { name: Some(name), content })
    };
    let mut sources = paths.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // One file may be called as the language wants it; several refer to each other by name.
    if let [only] = &mut sources[..]
        && found.source_named_after.is_some()
    {
        only.name = None;
    }
    Ok((Arc::clone(found), sources))
}

fn file_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
    (name.chars().all(plain) && !name.starts_with(['-', '.'])).then(|| name.to_owned())
}

/// Judges with a progress bar, if somebody is looking.
pub(super) fn judge_with_bar(
    judge: &Judge,
    task: &Task<'_>,
    what: &str,
) -> Result<(Judgement, AuthorRemarks), JudgeError> {
    let bar = bar(what);
    let observe = |stage| match stage {
        Stage::Compiling => bar.tick(),
        Stage::Running { done, total } => {
            bar.set_length(total.into());
            bar.set_position(done.into());
        }
    };
    let judged = judge.judge_for_author(task, &observe, &Cancel::default());
    bar.finish_and_clear();
    judged
}

fn print_json(
    settings: &Settings,
    judge: &Judge,
    problem: &Problem,
    language: &Language,
    mode: Mode<'_>,
    judgement: &Judgement,
) {
    let local = "local";
    let submission = Submission {
        request_id: RequestId::new(local).expect("in the alphabet"),
        submission_id: SubmissionId::new(local).expect("in the alphabet"),
        problem_id: ProblemId::new(problem.package.id.as_str()).expect("the same alphabet"),
        language: LanguageId::new(&language.id).expect("languages have such ids"),
        source: Source::Unnamed(String::new()),
        mode: match mode {
            Mode::Sample => WireMode::Sample,
            Mode::Submit | Mode::Custom(_) => WireMode::Submit,
        },
        room_id: None,
        user_id: None,
        history_key: None,
        limits: RequestedLimits::default(),
        enqueued_at: None,
        metadata: None,
    };
    let judged = Judged {
        judgement,
        package: &problem.package,
        language: &language.id,
        cgroup: engine::cgroup_mode(judge),
        losses: &engine::losses(judge),
        worker: &settings.worker_name,
    };
    let verdict = judged.verdict(&submission, Timestamp::now());
    println!("{}", String::from_utf8_lossy(&verdict.to_json()));
}

/// How much of a compiler's words is shown: as much as a screen or a few.
pub(super) const COMPILER_BYTES: usize = 64 * 1024;

fn print_table(
    problem: &Problem,
    language: &Language,
    judgement: &Judgement,
    remarks: &AuthorRemarks,
) {
    let package = &problem.package;
    println!("{} ({}), {}", package.title(), package.id.as_str(), language.name);
    if !judgement.compile.output.is_empty() {
        let heading =
            if judgement.compile.ok { "The compiler says" } else { "It does not compile" };
        let said = Excerpt::<COMPILER_BYTES>::of(&judgement.compile.output);
        println!("{heading}:\n{}", said.marked().trim_end());
    }
    if !judgement.tests.is_empty() {
        let mut table = table(&["test", "verdict", "CPU", "wall", "memory", "reason"]);
        for test in &judgement.tests {
            let (run, usage) = (&test.run, &test.run.usage);
            let name = package.testcase(test.ordinal).map_or("", |testcase| &testcase.name);
            let reason = run.cause.as_ref().map(|cause| match cause {
                Cause::Comparison => remarks.on_test(test.ordinal).unwrap_or_default().to_owned(),
                cause => explain(cause, true),
            });
            table.add_row(vec![
                name.into(),
                verdict_cell(run.verdict),
                time(usage.cpu).into(),
                time(usage.wall).into(),
                memory(usage.memory_bytes).into(),
                reason.unwrap_or_default().into(),
            ]);
        }
        println!("{table}");
    }
    if let Some(said) = remarks.on_validator() {
        let said = Excerpt::<COMPILER_BYTES>::of(said.as_bytes());
        println!("The output validator does not compile:\n{}", said.marked().trim_end());
    }
    let total = package.testcases.len();
    let reason = judgement.cause.as_ref().map(|cause| explain(cause, judgement.compile.ok));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let of_max = judgement.max_score.map(|max| format!(" of {max}")).unwrap_or_default();
    println!(
        "{}{reason} (score {}{of_max}, {} of {total} tests run)",
        judgement.verdict.code(),
        judgement.score,
        judgement.tests.len()
    );
}

/// The reason as messages have it.
fn explain(cause: &Cause, compiled: bool) -> String {
    let subject = if compiled { Subject::Program } else { Subject::Compiler };
    reason_of(cause, subject).text()
}
