//! Accepts connections and bounds what each may take.
//!
//! `axum::serve` sets no time limits, so a client that never finishes its request, or never reads
//! its answer, would hold a connection for ever. The loop here is hyper's own with those limits.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// More than a few scrapers and probes need; the next connection waits in the kernel's backlog.
const MAX_CONNECTIONS: usize = 64;

/// A scrape sends a few hundred bytes of headers.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// From one answer to the end of the next request's headers. Longer than the usual scrape interval
/// of 15 s, so that a scraper can keep its connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest life of a connection, after which it gets [`CLOSE_GRACE`]. It ends the client that
/// doesn't read its answer; a scraper just connects again.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(10);

/// For the answer in progress when a connection is to close.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// Before the next try when the kernel has no descriptor left.
const ACCEPT_BACKOFF: Duration = Duration::from_secs(1);

/// Serves every connection until `stop`, then closes them all and returns.
pub async fn accept_all(listener: TcpListener, router: Router, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await.expect("it is never closed");
            let stream = accept(&listener).await;
            let served = serve_connection(stream, router.clone(), stop.clone());
            connections.spawn(async move {
                served.await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {} // forget those that have ended
        }
    };
    stop.run_until_cancelled(accepting).await;
    drop(listener); // the port is free, and a client that comes now is refused at once
    while connections.join_next().await.is_some() {} // each ends within its grace
}

async fn serve_connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let closing = tokio::time::timeout(CONNECTION_LIFETIME, stop.cancelled());
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        _ = closing => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(CLOSE_GRACE, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a metrics connection ended early"),
        Err(_) => tracing::debug!("a metrics connection did not close in time and was dropped"),
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept a metrics connection; trying again");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
            }
        }
    }
}

/// Errors of a client that left before it was accepted; see `accept(2)`.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
