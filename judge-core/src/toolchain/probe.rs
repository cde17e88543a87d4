//! Which languages this host can judge.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::language::Language;
use crate::sandbox::{
    Cancel, Capture, Limits, ProfileName, RunSpec, SandboxError, Slot, Termination,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// Whether a language's toolchain works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Availability {
    /// It does, inside the sandbox; the first line of what it says of its version.
    Available {
        /// For people and for the provenance of a verdict.
        version: String,
    },
    /// It does not.
    Missing {
        /// What was tried, and what to do.
        reason: String,
    },
}

/// Runs the language's version command in `slot`.
pub fn probe(slot: &mut Slot, language: &Arc<Language>) -> Result<Availability, SandboxError> {
    let programs = [&language.compile.argv[0], &language.run.argv[0]];
    let absent = programs.iter().find(|path| path.starts_with('/') && !Path::new(path).exists());
    if let Some(absent) = absent {
        let package = &language.package;
        let reason = format!("{absent} is not there; install it: apt-get install {package}");
        return Ok(Availability::Missing { reason });
    }
    let limits = Limits { cpu: Duration::from_secs(20), ..language.compile_limits() };
    let spec = RunSpec {
        own_core: false,
        profile: ProfileName::Compile,
        argv: &language.version,
        env: &language.environment(),
        limits: &limits,
        stdin: &SealedFile::of_bytes(b"")
            .map_err(|source| SandboxError::Start { attempt: "making an empty input", source })?,
        files: &[],
        collect: &[],
    };
    let mut stdout = Capture::default();
    let outcome = slot.run(&spec, &mut stdout, &Cancel::default())?;
    let said = [stdout.0, outcome.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let version =
        said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("").to_owned();
    if outcome.termination == Termination::OfItself && outcome.exit == Exit::Code(0) {
        Ok(Availability::Available { version })
    } else {
        let command = language.version.join(" ");
        let reason = format!("`{command}` fails in the sandbox: {:?}: {version}", outcome.exit);
        Ok(Availability::Missing { reason })
    }
}
