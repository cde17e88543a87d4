//! A message that was answered, made into a new request for the same submission.
//!
//! Its request has its one history row and its one verdict already, which consumers have seen by its
//! `messageId`: another verdict of the same request would contradict the first, or be taken for a
//! duplicate of it. A rejudge is a new request, and so is a replay. Its id follows from the old one,
//! so that replaying the same message twice is still one new request.

use std::str;

use sha2::{Digest, Sha256};

use super::{ids::RequestId, object::Object, parse::KEYS, reject::ReadableIds};

/// The same submission, asked for anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequest {
    /// The message: the old one byte for byte, but for its request id.
    pub body: Vec<u8>,
    /// Its request.
    pub request_id: RequestId,
    /// The request that had been answered.
    pub replay_of: RequestId,
}

impl NewRequest {
    /// `None` when no request can be read from `answered`: then nothing but the message itself could
    /// be sent again.
    pub fn of(answered: &[u8]) -> Option<Self> {
        let text = str::from_utf8(answered).ok()?;
        let (message, read) = Object::read(text, "$", KEYS);
        read.ok()?;
        let replay_of = ReadableIds::of(&message).request_id?;
        let request_id = RequestId::of_replay(&replay_of);
        let quoted = format!("\"{request_id}\"");
        let body = if let Some(old) = message.as_written("requestId") {
            let at = old.as_ptr().addr() - text.as_ptr().addr();
            format!("{}{quoted}{}", &text[..at], &text[at + old.len()..])
        } else {
            let (before, after) = text.split_once('{')?;
            // There is another key: the submission's id, which stood in for the request's.
            format!("{before}{{\"requestId\":{quoted},{after}")
        };
        Some(Self { body: body.into_bytes(), request_id, replay_of })
    }
}

impl RequestId {
    /// The request that a replay of `answered` is: 39 characters, always the same ones.
    pub fn of_replay(answered: &Self) -> Self {
        let hash = Sha256::new_with_prefix(b"judge replay 1").chain_update(answered.as_str());
        let hash = hash.finalize();
        let hex = hash[..16].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self::new(format!("replay-{hex}")).expect("a word and hexadecimal digits fit")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{MessageLimits, Submission};

    fn parsed(body: &[u8]) -> Submission {
        Submission::parse(body, &MessageLimits::default()).expect("a submission")
    }

    #[test]
    fn a_replay_differs_in_its_request_id_only() {
        let rest =
            r#""metadata": {"n": 1.50,  "n": 2}, "problemId":"p","language":"c","source":"{""#;
        for id in ["", r#""requestId" : "r-1" ,"#, r#""requestId":null,"#] {
            let body = format!(r#" {{{id} "submissionId":"r-1",{rest}}}"#);
            let replay = NewRequest::of(body.as_bytes()).expect("it has a request");
            let (old, new) = (parsed(body.as_bytes()), parsed(&replay.body));
            assert_eq!(replay.replay_of, old.request_id);
            assert_eq!(replay.request_id, new.request_id);
            assert_eq!(Submission { request_id: old.request_id.clone(), ..new }, old);
            let text = str::from_utf8(&replay.body).expect("text");
            assert!(text.ends_with(&format!("{rest}}}")), "{text}");
        }
    }

    #[test]
    fn what_has_no_request_is_no_new_request() {
        for body in ["", "no JSON", "[1]", "{}", r#"{"requestId":"a b","submissionId":"s"}"#] {
            assert_eq!(NewRequest::of(body.as_bytes()), None, "{body}");
        }
        assert_eq!(NewRequest::of(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn a_replay_of_a_replay_is_another_request(id in "[A-Za-z0-9_-]{1,64}") {
            let first = RequestId::new(id).unwrap();
            let second = RequestId::of_replay(&first);
            prop_assert_ne!(RequestId::of_replay(&second), second.clone());
            prop_assert_eq!(RequestId::of_replay(&first), second);
        }
    }
}
