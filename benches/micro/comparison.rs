//! How fast the default output validator reads: bytes of output a second, one core.
//!
//! The output comes in pieces, as from a pipe; every case is a right output, which must be read to
//! its end.

use std::fmt::Write;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use judge_core::judging::comparison::{Comparison, ComparisonFlags, Mismatch};

/// Tokens of each output: some megabytes, more than a core's own caches hold.
const TOKENS: u64 = 500_000;

/// What the supervisor reads at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// An answer and a right output for it.
struct Case {
    name: &'static str,
    flags: ComparisonFlags,
    answer: String,
    output: String,
}

fn cases() -> [Case; 5] {
    let exact = ComparisonFlags {
        case_sensitive: true,
        space_change_sensitive: true,
        ..ComparisonFlags::default()
    };
    let tokens = ComparisonFlags::default();
    let floats = ComparisonFlags {
        float_absolute_tolerance: Some(1e-6),
        float_relative_tolerance: Some(1e-6),
        ..tokens
    };
    [
        Case {
            name: "identical, every byte counts",
            flags: exact,
            answer: integers(" "),
            output: integers(" "),
        },
        Case {
            name: "identical, tokens count",
            flags: tokens,
            answer: integers(" "),
            output: integers(" "),
        },
        Case {
            name: "other whitespace",
            flags: tokens,
            answer: integers(" "),
            output: integers("\r\n"),
        },
        Case {
            name: "identical floats",
            flags: floats,
            answer: integers(".125\n"),
            output: integers(".125\n"),
        },
        Case {
            name: "other digits of floats",
            flags: floats,
            answer: integers(".125\n"),
            output: integers(".12500001\n"),
        },
    ]
}

/// Integers of one to ten digits, with `end` after each.
fn integers(end: &str) -> String {
    let mut text = String::new();
    for n in 0..TOKENS {
        let number = spread(n) >> (n % 32);
        write!(text, "{number}{end}").expect("a string takes everything");
    }
    text
}

/// Scatters `n` over 32 bits (multiplicative hashing by the golden ratio), the same on every run.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

fn compare_in_chunks(case: &Case) -> Result<(), Mismatch> {
    let mut comparison = Comparison::new(case.answer.as_bytes(), case.flags);
    for chunk in case.output.as_bytes().chunks(CHUNK_BYTES) {
        let _ = comparison.feed(chunk); // `finish` knows
    }
    comparison.finish()
}

fn comparison(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("comparison");
    for case in cases() {
        assert!(compare_in_chunks(&case).is_ok(), "{}: the case is a right output", case.name);
        group.throughput(Throughput::Bytes(case.output.len() as u64));
        group.bench_function(case.name, |bencher| {
            bencher.iter(|| compare_in_chunks(&case));
        });
    }
    group.finish();
}

criterion_group!(benches, comparison);
criterion_main!(benches);
