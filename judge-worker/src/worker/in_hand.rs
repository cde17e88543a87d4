//! The submissions in hand, so that they can be withdrawn.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::message::{RequestId, Submission};

/// Why a submission was withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// Somebody asked for it: it gets the verdict `CANCELLED`.
    Cancelled,
    /// Another worker has it, or will: there is no verdict of ours.
    GivenBack,
}

/// All submissions in hand.
#[derive(Debug, Clone, Default)]
pub struct InHand(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    entries: Mutex<BTreeMap<RequestId, Entry>>,
    given_back: CancellationToken,
}

#[derive(Debug)]
struct Entry {
    submission_id: String,
    cancel: CancellationToken,
    withdrawn: Option<Withdrawn>,
}

/// One submission in hand; let go when dropped.
#[derive(Debug)]
pub struct Held {
    all: InHand,
    request_id: RequestId,
    /// Withdraws its runs.
    pub cancel: CancellationToken,
}

impl InHand {
    /// Takes a submission in hand. `None`: it is already, here.
    pub fn take(&self, submission: &Submission) -> Option<Held> {
        let mut entries = self.entries();
        if entries.contains_key(&submission.request_id) {
            return None;
        }
        let cancel = CancellationToken::new();
        let entry = Entry {
            submission_id: submission.submission_id.to_string(),
            cancel: cancel.clone(),
            withdrawn: None,
        };
        entries.insert(submission.request_id.clone(), entry);
        drop(entries);
        Some(Held { all: self.clone(), request_id: submission.request_id.clone(), cancel })
    }

    /// Cancels what has this request id or submission id; how many that were.
    pub fn cancel(&self, request_id: Option<&str>, submission_id: Option<&str>) -> usize {
        self.withdraw(Withdrawn::Cancelled, |request, entry| {
            request_id.is_some_and(|wanted| wanted == request.as_str())
                || submission_id.is_some_and(|wanted| wanted == entry.submission_id)
        })
    }

    /// Withdraws everything, for the worker ends; how many that were.
    pub fn give_all_back(&self) -> usize {
        self.0.given_back.cancel();
        self.withdraw(Withdrawn::GivenBack, |_, _| true)
    }

    /// Cancelled once everything is withdrawn: whoever waits for something need not any more.
    pub fn given_back(&self) -> &CancellationToken {
        &self.0.given_back
    }

    fn withdraw(&self, why: Withdrawn, which: impl Fn(&RequestId, &Entry) -> bool) -> usize {
        let mut count = 0;
        for (request, entry) in self.entries().iter_mut() {
            if entry.withdrawn.is_none() && which(request, entry) {
                entry.withdrawn = Some(why);
                entry.cancel.cancel();
                count += 1;
            }
        }
        count
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<RequestId, Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Whether and why it was withdrawn.
    pub fn withdrawn(&self) -> Option<Withdrawn> {
        self.all.entries().get(&self.request_id).and_then(|entry| entry.withdrawn)
    }

    /// Withdraws it because its lease is lost.
    pub fn give_back(&self) {
        self.all.withdraw(Withdrawn::GivenBack, |request, _| *request == self.request_id);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.entries().remove(&self.request_id);
    }
}
