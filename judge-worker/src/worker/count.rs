//! What a judged submission adds to metrics and log.

use std::time::{Duration, SystemTime};

use judge_core::judging::{Judgement, Verdict as Ruled};

use super::Worker;
use crate::intake::Delivery;
use crate::message::{Submission, Timestamp};
use crate::metrics::labels::{Cache, CacheResult, Phase};

impl Worker {
    /// Counts a judgement that was stored and told.
    pub(super) fn count(
        &self,
        submission: &Submission,
        delivery: &Delivery,
        language: &str,
        judgement: &Judgement,
    ) {
        let metrics = &self.metrics;
        let (verdict, mode) = (judgement.verdict.code(), submission.mode.name().as_str());
        let waited = waited(submission.enqueued_at, delivery);
        metrics.submission_finished(language, verdict.into(), mode.into(), waited);
        metrics.observe_phase(Phase::Compile, judgement.phases.compile);
        let found = if judgement.compile.cached { CacheResult::Hit } else { CacheResult::Miss };
        metrics.cache(Cache::Compile, found);
        metrics.observe_compile(language, found, judgement.phases.compile);
        if judgement.compile.ok {
            metrics.observe_phase(Phase::Run, judgement.phases.run);
        }
        let mut checking = Duration::ZERO;
        for test in &judgement.tests {
            let run = &test.run;
            let label = run.verdict.code().into();
            metrics.test_judged(language, label, run.usage.cpu, run.usage.memory_bytes);
            metrics.observe_sandbox_overhead(run.overhead);
            checking += run.checking;
            if let Some(mechanism) = kill_of(run.verdict) {
                metrics.sandbox_kill(mechanism.into());
            }
        }
        metrics.observe_phase(Phase::Check, checking);
        tracing::info!(
            request_id = %submission.request_id,
            submission_id = %submission.submission_id,
            room_id = submission.room_id.as_ref().map(tracing::field::display),
            problem = %submission.problem_id,
            language,
            verdict,
            tests = judgement.tests.len(),
            waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
            "judged"
        );
    }
}

/// How long ago a submission was enqueued: by the sender's clock, which may be ahead of ours.
pub(super) fn waited(enqueued_at: Option<Timestamp>, delivery: &Delivery) -> Duration {
    let said = enqueued_at.map(|at| SystemTime::from(at.moment()));
    let since = said.or(delivery.enqueued_at);
    since.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default()
}

/// Which of the sandbox's mechanisms ended a run of this verdict, as the metric calls it.
fn kill_of(verdict: Ruled) -> Option<&'static str> {
    match verdict {
        Ruled::TimeLimitExceeded => Some("cpu_time"),
        Ruled::WallTimeLimitExceeded => Some("wall_time"),
        Ruled::MemoryLimitExceeded => Some("memory"),
        Ruled::OutputLimitExceeded => Some("output"),
        Ruled::SecurityViolation => Some("seccomp"),
        Ruled::Cancelled => Some("cancel"),
        Ruled::Accepted
        | Ruled::WrongAnswer
        | Ruled::RunTimeError
        | Ruled::CompileError
        | Ruled::CompileLimitExceeded
        | Ruled::JudgingError => None,
    }
}
