//! Between AMQP properties and our own types: what a delivery says, and what its copy for the
//! retry or the dead queue takes along.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use lapin::{
    BasicProperties, Channel,
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{broker::Broker, receipt::Receipt};
use crate::intake::{Delivery, Lane, TooLarge, settle::Ticket};
use crate::message::NewRequest;

/// Header of a dead job: why, as one of [`DeadReason`](crate::intake::DeadReason).
pub const REASON: &str = "x-judge-reason";
/// Header of a dead job: the same for a human, at most 1 KiB.
pub const DETAIL: &str = "x-judge-detail";
/// Header of a retried or dead job: how often it has been through the retry queue.
pub const ATTEMPT: &str = "x-judge-attempt";
/// Header of a retried or dead job: the last failure that a retry was to mend, at most 1 KiB.
pub const CAUSE: &str = "x-judge-cause";
/// Header of a retried or dead job: the queue it came from, and goes back to when replayed.
pub const QUEUE: &str = "x-judge-queue";
/// Header of a dead job: how often its queue had handed it out when it was given up, the last time
/// included.
pub const DELIVERIES: &str = "x-judge-deliveries";
/// Header of a parked job: how often the queue it was submitted to had handed it out in vain. No copy
/// takes it along, and what is parked again gets it anew.
pub const DELIVERIES_BEFORE: &str = "x-judge-deliveries-before";
/// Header of a replayed job: the request that it is a replay of.
pub const REPLAY_OF: &str = "x-judge-replay-of";
/// Header of what the broker dead-lettered: where from.
pub(super) const DIED_IN: &str = "x-first-death-queue";
/// Header of what the broker dead-lettered: why.
pub(super) const DIED_OF: &str = "x-first-death-reason";

const MAX_DETAIL_BYTES: usize = 1024;

/// Headers by which the broker would route a copy elsewhere, or count what the copy hasn't done.
const NOT_COPIED: [&str; 5] = ["CC", "BCC", "x-delivery-count", "x-death", DELIVERIES_BEFORE];

/// An AMQP short string: what is over 255 bytes is cut, at a character.
pub(crate) fn short(text: &str) -> ShortString {
    ShortString::try_new(cut(text, 255)).unwrap_or_default()
}

/// What the worker gets to see of a message, with the means to settle it.
pub(super) fn delivery(
    broker: &Broker,
    channel: &Channel,
    lane: Lane,
    queue: &str,
    message: lapin::message::Delivery,
) -> Delivery {
    let limit = broker.config().max_body_bytes;
    let bytes = message.data.len();
    let properties = message.properties;
    let owned = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string);
    let headers = properties.headers().clone().unwrap_or_default();
    let delivery_count = match lane {
        Lane::Parked => count(&headers, DELIVERIES_BEFORE),
        Lane::Live | Lane::Bulk | Lane::Unanswered => 0,
    };
    let delivery_count = delivery_count.saturating_add(count(&headers, "x-delivery-count"));
    // A lane is where it waited. What the broker has moved belongs where it was at first; through the
    // retry queue, only our own header remembers that.
    let names = &broker.config().names;
    let home = text(&headers, QUEUE)
        .or_else(|| text(&headers, DIED_IN))
        .filter(|_| lane == Lane::Unanswered)
        .map(|home| if names.is_lane(&home) { names.submissions.clone() } else { home });
    Delivery {
        lane,
        delivery_count,
        attempt: count(&headers, ATTEMPT),
        redelivered: message.redelivered,
        reply_to: owned(properties.reply_to()).filter(|queue| !queue.is_empty()),
        correlation_id: owned(properties.correlation_id()),
        message_id: owned(properties.message_id()),
        traceparent: text(&headers, "traceparent"),
        enqueued_at: enqueued_at(&headers, *properties.timestamp()),
        body: message.data,
        oversized: (bytes > limit).then_some(TooLarge { bytes, limit }),
        ticket: Ticket::amqp(Receipt {
            broker: broker.clone(),
            _channel: channel.clone(),
            acker: message.acker,
            home,
            deliveries: match lane {
                Lane::Live | Lane::Parked | Lane::Bulk => delivery_count.saturating_add(1),
                Lane::Unanswered => broker.config().delivery_limit.saturating_add(1),
            },
            queue: match lane {
                Lane::Parked => names.submissions.clone(),
                Lane::Live | Lane::Bulk | Lane::Unanswered => queue.into(),
            },
            properties,
            place: None,
        }),
    }
}

type Setter = fn(BasicProperties, ShortString) -> BasicProperties;

/// The properties of a copy: the sender's, less what only holds for the original, plus `ours`.
/// `user_id` is the sender's too, but the broker refuses it from anyone else.
pub(super) fn copied(original: &BasicProperties, ours: &[(&str, AMQPValue)]) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in original.headers().iter().flatten() {
        if !NOT_COPIED.contains(&name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in ours {
        headers.insert(short(name), value.clone());
    }
    let mut copy = BasicProperties::default().with_headers(headers).with_delivery_mode(2);
    let texts: [(&Option<ShortString>, Setter); 7] = [
        (original.content_type(), BasicProperties::with_content_type),
        (original.content_encoding(), BasicProperties::with_content_encoding),
        (original.correlation_id(), BasicProperties::with_correlation_id),
        (original.reply_to(), BasicProperties::with_reply_to),
        (original.message_id(), BasicProperties::with_message_id),
        (original.kind(), BasicProperties::with_type),
        (original.app_id(), BasicProperties::with_app_id),
    ];
    for (value, set) in texts {
        if let Some(value) = value {
            copy = set(copy, value.clone());
        }
    }
    if let Some(priority) = *original.priority() {
        copy = copy.with_priority(priority);
    }
    match *original.timestamp() {
        Some(timestamp) => copy.with_timestamp(timestamp),
        None => copy,
    }
}

/// Beginnings of the headers that ours and the broker's accounts of a death are in.
const OF_DEATH: [&str; 4] = ["x-judge-", "x-first-death-", "x-last-death-", "x-death"];

/// The properties of a replay: the sender's, and nothing of what became of the message before.
pub(super) fn replayed(dead: &BasicProperties, request: Option<&NewRequest>) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in dead.headers().iter().flatten() {
        if !OF_DEATH.iter().any(|prefix| name.as_str().starts_with(prefix)) {
            headers.insert(name.clone(), value.clone());
        }
    }
    let alive = dead.clone().with_headers(headers);
    match request {
        None => copied(&alive, &[]),
        Some(NewRequest { request_id, replay_of, .. }) => {
            copied(&alive, &[(REPLAY_OF, detail(replay_of.as_str()))])
                .with_message_id(short(request_id.as_str()))
        }
    }
}

/// Headers for people: numbers and texts as they are, everything else as its kind.
pub(super) fn readable(headers: &FieldTable) -> BTreeMap<String, String> {
    let value = |name: &str, value: &AMQPValue| match (text(headers, name), integer(value)) {
        (Some(text), _) => text,
        (None, Some(number)) => number.to_string(),
        (None, None) => format!("({:?})", value.get_type()),
    };
    headers.into_iter().map(|(name, v)| (name.to_string(), value(name.as_str(), v))).collect()
}

/// A header value, cut to its bound.
pub(super) fn detail(value: &str) -> AMQPValue {
    AMQPValue::LongString(cut(value, MAX_DETAIL_BYTES).into())
}

fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// Senders disagree on integer types, and a header that makes no sense counts as absent.
pub(super) fn count(headers: &FieldTable, name: &str) -> u32 {
    let value = headers.inner().get(name).and_then(integer);
    value.map_or(0, |n| u32::try_from(n.max(0)).unwrap_or(u32::MAX))
}

fn integer(value: &AMQPValue) -> Option<i64> {
    match *value {
        AMQPValue::ShortShortInt(n) => Some(n.into()),
        AMQPValue::ShortShortUInt(n) => Some(n.into()),
        AMQPValue::ShortInt(n) => Some(n.into()),
        AMQPValue::ShortUInt(n) => Some(n.into()),
        AMQPValue::LongInt(n) => Some(n.into()),
        AMQPValue::LongUInt(n) => Some(n.into()),
        AMQPValue::LongLongInt(n) => Some(n),
        _ => None,
    }
}

pub(super) fn text(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name)? {
        AMQPValue::LongString(text) => String::from_utf8(text.as_bytes().to_vec()).ok(),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        _ => None,
    }
}

/// `timestamp_in_ms` is set by the broker's own interceptor, where it is on.
fn enqueued_at(headers: &FieldTable, timestamp: Option<u64>) -> Option<SystemTime> {
    let broker_ms = headers.inner().get("timestamp_in_ms").and_then(integer);
    let since_epoch = match broker_ms.and_then(|ms| u64::try_from(ms).ok()) {
        Some(ms) => Duration::from_millis(ms),
        None => Duration::from_secs(timestamp?),
    };
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_fits_a_short_string(text: String) {
            let short = short(&text);
            prop_assert!(short.as_str().len() <= 255 && text.starts_with(short.as_str()));
        }
    }

    #[test]
    fn a_copy_loses_what_would_route_it_elsewhere_or_have_it_refused() {
        let mut headers = FieldTable::default();
        for name in ["CC", "BCC", "x-death", "x-delivery-count", DELIVERIES_BEFORE, "traceparent"] {
            headers.insert(short(name), detail("value"));
        }
        let original = BasicProperties::default()
            .with_headers(headers)
            .with_user_id(short("somebody else"))
            .with_expiration(short("1"))
            .with_reply_to(short("replies"));
        let copy = copied(&original, &[(REASON, detail("poison"))]);
        let names: Vec<_> =
            copy.headers().iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["traceparent", REASON]);
        assert_eq!((copy.user_id(), copy.expiration()), (&None, &None));
        assert_eq!(copy.reply_to(), &Some(short("replies")));
        assert_eq!(copy.delivery_mode(), &Some(2));
    }

    #[test]
    fn a_count_is_read_from_any_integer_type_and_nonsense_is_none() {
        let mut headers = FieldTable::default();
        headers.insert(short("int"), AMQPValue::LongInt(3));
        headers.insert(short("byte"), AMQPValue::ShortShortUInt(4));
        headers.insert(short("negative"), AMQPValue::LongLongInt(-1));
        headers.insert(short("text"), detail("5"));
        let counts =
            ["int", "byte", "negative", "text", "absent"].map(|name| count(&headers, name));
        assert_eq!(counts, [3, 4, 0, 0, 0]);
    }

    #[test]
    fn an_absurd_timestamp_is_no_timestamp() {
        assert_eq!(enqueued_at(&FieldTable::default(), Some(u64::MAX)), None);
    }
}
