//! Between AMQP properties and our own types: what a delivery says, and what its copy for the
//! retry or the dead queue takes along.

use std::time::{Duration, SystemTime};

use lapin::{
    BasicProperties, Channel,
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{broker::Broker, receipt::Receipt};
use crate::intake::{Delivery, Lane, TooLarge, settle::Ticket};

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

const MAX_DETAIL_BYTES: usize = 1024;

/// Headers by which the broker would route a copy elsewhere, or count what the copy hasn't done.
const NOT_COPIED: [&str; 4] = ["CC", "BCC", "x-delivery-count", "x-death"];

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
    Delivery {
        lane,
        delivery_count: count(&headers, "x-delivery-count"),
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
            queue: queue.into(),
            properties,
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

/// A header value, cut to its bound.
pub(super) fn detail(value: &str) -> AMQPValue {
    AMQPValue::LongString(cut(value, MAX_DETAIL_BYTES).into())
}

fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// Senders disagree on integer types, and a header that makes no sense counts as absent.
fn count(headers: &FieldTable, name: &str) -> u32 {
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

fn text(headers: &FieldTable, name: &str) -> Option<String> {
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
        for name in ["CC", "BCC", "x-death", "x-delivery-count", "traceparent"] {
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
