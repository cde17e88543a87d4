//! The worker around `judge-core`: messages in, verdicts out, with nothing lost and nothing doubled.

pub mod config;
pub mod http;
pub mod intake;
pub mod message;
pub mod metrics;
pub mod outbox;
pub mod store;
