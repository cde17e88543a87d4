//! What `/metrics` shows, as dashboards and alert rules rely on it: once released, only additions.

use judge_worker::metrics::labels::{
    Cache, CacheResult, CgroupLabel, DeadReason, DeliveryOutcome, Languages, Mechanism, ModeLabel,
    Phase, RerunCause, SlotState, VerdictLabel,
};
use judge_worker::metrics::{BuildInfo, Metrics};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

fn metrics() -> Metrics {
    let languages: Languages = ["c", "cpp20", "python3"].into_iter().collect();
    let build = BuildInfo { version: "0.1.0", commit: "unknown", cgroup: CgroupLabel::Hybrid };
    Metrics::new(languages, build).expect("every family is declared once")
}

fn value_of(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().expect("a sample ends in its value"))
}

/// One line a family: type, name and label names, `le` aside.
fn families(text: &str) -> String {
    let mut labels = BTreeMap::<&str, BTreeSet<&str>>::new();
    let mut kinds = BTreeMap::new();
    let mut family = "";
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').expect("a type follows the name");
            kinds.insert(name, kind);
            family = name;
        } else if let Some((_, rest)) = line.split_once('{') {
            let (inside, _) = rest.rsplit_once('}').expect("a label list ends");
            let names = inside.split(',').map(|l| l.split_once('=').expect("label=value").0);
            labels.entry(family).or_default().extend(names.filter(|name| *name != "le"));
        }
    }
    let line = |(name, kind): (&&str, &&str)| {
        let names: Vec<_> = labels.get(name).into_iter().flatten().copied().collect();
        format!("{kind} {name} {{{}}}\n", names.join(", "))
    };
    kinds.iter().map(line).collect()
}

#[test]
fn the_families_and_their_labels_are_those_of_the_contract() {
    let metrics = metrics();
    metrics.set_speed_factor(1.5);
    metrics.set_sandbox_wall(judge_core::sandbox::Wall::Memory, false);
    let text = metrics.encode().expect("text");
    let judge: Vec<_> = families(&text)
        .lines()
        // Absent until a clock tick has gone by, and on kernels that do not tell.
        .filter(|line| line.contains(" judge_") && !line.contains("judge_host_noise_ratio"))
        .map(str::to_owned)
        .collect();
    insta::assert_snapshot!(judge.join("\n"), @r"
    gauge judge_build_info {cgroup, commit, version}
    counter judge_cache_requests_total {cache, result}
    histogram judge_compile_duration_seconds {cache, language}
    counter judge_dead_letters_total {reason}
    counter judge_deliveries_total {outcome}
    gauge judge_in_flight {}
    gauge judge_oldest_in_flight_seconds {}
    histogram judge_phase_duration_seconds {phase}
    histogram judge_queue_wait_seconds {}
    counter judge_reruns_total {cause}
    counter judge_sandbox_kills_total {mechanism}
    histogram judge_sandbox_overhead_seconds {}
    gauge judge_sandbox_selftest {}
    gauge judge_sandbox_wall_holds {wall}
    gauge judge_slots {state}
    gauge judge_speed_factor {}
    histogram judge_submission_duration_seconds {language, mode}
    counter judge_submissions_total {language, mode, verdict}
    histogram judge_test_cpu_seconds {language}
    histogram judge_test_memory_bytes {}
    counter judge_tests_total {verdict}
    histogram judge_worker_throughput_submissions_per_second {}
    ");
}

#[test]
fn the_process_is_measured_too() {
    let text = metrics().encode().expect("text");
    for name in ["process_cpu_seconds_total", "process_resident_memory_bytes"] {
        assert!(value_of(&text, name).is_some(), "{name} is missing");
    }
}

#[test]
fn a_counter_is_there_before_its_first_event() {
    let text = metrics().encode().expect("text");
    for series in [
        r#"judge_submissions_total{language="c",mode="submit",verdict="JE"}"#,
        r#"judge_dead_letters_total{reason="other"}"#,
        r#"judge_deliveries_total{outcome="acked"}"#,
        r#"judge_cache_requests_total{cache="compile",result="hit"}"#,
    ] {
        assert_eq!(value_of(&text, series), Some(0.0), "{series}");
    }
}

#[test]
fn a_language_from_outside_cannot_make_a_series() {
    let metrics = metrics();
    let second = Duration::from_secs(1);
    let series = |metrics: &Metrics| {
        let text = metrics.encode().expect("text");
        text.lines().filter(|line| line.starts_with("judge_submission")).count()
    };
    metrics.submission_finished("brainfuck", VerdictLabel::Je, ModeLabel::Submit, second);
    let before = series(&metrics);
    for n in 0..100 {
        let language = format!("lang{n}");
        metrics.submission_finished(&language, VerdictLabel::Je, ModeLabel::Submit, second);
    }
    assert_eq!(series(&metrics), before);
    let counted = r#"judge_submissions_total{language="other",mode="submit",verdict="JE"}"#;
    assert_eq!(value_of(&metrics.encode().expect("text"), counted), Some(101.0));
}

#[test]
fn each_event_is_counted_where_it_belongs() {
    let metrics = metrics();
    let ms = Duration::from_millis;
    metrics.submission_finished("c", VerdictLabel::Wa, ModeLabel::Sample, ms(1500));
    metrics.observe_queue_wait(ms(40));
    metrics.observe_phase(Phase::Compile, ms(250));
    metrics.observe_compile("c", CacheResult::Miss, ms(250));
    metrics.test_judged("c", VerdictLabel::Wa, ms(20), 3 << 20);
    metrics.observe_sandbox_overhead(ms(2));
    metrics.sandbox_kill(Mechanism::Seccomp);
    metrics.rerun(RerunCause::Noise);
    metrics.cache(Cache::Problem, CacheResult::Hit);
    metrics.delivery(DeliveryOutcome::Acked);
    metrics.dead_letter(DeadReason::from("schema"));
    metrics.set_slots(SlotState::Busy, 2);
    metrics.set_sandbox_selftest(true);
    let _in_hand = metrics.in_flight();
    let text = metrics.encode().expect("text");
    for (series, value) in [
        (r#"judge_submissions_total{language="c",mode="sample",verdict="WA"}"#, 1.0),
        (r#"judge_submission_duration_seconds_sum{language="c",mode="sample"}"#, 1.5),
        ("judge_queue_wait_seconds_sum", 0.04),
        (r#"judge_phase_duration_seconds_sum{phase="compile"}"#, 0.25),
        (r#"judge_compile_duration_seconds_sum{cache="miss",language="c"}"#, 0.25),
        (r#"judge_tests_total{verdict="WA"}"#, 1.0),
        (r#"judge_test_cpu_seconds_sum{language="c"}"#, 0.02),
        ("judge_test_memory_bytes_sum", 3_145_728.0),
        ("judge_sandbox_overhead_seconds_sum", 0.002),
        (r#"judge_sandbox_kills_total{mechanism="seccomp"}"#, 1.0),
        (r#"judge_reruns_total{cause="noise"}"#, 1.0),
        (r#"judge_cache_requests_total{cache="problem",result="hit"}"#, 1.0),
        (r#"judge_deliveries_total{outcome="acked"}"#, 1.0),
        (r#"judge_dead_letters_total{reason="schema"}"#, 1.0),
        (r#"judge_slots{state="busy"}"#, 2.0),
        ("judge_sandbox_selftest", 1.0),
        ("judge_in_flight", 1.0),
    ] {
        assert_eq!(value_of(&text, series), Some(value), "{series}");
    }
}

#[test]
fn the_speed_of_a_host_is_absent_until_it_was_measured() {
    let metrics = metrics();
    assert_eq!(value_of(&metrics.encode().expect("text"), "judge_speed_factor"), None);
    metrics.set_speed_factor(0.8);
    assert_eq!(value_of(&metrics.encode().expect("text"), "judge_speed_factor"), Some(0.8));
}

#[test]
fn throughput_is_observed_for_the_intervals_that_ended_before_the_scrape() {
    let every = Duration::from_millis(5);
    let build = BuildInfo { version: "0.1.0", commit: "unknown", cgroup: CgroupLabel::Hybrid };
    let metrics = Metrics::with_throughput_every(every, Languages::from_iter(["c"]), build)
        .expect("every family is declared once");
    metrics.submission_finished("c", VerdictLabel::Ac, ModeLabel::Submit, Duration::from_secs(1));
    let [sum, count] = ["sum", "count"]
        .map(|what| format!("judge_worker_throughput_submissions_per_second_{what}"));
    let text = loop {
        let text = metrics.encode().expect("text");
        if Some(3.0) <= value_of(&text, &count) {
            break text;
        }
        std::thread::yield_now();
    };
    assert_eq!(value_of(&text, &sum), Some(1.0 / every.as_secs_f64()));
}

#[test]
fn promtool_accepts_the_text_without_a_complaint() {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs; `make test` installs it (Debian package prometheus)");
    let text = metrics().encode().expect("text");
    promtool.stdin.take().expect("piped").write_all(text.as_bytes()).expect("promtool reads");
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into());
    let nothing = [String::new(), String::new()];
    assert_eq!((output.status.code(), said), (Some(0), nothing));
}
