//! Routing keys of `judge.events`: `<type>.<roomId>.<submissionId>`, three words always.

use super::ids::{RoomId, SubmissionId};

/// Stands where an event has no room or no readable submission: no id can be this, so a binding
/// such as `verdict.~.*` finds exactly those.
const NONE: &str = "~";

/// At most 255 bytes, the bound of AMQP 0-9-1, since every id is bounded.
pub(super) fn routing_key(
    event: &str,
    room: Option<&RoomId>,
    submission: Option<&SubmissionId>,
) -> String {
    let room = room.map_or(NONE, RoomId::as_str);
    let submission = submission.map_or(NONE, SubmissionId::as_str);
    format!("{event}.{room}.{submission}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_key_fits_into_a_short_string_of_amqp() {
        let room = RoomId::new("r".repeat(RoomId::MAX_BYTES)).unwrap();
        let submission = SubmissionId::new("s".repeat(SubmissionId::MAX_BYTES)).unwrap();
        assert!(routing_key("progress", Some(&room), Some(&submission)).len() <= 255);
    }

    #[test]
    fn an_event_without_a_room_still_has_three_words() {
        let submission = SubmissionId::new("s-1").unwrap();
        assert_eq!(routing_key("verdict", None, Some(&submission)), "verdict.~.s-1");
    }
}
