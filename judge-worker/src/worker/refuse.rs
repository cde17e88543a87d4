//! What can't be read as a submission. Where it can be read who waits for it, they are told verdict
//! `JE`. With a request id it has claim and row like anything else: a slip under an id that is known
//! already says nothing against the first one's verdict.

use std::time::Duration;

use super::Worker;
use super::count::waited;
use super::handle::{Claimed, NotJudged, Told, dead_reason, route_of};
use crate::failpoint::{Failpoint, reach};
use crate::intake::Delivery;
use crate::message::{ContentHash, RejectedMessage, RequestId, Timestamp, Verdict};
use crate::metrics::labels::{ModeLabel, VerdictLabel};
use crate::outbox::VerdictEnvelope;
use crate::problems::chain;
use crate::report::RefusedReport;
use crate::store::{ClaimRequest, Stored};

impl Worker {
    /// Tells whoever waits, if anybody can be told. What is left then is the dead queue.
    pub(super) async fn refuse(
        &self,
        delivery: &Delivery,
        refused: &RejectedMessage,
    ) -> Result<Told, NotJudged> {
        let ids = refused.ids();
        let (submission_id, reason) = (ids.submission_id.as_ref(), refused.reason().as_str());
        let submission_id = submission_id.map(tracing::field::display);
        tracing::warn!(submission_id, reason, detail = refused.detail(), "refused");
        match (&ids.request_id, delivery.body()) {
            (Some(request_id), Ok(body)) => {
                self.refuse_request(delivery, refused, request_id, body).await
            }
            _ => self.refuse_nameless(delivery, refused).await,
        }
    }

    async fn refuse_request(
        &self,
        delivery: &Delivery,
        refused: &RejectedMessage,
        request_id: &RequestId,
        body: &[u8],
    ) -> Result<Told, NotJudged> {
        let report = RefusedReport { refused, request_id, content: ContentHash::of_body(body) };
        let (reason, detail) = (dead_reason(refused.reason()), refused.detail().to_owned());
        let (record, worker) = (report.record(), &self.settings.worker_name);
        let claim = ClaimRequest {
            request_id: request_id.as_str(),
            submission_id: &record.submission_id,
            content_hash: &record.source_hash,
            worker: worker.as_str(),
            lease: self.settings.lease,
        };
        let lease = match self.claim_as(&claim).await? {
            Claimed::Granted(lease) => lease,
            Claimed::Finished => return self.tell_again(request_id.as_str(), delivery).await,
            Claimed::GivenUp(reason) => {
                return self.bury_again(request_id.as_str(), delivery, reason).await;
            }
        };
        reach(Failpoint::GiveUp).await?;
        let (route, label) = (route_of(delivery), reason.as_label());
        let verdict = |id, at| {
            let at = Timestamp::clamped(at);
            serde_json::to_string(&report.verdict(worker.clone(), id, at))
        };
        let store = || self.store.store_given_up(&lease, &record, &route, label, verdict);
        match self.outlast(store).await? {
            Stored::New(event) => {
                self.publish(event).await?;
                self.count_refused(delivery, refused);
                Err(NotJudged::Buried { reason, detail })
            }
            Stored::Before { .. } => self.tell_again(request_id.as_str(), delivery).await,
            Stored::Fenced => Err(NotJudged::fenced()),
        }
    }

    /// Nobody can ask for a row of it, and nothing tells a copy of it from another mistake.
    async fn refuse_nameless(
        &self,
        delivery: &Delivery,
        refused: &RejectedMessage,
    ) -> Result<Told, NotJudged> {
        let (ids, worker) = (refused.ids(), self.settings.worker_name.clone());
        if let Some(verdict) = Verdict::rejected(refused, worker, Timestamp::now()) {
            let submission_id =
                ids.submission_id.as_ref().map_or_else(|| "~".to_owned(), ToString::to_string);
            let envelope = VerdictEnvelope {
                room_id: ids.room_id.as_ref().map(ToString::to_string),
                request_id: format!("refused-{submission_id}"),
                submission_id,
                reply_to: delivery.reply_to.clone(),
                correlation_id: delivery.correlation_id.clone(),
                traceparent: delivery.traceparent.clone(),
                payload: verdict.to_json(),
            };
            self.sink.publish_verdict(&envelope).await.map_err(|error| {
                let delay = Duration::from_secs(2);
                NotJudged::Later { cause: chain(&error), delay }
            })?;
            self.count_refused(delivery, refused);
        }
        let (reason, detail) = (dead_reason(refused.reason()), refused.detail().to_owned());
        Err(NotJudged::Buried { reason, detail })
    }

    fn count_refused(&self, delivery: &Delivery, refused: &RejectedMessage) {
        let language = refused.ids().language.as_ref().map_or("", |language| language.as_str());
        let (verdict, mode) = (VerdictLabel::Je, ModeLabel::from(""));
        self.metrics.submission_finished(language, verdict, mode, waited(None, delivery));
    }
}
