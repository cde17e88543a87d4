//! The limits of a problem.

use super::{FormatVersion, PackageError, folder::Folder, yaml::Keys};
use std::{path::Path, time::Duration};

/// What a submission, its compilation and a custom validator may use. All bounds are inclusive.
///
/// The keys and the defaults ("typical system default") are those of *Limits* in both formats.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemLimits {
    /// CPU time of one run; over zero, at most [`ProblemLimits::MAX_TIME`].
    pub time: Duration,
    /// How far reference submissions should stay away from `time`.
    pub margins: TimeMargins,
    /// Memory of one run; 2048 MiB by default.
    pub memory_bytes: u64,
    /// Standard output, standard error and written files of one run together; 8 MiB by default.
    pub output_bytes: u64,
    /// Source files of a submission together; 128 KiB by default.
    pub code_bytes: u64,
    /// 60 s by default.
    pub compilation_time: Duration,
    /// 2048 MiB by default.
    pub compilation_memory_bytes: u64,
    /// One run of a custom validator; 60 s by default.
    pub validation_time: Duration,
    /// One run of a custom validator; 2048 MiB by default.
    pub validation_memory_bytes: u64,
    /// Everything one run of a custom validator writes; 8 MiB by default.
    pub validation_output_bytes: u64,
}

/// Safety margins around the time limit, which only checks of the package itself look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeMargins {
    /// The slowest accepted submission times this should be at most the limit; at least 1. By
    /// default 2, in the legacy format (`time_multiplier`) 5.
    pub accepted_to_limit: f64,
    /// The limit times this should be at most the fastest submission that is too slow; at least 1.
    /// By default 1.5, in the legacy format (`time_safety_margin`) 2.
    pub limit_to_too_slow: f64,
}

impl ProblemLimits {
    /// The longest time limit, inclusive: a job must end while its delivery is still ours.
    pub const MAX_TIME: Duration = Duration::from_mins(10);
    /// The largest memory or output limit, inclusive: 1 TiB.
    pub const MAX_BYTES: u64 = 1 << 40;
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// Kattis' tools keep the time limit of a legacy package here, in seconds; the format has no key.
pub(super) const TIME_LIMIT_FILE: &str = ".timelimit";

/// Reads the `limits` section and `.timelimit`.
pub(super) fn read(
    folder: &Folder,
    metadata: &mut Keys<'_>,
    format: FormatVersion,
) -> Result<ProblemLimits, PackageError> {
    let Some(mut keys) = metadata.section("limits")? else {
        let mut none = Keys::parse(folder, Path::new("problem.yaml"), "")?;
        return from_keys(folder, &mut none, format);
    };
    let limits = from_keys(folder, &mut keys, format)?;
    keys.finish();
    Ok(limits)
}

fn from_keys(
    folder: &Folder,
    keys: &mut Keys<'_>,
    format: FormatVersion,
) -> Result<ProblemLimits, PackageError> {
    let margins = margins(keys, format)?;
    let time = time_limit(folder, keys, format)?;
    let mut bytes = |key, unit: u64, default: u64| -> Result<u64, PackageError> {
        let most = ProblemLimits::MAX_BYTES / unit;
        Ok(keys.positive(key, most)?.unwrap_or(default) * unit)
    };
    let memory_bytes = bytes("memory", MIB, 2048)?;
    let output_bytes = bytes("output", MIB, 8)?;
    let code_bytes = bytes("code", KIB, 128)?;
    let compilation_memory_bytes = bytes("compilation_memory", MIB, 2048)?;
    let validation_memory_bytes = bytes("validation_memory", MIB, 2048)?;
    let validation_output_bytes = bytes("validation_output", MIB, 8)?;
    let mut seconds = |key| -> Result<Duration, PackageError> {
        let most = ProblemLimits::MAX_TIME.as_secs();
        Ok(Duration::from_secs(keys.positive(key, most)?.unwrap_or(60)))
    };
    Ok(ProblemLimits {
        time,
        margins,
        memory_bytes,
        output_bytes,
        code_bytes,
        compilation_time: seconds("compilation_time")?,
        compilation_memory_bytes,
        validation_time: seconds("validation_time")?,
        validation_memory_bytes,
        validation_output_bytes,
    })
}

/// The formats infer a missing time limit from the run times of the reference submissions, which
/// would make verdicts depend on this machine; so here it must be said.
fn time_limit(
    folder: &Folder,
    keys: &mut Keys<'_>,
    format: FormatVersion,
) -> Result<Duration, PackageError> {
    let in_yaml = keys.number("time_limit")?;
    let resolution = keys.number("time_resolution")?;
    let path = Path::new(TIME_LIMIT_FILE);
    let in_file = match folder.text(path)? {
        None => None,
        Some(text) => Some(text.trim().parse::<f64>().map_err(|_| PackageError::Invalid {
            path: path.to_owned(),
            problem: "must hold the time limit in seconds, as a decimal number".into(),
        })?),
    };
    if in_file.is_some() && in_yaml.is_some() && in_file != in_yaml {
        folder.warn(path, "says something else than limits.time_limit in problem.yaml");
    }
    let legacy = format == FormatVersion::Legacy;
    let (seconds, path) = match (in_file, in_yaml) {
        (Some(seconds), None) => (seconds, path),
        (Some(seconds), Some(_)) if legacy => (seconds, path),
        (_, Some(seconds)) => (seconds, Path::new("problem.yaml")),
        (None, None) => {
            let remedy = if legacy {
                "write the time limit in seconds into it, as in `echo 2 > .timelimit`"
            } else {
                "add `time_limit: 2` (seconds) to `limits` in problem.yaml"
            };
            let path = Path::new(if legacy { TIME_LIMIT_FILE } else { "limits.time_limit" });
            return Err(PackageError::Missing { path: path.to_owned(), remedy: remedy.into() });
        }
    };
    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    if time.is_zero() || time > ProblemLimits::MAX_TIME {
        let most = ProblemLimits::MAX_TIME.as_secs();
        let problem = format!("the time limit must be above 0 and at most {most} seconds");
        return Err(PackageError::Invalid { path: path.to_owned(), problem });
    }
    if !legacy && in_yaml.is_some() {
        warn_of_resolution(keys, seconds, resolution.unwrap_or(1.0))?;
    }
    Ok(time)
}

/// 2025-09, *Problem timing*. No verdict depends on it, so it's no more than a warning here.
fn warn_of_resolution(keys: &Keys<'_>, time: f64, resolution: f64) -> Result<(), PackageError> {
    if resolution <= 0.0 {
        return Err(keys.invalid("time_resolution", "must be above 0"));
    }
    let multiples = time / resolution;
    if (multiples - multiples.round()).abs() > 1e-9 * multiples {
        keys.warn("time_limit", "should be a multiple of time_resolution, which is 1 by default");
    }
    Ok(())
}

fn margins(keys: &mut Keys<'_>, format: FormatVersion) -> Result<TimeMargins, PackageError> {
    fn at_least_1(keys: &mut Keys<'_>, key: &str, default: f64) -> Result<f64, PackageError> {
        match keys.number(key)?.unwrap_or(default) {
            margin if margin >= 1.0 => Ok(margin),
            _ => Err(keys.invalid(key, "must be at least 1")),
        }
    }
    if format == FormatVersion::Legacy {
        return Ok(TimeMargins {
            accepted_to_limit: at_least_1(keys, "time_multiplier", 5.0)?,
            limit_to_too_slow: at_least_1(keys, "time_safety_margin", 2.0)?,
        });
    }
    let Some(mut keys) = keys.section("time_multipliers")? else {
        return Ok(TimeMargins { accepted_to_limit: 2.0, limit_to_too_slow: 1.5 });
    };
    let margins = TimeMargins {
        accepted_to_limit: at_least_1(&mut keys, "ac_to_time_limit", 2.0)?,
        limit_to_too_slow: at_least_1(&mut keys, "time_limit_to_tle", 1.5)?,
    };
    keys.finish();
    Ok(margins)
}
