//! What the benches share: the systems that are compared, the programs that they run, and the way
//! from times to tables and plots.
//!
//! On a shared machine a millisecond of today is not one of yesterday. What two systems need in the
//! same round, a moment apart, compares well; so the figures to keep are the medians of the rounds'
//! ratios. Nothing here asserts a time.

pub mod exposition;
pub mod figures;
pub mod host;
pub mod latency;
pub mod load;
pub mod plot;
pub mod process;
pub mod report;
pub mod system;
pub mod throughput;
pub mod worker;
pub mod workload;

/// Why there is no figure: whatever it was, a person has to look at it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a bench comes back with.
pub type Fallible<T> = Result<T, Failure>;
