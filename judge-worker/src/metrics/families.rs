//! Every metric family of the worker: its name, help, unit, buckets and labels.
//!
//! The label combinations that can occur are made at the start where they are few: a counter that
//! appears with its first event hides that event from `rate` and `increase`.

use super::labels::{
    Cache, CacheResult, DeadReason, DeliveryOutcome, Languages, Mechanism, ModeLabel, OTHER, Phase,
    RerunCause, SlotState, VerdictLabel,
};
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, Result,
};

/// Seconds. A small program on an idle worker takes under half a second, and a user notices past
/// one; the tail reaches to 30 min, `RabbitMQ`'s default `consumer_timeout`.
const SUBMISSION_BUCKETS: [f64; 12] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0];

/// Seconds. A free slot takes a delivery within milliseconds; a rejudge may wait for an hour.
const QUEUE_WAIT_BUCKETS: [f64; 13] =
    [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 3600.0];

/// Seconds. Storing and publishing take milliseconds; running all tests takes up to minutes.
const PHASE_BUCKETS: [f64; 13] =
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Seconds. A cache hit is below 10 ms, an interpreter's syntax check about 50 ms, C about 0.1 s,
/// C++ and Java 0.5 to 3 s; what takes longer is being ended by its limits.
const COMPILE_BUCKETS: [f64; 12] =
    [0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0];

/// Seconds. From the accounting's resolution to the longest limits in use; dense from 0.5 to 10 s,
/// where time limits lie.
const TEST_CPU_BUCKETS: [f64; 14] =
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0];

/// Seconds. A prepared slot starts a run within a millisecond or two; above 0.1 s the sandbox is
/// paying for something that it should have prepared.
const OVERHEAD_BUCKETS: [f64; 11] =
    [0.0003, 0.0006, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.1, 0.3, 1.0];

/// Submissions per second. The bucket of 0 counts idle intervals; 0.1 is one in an interval of ten
/// seconds, the least that is not idle.
const THROUGHPUT_BUCKETS: [f64; 10] = [0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];

const MIB: f64 = 1024.0 * 1024.0;

/// Bytes. Powers of two, as memory limits are: a C program takes 1 to 4 MiB, a Java one 32 and up.
const MEMORY_BUCKETS: [f64; 12] = [
    MIB,
    2.0 * MIB,
    4.0 * MIB,
    8.0 * MIB,
    16.0 * MIB,
    32.0 * MIB,
    64.0 * MIB,
    128.0 * MIB,
    256.0 * MIB,
    512.0 * MIB,
    1024.0 * MIB,
    2048.0 * MIB,
];

/// The families, each registered once.
#[derive(Debug)]
pub(super) struct Families {
    pub submission_duration: HistogramVec,
    pub queue_wait: Histogram,
    pub phase_duration: HistogramVec,
    pub compile_duration: HistogramVec,
    pub test_cpu: HistogramVec,
    pub test_memory: Histogram,
    pub sandbox_overhead: Histogram,
    pub throughput: Histogram,
    pub submissions: IntCounterVec,
    pub tests: IntCounterVec,
    pub deliveries: IntCounterVec,
    pub dead_letters: IntCounterVec,
    pub sandbox_kills: IntCounterVec,
    pub reruns: IntCounterVec,
    pub cache_requests: IntCounterVec,
    pub slots: IntGaugeVec,
    pub in_flight: IntGauge,
    pub oldest_in_flight: Gauge,
    pub host_noise: GaugeVec,
    /// No labels; a vector so that the series is absent until the speed has been measured.
    pub speed_factor: GaugeVec,
    pub sandbox_selftest: IntGauge,
    /// Absent until the walls were tried.
    pub sandbox_wall: IntGaugeVec,
    pub build_info: IntGaugeVec,
}

impl Families {
    #[expect(clippy::too_many_lines, reason = "a table: one entry a family, read by searching")]
    pub fn register(to: &Registry) -> Result<Self> {
        Ok(Self {
            submission_duration: histograms(
                to,
                "judge_submission_duration_seconds",
                "Time from when a submission was enqueued to its confirmed verdict.",
                &SUBMISSION_BUCKETS,
                &["language", "mode"],
            )?,
            queue_wait: histogram(
                to,
                "judge_queue_wait_seconds",
                "Time from when a submission was enqueued to when a slot began with it.",
                &QUEUE_WAIT_BUCKETS,
            )?,
            phase_duration: histograms(
                to,
                "judge_phase_duration_seconds",
                "Time that one phase of judging a submission took.",
                &PHASE_BUCKETS,
                &["phase"],
            )?,
            compile_duration: histograms(
                to,
                "judge_compile_duration_seconds",
                "Time to get a submission compiled, by whether the compile cache had it.",
                &COMPILE_BUCKETS,
                &["language", "cache"],
            )?,
            test_cpu: histograms(
                to,
                "judge_test_cpu_seconds",
                "CPU time that a submission used on one test.",
                &TEST_CPU_BUCKETS,
                &["language"],
            )?,
            test_memory: histogram(
                to,
                "judge_test_memory_bytes",
                "Peak memory of a submission on one test, page cache included.",
                &MEMORY_BUCKETS,
            )?,
            sandbox_overhead: histogram(
                to,
                "judge_sandbox_overhead_seconds",
                "Wall time that one run cost beyond the program's own.",
                &OVERHEAD_BUCKETS,
            )?,
            throughput: histogram(
                to,
                "judge_worker_throughput_submissions_per_second",
                "Submissions finished per second, one observation every ten seconds.",
                &THROUGHPUT_BUCKETS,
            )?,
            submissions: counters(
                to,
                "judge_submissions_total",
                "Submissions that got their verdict.",
                &["language", "verdict", "mode"],
            )?,
            tests: counters(
                to,
                "judge_tests_total",
                "Tests judged, by their own verdict.",
                &["verdict"],
            )?,
            deliveries: counters(
                to,
                "judge_deliveries_total",
                "Deliveries from the broker, by how they were settled.",
                &["outcome"],
            )?,
            dead_letters: counters(
                to,
                "judge_dead_letters_total",
                "Messages sent to the dead-letter queue, by reason.",
                &["reason"],
            )?,
            sandbox_kills: counters(
                to,
                "judge_sandbox_kills_total",
                "Runs ended by the sandbox, by the mechanism that fired.",
                &["mechanism"],
            )?,
            reruns: counters(to, "judge_reruns_total", "Runs made again, by cause.", &["cause"])?,
            cache_requests: counters(
                to,
                "judge_cache_requests_total",
                "Requests to a cache, by whether it had the answer.",
                &["cache", "result"],
            )?,
            slots: gauges(to, "judge_slots", "Slots, by what they are doing.", &["state"])?,
            in_flight: registered(
                to,
                IntGauge::new("judge_in_flight", "Submissions taken and not settled yet."),
            )?,
            oldest_in_flight: registered(
                to,
                Gauge::new(
                    "judge_oldest_in_flight_seconds",
                    "How long the oldest submission in hand has been; 0 if there is none.",
                ),
            )?,
            host_noise: registered(
                to,
                GaugeVec::new(
                    Opts::new(
                        "judge_host_noise_ratio",
                        "Share of time that others took from this host's CPUs.",
                    ),
                    &["source"],
                ),
            )?,
            speed_factor: registered(
                to,
                GaugeVec::new(
                    Opts::new(
                        "judge_speed_factor",
                        "Measured speed of this host relative to the reference host.",
                    ),
                    &[],
                ),
            )?,
            sandbox_selftest: registered(
                to,
                IntGauge::new(
                    "judge_sandbox_selftest",
                    "1 if the sandbox passed its self-test, 0 if it failed or has not run.",
                ),
            )?,
            sandbox_wall: gauges(
                to,
                "judge_sandbox_wall_holds",
                "1 if the wall held in the self-test, 0 if an attack got through it.",
                &["wall"],
            )?,
            build_info: gauges(
                to,
                "judge_build_info",
                "Always 1; the labels say what is running.",
                &["version", "commit", "cgroup"],
            )?,
        })
    }

    /// Makes the series of every label combination that can occur. The largest family has
    /// languages × 13 verdicts × 3 modes; `other` languages occur only in messages that could not
    /// be read, so they get the one series of those.
    pub fn initialise(&self, languages: &Languages) {
        for language in languages.iter() {
            self.test_cpu.with_label_values(&[language]);
            for result in CacheResult::ALL {
                self.compile_duration.with_label_values(&[language, result.as_str()]);
            }
            for mode in [ModeLabel::Submit, ModeLabel::Sample, ModeLabel::Custom] {
                self.submission_duration.with_label_values(&[language, mode.as_str()]);
                for verdict in VerdictLabel::ALL {
                    let labels = [language, verdict.as_str(), mode.as_str()];
                    self.submissions.with_label_values(&labels);
                }
            }
        }
        let unreadable = [OTHER, VerdictLabel::Je.as_str(), ModeLabel::Other.as_str()];
        self.submissions.with_label_values(&unreadable);
        for cache in Cache::ALL {
            for result in CacheResult::ALL {
                self.cache_requests.with_label_values(&[cache.as_str(), result.as_str()]);
            }
        }
        let one_label = [
            (&self.tests, VerdictLabel::ALL.iter().map(|l| l.as_str()).collect::<Vec<_>>()),
            (&self.deliveries, DeliveryOutcome::ALL.iter().map(|l| l.as_str()).collect()),
            (&self.dead_letters, DeadReason::ALL.iter().map(|l| l.as_str()).collect()),
            (&self.sandbox_kills, Mechanism::ALL.iter().map(|l| l.as_str()).collect()),
            (&self.reruns, RerunCause::ALL.iter().map(|l| l.as_str()).collect()),
        ];
        for (family, values) in one_label {
            for value in values {
                family.with_label_values(&[value]);
            }
        }
        for phase in Phase::ALL {
            self.phase_duration.with_label_values(&[phase.as_str()]);
        }
        for state in SlotState::ALL {
            self.slots.with_label_values(&[state.as_str()]);
        }
    }
}

fn histogram(to: &Registry, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(to, Histogram::with_opts(options))
}

fn histograms(
    to: &Registry,
    name: &str,
    help: &str,
    buckets: &[f64],
    labels: &[&str],
) -> Result<HistogramVec> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(to, HistogramVec::new(options, labels))
}

fn counters(to: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
    registered(to, IntCounterVec::new(Opts::new(name, help), labels))
}

fn gauges(to: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
    registered(to, IntGaugeVec::new(Opts::new(name, help), labels))
}

fn registered<C: Collector + Clone + 'static>(to: &Registry, family: Result<C>) -> Result<C> {
    let family = family?;
    to.register(Box::new(family.clone()))?;
    Ok(family)
}
