//! Log lines on standard error, in both processes.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Starts to write what `filter` (directives of [`EnvFilter`]; `info` if they are wrong) lets
/// through. Only the first call in a process counts.
pub fn start(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.try_init(),
    };
    // A second command in one process (a test) keeps the first one's.
    drop(started);
}
