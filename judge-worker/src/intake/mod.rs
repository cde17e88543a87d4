//! Where submissions come from, and how each delivery is settled. Two sources behind one shape, so
//! that the worker loop is written once:
//!
//! ```text
//! judge.submissions ─┐
//! judge.lane.<n> ────┤
//! judge.rejudge ─────┴─ amqp ──┐
//!                              ├─ Source::next() ─► Delivery ─► the worker ─► settle(delivery, …)
//! stdin, one line each ─ stdio ┘
//! ```
//!
//! A [`Delivery`] is bytes and routing facts; of its content, only whose it is, so that users take turns
//! (on stdin everybody is one reader's, and first come is first served). Never here: parsing a
//! submission, what a failure means, verdicts. The worker chooses a [`Disposition`]; [`settle()`] alone tells the source.

pub mod amqp;
mod delivery;
mod settle;
mod source;
mod stdio;

pub(crate) use amqp::Backoff;
pub use delivery::{Delivery, Lane, TooLarge};
pub use settle::{DeadReason, Disposition, Settled, settle};
pub use source::Source;
pub use stdio::StdioSource;
