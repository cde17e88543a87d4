//! A claimed submission: judged by the engine, stored, told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use judge_core::judging::package::Package;
use judge_core::judging::{
    AfterFailure, Cause, CompileReport, Judgement, LowerLimits, Phases, Problem,
    Stage as CoreStage, Verdict as Ruled,
};
use judge_core::sandbox::Usage;
use judge_core::toolchain::{Language, SourceFile};

use tokio::sync::Notify;

use super::Worker;
use super::count::waited;
use super::give_up::GivenUp;
use super::handle::{MOST_TRIES, NotJudged, Told, route_of};
use super::in_hand::{Held, Withdrawn};
use super::progress::Reporter;
use crate::config::Settings;
use crate::engine::{EngineFailure, Job, JobMode};
use crate::failpoint::{Failpoint, Injected, reach};
use crate::intake::Delivery;
use crate::message::{Mode, Source, Stage, Submission, Timestamp};
use crate::metrics::labels::Phase;
use crate::problems::chain;
use crate::report::Judged;
use crate::store::{Lease, Renewal, Stored};

impl Worker {
    /// Judges what is ours, and stores and tells what came of it.
    pub(super) async fn judge_claimed(
        &self,
        delivery: &Delivery,
        submission: &Submission,
        held: &Held,
        lease: &Lease,
        problem: Arc<Problem>,
        language: Arc<Language>,
    ) -> Result<Told, NotJudged> {
        let attempt = u32::try_from(lease.fence()).unwrap_or(u32::MAX);
        let progress = Reporter::new(submission, &self.sink, attempt);
        let job = job_of(submission, &problem.package, &language, &self.settings);
        let waited = waited(submission.enqueued_at, delivery);
        let begun = Notify::new();
        let judging = self.in_the_engine(job, &problem.package, held, &progress, waited, &begun);
        let judged = tokio::select! {
            judged = judging => judged,
            never = self.keep_lease(lease, held) => match never {},
            injected = failing_once(&begun) => return Err(injected.into()),
        };
        drop(progress);
        let judgement = match judged {
            Ok(judgement) => judgement,
            Err(EngineFailure::Cancelled) if held.withdrawn() == Some(Withdrawn::Cancelled) => {
                cancelled()
            }
            Err(error) => {
                if matches!(error, EngineFailure::Cancelled) {
                    self.release(lease).await;
                    return Err(NotJudged::GivenBack);
                }
                if matches!(error, EngineFailure::Short(..)) && delivery.attempt < MOST_SHORTAGES {
                    self.release(lease).await;
                    return Err(NotJudged::Later {
                        cause: chain(&error),
                        delay: growing(delivery.attempt),
                    });
                }
                let (cause, tries) = (chain(&error), lease.failed_tries().saturating_add(1));
                if MOST_TRIES <= tries {
                    let given_up = GivenUp::failed(submission, tries, cause);
                    return self.give_up(delivery, submission, lease, given_up).await;
                }
                if let Err(error) = self.store.release_failed(lease).await {
                    // It runs out by itself, and counts all the same.
                    let (request_id, error) = (lease.request_id(), chain(&error));
                    tracing::warn!(request_id, error, "cannot release");
                }
                return Err(NotJudged::Later { cause, delay: growing(tries - 1) });
            }
        };
        let judged = Judged {
            judgement: &judgement,
            package: &problem.package,
            language: &language.id,
            cgroup: self.engine.cgroup_mode(),
            losses: self.engine.losses(),
            worker: &self.settings.worker_name,
        };
        reach(Failpoint::BeforeStore).await?;
        let began = Instant::now();
        let (record, route) = (judged.record(submission), route_of(delivery));
        let verdict = |id, at| {
            let mut verdict = judged.verdict(submission, Timestamp::clamped(at));
            verdict.history_id = Some(id);
            serde_json::to_string(&verdict)
        };
        // Whether a lost transaction was committed, the next attempt finds out by itself.
        let store = || self.store.store_judgement(lease, &record, &route, verdict);
        let stored = self.outlast(store).await?;
        self.metrics.observe_phase(Phase::Store, began.elapsed());
        match stored {
            Stored::New(event) => {
                reach(Failpoint::Stored).await?;
                self.publish(event).await?;
                self.count(submission, delivery, &language.id, &judgement);
                Ok(Told::Now)
            }
            Stored::Before { .. } => self.tell_again(lease.request_id(), delivery).await,
            Stored::Fenced => Err(NotJudged::fenced()),
        }
    }

    /// In the engine, with its stages told as they come, and `begun` when the first one did.
    async fn in_the_engine(
        &self,
        job: Job,
        package: &Package,
        held: &Held,
        progress: &Reporter,
        waited: Duration,
        begun: &Notify,
    ) -> Result<Judgement, EngineFailure> {
        let queued = Instant::now();
        let mut seen = false;
        let observe = |stage| {
            // Stages may overtake each other, so that the first that is seen says that it began.
            if !std::mem::replace(&mut seen, true) {
                begun.notify_one();
                self.metrics.observe_queue_wait(waited + queued.elapsed());
            }
            match stage {
                CoreStage::Compiling => progress.tell(Stage::Compiling, 0, 0),
                CoreStage::Running { done, total } => progress.tell(Stage::Running, done, total),
            }
        };
        self.engine.judge(job, package, observe, &held.cancel).await
    }

    /// Renews the lease as long as it is polled; withdraws the submission when it is lost.
    async fn keep_lease(&self, lease: &Lease, held: &Held) -> std::convert::Infallible {
        let every = self.settings.lease / 3;
        loop {
            tokio::time::sleep(every).await;
            if let Err(injected) = reach(Failpoint::Renew).await {
                tracing::warn!(request_id = lease.request_id(), error = %injected, "cannot renew");
                continue;
            }
            match self.store.renew(lease, self.settings.lease).await {
                Ok(Renewal::Renewed) => {}
                Ok(Renewal::Lost) => {
                    tracing::warn!(request_id = lease.request_id(), "the lease was lost");
                    held.give_back();
                }
                // Whether it is lost, the database will say when the judgement is stored.
                Err(error) => {
                    tracing::warn!(request_id = lease.request_id(), error = %chain(&error), "cannot renew");
                }
            }
        }
    }

    async fn release(&self, lease: &Lease) {
        if let Err(error) = self.store.release(lease).await {
            // It runs out by itself.
            tracing::warn!(request_id = lease.request_id(), error = %chain(&error), "cannot release");
        }
    }
}

/// How often a submission is put off while the host is out of something, with no try of it used up:
/// most of an hour. It could be the one that asks too much of the host.
const MOST_SHORTAGES: u32 = 50;

/// 1, 4, 16, 64, 64… s after so many pauses: an outage of a minute costs nobody a verdict.
fn growing(pauses: u32) -> Duration {
    Duration::from_secs(1 << pauses.saturating_mul(2).min(6))
}

/// Only where a test wants it.
async fn failing_once(begun: &Notify) -> Injected {
    begun.notified().await;
    match reach(Failpoint::Judging).await {
        Ok(()) => std::future::pending().await,
        Err(injected) => injected,
    }
}

/// What the engine is asked for.
fn job_of(
    submission: &Submission,
    package: &Package,
    language: &Language,
    settings: &Settings,
) -> Job {
    let limits = &submission.limits;
    Job {
        problem: package.id.as_str().to_owned(),
        version: package.version.clone(),
        language: language.id.clone(),
        sources: sources_of(&submission.source),
        mode: match &submission.mode {
            Mode::Submit => JobMode::Submit,
            Mode::Sample => JobMode::Sample,
            Mode::Custom { stdin } => JobMode::Custom(stdin.clone()),
        },
        limits: LowerLimits {
            cpu: limits.time_ms.map(|ms| Duration::from_millis(ms.get())),
            wall: limits.wall_time_ms.map(|ms| Duration::from_millis(ms.get())),
            memory_bytes: limits.memory_kib.map(|kib| kib.get().saturating_mul(1024)),
            output_bytes: limits.output_kib.map(|kib| kib.get().saturating_mul(1024)),
        },
        after_failure: if settings.stop_at_first_failure {
            AfterFailure::Stop
        } else {
            AfterFailure::GoOn
        },
        parallel: settings.parallel_tests,
    }
}

fn sources_of(source: &Source) -> Vec<SourceFile> {
    match source {
        Source::Unnamed(text) => vec![SourceFile { name: None, content: text.clone().into() }],
        Source::Files(files) => files
            .iter()
            .map(|file| SourceFile {
                name: Some(file.name.to_string()),
                content: file.content.clone().into(),
            })
            .collect(),
    }
}

fn cancelled() -> Judgement {
    Judgement {
        verdict: Ruled::Cancelled,
        cause: Some(Cause::Cancelled),
        score: 0.0,
        max_score: None,
        compile: CompileReport { ok: true, output: vec![], usage: Usage::default(), cached: false },
        tests: vec![],
        toolchain: String::new(),
        phases: Phases::default(),
    }
}
