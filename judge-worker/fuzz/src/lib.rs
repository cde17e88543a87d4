//! What the fuzzers run. `judge-worker/tests/fuzz_cases.rs` runs the same functions on the kept
//! cases, as an ordinary test.

#[expect(unused_imports, reason = "some of it is for other rooms of the worker")]
#[path = "../../src/message/mod.rs"]
pub mod message;
pub mod targets;
