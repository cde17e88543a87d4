//! Routing keys of `judge.events`: `<type>.<roomId>.<submissionId>`, three words always.

/// Longest id that enters a key whole: three words and two dots stay below AMQP's 255 bytes.
const MAX_ID_BYTES: usize = 120;

/// Stands where an event has no room or no readable submission: no id can be this, so a binding
/// such as `verdict.~.*` finds exactly those.
const NONE: &str = "~";

/// The key for a kind of event. An id is always one word, so that `verdict.*.*` matches every
/// verdict and `*.room7.*` every event of a room. Ids that were checked enter as they are; of
/// others, such as those of a row written by another version, what topic patterns give a meaning
/// (`.`, `*`, `#`) and control characters become `_`.
pub(crate) fn routing_key(event: &str, room: Option<&str>, submission: Option<&str>) -> String {
    format!("{event}.{}.{}", word(room), word(submission))
}

fn word(id: Option<&str>) -> String {
    let id = id.filter(|id| !id.is_empty()).unwrap_or(NONE);
    let id = &id[..id.floor_char_boundary(MAX_ID_BYTES)];
    let harmless = |c: char| {
        if c.is_control() || ".*#".contains(c) { '_' } else { c }
    };
    id.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{RoomId, SubmissionId};

    #[test]
    fn the_longest_ids_enter_a_key_as_they_are() {
        let room = RoomId::new("r".repeat(RoomId::MAX_BYTES)).unwrap();
        let submission = SubmissionId::new("s".repeat(SubmissionId::MAX_BYTES)).unwrap();
        let key = routing_key("progress", Some(room.as_str()), Some(submission.as_str()));
        assert_eq!(key, format!("progress.{room}.{submission}"));
    }

    #[test]
    fn an_event_without_a_room_still_has_three_words() {
        assert_eq!(routing_key("verdict", None, Some("s-1")), "verdict.~.s-1");
        assert_eq!(routing_key("verdict", Some(""), None), "verdict.~.~");
    }

    proptest! {
        #[test]
        fn a_key_has_three_words_and_fits_whatever_the_ids(
            room: Option<String>, submission: Option<String>,
        ) {
            let key = routing_key("verdict", room.as_deref(), submission.as_deref());
            let words: Vec<_> = key.split('.').collect();
            prop_assert!(key.len() <= 255);
            prop_assert!(words.len() == 3 && words.iter().all(|word| !word.is_empty()));
        }
    }
}
