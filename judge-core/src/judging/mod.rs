//! What a problem is, and what the facts of runs mean for it.

pub mod comparison;
pub mod package;
pub mod scoring;
