//! What judge-core found, as the message and the history row say it.
//!
//! Hidden tests come in as facts only ([`View::Hidden`]) and go out as facts only:
//! [`TestReport::Hidden`] has no field for more, and [`Reason`] is made of mechanisms and numbers.

use std::time::Duration;

use judge_core::judging::package::{Package, Visibility};
use judge_core::judging::verdict::signal_name;
use judge_core::judging::{
    Cause, JudgedTest, Judgement, PublicData as CoreData, Shown, ValidatorFailure,
    Verdict as Ruled, View,
};
use judge_core::sandbox::cgroup::Mode as CgroupMode;
use judge_core::sandbox::filter::known_name;
use judge_core::sandbox::{Limits, Loss, Termination};

use crate::message::{
    CgroupVersion, Compile, ContentHash, Excerpt, Finite, GroupName, HiddenTest, JudgingFault,
    LanguageId, ProblemVersion, Provenance, PublicData, PublicTest, Reason, RejectedMessage,
    RequestId, SandboxFeature, SandboxLoss, Subject, Submission, TestExcerpt, TestFacts,
    TestReport, Tests, Timestamp, Verdict, VerdictCode, WorkerName,
};
use crate::store::{HistoryRecord, TestRecord, Visibility as StoredVisibility};

/// What a verdict is made from, beside the submission.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The result.
    pub judgement: &'a Judgement,
    /// Of which problem.
    pub package: &'a Package,
    /// The language that judged, an alias resolved.
    pub language: &'a str,
    /// What the sandbox stood on.
    pub cgroup: CgroupMode,
    /// What it lacked.
    pub losses: &'a [Loss],
    /// Who judged.
    pub worker: &'a WorkerName,
}

impl Judged<'_> {
    /// The verdict message, without the key of its history row.
    pub fn verdict(&self, submission: &Submission, judged_at: Timestamp) -> Verdict {
        let Self { judgement, package, .. } = self;
        let code = code_of(judgement.verdict);
        let mut verdict = Verdict::of(submission, code, self.worker.clone(), judged_at);
        verdict.problem_version = ProblemVersion::new(&package.version).ok();
        verdict.title = Some(Excerpt::of(package.title().as_bytes()));
        verdict.language = LanguageId::new(self.language).ok();
        verdict.reason = judgement.cause.as_ref().map(|cause| {
            let subject = if judgement.compile.ok { Subject::Program } else { Subject::Compiler };
            reason_of(cause, subject).into()
        });
        verdict.score = Finite::new(judgement.score);
        verdict.max_score = judgement.max_score.and_then(Finite::new);
        verdict.compile = Some(Compile {
            ok: judgement.compile.ok,
            output: Excerpt::of(&judgement.compile.output),
            cached: judgement.compile.cached,
        });
        verdict.tests_total = match submission.mode {
            crate::message::Mode::Custom { .. } => 1,
            crate::message::Mode::Submit => count(package, |_| true),
            crate::message::Mode::Sample => {
                count(package, |visibility| visibility == Visibility::Public)
            }
        };
        verdict.provenance = Some(self.provenance());
        let tests = judgement.tests.iter().map(report_of).collect();
        let tests = Tests::new(tests).expect("a problem with more tests is refused when it's read");
        verdict.with_tests(tests)
    }

    fn provenance(&self) -> Provenance {
        use SandboxFeature as F;
        let mut sandbox = std::collections::BTreeSet::from([
            F::UserNamespace,
            F::PidNamespace,
            F::MountNamespace,
            F::NetNamespace,
            F::IpcNamespace,
            F::UtsNamespace,
            F::CgroupNamespace,
            F::Seccomp,
            F::NoPrivileges,
            F::Rlimits,
        ]);
        let enforced = self.cgroup != CgroupMode::None;
        if enforced {
            sandbox.extend([F::CgroupMemory, F::CgroupPids, F::CgroupCpu]);
        }
        Provenance {
            sandbox,
            cgroup: match self.cgroup {
                CgroupMode::V2 => CgroupVersion::V2,
                CgroupMode::V1 => CgroupVersion::V1,
                CgroupMode::Hybrid => CgroupVersion::Hybrid,
                CgroupMode::None => CgroupVersion::None,
            },
            memory_enforced: enforced,
            losses: self
                .losses
                .iter()
                .map(|loss| match loss {
                    Loss::NoCgroups => SandboxLoss::NoCgroups,
                    Loss::OwnUser => SandboxLoss::OwnUser,
                    Loss::KeptGroups => SandboxLoss::KeptGroups,
                })
                .collect(),
            toolchain: Some(Excerpt::of(self.judgement.toolchain.as_bytes())),
            noise: None,
            reruns: 0,
        }
    }

    /// The history row.
    pub fn record(&self, submission: &Submission) -> HistoryRecord {
        let Self { judgement, package, language, .. } = self;
        let maximum = |of: fn(&JudgedTest) -> Duration| judgement.tests.iter().map(of).max();
        let peak = judgement.tests.iter().map(|test| test.run.usage.memory_bytes.div_ceil(1024));
        HistoryRecord {
            score: Some(judgement.score),
            max_score: judgement.max_score,
            cpu_time: maximum(|test| test.run.usage.cpu).unwrap_or_default(),
            wall_time: maximum(|test| test.run.usage.wall).unwrap_or_default(),
            memory_kib: peak.max().unwrap_or(0),
            tests: judgement.tests.iter().map(row_of).collect(),
            ..row(submission, &package.version, language, judgement.verdict.code())
        }
    }
}

/// What a verdict without a judgement is made from, beside the submission.
#[derive(Debug, Clone, Copy)]
pub struct GivenUpReport<'a> {
    /// Why there is none, in words for whoever waits.
    pub refused: &'a RejectedMessage,
    /// The content hash of the problem's package; empty where it can't be read.
    pub problem_version: &'a str,
}

impl GivenUpReport<'_> {
    /// The verdict message, `JE`.
    pub fn verdict(
        &self,
        submission: &Submission,
        worker: WorkerName,
        history_id: i64,
        judged_at: Timestamp,
    ) -> Verdict {
        let mut verdict = Verdict::of(submission, VerdictCode::JudgingError, worker, judged_at);
        verdict.history_id = Some(history_id);
        verdict.problem_version = ProblemVersion::new(self.problem_version).ok();
        verdict.reason = Some(self.refused.into());
        verdict
    }

    /// The history row: a verdict, and no test.
    pub fn record(&self, submission: &Submission) -> HistoryRecord {
        let code = VerdictCode::JudgingError.as_str();
        row(submission, self.problem_version, submission.language.as_str(), code)
    }
}

/// What a verdict is made from where there is not even a submission.
#[derive(Debug, Clone, Copy)]
pub struct RefusedReport<'a> {
    /// Why it can't be read, in words for whoever waits, and what of it can.
    pub refused: &'a RejectedMessage,
    /// Which can.
    pub request_id: &'a RequestId,
    /// Of the message as it came.
    pub content: ContentHash,
}

impl RefusedReport<'_> {
    /// The verdict message, `JE`.
    pub fn verdict(&self, worker: WorkerName, history_id: i64, judged_at: Timestamp) -> Verdict {
        let told = Verdict::rejected(self.refused, worker, judged_at);
        let told = told.expect("who has a request id can be told");
        Verdict { history_id: Some(history_id), ..told }
    }

    /// The history row: what can't be read is empty, and the submission `~`, as in the routing key.
    pub fn record(&self) -> HistoryRecord {
        let ids = self.refused.ids();
        let unreadable = || "~".to_owned();
        HistoryRecord {
            submission_id: ids.submission_id.as_ref().map_or_else(unreadable, ToString::to_string),
            history_key: ids.history_key.as_ref().map(ToString::to_string),
            room_id: ids.room_id.as_ref().map(ToString::to_string),
            user_id: ids.user_id.as_ref().map(ToString::to_string),
            problem_id: ids.problem_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            problem_version: String::new(),
            language: ids.language.as_ref().map(ToString::to_string).unwrap_or_default(),
            mode: String::new(),
            verdict: VerdictCode::JudgingError.as_str().to_owned(),
            score: None,
            max_score: None,
            cpu_time: Duration::ZERO,
            wall_time: Duration::ZERO,
            memory_kib: 0,
            source_hash: self.content.to_hex(),
            tests: Vec::new(),
        }
    }
}

/// A row of what is known without a judgement: no score, no test, nothing used.
fn row(
    submission: &Submission,
    problem_version: &str,
    language: &str,
    verdict: &str,
) -> HistoryRecord {
    HistoryRecord {
        submission_id: submission.submission_id.to_string(),
        history_key: submission.history_key.as_ref().map(ToString::to_string),
        room_id: submission.room_id.as_ref().map(ToString::to_string),
        user_id: submission.user_id.as_ref().map(ToString::to_string),
        problem_id: submission.problem_id.to_string(),
        problem_version: problem_version.to_owned(),
        language: language.to_owned(),
        mode: submission.mode.name().as_str().to_owned(),
        verdict: verdict.to_owned(),
        score: None,
        max_score: None,
        cpu_time: Duration::ZERO,
        wall_time: Duration::ZERO,
        memory_kib: 0,
        source_hash: submission.content_hash().to_hex(),
        tests: Vec::new(),
    }
}

fn count(package: &Package, counts: impl Fn(Visibility) -> bool) -> u32 {
    let tests = package.testcases.iter().filter(|testcase| counts(testcase.visibility)).count();
    u32::try_from(tests).unwrap_or(u32::MAX)
}

fn row_of(test: &JudgedTest) -> TestRecord {
    let usage = &test.run.usage;
    TestRecord {
        ordinal: test.ordinal,
        visibility: match &test.view {
            View::Public(_) => StoredVisibility::Public,
            View::Hidden => StoredVisibility::Hidden,
        },
        group: (!test.group.is_empty()).then(|| test.group.clone()),
        verdict: test.run.verdict.code().to_owned(),
        cpu_time: usage.cpu,
        wall_time: usage.wall,
        memory_kib: usage.memory_bytes.div_ceil(1024),
    }
}

fn report_of(test: &JudgedTest) -> TestReport {
    let (run, usage) = (&test.run, &test.run.usage);
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).ok();
    let facts = TestFacts {
        ordinal: test.ordinal,
        group: (!test.group.is_empty()).then(|| GroupName::new(&test.group)),
        verdict: code_of(run.verdict),
        cpu_time_ms: milliseconds(usage.cpu),
        wall_time_ms: milliseconds(usage.wall),
        memory_kib: usage.cgroup_enforced.then(|| usage.memory_bytes.div_ceil(1024)),
        reason: run.cause.as_ref().map(|cause| reason_of(cause, Subject::Program)),
    };
    match &test.view {
        View::Public(data) => TestReport::Public(PublicTest { facts, data: data_of(data) }),
        View::Hidden => TestReport::Hidden(HiddenTest { facts }),
    }
}

fn data_of(data: &CoreData) -> PublicData {
    PublicData {
        input: Some(excerpt(&data.input)),
        expected: data.expected.as_ref().map(excerpt),
        actual: Some(excerpt(&data.actual)),
        stderr: Some(excerpt(&data.stderr)),
        checker_message: Some(TestExcerpt::of(data.checker_message.as_bytes())),
    }
}

fn excerpt(shown: &Shown) -> TestExcerpt {
    TestExcerpt::of_prefix(&shown.bytes, shown.total)
}

/// The verdict as messages write it.
pub fn code_of(verdict: Ruled) -> VerdictCode {
    match verdict {
        Ruled::Accepted => VerdictCode::Accepted,
        Ruled::WrongAnswer => VerdictCode::WrongAnswer,
        Ruled::TimeLimitExceeded => VerdictCode::TimeLimitExceeded,
        Ruled::WallTimeLimitExceeded => VerdictCode::WallTimeLimitExceeded,
        Ruled::MemoryLimitExceeded => VerdictCode::MemoryLimitExceeded,
        Ruled::OutputLimitExceeded => VerdictCode::OutputLimitExceeded,
        Ruled::RunTimeError => VerdictCode::RuntimeError,
        Ruled::SecurityViolation => VerdictCode::SecurityViolation,
        Ruled::CompileError => VerdictCode::CompileError,
        Ruled::CompileLimitExceeded => VerdictCode::CompileLimitExceeded,
        Ruled::JudgingError => VerdictCode::JudgingError,
        Ruled::Cancelled => VerdictCode::Cancelled,
    }
}

/// The mechanism behind a verdict, as messages and tables tell it.
pub fn reason_of(cause: &Cause, subject: Subject) -> Reason {
    let reason = match cause {
        Cause::CpuTime { measured, limit } => Reason::cpu_time(*measured, *limit),
        Cause::WallTime { measured, limit } => Reason::wall_time(*measured, *limit),
        Cause::Memory { measured, limit } => Reason::memory_bytes(*measured, *limit),
        Cause::Output { measured, limit } => Reason::output_bytes(*measured, *limit),
        Cause::FileSize { limit } => Reason::file_size_bytes(*limit),
        // Every refused fork found the limit reached.
        Cause::Processes { limit, .. } => {
            Reason::processes(u64::from(*limit).saturating_add(1), (*limit).into())
        }
        Cause::ExitCode(code) => Reason::exit_code(*code),
        Cause::Signal(number) => Reason::signal(*number, signal_name(*number)),
        Cause::ForbiddenCall(call) => Reason::seccomp(None, known_name(call)),
        Cause::Comparison => return Reason::comparison(),
        Cause::Validator => return Reason::refused_by_validator(),
        Cause::ValidatorFailed(failure) => return validator_failed(failure),
        Cause::Compiler(code) => return Reason::compile_error(*code),
        Cause::Cancelled => return Reason::cancelled(),
    };
    reason.by(subject)
}

fn validator_failed(failure: &ValidatorFailure) -> Reason {
    let fault = match failure {
        ValidatorFailure::Exited(_)
        | ValidatorFailure::Ended(
            Termination::OfItself
            | Termination::CpuLimit
            | Termination::WallLimit
            | Termination::OutputLimit
            | Termination::MemoryLimit
            | Termination::ForbiddenCall(_)
            | Termination::SinkStopped
            | Termination::Cancelled,
        )
        | ValidatorFailure::DoesNotCompile => JudgingFault::Validator,
        ValidatorFailure::BadScore => JudgingFault::Problem,
    };
    Reason::judging(fault)
}

/// What a problem's limits are, for the table of problems.
pub fn limits_json(package: &Package) -> String {
    let limits = &package.limits;
    serde_json::json!({
        "timeMs": u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX),
        "memoryKib": limits.memory_bytes / 1024,
        "outputKib": limits.output_bytes / 1024,
    })
    .to_string()
}

/// How near a run came to its limits: the largest of its shares of CPU time, wall time and memory.
pub fn closeness(test: &JudgedTest) -> f64 {
    let (usage, limits) = (&test.run.usage, &test.run.limits);
    let Limits { cpu, wall, memory_bytes, .. } = limits;
    let time = |used: Duration, limit: Duration| used.as_secs_f64() / limit.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
    let memory = usage.memory_bytes as f64 / *memory_bytes as f64;
    time(usage.cpu, *cpu).max(time(usage.wall, *wall)).max(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_call_is_named_in_the_message_if_it_is_one() {
        let told =
            |call: &str| reason_of(&Cause::ForbiddenCall(call.into()), Subject::Program).text();
        assert_eq!(told("ptrace"), "the program made the forbidden system call ptrace");
        assert_eq!(told("file_getattr"), "the program made the forbidden system call file_getattr");
        for nameless in ["call 9999", "a system call of a foreign ABI", "the answer is 42"] {
            assert_eq!(told(nameless), "the program made a forbidden system call");
        }
    }
}
