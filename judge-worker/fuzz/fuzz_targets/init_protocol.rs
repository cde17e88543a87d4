#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| judge_fuzz::targets::init_protocol::holds(data));
