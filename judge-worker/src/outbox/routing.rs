//! Routing keys of `judge.events`: `<kind>.<roomId>.<submissionId>`.

/// Longest id that enters a key whole: three words and two dots stay below AMQP's 255 bytes.
const MAX_ID_BYTES: usize = 120;

/// Stands where an event has no room. No id of the contract can be this, so a binding such as
/// `verdict.~.*` finds exactly those.
const NONE: &str = "~";

/// The key for a kind of event. An id is always one word, so that `verdict.*.*` matches every
/// verdict and `*.room7.*` every event of a room: what topic patterns give a meaning (`.`, `*`,
/// `#`) and control characters become `_`. An absent room is [`NONE`].
pub(super) fn key(kind: &str, room_id: Option<&str>, submission_id: &str) -> String {
    format!("{kind}.{}.{}", word(room_id.unwrap_or_default()), word(submission_id))
}

fn word(id: &str) -> String {
    let id = &id[..id.floor_char_boundary(MAX_ID_BYTES)];
    let harmless = |c: char| {
        if c.is_control() || ".*#".contains(c) { '_' } else { c }
    };
    if id.is_empty() {
        return NONE.into();
    }
    id.chars().map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ids_of_the_contract_enter_a_key_as_they_are() {
        assert_eq!(key("verdict", Some("room-7"), "Sub_1"), "verdict.room-7.Sub_1");
        assert_eq!(key("progress", None, "s"), "progress.~.s");
    }

    proptest! {
        #[test]
        fn a_key_has_three_words_and_fits_whatever_the_ids(room: Option<String>, submission: String) {
            let key = key("progress", room.as_deref(), &submission);
            let words: Vec<_> = key.split('.').collect();
            prop_assert!(key.len() <= 255);
            prop_assert!(words.len() == 3 && words.iter().all(|word| !word.is_empty()));
        }
    }
}
