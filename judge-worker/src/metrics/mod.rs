//! What Prometheus scrapes.
//!
//! ```text
//! worker ── typed methods ──▶ Metrics ◀── encode ── GET /metrics
//!                             │
//!                             ├ families    names, units, buckets
//!                             ├ in_flight   the age of the oldest, at the scrape
//!                             ├ throughput  the intervals that have ended, at the scrape
//!                             └ host        steal and pressure, at the scrape
//! ```
//!
//! The caller says what happened; names, labels and units are decided here. Labels are closed sets
//! ([`labels`]), so the number of series has a bound that no submission can move. Never here: ids,
//! rooms, users or test data; they belong in the log, or nowhere.

mod families;
mod host;
mod in_flight;
pub mod labels;
mod throughput;

use families::Families;
use host::HostNoise;
use in_flight::InFlightSet;
use judge_core::sandbox::Wall;
use labels::{
    Cache, CacheResult, CgroupLabel, DeadReason, DeliveryOutcome, Languages, Mechanism, ModeLabel,
    NoiseSource, Phase, RerunCause, SlotState, VerdictLabel,
};
use prometheus::process_collector::ProcessCollector;
use prometheus::{Registry, TextEncoder};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use throughput::Throughput;

pub use in_flight::InFlight;

/// The worker's metrics. Cheap to clone; all clones are the same metrics.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    families: Families,
    languages: Languages,
    in_flight: InFlightSet,
    host: Mutex<HostNoise>,
    throughput: Mutex<Throughput>,
}

/// What is running, for `judge_build_info`.
#[derive(Debug, Clone, Copy)]
pub struct BuildInfo<'a> {
    /// The version of the release.
    pub version: &'a str,
    /// The commit it was built from, or `unknown`.
    pub commit: &'a str,
    /// The cgroup hierarchies that the sandbox found.
    pub cgroup: CgroupLabel,
}

impl Metrics {
    /// Metrics with a registry of their own, in which every series that can be known is there.
    ///
    /// `languages` are the ids that may be labels; anything else is counted as `other`. Fails only
    /// if a family is declared twice or wrongly, which is a bug here.
    pub fn new(languages: Languages, build: BuildInfo<'_>) -> Result<Self, prometheus::Error> {
        Self::with_throughput_every(throughput::INTERVAL, languages, build)
    }

    /// The same, but that the throughput is observed once `every`.
    pub fn with_throughput_every(
        every: Duration,
        languages: Languages,
        build: BuildInfo<'_>,
    ) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let families = Families::register(&registry)?;
        families.initialise(&languages);
        let labels = [build.version, build.commit, build.cgroup.as_str()];
        families.build_info.with_label_values(&labels).set(1);
        Ok(Self(Arc::new(Inner {
            registry,
            families,
            languages,
            in_flight: InFlightSet::default(),
            host: Mutex::new(HostNoise::new("/proc")),
            throughput: Mutex::new(Throughput::new(every, Instant::now())),
        })))
    }

    /// All series in the text format 0.0.4 of Prometheus ([`prometheus::TEXT_FORMAT`]), with what
    /// is measured at the scrape measured now.
    pub fn encode(&self) -> Result<String, prometheus::Error> {
        self.refresh();
        TextEncoder::new().encode_to_string(&self.0.registry.gather())
    }

    /// A submission got its verdict, `duration` after it was enqueued.
    pub fn submission_finished(
        &self,
        language: &str,
        verdict: VerdictLabel,
        mode: ModeLabel,
        duration: Duration,
    ) {
        let (language, mode) = (self.0.languages.label(language), mode.as_str());
        let families = &self.0.families;
        families.submissions.with_label_values(&[language, verdict.as_str(), mode]).inc();
        let durations = families.submission_duration.with_label_values(&[language, mode]);
        durations.observe(duration.as_secs_f64());
        self.close_intervals().finish();
    }

    /// A slot began with a submission, `wait` after it was enqueued.
    pub fn observe_queue_wait(&self, wait: Duration) {
        self.0.families.queue_wait.observe(wait.as_secs_f64());
    }

    /// A phase of judging ended, well or not.
    pub fn observe_phase(&self, phase: Phase, duration: Duration) {
        let durations = self.0.families.phase_duration.with_label_values(&[phase.as_str()]);
        durations.observe(duration.as_secs_f64());
    }

    /// A source was compiled, or found in the compile cache.
    pub fn observe_compile(&self, language: &str, cache: CacheResult, duration: Duration) {
        let labels = [self.0.languages.label(language), cache.as_str()];
        let durations = self.0.families.compile_duration.with_label_values(&labels);
        durations.observe(duration.as_secs_f64());
    }

    /// One test was judged: its verdict, and what the run used.
    pub fn test_judged(
        &self,
        language: &str,
        verdict: VerdictLabel,
        cpu: Duration,
        memory_bytes: u64,
    ) {
        let families = &self.0.families;
        families.tests.with_label_values(&[verdict.as_str()]).inc();
        let language = self.0.languages.label(language);
        families.test_cpu.with_label_values(&[language]).observe(cpu.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "no host has 2^52 bytes of memory")]
        families.test_memory.observe(memory_bytes as f64);
    }

    /// What one run cost in wall time beyond the program's own.
    pub fn observe_sandbox_overhead(&self, overhead: Duration) {
        self.0.families.sandbox_overhead.observe(overhead.as_secs_f64());
    }

    /// The sandbox ended a run.
    pub fn sandbox_kill(&self, mechanism: Mechanism) {
        self.0.families.sandbox_kills.with_label_values(&[mechanism.as_str()]).inc();
    }

    /// A run is made again.
    pub fn rerun(&self, cause: RerunCause) {
        self.0.families.reruns.with_label_values(&[cause.as_str()]).inc();
    }

    /// A cache was asked.
    pub fn cache(&self, cache: Cache, result: CacheResult) {
        let labels = [cache.as_str(), result.as_str()];
        self.0.families.cache_requests.with_label_values(&labels).inc();
    }

    /// A delivery was settled.
    pub fn delivery(&self, outcome: DeliveryOutcome) {
        self.0.families.deliveries.with_label_values(&[outcome.as_str()]).inc();
    }

    /// A message went to the dead-letter queue. Counts the message only: its delivery is counted
    /// with [`Metrics::delivery`].
    pub fn dead_letter(&self, reason: DeadReason) {
        self.0.families.dead_letters.with_label_values(&[reason.as_str()]).inc();
    }

    /// A submission is in hand until the returned guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.0.in_flight.start(Instant::now())
    }

    /// How many slots are in `state` now.
    pub fn set_slots(&self, state: SlotState, slots: usize) {
        self.0.families.slots.with_label_values(&[state.as_str()]).set(gauge_value(slots));
    }

    /// This host's speed relative to the reference host; above 1 is faster. Until the first call
    /// there is no such series.
    pub fn set_speed_factor(&self, factor: f64) {
        self.0.families.speed_factor.with_label_values::<&str>(&[]).set(factor);
    }

    /// Whether the sandbox passed its self-test.
    pub fn set_sandbox_selftest(&self, passed: bool) {
        self.0.families.sandbox_selftest.set(passed.into());
    }

    /// Whether a wall held in the self-test.
    pub fn set_sandbox_wall(&self, wall: Wall, holds: bool) {
        self.0.families.sandbox_wall.with_label_values(&[wall.as_str()]).set(holds.into());
    }

    fn close_intervals(&self) -> MutexGuard<'_, Throughput> {
        // Numbers are right at any moment.
        let mut throughput = self.0.throughput.lock().unwrap_or_else(PoisonError::into_inner);
        for per_second in throughput.close(Instant::now()) {
            self.0.families.throughput.observe(per_second);
        }
        throughput
    }

    fn refresh(&self) {
        drop(self.close_intervals());
        let families = &self.0.families;
        let (in_flight, oldest) = self.0.in_flight.read(Instant::now());
        families.in_flight.set(gauge_value(in_flight));
        families.oldest_in_flight.set(oldest.as_secs_f64());
        // Parsing a line of text does not panic; were it to, the next scrape reads afresh.
        let mut host = self.0.host.lock().unwrap_or_else(PoisonError::into_inner);
        for source in NoiseSource::ALL {
            let label = [source.as_str()];
            if let Some(ratio) = host.ratio(*source) {
                families.host_noise.with_label_values(&label).set(ratio);
            } else {
                // Fails if there is none, which is what is wanted.
                let _ = families.host_noise.remove_label_values(&label);
            }
        }
    }
}

fn gauge_value(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
