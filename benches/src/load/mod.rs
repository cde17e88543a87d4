//! The parts of the load generator that need no server: what is to be sent when, and what the times
//! that come back say.

pub mod books;
pub mod schedule;
