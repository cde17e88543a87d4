//! Log lines on standard error, in both processes.

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, prelude::*, registry};

use crate::config::LogFormat;

/// Starts to write what `filter` (directives of [`EnvFilter`]; `info` if they are wrong) lets
/// through. Only the first call in a process counts.
pub fn start(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let told = registry().with(filter_fn(may_be_told)).with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Json => told.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => told.with(lines).try_init(),
    };
    // A second command in one process (a test) keeps the first one's.
    drop(started);
}

/// Whatever the settings say: what a library traces is its bytes on the wire, in which passwords and
/// programs are. Nobody but its authors could leave these out.
fn may_be_told(event: &Metadata<'_>) -> bool {
    let ours = ["judge_core", "judge_worker"].iter().any(|own| event.target().starts_with(own));
    ours || *event.level() <= Level::DEBUG
}
