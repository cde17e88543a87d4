//! Metrics and health over HTTP.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | the series, in the Prometheus text format |
//! | `/healthz` | 200: the event loop answers. It asks nothing else, so that no outage of a broker or a database gets a working process restarted |
//! | `/readyz` | 200 if every condition holds, else 503; a JSON body with the reason of each |
//!
//! What has to be asked of others for an answer is asked then ([`Look`]): while nobody wants to
//! know, nobody is asked. No handler reads a request body, needs a secret or changes anything. What a client may take is
//! bounded: connections, header bytes, and the time to send a request or to read an answer.

mod connection;
mod readiness;

use crate::metrics::Metrics;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use readiness::{Condition, ConditionState, Readiness, ReadinessReport};

/// A bound address, not answering yet.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
}

/// The address in the settings can't be listened on: the operator's to change.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for metrics and health: {}", advice(.source))]
pub struct BindError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the kernel said.
    pub source: io::Error,
}

impl HttpServer {
    /// Listens on `address`; port 0 takes a free one. Connections wait until
    /// [`HttpServer::serve`].
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source| BindError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// The address listened on, with the port that the kernel chose if it was to choose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is cancelled, then ends the answers in progress and returns. It stays
    /// up while the worker drains: cancel `stop` only after the last submission.
    pub async fn serve(
        self,
        metrics: Metrics,
        readiness: Readiness,
        look: impl Look,
        stop: CancellationToken,
    ) {
        connection::accept_all(self.listener, router(metrics, readiness, look), stop).await;
    }
}

/// Looks at what only others know, right before an answer tells of it.
///
/// Both answer within a bound of their own, and may be called by as many as there are clients.
pub trait Look: Clone + Send + Sync + 'static {
    /// Brings the metrics up to date.
    fn before_metrics(&self) -> impl Future<Output = ()> + Send;
    /// Brings the conditions up to date.
    fn before_readiness(&self) -> impl Future<Output = ()> + Send;
}

/// There is nobody to ask.
impl Look for () {
    async fn before_metrics(&self) {}
    async fn before_readiness(&self) {}
}

fn router<L: Look>(metrics: Metrics, readiness: Readiness, look: L) -> Router {
    Router::new()
        .route("/metrics", get(serve_metrics::<L>).with_state((metrics, look.clone())))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(serve_readiness::<L>).with_state((readiness, look)))
}

async fn serve_metrics<L: Look>(State((metrics, look)): State<(Metrics, L)>) -> Response {
    look.before_metrics().await;
    match metrics.encode() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot encode the metrics");
            (StatusCode::INTERNAL_SERVER_ERROR, "cannot encode the metrics\n").into_response()
        }
    }
}

async fn serve_readiness<L: Look>(State((readiness, look)): State<(Readiness, L)>) -> Response {
    look.before_readiness().await;
    let report = readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    let body = serde_json::to_string(&report).expect("a map of words to words is JSON");
    (status, headers, body).into_response()
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another process has it, perhaps another worker; give this one an address of its own \
             with JUDGE_HTTP_ADDR"
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this host has that address; set JUDGE_HTTP_ADDR to one it has, or to \
             0.0.0.0 for all"
        }
        io::ErrorKind::PermissionDenied => {
            "a port below 1024 needs a privilege; set JUDGE_HTTP_ADDR to a higher one"
        }
        _ => "set JUDGE_HTTP_ADDR to an address that this host can listen on",
    }
}
