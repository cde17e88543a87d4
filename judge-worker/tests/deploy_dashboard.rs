//! The shipped dashboards against a real Prometheus that scraped the real `/metrics`: a metric
//! renamed on one side only leaves a panel without data, and fails here.

#[path = "support/prometheus.rs"]
mod prometheus;

use judge_worker::http::{HttpServer, Readiness};
use judge_worker::metrics::labels::{
    Cache, CacheResult, CgroupLabel, DeadReason, DeliveryOutcome, Languages, Mechanism, ModeLabel,
    Phase, RerunCause, SlotState, VerdictLabel,
};
use judge_worker::metrics::{BuildInfo, Metrics};
use prometheus::{Prometheus, deploy};
use std::net::SocketAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A worker's metrics, served, with something of everything going on until it is dropped.
struct BusyWorker {
    address: SocketAddr,
    stop: CancellationToken,
}

impl BusyWorker {
    async fn start() -> Self {
        let build = BuildInfo { version: "0", commit: "unknown", cgroup: CgroupLabel::V2 };
        let languages = Languages::from_iter(["c", "python3"]);
        let metrics = Metrics::with_throughput_every(Duration::from_secs(1), languages, build)
            .expect("every family is declared once");
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = HttpServer::bind(free).await.expect("a free port");
        let address = server.local_addr();
        let stop = CancellationToken::new();
        tokio::spawn(server.serve(metrics.clone(), Readiness::waiting_for([]), (), stop.clone()));
        tokio::spawn(stop.clone().run_until_cancelled_owned(keep_busy(metrics)));
        Self { address, stop }
    }
}

impl Drop for BusyWorker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn keep_busy(metrics: Metrics) {
    metrics.set_sandbox_selftest(true);
    metrics.set_slots(SlotState::Busy, 1);
    metrics.set_slots(SlotState::Idle, 1);
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    loop {
        ticks.tick().await;
        let ms = Duration::from_millis;
        let _in_hand = metrics.in_flight();
        metrics.observe_queue_wait(ms(20));
        for phase in Phase::ALL {
            metrics.observe_phase(*phase, ms(30));
        }
        metrics.observe_compile("c", CacheResult::Miss, ms(200));
        metrics.test_judged("c", VerdictLabel::Ac, ms(12), 2 << 20);
        metrics.observe_sandbox_overhead(ms(2));
        metrics.submission_finished("c", VerdictLabel::Ac, ModeLabel::Submit, ms(300));
        metrics.delivery(DeliveryOutcome::Acked);
        metrics.dead_letter(DeadReason::Schema);
        metrics.sandbox_kill(Mechanism::CpuTime);
        metrics.rerun(RerunCause::Noise);
        metrics.cache(Cache::Compile, CacheResult::Miss);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_every_dashboard_has_data_from_a_busy_worker() {
    let worker = BusyWorker::start().await;
    let prometheus = Prometheus::scraping(&[worker.address.to_string()]);
    let mut dashboards = 0;
    for entry in std::fs::read_dir(deploy("grafana/dashboards")).expect("a directory") {
        let path = entry.expect("an entry").path();
        let output = prometheus.dashboard_queries(&path, &["--wait", "60"]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{errors}", path.display());
        dashboards += 1;
    }
    assert!(0 < dashboards);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_without_data_or_with_an_error_is_named() {
    let worker = BusyWorker::start().await;
    let prometheus = Prometheus::scraping(&[worker.address.to_string()]);
    let panel = |title: &str, expr: &str| serde_json::json!({"title": title, "targets": [{"refId": "A", "expr": expr}]});
    let dashboard = serde_json::json!({
        "title": "Broken",
        "templating": {"list": [
            {"name": "room", "type": "query", "query": "label_values(judge_in_flight, room)"},
        ]},
        "panels": [
            panel("good", "judge_in_flight"),
            panel("renamed", "judge_in_fright"),
            panel("never observed", "0 * judge_in_flight / 0"),
            panel("misspelt", "sum(judge_in_flight"),
            panel("undeclared", r#"judge_in_flight{instance=~"$wroker"}"#),
        ],
    });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), dashboard.to_string()).expect("written");
    let output = prometheus.dashboard_queries(file.path(), &["--wait", "0"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for named in [
        "variable room: label_values(judge_in_flight, room) has no values",
        "'renamed', query A: the result is empty",
        "'never observed', query A: every value is NaN",
        "'misspelt', query A: ",
        "'undeclared', query A: $wroker is not declared",
    ] {
        assert!(errors.contains(named), "{named:?} is missing in:\n{errors}");
    }
    assert!(!errors.contains("'good'"), "{errors}");
}
