//! The judging library: synchronous, with no knowledge of brokers, databases or async.
//!
//! Four floors, each of which may use those below it, never those above:
//!
//! ```text
//! judging     packages, checking, verdicts
//! toolchain   languages, compiling
//! sandbox     one run of one untrusted program
//! sys         system calls; the only `unsafe`
//! ```

pub mod judging;
pub mod sandbox;
pub mod sys;
pub mod toolchain;
