//! What was asked, stored, told and buried, and whether it adds up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::work::{Kind, Request};

/// A history row with its claim.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    pub request_id: String,
    pub verdict: String,
    pub report: String,
    pub state: Option<String>,
    pub given_up: Option<String>,
    pub fence: Option<i64>,
}

/// A message about a request, as a consumer of `judge.events` or of `judge.dead` gets it.
#[derive(Clone, Debug)]
pub struct Told {
    pub message_id: Option<String>,
    /// `x-judge-reason`, of dead letters.
    pub reason: Option<String>,
    pub body: Value,
}

/// All there is to know in the end.
pub struct Books {
    pub requests: Vec<Request>,
    pub rows: Vec<Row>,
    /// Rows of the outbox, and claims that are not finished.
    pub unfinished: i64,
    pub verdicts: Vec<Told>,
    pub progress: Vec<Value>,
    pub dead: Vec<Told>,
    /// Reports as they were when somebody was told of them.
    pub seen: BTreeMap<String, String>,
}

impl Books {
    /// Panics with all that does not add up; else tells the numbers.
    pub fn balance(&self) -> String {
        let mut wrong = Vec::new();
        let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            rows.entry(&row.request_id).or_default().push(row);
        }
        let mut given_up = 0;
        for request in &self.requests {
            match rows.remove(request.id.as_str()).as_deref() {
                Some([row]) => {
                    given_up +=
                        usize::from(row.given_up.is_some() && request.kind != Kind::Unknown);
                    self.check(request, row, &mut wrong);
                }
                found => wrong.push(format!("{} has the rows {found:?}", request.id)),
            }
        }
        wrong.extend(rows.into_keys().map(|id| format!("nobody asked for {id}")));
        if self.unfinished != 0 {
            wrong.push(format!("{} claims or events are left", self.unfinished));
        }
        self.check_progress(&mut wrong);
        assert!(wrong.is_empty(), "the books do not balance:\n{}", wrong.join("\n"));
        let (requests, verdicts) = (self.requests.len(), self.verdicts.len());
        let fence = self.rows.iter().filter_map(|row| row.fence).max().unwrap_or(0);
        format!(
            "{requests} requests have a row each and {verdicts} verdict messages; {} dead letters; \
             {given_up} given up after too many failures; the highest fencing token is {fence}",
            self.dead.len()
        )
    }

    fn check(&self, request: &Request, row: &Row, wrong: &mut Vec<String>) {
        let id = &request.id;
        let told: Vec<_> = self.verdicts.iter().filter(|v| v.body["requestId"] == **id).collect();
        if told.is_empty() {
            wrong.push(format!("nobody was told of {id}"));
        }
        let stored: Value = serde_json::from_str(&row.report).expect("JSON");
        for told in told {
            if told.body != stored {
                wrong.push(format!("{id}: stored {stored}, told {}", told.body));
            }
            if told.message_id.as_ref() != Some(id) {
                wrong.push(format!("{id} was told as {:?}", told.message_id));
            }
        }
        if row.state.as_deref() != Some("finished") {
            wrong.push(format!("{id} is {:?} and has a row", row.state));
        }
        if self.seen.get(id).is_some_and(|seen| *seen != row.report) {
            wrong.push(format!("the row of {id} has changed since it was told"));
        }
        let letters: BTreeSet<_> = self
            .dead
            .iter()
            .filter(|letter| letter.body["requestId"] == **id)
            .filter_map(|letter| letter.reason.clone())
            .collect();
        let mut expected: BTreeSet<String> = row.given_up.clone().into_iter().collect();
        if request.kind == Kind::Conflicting {
            expected.insert("conflict".to_owned());
        }
        if letters != expected {
            wrong.push(format!("{id} is dead of {letters:?}, not of {expected:?}"));
        }
        let printed = stored["tests"][0]["actual"].as_str().map(str::to_owned);
        let verdict = (row.verdict.as_str(), printed);
        let is_given_up = row.given_up.is_some() && verdict == ("JE", None);
        if !is_given_up && !request.expected().contains(&verdict) {
            wrong.push(format!("{id} ({:?}) got {verdict:?}: {stored}", request.kind));
        }
    }

    /// Whoever drops what has not a higher number than what came before never sees a status of a
    /// request go backwards.
    fn check_progress(&self, wrong: &mut Vec<String>) {
        let mut latest: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for told in &self.progress {
            let (Some(id), Some(seq)) = (told["requestId"].as_str(), told["seq"].as_u64()) else {
                wrong.push(format!("odd progress: {told}"));
                continue;
            };
            let stage = match told["stage"].as_str() {
                Some("received") => 0,
                Some("compiling") => 1,
                _ => 2,
            };
            let now = (seq, stage, told["testsDone"].as_u64().unwrap_or(0));
            match latest.get(id) {
                Some((before, ..)) if seq <= *before => {}
                // A higher try begins anew, and says so by its numbers.
                Some(before)
                    if before.0 >> 32 == seq >> 32 && (now.1, now.2) < (before.1, before.2) =>
                {
                    wrong.push(format!("{id} went from {before:?} to {now:?}"));
                }
                _ => drop(latest.insert(id, now)),
            }
        }
    }
}
