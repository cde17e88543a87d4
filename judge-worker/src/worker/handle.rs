//! One delivery, from its bytes to what becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use judge_core::judging::{
    AfterFailure, Judge, JudgeError, Judgement, LowerLimits, Mode as CoreMode, Problem,
    Stage as CoreStage, Task, Verdict as Ruled,
};
use judge_core::sandbox::Cancel;
use judge_core::toolchain::{Language, SourceFile};

use super::Worker;
use super::in_hand::{Held, Withdrawn};
use super::progress::Reporter;
use super::relay::envelope;
use crate::intake::{DeadReason, Delivery, Disposition, Settled, TooLarge, settle};
use crate::message::{
    Mode, RejectReason, RejectedMessage, Source, Stage, Submission, Timestamp, Verdict,
};
use crate::metrics::labels::{CacheResult, DeliveryOutcome, ModeLabel, Phase, VerdictLabel};
use crate::outbox::VerdictEnvelope;
use crate::problems::chain;
use crate::report::Judged;
use crate::store::{
    Claim, ClaimRequest, Lease, OutboxEvent, Renewal, ReplyRoute, StoreError, Stored,
};

/// How often a submission on which judging itself fails is tried before it is given up.
const MOST_TRIES: u32 = 5;

/// Broker deliveries after which a submission is taken for one that kills workers: one below the
/// queue's own limit, at which it would vanish into the dead queue without a verdict.
const MOST_DELIVERIES: u32 = 5;

/// The longest wait for a request that another worker has in hand.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Why a delivery is not settled by a verdict.
enum NotJudged {
    /// It will never be: with the words for the sender.
    Refused(Box<RejectedMessage>),
    /// The request id is known with other content. The first one stands, so nothing is told.
    Conflict(String),
    /// Later, perhaps elsewhere.
    Later { cause: String, delay: Duration },
    /// Elsewhere, at once.
    GivenBack,
}

/// How a delivery got its verdict.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Now,
    /// It had been judged before; its verdict was published again.
    Again,
}

impl From<StoreError> for NotJudged {
    fn from(error: StoreError) -> Self {
        Self::Later { cause: chain(&error), delay: Duration::from_secs(2) }
    }
}

impl Worker {
    /// Sees one delivery to its end.
    pub(super) async fn handle(&self, delivery: Delivery) {
        let _counted = self.metrics.in_flight();
        let (disposition, outcome) = match self.judge_delivery(&delivery).await {
            Ok(Told::Now) => (Disposition::Ack, DeliveryOutcome::Acked),
            Ok(Told::Again) => (Disposition::Ack, DeliveryOutcome::Duplicate),
            Err(NotJudged::Refused(refused)) => self.refuse(&delivery, &refused).await,
            Err(NotJudged::Conflict(detail)) => self.dead(DeadReason::Conflict, detail),
            Err(NotJudged::Later { cause, delay }) => {
                tracing::warn!(cause, delay = ?delay, "a submission is put off");
                (Disposition::Retry { cause, delay }, DeliveryOutcome::Retried)
            }
            Err(NotJudged::GivenBack) => (Disposition::Requeue, DeliveryOutcome::Requeued),
        };
        self.metrics.delivery(match settle(delivery, disposition).await {
            Settled::Done => outcome,
            Settled::Requeued => DeliveryOutcome::Requeued,
            Settled::Lost => DeliveryOutcome::Lost,
        });
    }

    /// Tells the sender, if it can be told who that is, and buries the message.
    async fn refuse(
        &self,
        delivery: &Delivery,
        refused: &RejectedMessage,
    ) -> (Disposition, DeliveryOutcome) {
        let (ids, detail) = (refused.ids(), refused.detail());
        let submission_id = ids.submission_id.as_ref().map(ToString::to_string);
        tracing::warn!(submission_id, reason = refused.reason().as_str(), detail, "refused");
        let worker = self.settings.worker_name.clone();
        if let Some(verdict) = Verdict::rejected(refused, worker, Timestamp::now()) {
            let submission_id = submission_id.unwrap_or_else(|| "~".to_owned());
            let envelope = VerdictEnvelope {
                room_id: ids.room_id.as_ref().map(ToString::to_string),
                request_id: ids
                    .request_id
                    .as_ref()
                    .map_or_else(|| format!("refused-{submission_id}"), ToString::to_string),
                submission_id,
                reply_to: delivery.reply_to.clone(),
                correlation_id: delivery.correlation_id.clone(),
                traceparent: delivery.traceparent.clone(),
                payload: verdict.to_json(),
            };
            if let Err(error) = self.sink.publish_verdict(&envelope).await {
                let delay = Duration::from_secs(2);
                let disposition = Disposition::Retry { cause: chain(&error), delay };
                return (disposition, DeliveryOutcome::Retried);
            }
            let language = ids.language.as_ref().map_or("", |language| language.as_str());
            let (verdict, mode) = (VerdictLabel::Je, ModeLabel::from(""));
            self.metrics.submission_finished(language, verdict, mode, waited(None, delivery));
        }
        self.dead(dead_reason(refused.reason()), detail.to_owned())
    }

    fn dead(&self, reason: DeadReason, detail: String) -> (Disposition, DeliveryOutcome) {
        self.metrics.dead_letter(reason.as_label().into());
        (Disposition::Dead { reason, detail }, DeliveryOutcome::DeadLettered)
    }

    async fn judge_delivery(&self, delivery: &Delivery) -> Result<Told, NotJudged> {
        let refused = |refused| NotJudged::Refused(Box::new(refused));
        let limits = self.settings.message_limits();
        let submission = match delivery.body() {
            Ok(body) => Submission::parse(body, &limits).map_err(refused)?,
            Err(TooLarge { bytes, limit }) => {
                return Err(refused(RejectedMessage::too_large(bytes, limit)));
            }
        };
        let problem = match self.catalog.find(submission.problem_id.as_str()) {
            Some(Ok(problem)) => problem,
            Some(Err(_)) => return Err(refused(RejectedMessage::broken_problem(&submission))),
            None => return Err(refused(RejectedMessage::unknown_problem(&submission))),
        };
        let Some(language) = self.judge.languages().find(submission.language.as_str()) else {
            return Err(refused(RejectedMessage::unknown_language(&submission)));
        };
        if MOST_DELIVERIES <= delivery.delivery_count {
            let tries = delivery.delivery_count;
            return Err(refused(RejectedMessage::exhausted(&submission, tries)));
        }
        let Some(held) = self.in_hand.take(&submission) else {
            let cause = "the same request is in hand here".to_owned();
            return Err(NotJudged::Later { cause, delay: Duration::from_secs(1) });
        };
        let lease = match self.claim(&submission).await? {
            Claimed::Granted(lease) => lease,
            Claimed::Finished => return self.tell_again(&submission, delivery).await,
        };
        self.judge_claimed(delivery, &submission, &held, &lease, problem, Arc::clone(language))
            .await
    }

    async fn claim(&self, submission: &Submission) -> Result<Claimed, NotJudged> {
        let content_hash = submission.content_hash().to_hex();
        let request = ClaimRequest {
            request_id: submission.request_id.as_str(),
            submission_id: submission.submission_id.as_str(),
            content_hash: &content_hash,
            worker: self.settings.worker_name.as_str(),
            lease: self.settings.lease,
        };
        match self.store.claim(&request).await? {
            Claim::Granted(lease) => Ok(Claimed::Granted(lease)),
            Claim::Finished { .. } => Ok(Claimed::Finished),
            Claim::HeldElsewhere { worker, remaining } => Err(NotJudged::Later {
                cause: format!("the request is in hand of {worker}"),
                delay: remaining.min(LONGEST_WAIT),
            }),
            Claim::Conflict => {
                let id = &submission.request_id;
                Err(NotJudged::Conflict(format!("the request id {id} is known with other content")))
            }
        }
    }

    /// Judges what is ours, and stores and tells what came of it.
    async fn judge_claimed(
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
        let asked = Asked {
            problem: Arc::clone(&problem),
            language: Arc::clone(&language),
            submission: submission.clone(),
            after_failure: if self.settings.stop_at_first_failure {
                AfterFailure::Stop
            } else {
                AfterFailure::GoOn
            },
            parallel: self.settings.parallel_tests,
            cancel: held.cancel.clone(),
        };
        let judging = self.on_a_thread(asked, progress, delivery);
        let judged = tokio::select! {
            judged = judging => judged,
            never = self.keep_lease(lease, held) => match never {},
        };
        let judgement = match judged {
            Ok(judgement) => judgement,
            Err(JudgeError::Cancelled) if held.withdrawn() == Some(Withdrawn::Cancelled) => {
                cancelled()
            }
            Err(error) => {
                self.release(lease).await;
                if matches!(error, JudgeError::Cancelled) {
                    return Err(NotJudged::GivenBack);
                }
                let cause = chain(&error);
                if MOST_TRIES <= delivery.attempt {
                    tracing::error!(request_id = %submission.request_id, cause, "given up");
                    let refused = RejectedMessage::exhausted(submission, delivery.attempt);
                    return Err(NotJudged::Refused(Box::new(refused)));
                }
                let delay = Duration::from_secs(1 << delivery.attempt.min(6));
                return Err(NotJudged::Later { cause, delay });
            }
        };
        let judged = Judged {
            judgement: &judgement,
            package: &problem.package,
            language: &language.id,
            cgroup: self.cgroup_mode(),
            worker: &self.settings.worker_name,
        };
        let began = Instant::now();
        let stored = self
            .store
            .store_judgement(lease, &judged.record(submission), &route_of(delivery), |id, at| {
                let mut verdict = judged.verdict(submission, Timestamp::clamped(at));
                verdict.history_id = Some(id);
                serde_json::to_string(&verdict)
            })
            .await?;
        self.metrics.observe_phase(Phase::Store, began.elapsed());
        match stored {
            Stored::New(event) => {
                self.publish(event).await?;
                self.count(submission, delivery, &language.id, &judgement);
                Ok(Told::Now)
            }
            Stored::Before { .. } => self.tell_again(submission, delivery).await,
            Stored::Fenced => Err(NotJudged::Later {
                cause: "the lease was lost to another worker".to_owned(),
                delay: Duration::from_secs(1),
            }),
        }
    }

    /// Judging is synchronous and takes long: it has a thread of its own.
    async fn on_a_thread(
        &self,
        asked: Asked,
        progress: Reporter,
        delivery: &Delivery,
    ) -> Result<Judgement, JudgeError> {
        let (judge, metrics) = (self.judge.clone(), self.metrics.clone());
        let waited = waited(asked.submission.enqueued_at, delivery);
        let queued = Instant::now();
        let thread = tokio::task::spawn_blocking(move || {
            asked.judge(&judge, &|stage| match stage {
                CoreStage::Compiling => {
                    metrics.observe_queue_wait(waited + queued.elapsed());
                    progress.tell(Stage::Compiling, 0, 0);
                }
                CoreStage::Running { done, total } => progress.tell(Stage::Running, done, total),
            })
        });
        match thread.await {
            Ok(judged) => judged,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    /// Renews the lease as long as it is polled; withdraws the submission when it is lost.
    async fn keep_lease(&self, lease: &Lease, held: &Held) -> std::convert::Infallible {
        let every = self.settings.lease / 3;
        loop {
            tokio::time::sleep(every).await;
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

    /// Publishes the verdict of a request that was judged before.
    async fn tell_again(
        &self,
        submission: &Submission,
        delivery: &Delivery,
    ) -> Result<Told, NotJudged> {
        let id = submission.request_id.as_str();
        let event = self.store.event_of(id).await?.ok_or_else(|| NotJudged::Later {
            cause: "the verdict that was stored can't be found".to_owned(),
            delay: Duration::from_secs(1),
        })?;
        self.publish(OutboxEvent { route: route_of(delivery), ..event }).await?;
        Ok(Told::Again)
    }

    /// Until the broker has confirmed it, the delivery is not acked, and the outbox keeps it.
    async fn publish(&self, event: OutboxEvent) -> Result<(), NotJudged> {
        let began = Instant::now();
        let history_id = event.history_id;
        self.sink.publish_verdict(&envelope(event)).await.map_err(|error| NotJudged::Later {
            cause: chain(&error),
            delay: Duration::from_secs(2),
        })?;
        self.metrics.observe_phase(Phase::Publish, began.elapsed());
        if let Err(error) = self.store.event_published(history_id).await {
            tracing::warn!(history_id, error = %chain(&error), "its verdict will be published again");
        }
        Ok(())
    }

    fn count(
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
        metrics.observe_compile(language, CacheResult::Miss, judgement.phases.compile);
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

/// A claim that leads on.
enum Claimed {
    Granted(Lease),
    Finished,
}

/// What a thread needs for judging.
struct Asked {
    problem: Arc<Problem>,
    language: Arc<Language>,
    submission: Submission,
    after_failure: AfterFailure,
    parallel: bool,
    cancel: Cancel,
}

impl Asked {
    fn judge(
        &self,
        judge: &Judge,
        observe: &(dyn Fn(CoreStage) + Sync),
    ) -> Result<Judgement, JudgeError> {
        let sources = sources_of(&self.submission.source);
        let limits = &self.submission.limits;
        let task = Task {
            problem: &self.problem,
            language: &self.language,
            sources: &sources,
            mode: match &self.submission.mode {
                Mode::Submit => CoreMode::Submit,
                Mode::Sample => CoreMode::Sample,
                Mode::Custom { stdin } => CoreMode::Custom(stdin.as_bytes()),
            },
            limits: LowerLimits {
                cpu: limits.time_ms.map(|ms| Duration::from_millis(ms.get())),
                wall: limits.wall_time_ms.map(|ms| Duration::from_millis(ms.get())),
                memory_bytes: limits.memory_kib.map(|kib| kib.get().saturating_mul(1024)),
                output_bytes: limits.output_kib.map(|kib| kib.get().saturating_mul(1024)),
            },
            after_failure: self.after_failure,
            parallel: self.parallel,
        };
        judge.judge(&task, observe, &self.cancel)
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
    use judge_core::judging::{Cause, CompileReport, Phases};
    use judge_core::sandbox::Usage;
    Judgement {
        verdict: Ruled::Cancelled,
        cause: Some(Cause::Cancelled),
        score: 0.0,
        max_score: None,
        compile: CompileReport { ok: true, output: vec![], usage: Usage::default() },
        tests: vec![],
        toolchain: String::new(),
        phases: Phases::default(),
    }
}

fn route_of(delivery: &Delivery) -> ReplyRoute {
    ReplyRoute {
        reply_to: delivery.reply_to.clone(),
        correlation_id: delivery.correlation_id.clone(),
        traceparent: delivery.traceparent.clone(),
    }
}

/// How long ago a submission was enqueued: by the sender's clock, which may be ahead of ours.
fn waited(enqueued_at: Option<Timestamp>, delivery: &Delivery) -> Duration {
    let said = enqueued_at.map(|at| SystemTime::from(at.moment()));
    let since = said.or(delivery.enqueued_at);
    since.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default()
}

fn dead_reason(reason: RejectReason) -> DeadReason {
    match reason {
        RejectReason::NotJson => DeadReason::NotJson,
        RejectReason::Schema => DeadReason::Schema,
        RejectReason::BadSource => DeadReason::BadSource,
        RejectReason::TooLarge => DeadReason::TooLarge,
        RejectReason::UnknownProblem => DeadReason::UnknownProblem,
        RejectReason::UnknownLanguage => DeadReason::UnknownLanguage,
        RejectReason::BrokenProblem => DeadReason::Poison,
        RejectReason::Conflict => DeadReason::Conflict,
        RejectReason::Exhausted => DeadReason::RetriesExhausted,
    }
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
