//! What is submitted, and what must come of it. A publisher that is not sure publishes again, at once
//! or much later; what it publishes arrives in any order.

use serde_json::json;

use crate::random::Random;

/// A request that was published, at least once.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub kind: Kind,
    /// Few, so that most have more than one waiting.
    pub user: &'static str,
}

/// A message, and after how many requests more it is published.
#[derive(Clone, Debug)]
pub struct Letter {
    pub message: Vec<u8>,
    pub after: usize,
}

/// In requests. Several times what is in flight: many a verdict has long been told by then.
const LONGEST_DELAY: usize = 60;

/// What is special about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Prints its id: `AC`.
    Accepted,
    /// Prints its id and ends with code 3: `RTE`.
    Failing,
    /// Published for two contents, of which one prints its id: the one that is claimed first counts,
    /// also where the other one comes long after the verdict.
    Conflicting,
    /// Of a problem that there is not: `JE`, and a dead letter.
    Unknown,
}

impl Request {
    /// The `number`th request.
    pub fn draw(number: usize, random: &mut Random) -> Self {
        let kind = match random.below(40) {
            0..6 => Kind::Failing,
            6 => Kind::Conflicting,
            7 => Kind::Unknown,
            _ => Kind::Accepted,
        };
        let user = ["anna", "anna", "ben", "cleo"][random.below(4)];
        Self { id: format!("r-{number}"), kind, user }
    }

    /// The messages that ask for it. The first one is published at once, others may be too, and may
    /// overtake it.
    pub fn letters(&self, random: &mut Random) -> Vec<Letter> {
        let print = format!("print('{}')\n", self.id);
        let first = match self.kind {
            Kind::Accepted | Kind::Conflicting => self.message("sums", &print),
            Kind::Failing => self.message("sums", &format!("{print}raise SystemExit(3)\n")),
            Kind::Unknown => self.message("no-such-problem", &print),
        };
        let other = (self.kind == Kind::Conflicting)
            .then(|| self.message("sums", "print('other')\n"))
            .map(|message| (message, random.below(2) * LONGEST_DELAY));
        let copies = [(6, 0), (6, LONGEST_DELAY)]
            .map(|(times, longest)| random.once_in(times).then(|| (first.clone(), longest)));
        let more = copies.into_iter().chain([other]).flatten();
        let more =
            more.map(|(message, longest)| Letter { message, after: random.below(longest + 1) });
        [Letter { message: first.clone(), after: 0 }].into_iter().chain(more).collect()
    }

    fn message(&self, problem: &str, source: &str) -> Vec<u8> {
        let message = json!({
            "requestId": self.id, "submissionId": format!("s-{}", self.id), "userId": self.user,
            "problemId": problem,
            "language": "python3", "mode": "custom", "stdin": "", "source": source,
        });
        message.to_string().into_bytes()
    }

    /// The verdicts, one of which it must get while nobody gives it up, and what its program must be
    /// seen to have printed.
    pub fn expected(&self) -> Vec<(&'static str, Option<String>)> {
        let printed = Some(format!("{}\n", self.id));
        match self.kind {
            Kind::Accepted => vec![("AC", printed)],
            Kind::Failing => vec![("RTE", printed)],
            Kind::Conflicting => vec![("AC", printed), ("AC", Some("other\n".to_owned()))],
            Kind::Unknown => vec![("JE", None)],
        }
    }
}
