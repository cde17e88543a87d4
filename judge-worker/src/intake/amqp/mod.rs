//! `RabbitMQ`: one [`Broker`] per process holds two connections, declares the topology, and
//! reconnects for ever.
//!
//! ```text
//!            consuming connection                      publishing connection
//!   judge.submissions ──► prefetched, manual acks        settle ──► judge.retry, judge.dead
//!   judge.lane.<n> ─────► pulled, in turns               feeder ──► judge.lane.<n>
//!   judge.rejudge ──────► pulled while a slot is free    outbox ──► judge.events, reply queues
//!   judge.control ──────► commands
//!   judge.lane ─────────► hints                          feeder ──► judge.lane
//!   judge.dead.unanswered ► one at a time, to be answered
//!   judge.dead ─────────► a pass, when an operator asks
//! ```
//!
//! Two, because a broker short of memory or disk stops *reading* from connections that publish:
//! on a shared one, acks would wait behind events. They live and die together as one session.
//! Everything is at least once: what was in hand when a session died is delivered again.
//! Deliberately absent: the client library's own recovery, which replays consumers but cannot
//! tell us which deliveries are void.

mod backoff;
mod broker;
mod config;
mod confirm;
mod consumer;
mod control;
mod dead;
mod feeder;
mod hints;
mod line;
mod message;
mod puller;
mod pushed;
mod receipt;
mod supervisor;
mod sweep;
mod topology;
mod turns;
mod unanswered;

pub use crate::message::control::{Command, Target};
pub(crate) use backoff::Backoff;
pub use broker::{Broker, BrokerError, BrokerState, QueueDepth};
pub use config::{BrokerConfig, Names};
pub(crate) use confirm::Outgoing;
pub use confirm::PublishError;
pub use consumer::AmqpSource;
pub use dead::{DeadLetter, DeadPass, Replayed};
pub(super) use line::Place;
pub(crate) use message::short;
pub use message::{
    ATTEMPT, CAUSE, DELIVERIES, DELIVERIES_BEFORE, DETAIL, QUEUE, REASON, REPLAY_OF,
};
pub(super) use receipt::Receipt;
pub use topology::TopologyError;
pub use unanswered::Unanswered;
