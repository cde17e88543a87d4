//! What is submitted, and what must come of it.

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

/// What is special about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Prints its id: `AC`.
    Accepted,
    /// Prints its id and ends with code 3: `RTE`.
    Failing,
    /// Published for two contents, of which one prints its id: the one that is claimed first counts.
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

    /// The messages that ask for it, in the order in which they are published first.
    pub fn messages(&self, random: &mut Random) -> Vec<Vec<u8>> {
        let print = format!("print('{}')\n", self.id);
        let mut messages = match self.kind {
            Kind::Accepted => vec![self.message("sums", &print)],
            Kind::Failing => vec![self.message("sums", &format!("{print}raise SystemExit(3)\n"))],
            Kind::Conflicting => {
                vec![self.message("sums", &print), self.message("sums", "print('other')\n")]
            }
            Kind::Unknown => vec![self.message("no-such-problem", &print)],
        };
        if random.once_in(6) {
            messages.extend_from_within(..1);
        }
        messages
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
