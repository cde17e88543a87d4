//! What reading a submission message costs the worker, by the size of the program in it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use judge_worker::message::{MessageLimits, Submission};

/// A line of source that is longer as JSON: it has quotes, a tab and a line feed.
const LINE: &str = r#"\tprintf(\"%d\\n\", total);\n"#;

/// A whole message whose program has `lines` lines.
fn message(lines: usize) -> String {
    let source = LINE.repeat(lines);
    format!(
        r#"{{"schemaVersion": 1, "requestId": "request-1", "submissionId": "submission-1",
        "problemId": "sums", "language": "cpp20", "mode": "submit", "source": "{source}",
        "roomId": "room-1", "userId": "user-1", "historyKey": "room-1/1",
        "enqueuedAt": "2025-01-31T12:00:00.000Z", "limits": {{"timeMs": 1000}},
        "metadata": {{"participants": ["one", "two"], "title": "Sums", "fileName": "sums.cpp"}}}}"#
    )
}

fn parse(criterion: &mut Criterion) {
    let limits = MessageLimits::default();
    let mut group = criterion.benchmark_group("message");
    // A line is 24 bytes: programs of 1 KiB, as most are, and of the 64 KiB that are allowed.
    let cases = [("1 KiB of source", message(42)), ("64 KiB of source", message(2_700))];
    for (name, body) in &cases {
        let read = Submission::parse(body.as_bytes(), &limits);
        assert!(read.is_ok(), "{name}: {:?}", read.err());
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| Submission::parse(body.as_bytes(), &limits));
        });
    }
    // Whoever fills the queue with rubbish should gain nothing by it.
    let broken = cases[1].1.trim_end_matches('}');
    assert!(Submission::parse(broken.as_bytes(), &limits).is_err());
    group.throughput(Throughput::Bytes(broken.len() as u64));
    group.bench_function("64 KiB, cut off", |bencher| {
        bencher.iter(|| Submission::parse(broken.as_bytes(), &limits));
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
