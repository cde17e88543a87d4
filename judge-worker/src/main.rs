//! The `judge-worker` binary.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use judge_worker::commands::{Cli, run};

fn main() -> ExitCode {
    // Sandboxes, and the engine that makes them, are started by executing this binary again;
    // nothing may run before this.
    judge_core::sandbox::init::become_init_if_asked();
    judge_worker::engine::become_engine_if_asked();
    ExitCode::from(run(Cli::parse()) as u8)
}
