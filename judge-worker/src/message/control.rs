//! A message to every worker: what an operator or the API asks of it while it works.

use serde::Deserialize;

/// A command is a few dozen bytes. Larger ones aren't parsed.
const MAX_COMMAND_BYTES: usize = 4096;

/// What an operator or the API asks of every worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Give up on one submission, if it is in hand.
    Cancel(Target),
    /// Finish what is in hand, and leave.
    Drain,
    /// Read problems and settings again.
    Reload,
}

/// Which submission a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every request for this submission id.
    Submission(String),
    /// This request only.
    Request(String),
}

impl Command {
    /// Reads `{"type": "cancel", "submissionId" or "requestId": …}`, `{"type": "drain"}` or
    /// `{"type": "reload"}`. Fields we don't know are ignored, so that newer senders may add some.
    pub fn parse(body: &[u8]) -> Result<Self, BadCommand> {
        if body.len() > MAX_COMMAND_BYTES {
            return Err(BadCommand::TooLarge { bytes: body.len() });
        }
        match serde_json::from_slice(body)? {
            Wire::Drain {} => Ok(Self::Drain),
            Wire::Reload {} => Ok(Self::Reload),
            Wire::Cancel { submission_id: Some(id), request_id: None } => {
                Ok(Self::Cancel(Target::Submission(id)))
            }
            Wire::Cancel { submission_id: None, request_id: Some(id) } => {
                Ok(Self::Cancel(Target::Request(id)))
            }
            Wire::Cancel { .. } => Err(BadCommand::Target),
        }
    }
}

/// The sender's fault: the command is logged and dropped.
#[derive(Debug, thiserror::Error)]
pub enum BadCommand {
    /// Nobody looked into it.
    #[error("the command has {bytes} bytes, and at most {MAX_COMMAND_BYTES} are accepted")]
    TooLarge {
        /// Size of the body as it arrived.
        bytes: usize,
    },
    /// Not JSON, or no command.
    #[error("not a command")]
    Json(#[from] serde_json::Error),
    /// `cancel` names nothing, or two things.
    #[error("cancel names either a submissionId or a requestId")]
    Target,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Wire {
    Cancel { submission_id: Option<String>, request_id: Option<String> },
    Drain {},
    Reload {},
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cancel_names_exactly_one_thing() {
        let parse = |text: &str| Command::parse(text.as_bytes()).ok();
        assert_eq!(
            parse(r#"{"type":"cancel","submissionId":"s1","since":"later versions"}"#),
            Some(Command::Cancel(Target::Submission("s1".into())))
        );
        assert_eq!(
            parse(r#"{"type":"cancel","requestId":"r1"}"#),
            Some(Command::Cancel(Target::Request("r1".into())))
        );
        assert_eq!(parse(r#"{"type":"cancel"}"#), None);
        assert_eq!(parse(r#"{"type":"cancel","submissionId":"s","requestId":"r"}"#), None);
    }

    #[test]
    fn drain_and_reload_need_nothing_else() {
        assert_eq!(Command::parse(br#"{"type":"drain"}"#).ok(), Some(Command::Drain));
        assert_eq!(Command::parse(br#"{"type":"reload","v":2}"#).ok(), Some(Command::Reload));
        assert!(Command::parse(br#"{"type":"explode"}"#).is_err());
    }

    #[test]
    fn a_large_command_is_not_looked_into() {
        let large = format!(r#"{{"type":"drain","pad":"{}"}}"#, "x".repeat(MAX_COMMAND_BYTES));
        assert!(matches!(Command::parse(large.as_bytes()), Err(BadCommand::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(body: Vec<u8>) {
            let _ = Command::parse(&body);
        }
    }
}
