//! What is accepted as a submission, what is refused, and what is said then.

use judge_worker::message::{
    MessageLimits, Metadata, Mode, RejectReason, RejectedMessage, Source, Submission,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({ "submissionId": "s-1", "problemId": "sum", "language": "cpp20", "source": "int main;" })
}

/// The minimal message with some keys set to other values, or away where they are null.
fn with(changes: &Value) -> Value {
    let mut message = minimal();
    for (key, value) in changes.as_object().unwrap() {
        message[key] = value.clone();
    }
    message
}

fn parse(message: &Value) -> Result<Submission, RejectedMessage> {
    Submission::parse(message.to_string().as_bytes(), &MessageLimits::default())
}

fn refused(message: &Value) -> (RejectReason, String) {
    let rejected = parse(message).expect_err("this is no valid submission");
    (rejected.reason(), rejected.detail().to_owned())
}

#[test]
fn the_least_message_asks_for_all_tests_under_the_submission_s_own_id() {
    let submission = parse(&minimal()).unwrap();
    assert_eq!(submission.request_id.as_str(), "s-1");
    assert_eq!(submission.mode, Mode::Submit);
    assert_eq!(submission.source, Source::Unnamed("int main;".to_owned()));
}

#[test]
fn null_means_absent_and_unknown_keys_are_ignored() {
    let message = with(&json!({
        "requestId": null, "files": null, "stdin": null, "limits": null, "metadata": null,
        "addedInTwoYears": { "deep": [1, 2, 3] },
    }));
    assert_eq!(parse(&message), parse(&minimal()));
}

#[test]
fn each_mistake_is_named_with_its_place() {
    let cases = [
        (
            with(&json!({ "submissionId": null })),
            RejectReason::Schema,
            "$.submissionId: this key is required",
        ),
        (
            with(&json!({ "problemId": "../etc" })),
            RejectReason::Schema,
            "$.problemId: expected a problemId matching ^[A-Za-z0-9_-]{1,64}$, found \"../etc\"",
        ),
        (
            with(&json!({ "submissionId": 7 })),
            RejectReason::Schema,
            "$.submissionId: invalid type: integer `7`, expected a string",
        ),
        (
            with(&json!({ "schemaVersion": 2 })),
            RejectReason::Schema,
            "$.schemaVersion: this worker understands schema version 1, found 2",
        ),
        (
            with(&json!({ "mode": "practice" })),
            RejectReason::Schema,
            "$.mode: unknown variant `practice`, expected one of `submit`, `sample`, `custom`",
        ),
        (with(&json!({ "mode": "custom" })), RejectReason::Schema, "$.stdin: this key is required"),
        (
            with(&json!({ "stdin": "1" })),
            RejectReason::Schema,
            "$.stdin: only mode `custom` has an input of its own",
        ),
        (
            with(&json!({ "limits": { "timeMs": 0 } })),
            RejectReason::Schema,
            "$.limits.timeMs: invalid value: integer `0`, expected a nonzero u64",
        ),
        (
            with(&json!({ "limits": [1] })),
            RejectReason::Schema,
            "$.limits: invalid type: sequence, expected an object",
        ),
        (
            with(&json!({ "metadata": "text" })),
            RejectReason::Schema,
            "$.metadata: invalid type: string \"text\", expected a map",
        ),
        (
            with(&json!({ "enqueuedAt": "yesterday" })),
            RejectReason::Schema,
            "$.enqueuedAt: expected a date and time of RFC 3339, like 2026-01-31T12:00:00Z",
        ),
        (
            with(&json!({ "enqueuedAt": "1999-12-31T23:59:59Z" })),
            RejectReason::Schema,
            "$.enqueuedAt: expected a year from 2000 to 2999, in UTC",
        ),
        (
            with(&json!({ "roomId": "a.b" })),
            RejectReason::Schema,
            "$.roomId: expected a roomId matching ^[A-Za-z0-9_:@=-]{1,64}$, found \"a.b\"",
        ),
    ];
    for (message, reason, detail) in cases {
        assert_eq!(refused(&message), (reason, detail.to_owned()), "{message}");
    }
}

#[test]
fn each_mistake_in_a_program_is_named_with_its_place() {
    let files = |files: Value| with(&json!({ "source": null, "files": files }));
    let cases = [
        (
            with(&json!({ "source": null })),
            RejectReason::BadSource,
            "$: expected either `source` or `files`, found neither",
        ),
        (
            with(&json!({ "files": [] })),
            RejectReason::BadSource,
            "$: expected either `source` or `files`, found both",
        ),
        (
            with(&json!({ "source": "a\0b" })),
            RejectReason::BadSource,
            "$.source: a NUL byte at byte 1: a program has none",
        ),
        (files(json!([])), RejectReason::BadSource, "$.files: expected at least one file"),
        (
            files(json!([{ "name": "a.c", "content": "" }, { "name": "a.c", "content": "" }])),
            RejectReason::BadSource,
            "$.files[1].name: a file of the name a.c was given before",
        ),
        (
            files(json!([{ "name": "-o", "content": "" }])),
            RejectReason::BadSource,
            "$.files[0].name: expected a file name matching ^[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,63}$, found \"-o\"",
        ),
        (
            files(json!([{ "name": "a.c" }])),
            RejectReason::Schema,
            "$.files[0].content: this key is required",
        ),
    ];
    for (message, reason, detail) in cases {
        assert_eq!(refused(&message), (reason, detail.to_owned()), "{message}");
    }
}

#[test]
fn bounds_are_inclusive() {
    let limits = MessageLimits::default();
    let (source, stdin) = (limits.max_source_bytes, limits.max_stdin_bytes);
    let custom = |bytes| with(&json!({ "mode": "custom", "stdin": "x".repeat(bytes) }));
    let files = |first, second| {
        let file = |name, bytes| json!({ "name": name, "content": "x".repeat(bytes) });
        with(&json!({ "source": null, "files": [file("a", first), file("b", second)] }))
    };
    // The quotes and the key take 7 bytes.
    let metadata = |bytes| with(&json!({ "metadata": { "k": "x".repeat(bytes - 8) } }));
    let many = |count| {
        let file = |n| json!({ "name": format!("f{n}"), "content": "" });
        with(&json!({ "source": null, "files": (0..count).map(file).collect::<Vec<_>>() }))
    };
    let cases = [
        (
            with(&json!({ "source": "x".repeat(source) })),
            with(&json!({ "source": "x".repeat(source + 1) })),
        ),
        (files(1, source - 1), files(1, source)),
        (many(limits.max_files), many(limits.max_files + 1)),
        (custom(stdin), custom(stdin + 1)),
        (metadata(Metadata::MAX_BYTES), metadata(Metadata::MAX_BYTES + 1)),
    ];
    for (fits, too_large) in cases {
        assert!(parse(&fits).is_ok(), "{:?}", parse(&fits));
        assert_eq!(refused(&too_large).0, RejectReason::TooLarge);
    }
}

#[test]
fn a_key_given_twice_is_refused_since_json_does_not_say_which_counts() {
    let body =
        br#"{"submissionId":"s","submissionId":"t","problemId":"p","language":"c","source":""}"#;
    let rejected = Submission::parse(body, &MessageLimits::default()).unwrap_err();
    assert_eq!(rejected.detail(), "$.submissionId: the key stands there more than once");
    assert_eq!(rejected.ids().submission_id, None);
    assert!(!rejected.ids().is_answerable());
}

#[test]
fn what_is_not_json_is_answered_if_an_id_came_before_the_mistake() {
    let limits = MessageLimits::default();
    let cut = br#"{"submissionId":"s-1","roomId":"r","source":"int m"#;
    let rejected = Submission::parse(cut, &limits).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::NotJson);
    assert_eq!(rejected.ids().request_id.as_ref().unwrap().as_str(), "s-1");
    assert_eq!(rejected.ids().room_id.as_ref().unwrap().as_str(), "r");
    for nothing in [&b"hello"[..], b"", b"[]", b"null", b"\xff\xfe", b"{\"submissionId\":"] {
        let rejected = Submission::parse(nothing, &limits).unwrap_err();
        assert!(!rejected.ids().is_answerable(), "{nothing:?}");
    }
}

#[test]
fn a_program_that_is_not_utf_8_is_refused_and_its_sender_can_be_told() {
    let body =
        b"{\"submissionId\":\"s-1\",\"problemId\":\"p\",\"language\":\"c\",\"source\":\"caf\xe9\"}";
    let rejected = Submission::parse(body, &MessageLimits::default()).unwrap_err();
    assert_eq!(rejected.detail(), "$: not UTF-8 after byte 66");
    assert_eq!(rejected.ids().submission_id.as_ref().unwrap().as_str(), "s-1");
}

#[test]
fn a_message_over_its_bound_is_refused_and_its_sender_can_be_told() {
    let limits = MessageLimits { max_message_bytes: 50, ..MessageLimits::default() };
    let rejected = Submission::parse(minimal().to_string().as_bytes(), &limits).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::TooLarge);
    assert_eq!(rejected.ids().submission_id.as_ref().unwrap().as_str(), "s-1");
}

#[test]
fn a_rejudge_whose_request_id_is_broken_is_not_answered_as_the_first_request() {
    let rejected = parse(&with(&json!({ "requestId": "not an id" }))).unwrap_err();
    assert_eq!(rejected.ids().request_id, None);
    assert_eq!(rejected.ids().submission_id.as_ref().unwrap().as_str(), "s-1");
}

#[test]
fn metadata_is_kept_byte_for_byte_and_a_broken_escape_in_it_is_refused() {
    let message = |metadata: &str| {
        let body = format!(
            r#"{{"submissionId":"s","problemId":"p","language":"c","source":"","metadata":{metadata}}}"#
        );
        Submission::parse(body.as_bytes(), &MessageLimits::default())
    };
    let kept = "{ \"b\" : 1.0e2,\t\"a\":\"\\u00e9\" }";
    assert_eq!(message(kept).unwrap().metadata.unwrap().as_json(), kept);
    assert!(message(r#"{"a":"\ud800"}"#).is_err());
    let deep = format!("{}{}", r#"{"a":"#.repeat(500), "}".repeat(500));
    assert!(message(&deep).is_err());
}

#[test]
fn the_content_hash_covers_what_is_judged_and_nothing_else() {
    let hash = |changes| parse(&with(&changes)).unwrap().content_hash();
    let base = hash(json!({}));
    for same in [
        json!({ "requestId": "r-2" }),
        json!({ "roomId": "r", "userId": "u", "historyKey": "h" }),
        json!({ "metadata": {}, "enqueuedAt": "2026-01-31T12:00:00Z" }),
    ] {
        assert_eq!(hash(same.clone()), base, "{same}");
    }
    let others = [
        json!({ "problemId": "sum2" }),
        json!({ "language": "cpp17" }),
        json!({ "source": "int main2;" }),
        json!({ "source": null, "files": [{ "name": "a", "content": "int main;" }] }),
        json!({ "source": null, "files": [{ "name": "ain", "content": "t main;" }] }),
        json!({ "mode": "sample" }),
        json!({ "mode": "custom", "stdin": "1" }),
        json!({ "mode": "custom", "stdin": "2" }),
        json!({ "limits": { "timeMs": 1 } }),
        json!({ "limits": { "memoryKib": 1 } }),
    ];
    let mut hashes: Vec<String> =
        others.into_iter().map(|changes| hash(changes).to_hex()).chain([base.to_hex()]).collect();
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn limits_are_only_ever_lowered() {
    use std::time::Duration;
    let submission =
        parse(&with(&json!({ "limits": { "timeMs": 500, "memoryKib": 1_000_000 } }))).unwrap();
    let limits = submission.limits;
    assert_eq!(limits.lower_cpu(Duration::from_secs(2)), Duration::from_millis(500));
    assert_eq!(limits.lower_cpu(Duration::from_millis(100)), Duration::from_millis(100));
    assert_eq!(limits.lower_memory_bytes(1 << 20), 1 << 20);
    assert_eq!(limits.lower_wall(Duration::from_secs(9)), Duration::from_secs(9));
}

/// Any valid message, with every key.
fn messages() -> impl Strategy<Value = Value> {
    let id = "[A-Za-z0-9_-]{1,64}";
    let program = prop_oneof![
        "[^\0]{0,60}".prop_map(|source| json!({ "source": source })),
        proptest::collection::btree_map("[a-zA-Z_][a-z.+-]{0,9}", "[^\0]{0,20}", 1..4).prop_map(
            |files| {
                let file = |(name, content)| json!({ "name": name, "content": content });
                json!({ "files": files.into_iter().map(file).collect::<Vec<_>>() })
            }
        ),
    ];
    let mode = prop_oneof![
        Just(json!({ "mode": "submit" })),
        Just(json!({ "mode": "sample" })),
        any::<String>().prop_map(|stdin| json!({ "mode": "custom", "stdin": stdin })),
    ];
    let limits = proptest::option::of(1_u64..).prop_map(|ms| json!({ "limits": { "timeMs": ms } }));
    let about = ("[A-Za-z0-9_:@=-]{1,64}", "[!-~]{1,128}", "[a-z]{0,9}", 0_i64..253_402_300_799)
        .prop_map(|(room, key, text, seconds)| {
            let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let at = judge_worker::message::Timestamp::clamped(at);
            json!({ "roomId": room, "historyKey": key, "metadata": { "k": text }, "enqueuedAt": at })
        });
    (id, id, program, mode, limits, about).prop_map(|(request, submission, a, b, c, d)| {
        let mut message = json!({
            "schemaVersion": 1, "requestId": request, "submissionId": submission,
            "problemId": "sum", "language": "java",
        });
        for part in [a, b, c, d] {
            let part = part.as_object().unwrap().clone();
            message.as_object_mut().unwrap().extend(part);
        }
        message
    })
}

proptest! {
    #[test]
    fn a_submission_written_out_parses_as_itself(message in messages()) {
        let submission = parse(&message).unwrap();
        let written = serde_json::to_vec(&submission).unwrap();
        let again = Submission::parse(&written, &MessageLimits::default()).unwrap();
        prop_assert_eq!(again.content_hash(), submission.content_hash());
        prop_assert_eq!(again, submission);
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Submission::parse(&body, &MessageLimits::default());
    }

    #[test]
    fn no_damage_to_a_message_makes_it_panic_or_lets_a_bad_one_through(
        message in messages(), at in any::<prop::sample::Index>(), byte: u8, cut: bool
    ) {
        let mut body = message.to_string().into_bytes();
        let at = at.index(body.len());
        if cut { body.truncate(at) } else { body[at] = byte }
        match Submission::parse(&body, &MessageLimits::default()) {
            Ok(_) => prop_assert!(serde_json::from_slice::<Value>(&body).is_ok()),
            Err(rejected) => {
                prop_assert!(rejected.detail().starts_with('$'));
                prop_assert!(rejected.detail().len() <= 400);
            }
        }
    }
}
