//! The worker around `judge-core`: messages in, verdicts out, with nothing lost and nothing doubled.
//!
//! ```text
//! commands                judge, verify, serve, doctor, history
//! worker                  one submission from delivery to ack; the only room that decides
//! report engine           results as messages and rows; judging in a process of its own
//! intake store outbox     RabbitMQ or stdin; MySQL or SQLite; events on their way out
//! problems logging        the packages that are there; log lines
//! message config metrics http failpoint scratch    leaf rooms
//! ```

#![forbid(unsafe_code)]

pub mod commands;
pub mod config;
pub mod engine;
pub mod failpoint;
pub mod http;
pub mod intake;
pub mod logging;
pub mod message;
pub mod metrics;
pub mod outbox;
pub mod problems;
pub mod report;
pub mod scratch;
pub mod store;
pub mod worker;
