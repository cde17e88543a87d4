//! A short trial of the walls, before anything hostile is let in.
//!
//! ```text
//! supervisor                                  inside, as any program
//!   selftest ── Slot::run(/proc/self/exe) ──▶ attack_if_asked: tries, and writes what it got
//!            ◀─ termination, findings ──────
//! ```
//!
//! The attacker is this very binary: where the forked child is about to exec, `/proc/self/exe` still
//! is the init's, so nothing has to be copied in, and no attack depends on tools of the host. What
//! it needs is what every program needs, the dynamic linker and the C library.
//!
//! A wall holds when every attack on it failed, under every profile. An attacker that could not even
//! try, or that said nothing sensible, counts as one that got through. What no host and no profile
//! can take away is left to the tests of the project ([`UNTRIED`]).

mod attacker;
mod attacks;
mod look;

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;

use serde::{Deserialize, Serialize};

use super::{
    Cancel, Capture, Outcome, ProfileName, RunSpec, SandboxError, Slot, Termination, Wall,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;
pub use attacker::attack_if_asked;
use attacker::{ATTACKER, Attack, Finding, Host};
pub use attacks::UNTRIED;
use attacks::{Trying, attempts};

/// A wall, and what became of the attacks on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Which.
    pub wall: Wall,
    /// Whether it stands.
    pub standing: Standing,
    /// What the attack came to, in one line.
    pub seen: String,
}

/// Whether a wall stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    /// Every attack failed.
    Holds,
    /// An attack got through where the host does not grant what the wall is made of: a [`Loss`](super::Loss), which
    /// every verdict tells.
    GivenUp,
    /// An attack got through: nothing may be judged here.
    Breached,
}

/// Tries each wall in `slot`, in the order of [`Wall::ALL`]. An error means that the trial itself
/// failed, and the slot must be dropped.
pub fn selftest(slot: &mut Slot) -> Result<Vec<Trial>, SandboxError> {
    let tried = selftest_unless(&Cancel::default(), slot)?;
    Ok(tried.expect("nobody else has what cancels it"))
}

/// As [`selftest`]; `None`: it was cancelled, and nothing is known. Takes as long as one attack to
/// notice, at most.
pub fn selftest_unless(
    cancel: &Cancel,
    slot: &mut Slot,
) -> Result<Option<Vec<Trial>>, SandboxError> {
    let start = |attempt| move |source: io::Error| SandboxError::Start { attempt, source };
    // What nobody inside should find: a file of the host, and somebody who listens on it.
    let canary = tempfile::NamedTempFile::new().map_err(start("making a canary"))?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(start("listening as a canary"))?;
    let port = listener.local_addr().map_err(start("listening as a canary"))?.port();
    let host = Host { canary: canary.path().to_owned(), port };

    let mut trials: BTreeMap<Wall, Trial> = BTreeMap::new();
    for trying in attempts(&host) {
        let tried = attempt(slot, &trying, cancel)?;
        // Then the attack was stopped by us, and not by a wall.
        if cancel.is_cancelled() {
            return Ok(None);
        }
        for trial in tried {
            match trials.get(&trial.wall) {
                Some(known) if trial.standing <= known.standing => {}
                _ => drop(trials.insert(trial.wall, trial)),
            }
        }
    }
    Ok(Some(trials.into_values().collect()))
}

/// How much an attacker may say, in bytes; the flood is more.
const MAX_OUTPUT_BYTES: u64 = 256 << 10;

fn attempt(slot: &mut Slot, trying: &Trying, cancel: &Cancel) -> Result<Vec<Trial>, SandboxError> {
    let Trying { attack, profile, walls, limits } = trying;
    let briefing = serde_json::to_string(attack).map_err(|error| SandboxError::Start {
        attempt: "briefing an attack",
        source: error.into(),
    })?;
    let argv = ["/proc/self/exe".to_owned(), ATTACKER.to_owned(), briefing];
    let spec = RunSpec {
        own_core: true,
        profile: *profile,
        argv: &argv,
        env: &[],
        limits,
        stdin: &SealedFile::of_bytes(b"input")
            .map_err(|source| SandboxError::Start { attempt: "making an input", source })?,
        files: &[],
        collect: &[],
    };
    let mut output = Capture::default();
    let outcome = slot.run(&spec, &mut output, cancel)?;
    let findings: Option<Vec<Finding>> = serde_json::from_slice(&output.0).ok();
    let tried = walls.iter().map(|&wall| {
        let breach = breach(attack, wall, &outcome, findings.as_deref());
        let given_up = slot.losses().iter().any(|loss| loss.gives_up(wall));
        trial(wall, *profile, breach, given_up)
    });
    Ok(tried.collect())
}

/// What the attack got, if it got anything.
fn breach(
    attack: &Attack,
    wall: Wall,
    outcome: &Outcome,
    findings: Option<&[Finding]>,
) -> Option<String> {
    let Outcome { termination, exit, .. } = outcome;
    if attacks::was_stopped(attack, termination, *exit) {
        return None;
    }
    let sensible = *termination == Termination::OfItself && *exit == Exit::Code(0);
    let finding = findings.filter(|_| sensible).into_iter().flatten().find(|f| f.wall == wall);
    match finding {
        Some(finding) => finding.got.clone(),
        None => Some(format!(
            "the attacker did not say what it got: {termination:?}, {exit:?} {}",
            String::from_utf8_lossy(&outcome.stderr[..outcome.stderr.len().min(200)])
                .replace(char::is_control, " "),
        )),
    }
}

fn trial(wall: Wall, profile: ProfileName, breach: Option<String>, given_up: bool) -> Trial {
    let Some(got) = breach else {
        return Trial { wall, standing: Standing::Holds, seen: "the attacks on it failed".into() };
    };
    let standing = if given_up { Standing::GivenUp } else { Standing::Breached };
    let mut seen = format!("as {profile:?}: {got}");
    seen.truncate(seen.floor_char_boundary(300));
    Trial { wall, standing, seen }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Loss;
    use super::*;

    #[test]
    fn every_wall_is_tried_or_it_is_said_why_not() {
        let host = Host { canary: "/nowhere".into(), port: 1 };
        let tried: BTreeSet<Wall> = attempts(&host).flat_map(|trying| trying.walls).collect();
        let untried: BTreeSet<Wall> = UNTRIED.iter().map(|(wall, _)| *wall).collect();
        assert_eq!(tried.intersection(&untried).count(), 0);
        let all: BTreeSet<Wall> = Wall::ALL.iter().copied().collect();
        assert_eq!(&tried | &untried, all);
    }

    #[test]
    fn an_attacker_that_says_nothing_got_through() {
        let trial = trial(Wall::Memory, ProfileName::Run, Some("much".into()), false);
        assert_eq!(trial.standing, Standing::Breached);
        let outcome = Outcome {
            termination: Termination::OfItself,
            exit: Exit::Code(127),
            usage: super::super::Usage::default(),
            stderr: b"error while loading shared libraries".to_vec(),
            files: Vec::new(),
        };
        let got = breach(&Attack::Memory, Wall::Memory, &outcome, None);
        assert!(got.expect("a breach").contains("shared libraries"));
    }

    #[test]
    fn a_loss_gives_up_the_walls_that_are_made_of_it_and_no_other() {
        let given_up = |loss: Loss| {
            let walls = Wall::ALL.iter().copied();
            walls.filter(|wall| loss.gives_up(*wall)).collect::<Vec<_>>()
        };
        assert_eq!(given_up(Loss::NoCgroups), [Wall::Memory, Wall::Processes]);
        let identity = [
            Wall::UserNamespace,
            Wall::IdRange,
            Wall::ProgramUid,
            Wall::ProgramGid,
            Wall::InputMode,
        ];
        assert_eq!(given_up(Loss::OwnUser), identity);
        assert_eq!(given_up(Loss::KeptGroups), [Wall::SupplementaryGroups]);
        let trial = |given_up| trial(Wall::Memory, ProfileName::Run, Some("all".into()), given_up);
        assert_eq!(trial(true).standing, Standing::GivenUp);
        assert_eq!(trial(false).standing, Standing::Breached);
    }
}
