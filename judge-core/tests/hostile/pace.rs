//! How slow this machine is, and what that makes of the limits.
//!
//! Where the kernel is emulated, children and fresh memory cost ten times as much and a runtime takes
//! seconds to start. Limits that are not what a case is about grow by what known programs were seen
//! to take; those that are leave room for the start of the runtime, so that the attack gets its turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use judge_core::sandbox::Limits;
use judge_core::toolchain::Language;

use super::case::Case;

/// The problem's memory limit; a language may add what its own machinery needs.
pub const MEMORY_BYTES: u64 = 64 << 20;

/// What is run to know the pace, by language: in C what asks much of the kernel, else nothing at all.
pub const KNOWN: [(&str, &str); 4] = [
    ("c", include_str!("pace.c")),
    ("java", "class Main { public static void main(String[] args) {} }"),
    ("javascript", ""),
    ("python3", ""),
];

/// CPU time of the program in C on an ordinary machine, rounded up.
const USUAL: Duration = Duration::from_millis(40);

/// However slow a machine is, a program that hangs must not stop it for long.
const LARGEST_FACTOR: u32 = 10;

/// As measured.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How many times the usual the kernel's work takes; at least 1, at most [`LARGEST_FACTOR`].
    factor: u32,
    /// CPU time for the start of a runtime, by language.
    starts: BTreeMap<&'static str, Duration>,
}

impl Pace {
    /// From the CPU time of each of the [`KNOWN`] programs.
    pub fn of(mut cpu: impl FnMut(&str, &str) -> Duration) -> Self {
        let mut taken: BTreeMap<&str, Duration> =
            KNOWN.iter().map(|&(language, source)| (language, cpu(language, source))).collect();
        let kernel = taken.remove("c").expect("it is among the known");
        Self { factor: times_usual(kernel), starts: taken }
    }

    /// The language, with compile limits that are soon reached; a runtime with a heap of its own
    /// keeps its own.
    pub fn hurried(&self, case: &Case) -> Arc<Language> {
        let mut language = Language::clone(&case.language);
        let has_own_heap = language.compile.collect != ["program"];
        if !has_own_heap {
            language.compile.memory_mib = 256;
        }
        if !has_own_heap || case.expects("CTL") {
            language.compile.cpu_seconds = 4;
        }
        // Where time is what ends it, it may end an attack sooner that memory would have ended.
        if !case.expects("CTL") {
            language.compile.cpu_seconds *= u64::from(self.factor);
        }
        Arc::new(language)
    }

    /// Of a run: roomy where they are not what the case is about, so that a crowded machine changes
    /// nothing.
    pub fn limits(&self, case: &Case) -> Limits {
        let start = self.starts.get(case.language.id.as_str()).copied().unwrap_or_default() * 2;
        let second = Duration::from_secs(1) + start;
        let cpu = Duration::from_secs(4) * self.factor;
        let wall = Duration::from_secs(30) * self.factor;
        let cpu = if case.expects("TLE") { second } else { cpu };
        Limits {
            wall: if case.expects("WTL") { second } else { wall },
            file_size_bytes: 16 << 20,
            ..case.language.run_limits(cpu, MEMORY_BYTES, 1 << 20)
        }
    }

    /// Of a small honest program in C.
    pub fn honest_limits(&self, language: &Language) -> Limits {
        Limits {
            memory_bytes: MEMORY_BYTES,
            ..language.run_limits(Duration::from_secs(2) * self.factor, MEMORY_BYTES, 1 << 20)
        }
    }
}

/// Rounded down, so that a crowded host stays an ordinary one.
fn times_usual(taken: Duration) -> u32 {
    let times = u32::try_from(taken.as_millis() / USUAL.as_millis());
    times.unwrap_or(u32::MAX).clamp(1, LARGEST_FACTOR)
}

#[test]
fn an_ordinary_machine_has_the_usual_limits_and_a_slow_one_more() {
    assert_eq!([1, 39, 41, 79].map(Duration::from_millis).map(times_usual), [1; 4]);
    assert_eq!(times_usual(5 * USUAL), 5);
    assert_eq!(times_usual(Duration::from_secs(3600)), LARGEST_FACTOR);
}
