//! What a verdict message says, what it never says, and how large it gets.

use std::time::Duration;

use judge_worker::message::{
    CgroupVersion, Compile, Excerpt, Finite, GroupName, HiddenTest, HistoryKey, JudgingFault,
    LanguageId, MAX_EVENT_BYTES, MAX_TESTS, Mechanism, MessageLimits, Noise, ProblemVersion,
    Provenance, PublicData, PublicTest, Reason, SandboxLoss, Subject, Submission, SubmissionId,
    TestExcerpt, TestFacts, TestReport, Tests, Timestamp, UserId, Verdict, VerdictCode, WorkerName,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::datetime;

fn submission(changes: &Value) -> Submission {
    let mut message =
        json!({ "submissionId": "s-1", "problemId": "sum", "language": "c", "source": "" });
    message.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Submission::parse(message.to_string().as_bytes(), &MessageLimits::default()).unwrap()
}

fn worker() -> WorkerName {
    WorkerName::new("host-1").unwrap()
}

fn at() -> Timestamp {
    Timestamp::clamped(datetime!(2026-01-31 12:00:00.5 UTC))
}

fn facts(ordinal: u32, verdict: VerdictCode, reason: Option<Reason>) -> TestFacts {
    TestFacts {
        ordinal,
        group: None,
        verdict,
        cpu_time_ms: Some(u64::from(ordinal)),
        wall_time_ms: Some(10),
        memory_kib: None,
        reason,
    }
}

fn data(text: &str) -> PublicData {
    let piece = Some(TestExcerpt::of(text.as_bytes()));
    PublicData {
        input: piece.clone(),
        expected: piece.clone(),
        actual: piece.clone(),
        stderr: piece.clone(),
        checker_message: piece,
    }
}

fn public(facts: TestFacts, text: &str) -> TestReport {
    TestReport::Public(PublicTest { facts, data: data(text) })
}

fn hidden(facts: TestFacts) -> TestReport {
    TestReport::Hidden(HiddenTest { facts })
}

fn json_of(verdict: &Verdict) -> Value {
    serde_json::from_slice(&verdict.to_json()).unwrap()
}

#[test]
fn a_verdict_has_all_keys_in_their_order() {
    let submission = submission(&json!({ "roomId": "r", "metadata": { "b": 1, "a": 2 } }));
    let tests = vec![
        public(facts(1, VerdictCode::Accepted, None), "1"),
        hidden(facts(2, VerdictCode::WrongAnswer, Some(Reason::comparison()))),
    ];
    let verdict = Verdict {
        history_id: Some(7),
        reason: Some(Reason::comparison().into()),
        compile: Some(Compile { ok: true, output: Excerpt::of(b"warning\n"), cached: false }),
        tests_total: 9,
        ..Verdict::of(&submission, VerdictCode::WrongAnswer, worker(), at())
    }
    .with_tests(Tests::new(tests).unwrap());
    let text = String::from_utf8(verdict.to_json()).unwrap();
    insta::assert_snapshot!(text.replace(",\"", ",\n\""));
}

#[test]
fn a_rejected_message_is_answered_with_what_is_wrong_and_where() {
    let body = br#"{"submissionId":"s-1","roomId":"r","metadata":{"k":1},"problemId":5}"#;
    let rejected = Submission::parse(body, &MessageLimits::default()).unwrap_err();
    let verdict = Verdict::rejected(&rejected, worker(), at()).expect("an id was readable");
    assert_eq!(verdict.routing_key(), "verdict.r.s-1");
    let json = json_of(&verdict);
    assert_eq!(json["verdict"], "JE");
    assert_eq!(json["requestId"], "s-1");
    assert_eq!(json["metadata"], json!({ "k": 1 }));
    assert_eq!(json["reason"]["mechanism"], "message");
    assert_eq!(json["reason"]["text"], "$.problemId: invalid type: integer `5`, expected a string");
}

#[test]
fn a_rejected_message_without_any_id_has_no_answer() {
    let rejected = Submission::parse(b"hello", &MessageLimits::default()).unwrap_err();
    assert_eq!(Verdict::rejected(&rejected, worker(), at()), None);
}

#[test]
fn metadata_is_echoed_byte_for_byte() {
    let body = br#"{"submissionId":"s","problemId":"p","language":"c","source":"",
        "metadata":{ "z":1e2 , "a":[ ] }}"#;
    let submission = Submission::parse(body, &MessageLimits::default()).unwrap();
    let verdict = Verdict::of(&submission, VerdictCode::Accepted, worker(), at());
    let text = String::from_utf8(verdict.to_json()).unwrap();
    assert!(text.ends_with(r#""metadata":{ "z":1e2 , "a":[ ] }}"#), "{text}");
}

#[test]
fn every_code_is_written_as_the_contract_says_and_read_back() {
    for code in VerdictCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(code.as_str().parse(), Ok(code));
    }
}

#[test]
fn one_test_too_many_is_refused() {
    let test = || hidden(facts(1, VerdictCode::Accepted, None));
    assert!(Tests::new((0..MAX_TESTS).map(|_| test()).collect()).is_ok());
    assert!(Tests::new((0..=MAX_TESTS).map(|_| test()).collect()).is_err());
}

fn reasons() -> impl Strategy<Value = Option<Reason>> {
    let time = any::<u64>().prop_map(Duration::from_nanos);
    prop_oneof![
        Just(None),
        (time.clone(), time.clone()).prop_map(|(a, b)| Some(Reason::cpu_time(a, b))),
        (time.clone(), time).prop_map(|(a, b)| Some(Reason::wall_time(a, b))),
        any::<(u64, u64)>().prop_map(|(a, b)| Some(Reason::memory_bytes(a, b))),
        any::<(u64, u64)>().prop_map(|(a, b)| Some(Reason::output_bytes(a, b))),
        any::<(u64, u64)>().prop_map(|(a, b)| Some(Reason::processes(a, b))),
        any::<u64>().prop_map(|a| Some(Reason::file_size_bytes(a).by(Subject::Validator))),
        any::<i32>().prop_map(|a| Some(Reason::exit_code(a).by(Subject::Validator))),
        any::<i32>().prop_map(|a| Some(Reason::signal(a, Some("SIGSEGV")))),
        any::<Option<u32>>().prop_map(|a| Some(Reason::seccomp(a, None))),
        Just(Some(Reason::comparison())),
        Just(Some(Reason::refused_by_validator())),
        Just(Some(Reason::judging(JudgingFault::Validator))),
    ]
}

fn reports() -> impl Strategy<Value = TestReport> {
    let codes = prop::sample::select(&VerdictCode::ALL[..]);
    (any::<bool>(), any::<u32>(), codes, reasons()).prop_map(|(seen, ordinal, verdict, reason)| {
        let facts = facts(ordinal, verdict, reason);
        if seen { public(facts, "public") } else { hidden(facts) }
    })
}

proptest! {
    #[test]
    fn a_hidden_test_has_no_key_that_could_hold_data(
        reports in proptest::collection::vec(reports(), 0..40)
    ) {
        let reason = reports.iter().find_map(|report| report.facts().reason.clone());
        let verdict = Verdict {
            reason: reason.map(Into::into),
            ..Verdict::of(&submission(&json!({})), VerdictCode::WrongAnswer, worker(), at())
        }
        .with_tests(Tests::new(reports).unwrap());
        let json = json_of(&verdict);
        for test in json["tests"].as_array().unwrap() {
            let keys: Vec<&str> = test.as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = vec![
                "cpuTimeMs", "group", "memoryKib", "ordinal", "reason", "verdict", "visibility",
                "wallTimeMs",
            ];
            if test["visibility"] == "public" {
                expected.extend(["actual", "checkerMessage", "expected", "input", "stderr"]);
                expected.sort_unstable();
            }
            prop_assert_eq!(keys, expected);
        }
    }
}

proptest! {
    // Each case writes about a megabyte.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn no_verdict_is_larger_than_a_message_may_be(
        public_tests in prop_oneof![Just(0), 1..MAX_TESTS, Just(MAX_TESTS)], text in "[\"\\\\\\n\u{1}é]{1,9}"
    ) {
        let most = text.repeat(20_000);
        let id = "x".repeat(64);
        let files: Vec<Value> = (10..10 + MessageLimits::default().max_files)
            .map(|n| json!({ "name": format!("{n}{}", "f".repeat(62)), "content": "" }))
            .collect();
        let mut submission = submission(&json!({
            "requestId": id, "submissionId": id, "problemId": id, "roomId": id, "userId": id,
            "historyKey": "\"".repeat(128), "language": "x".repeat(32),
            "source": null, "files": files,
            "metadata": { "k": "\u{1}".repeat(600) },
        }));
        submission.submission_id = SubmissionId::new("y".repeat(64)).unwrap();
        submission.user_id = Some(UserId::new("y".repeat(64)).unwrap());
        submission.history_key = Some(HistoryKey::new("\"".repeat(128)).unwrap());
        submission.language = LanguageId::new("x".repeat(32)).unwrap();
        let reason = Reason::cpu_time(Duration::MAX, Duration::MAX).by(Subject::Validator);
        prop_assert_eq!(reason.mechanism(), Mechanism::CpuTime);
        let tests = (0..MAX_TESTS).map(|n| {
            let facts = TestFacts {
                ordinal: u32::MAX,
                group: Some(GroupName::new(&most)),
                verdict: VerdictCode::Cancelled,
                cpu_time_ms: Some(u64::MAX),
                wall_time_ms: Some(u64::MAX),
                memory_kib: Some(u64::MAX),
                reason: Some(reason.clone()),
            };
            if n < public_tests { public(facts, &most) } else { hidden(facts) }
        });
        let number = Finite::new(-1.234_567_890_123_456_7e-300);
        let verdict = Verdict {
            history_id: Some(i64::MIN),
            problem_version: Some(ProblemVersion::new("x".repeat(128)).unwrap()),
            title: Some(Excerpt::of(most.as_bytes())),
            reason: Some(reason.clone().into()),
            score: number,
            max_score: number,
            compile: Some(Compile { ok: false, output: Excerpt::of(most.as_bytes()), cached: false }),
            tests_total: u32::MAX,
            provenance: Some(Provenance {
                sandbox: [].into(),
                cgroup: CgroupVersion::Hybrid,
                memory_enforced: false,
                losses: [SandboxLoss::NoCgroups, SandboxLoss::OwnUser, SandboxLoss::KeptGroups].into(),
                toolchain: Some(Excerpt::of(most.as_bytes())),
                noise: Some(Noise { steal_ratio: number, cpu_pressure_ratio: number }),
                reruns: u32::MAX,
            }),
            ..Verdict::of(&submission, VerdictCode::Cancelled, worker(), at())
        }
        .with_tests(Tests::new(tests.collect()).unwrap());
        let bytes = verdict.to_json().len();
        prop_assert!(bytes < MAX_EVENT_BYTES, "{} bytes, {} public tests", bytes, public_tests);
    }
}
