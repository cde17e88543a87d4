//! Time limits and others.

use super::super::*;
use super::Draft;
use std::time::Duration;

#[test]
fn limits_are_read_in_their_units() {
    let limits = "limits: {time_limit: 1.5, time_resolution: 0.5, memory: 256, output: 1, \
                  code: 64, compilation_time: 30, compilation_memory: 512, validation_time: 5, \
                  validation_memory: 100, validation_output: 2, \
                  time_multipliers: {ac_to_time_limit: 3, time_limit_to_tle: 1.25}}\n";
    let package = Draft::newer(limits).read();
    let expected = ProblemLimits {
        time: Duration::from_millis(1500),
        margins: TimeMargins { accepted_to_limit: 3.0, limit_to_too_slow: 1.25 },
        memory_bytes: 256 << 20,
        output_bytes: 1 << 20,
        code_bytes: 64 << 10,
        compilation_time: Duration::from_secs(30),
        compilation_memory_bytes: 512 << 20,
        validation_time: Duration::from_secs(5),
        validation_memory_bytes: 100 << 20,
        validation_output_bytes: 2 << 20,
    };
    assert_eq!(package.limits, expected);
    assert!(!package.warnings.iter().any(|w| w.contains("resolution")), "{:?}", package.warnings);
}

#[test]
fn limits_that_limit_nothing_are_refused() {
    for (limit, expected) in [
        ("time_limit: 0", "above 0 and at most 600 seconds"),
        ("time_limit: -1", "above 0 and at most 600 seconds"),
        ("time_limit: .nan", "limits.time_limit must be a finite number"),
        ("time_limit: .inf", "limits.time_limit must be a finite number"),
        ("time_limit: 1e30", "above 0 and at most 600 seconds"),
        ("time_limit: soon", "limits.time_limit must be a finite number"),
        ("{time_limit: 1, memory: 0}", "limits.memory must be a whole number from 1"),
        ("{time_limit: 1, memory: -5}", "limits.memory must be a whole number from 1"),
        ("{time_limit: 1, memory: 1.5}", "limits.memory must be a whole number from 1"),
        ("{time_limit: 1, memory: 99999999999999}", "limits.memory must be a whole number from 1"),
        ("{time_limit: 1, time_resolution: 0}", "limits.time_resolution must be above 0"),
        ("{time_limit: 1, time_multipliers: {ac_to_time_limit: 0.5}}", "must be at least 1"),
        ("5", "limits must be a map"),
    ] {
        let yaml = if limit.starts_with("time_limit") {
            format!("limits: {{{limit}}}\n")
        } else {
            format!("limits: {limit}\n")
        };
        let error = Draft::newer(&yaml).error();
        assert!(error.starts_with("problem.yaml: ") && error.contains(expected), "{error}");
    }
    let error = Draft::legacy().file(".timelimit", "two").error();
    assert!(error.starts_with(".timelimit: must hold the time limit in seconds"), "{error}");
    let error = Draft::legacy().file(".timelimit", "nan").error();
    assert!(error.contains("above 0 and at most 600 seconds"), "{error}");
}

#[test]
fn a_package_without_a_time_limit_is_told_where_to_put_one() {
    let error = Draft::legacy().without(".timelimit").error();
    assert!(error.starts_with(".timelimit is missing: write the time limit"), "{error}");
    let error = Draft::newer("limits: {}\n").error();
    assert!(error.contains("add `time_limit: 2` (seconds) to `limits`"), "{error}");
    let draft = Draft::legacy().file("problem.yaml", "limits: {time_limit: 3}\n");
    assert_eq!(draft.read().limits.time, Duration::from_secs(2));
    let draft = draft.without(".timelimit");
    assert_eq!(draft.read().limits.time, Duration::from_secs(3));
}
