//! Whose turn a message takes.

use sha2::{Digest, Sha256};

use super::{
    ids::{RoomId, UserId},
    object::Object,
};

/// Who shares turns with the others: the user of a message, without one its room, without either
/// somebody that all such messages have in common. The same for every worker of every version, since
/// it decides where work waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Submitter(u64);

impl Submitter {
    /// Of messages that don't say, or can't be read.
    pub const NOBODY: Self = Self(0);

    /// Reads no more of a message than these two keys.
    pub fn of_body(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let (message, _) = Object::read(text, "$", &["userId", "roomId"]);
        let user: Option<UserId> = message.optional("userId").unwrap_or_default();
        let room: Option<RoomId> = message.optional("roomId").unwrap_or_default();
        match (user, room) {
            (Some(user), _) => Self::of("user", user.as_str()),
            (None, Some(room)) => Self::of("room", room.as_str()),
            (None, None) => Self::NOBODY,
        }
    }

    /// Which of `lanes` lanes is this one's, from 0; `None` if there are none.
    pub fn lane(self, lanes: u16) -> Option<u16> {
        let lane = self.0.checked_rem(lanes.into())?;
        u16::try_from(lane).ok()
    }

    /// A digest, so that nobody can choose an id that falls together with somebody else's, but by
    /// trying.
    fn of(kind: &str, id: &str) -> Self {
        let digest = Sha256::digest(format!("{kind}:{id}"));
        let first = digest.first_chunk().expect("a digest has 32 bytes");
        Self(u64::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_user_goes_before_a_room_and_a_room_before_nobody() {
        let of = |text: &str| Submitter::of_body(text.as_bytes());
        let anna = of(r#"{"userId":"anna"}"#);
        assert_eq!(of(r#"{"source":"x","roomId":"r","userId":"anna","later":[1]}"#), anna);
        let room = of(r#"{"roomId":"anna","userId":null}"#);
        assert!(![anna, Submitter::NOBODY].contains(&room));
        for nobody in ["{}", "no JSON", r#"{"userId":7}"#, ""] {
            assert_eq!(of(nobody), Submitter::NOBODY, "{nobody}");
        }
    }

    #[test]
    fn what_waits_is_found_by_later_versions_too() {
        let anna = Submitter::of_body(br#"{"userId":"anna"}"#);
        assert_eq!(anna.lane(16), Some(6));
        assert_eq!(anna.lane(0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_lane_below_their_number(body: Vec<u8>, lanes in 1_u16..) {
            let lane = Submitter::of_body(&body).lane(lanes);
            prop_assert!(lane.is_some_and(|lane| lane < lanes));
        }
    }
}
