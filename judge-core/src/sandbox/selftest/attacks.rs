//! The attacks, which wall each is on, and how a wall shows that it holds.

use std::time::Duration;

use super::attacker::{Attack, Host};
use super::look;
use super::{MAX_OUTPUT_BYTES, ProfileName, Termination, Wall};
use crate::sandbox::Limits;
use crate::sys::probe::BareCall;
use crate::sys::process::Exit;

/// One attack under one profile.
#[derive(Debug)]
pub struct Trying {
    pub attack: Attack,
    pub profile: ProfileName,
    /// Those it is on; the attacker says what it got of each, if it gets that far.
    pub walls: Vec<Wall>,
    pub limits: Limits,
}

/// Walls that are not tried, and why: neither a host nor a profile could take them away, and the
/// project's own tests do.
pub const UNTRIED: &[(Wall, &str)] = &[
    (Wall::IdRange, "needs a second slot; the numbers are arithmetic of ours"),
    (Wall::InheritedDescriptors, "about the init, which no program can ask"),
    (Wall::InputAccessTime, "about how inputs are made"),
    (Wall::CollectBeneath, "about how files are collected"),
    (Wall::CollectRegular, "about how files are collected"),
    (Wall::CollectSize, "about how files are collected"),
    (Wall::CollectTotal, "about how files are collected"),
    (
        Wall::ProcessNumbers,
        "kernels without CHECKPOINT_RESTORE go on counting, which is no reason not to judge",
    ),
];

/// Calls that end a run, or that are refused as if they were not there.
const FORBIDDEN: [BareCall; 5] = [
    BareCall::UnshareUser,
    BareCall::Ptrace,
    BareCall::ProcessVmReadv,
    BareCall::Keyctl,
    BareCall::Userfaultfd,
];

/// Only the limit that is tried is tight: a busy host is no missing wall.
fn patient() -> Limits {
    Limits {
        cpu: Duration::from_secs(20),
        wall: Duration::from_secs(60),
        memory_bytes: 256 << 20,
        output_bytes: MAX_OUTPUT_BYTES,
        processes: look::PROCESSES,
        open_files: look::OPEN_FILES,
        file_size_bytes: look::FILE_BYTES,
        stack_bytes: look::STACK_BYTES,
    }
}

/// All of them, in the order in which they are tried: [`Attack::Find`] comes after
/// [`Attack::Leave`].
pub fn attempts(host: &Host) -> impl Iterator<Item = Trying> {
    let per_profile = ProfileName::ALL.into_iter().flat_map(|profile| {
        let trying = move |attack, walls: &[Wall]| Trying {
            attack,
            profile,
            walls: walls.to_vec(),
            limits: patient(),
        };
        let forbidden = FORBIDDEN.into_iter().map(Attack::Forbidden);
        [
            trying(Attack::Look(host.clone()), look::WALLS),
            trying(Attack::Refused, &[Wall::RefusedCalls, Wall::UnknownCalls]),
            trying(Attack::ForeignAbi, &[Wall::ForeignAbi]),
        ]
        .into_iter()
        .chain(forbidden.map(move |attack| trying(attack, &[Wall::ForbiddenCalls])))
    });
    let run = |attack, walls: &[Wall], limits| Trying {
        attack,
        profile: ProfileName::Run,
        walls: walls.to_vec(),
        limits,
    };
    let soon = Duration::from_millis(150);
    per_profile.chain([
        run(Attack::Memory, &[Wall::Memory], Limits { memory_bytes: 64 << 20, ..patient() }),
        run(Attack::Processes, &[Wall::Processes], patient()),
        run(Attack::Spin, &[Wall::CpuTime], Limits { cpu: soon, ..patient() }),
        run(Attack::Sleep, &[Wall::WallTime], Limits { wall: soon, ..patient() }),
        run(Attack::Flood, &[Wall::Output], patient()),
        run(Attack::Leave, &[], patient()),
        run(Attack::Find, look::WALLS_BETWEEN_RUNS, patient()),
    ])
}

/// Whether the attack was ended by what it attacked.
pub fn was_stopped(attack: &Attack, termination: &Termination, exit: Exit) -> bool {
    match attack {
        Attack::Memory => *termination == Termination::MemoryLimit,
        Attack::Spin => *termination == Termination::CpuLimit,
        Attack::Sleep => *termination == Termination::WallLimit,
        Attack::Flood => *termination == Termination::OutputLimit,
        Attack::Refused | Attack::Forbidden(_) => {
            matches!(termination, Termination::ForbiddenCall(_))
        }
        // By the filter, or by a kernel that has no such convention.
        Attack::ForeignAbi => {
            matches!(exit, Exit::Signal(libc::SIGSYS | libc::SIGSEGV))
                && *termination == Termination::OfItself
        }
        Attack::Look(_) | Attack::Processes | Attack::Leave | Attack::Find => false,
    }
}
