//! The `judge-worker` binary.

fn main() {}
