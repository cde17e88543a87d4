//! The metrics and health server over real TCP.

use judge_worker::http::{Condition, HttpServer, Readiness};
use judge_worker::metrics::labels::{CgroupLabel, Languages};
use judge_worker::metrics::{BuildInfo, Metrics};
use std::error::Error as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const ALL_CONDITIONS: [Condition; 5] = [
    Condition::BrokerConnected,
    Condition::DatabaseReachable,
    Condition::EngineRunning,
    Condition::SandboxSelftestPassed,
    Condition::NotDraining,
];

struct Running {
    address: SocketAddr,
    readiness: Readiness,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

async fn start() -> Running {
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = HttpServer::bind(free).await.expect("a free port");
    let languages = Languages::from_iter(["c"]);
    let build = BuildInfo { version: "0", commit: "unknown", cgroup: CgroupLabel::V2 };
    let metrics = Metrics::new(languages, build).expect("every family is declared once");
    let readiness = Readiness::waiting_for(ALL_CONDITIONS);
    let stop = CancellationToken::new();
    let address = server.local_addr();
    let server = tokio::spawn(server.serve(metrics, readiness.clone(), (), stop.clone()));
    Running { address, readiness, stop, server }
}

/// The whole answer to `request`, up to the server's closing.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("UTF-8")
}

async fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n");
    let answer = exchange(address, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, head.to_ascii_lowercase(), body.to_owned())
}

#[tokio::test]
async fn metrics_come_in_the_text_format() {
    let running = start().await;
    let (status, head, body) = get(running.address, "/metrics").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(body.contains("\njudge_build_info{"), "{body}");
}

#[tokio::test]
async fn a_worker_that_is_not_ready_is_healthy_all_the_same() {
    let running = start().await;
    assert_eq!(get(running.address, "/healthz").await.0, 200);
    assert_eq!(get(running.address, "/readyz").await.0, 503);
}

#[tokio::test]
async fn readiness_names_each_condition_with_its_reason() {
    let running = start().await;
    for condition in ALL_CONDITIONS {
        running.readiness.hold(condition);
    }
    assert_eq!(get(running.address, "/readyz").await.0, 200);
    running.readiness.fail(Condition::BrokerConnected, "connection refused by rabbitmq:5672");
    let (status, head, body) = get(running.address, "/readyz").await;
    assert_eq!(status, 503);
    assert!(head.contains("content-type: application/json"), "{head}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({
            "ready": false,
            "conditions": {
                "broker_connected": {"ok": false, "reason": "connection refused by rabbitmq:5672"},
                "database_reachable": {"ok": true, "reason": "ok"},
                "engine_running": {"ok": true, "reason": "ok"},
                "sandbox_selftest_passed": {"ok": true, "reason": "ok"},
                "not_draining": {"ok": true, "reason": "ok"},
            }
        })
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let running = start().await;
    assert_eq!(get(running.address, "/").await.0, 404);
    let post =
        "POST /metrics HTTP/1.1\r\nHost: worker\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    assert!(exchange(running.address, post).await.starts_with("HTTP/1.1 405 "));
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let running = start().await;
    let request = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(64 * 1024));
    let answer = exchange(running.address, &request).await;
    // The reset that follows unread bytes may overtake the answer; a 200 must not come.
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(get(running.address, "/healthz").await.0, 200);
}

#[tokio::test]
async fn stopping_ends_the_server_though_a_client_stays_connected() {
    let running = start().await;
    let mut idle = TcpStream::connect(running.address).await.expect("it listens");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: worker\r\n\r\n").await.expect("it reads");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
    running.stop.cancel();
    running.server.await.expect("it ends by itself");
    let refused = TcpStream::connect(running.address).await.expect_err("nothing listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_address_in_use_is_named_with_the_setting_to_change() {
    let running = start().await;
    let error = HttpServer::bind(running.address).await.expect_err("it is taken");
    let text = error.to_string();
    assert!(text.contains(&running.address.to_string()), "{text}");
    assert!(text.contains("JUDGE_HTTP_ADDR"), "{text}");
    assert!(error.source().is_some());
}
