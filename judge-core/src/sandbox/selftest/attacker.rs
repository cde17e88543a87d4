//! The attacker: this binary, run as a program in a slot.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::super::Wall;
use super::{MAX_OUTPUT_BYTES, look};
use crate::sys::probe::{BareCall, bare_call, foreign_getpid};

/// The first argument of an attacker; the second is its [`Attack`].
pub const ATTACKER: &str = "judge-selftest-attack";

/// What to try.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Attack {
    /// Looks around, and asks what it is.
    Look(Host),
    /// Asks for what is refused or unknown.
    Refused,
    /// Asks for what ends the run.
    Forbidden(BareCall),
    /// Asks by another ABI.
    ForeignAbi,
    /// Uses [`MEMORY_BYTES`].
    Memory,
    /// Starts [`THREADS`].
    Processes,
    /// Burns CPU time.
    Spin,
    /// Waits.
    Sleep,
    /// Writes much more than it may.
    Flood,
    /// Leaves things behind.
    Leave,
    /// Looks for what was left.
    Find,
}

/// What of the host should be out of reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Host {
    /// A file.
    pub canary: PathBuf,
    /// A TCP port of 127.0.0.1 on which somebody listens.
    pub port: u16,
}

/// What an attacker got of one wall.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Finding {
    pub wall: Wall,
    /// `None`: nothing.
    pub got: Option<String>,
}

/// Four times what the run may have.
const MEMORY_BYTES: usize = 256 << 20;

/// Four times as many as the run may have.
const THREADS: u32 = 4 * look::PROCESSES;

/// When a burner gives up: well above its limit, and within its patience.
const ENOUGH_CPU: Duration = Duration::from_secs(2);

/// When a sleeper does.
const ENOUGH_WALL: Duration = Duration::from_secs(20);

/// Acts as the attacker, and never returns, if this process was started as one by the self-test.
pub fn attack_if_asked() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|first| first != ATTACKER) {
        return;
    }
    let attack = args.next().and_then(|text| serde_json::from_str(text.to_str()?).ok());
    let findings = match attack {
        Some(attack) => perform(&attack),
        None => std::process::exit(2),
    };
    let text = serde_json::to_vec(&findings).unwrap_or_default();
    let written = io::stdout().write_all(&text);
    std::process::exit(if written.is_ok() { 0 } else { 3 });
}

fn perform(attack: &Attack) -> Vec<Finding> {
    match attack {
        Attack::Look(host) => look::around(host),
        Attack::Refused => {
            let refused = [
                BareCall::CloneUser,
                BareCall::IoUringSetup,
                BareCall::InotifyInit,
                BareCall::NetlinkSocket,
                BareCall::VsockSocket,
            ];
            vec![
                one(Wall::RefusedCalls, refused.into_iter().find_map(answer_of)),
                one(Wall::UnknownCalls, answer_of(BareCall::RemapFilePages)),
            ]
        }
        Attack::Forbidden(call) => vec![one(Wall::ForbiddenCalls, answer_of(*call))],
        Attack::ForeignAbi => {
            // Kernels that have no other ABI take the number for one of their own (User-mode Linux),
            // which the filter knows as such.
            let pid = foreign_getpid();
            let foreign = u32::try_from(pid) == Ok(std::process::id());
            vec![one(Wall::ForeignAbi, foreign.then(|| format!("getpid by int 0x80 gave {pid}")))]
        }
        Attack::Memory => {
            let mut memory = vec![0_u8; MEMORY_BYTES];
            memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
            let got = format!("{} MiB were written", std::hint::black_box(memory).len() >> 20);
            vec![one(Wall::Memory, Some(got))]
        }
        Attack::Processes => {
            let thread = || std::thread::Builder::new().spawn(|| wait_for_ever());
            let all = (0..THREADS).all(|_| thread().is_ok());
            vec![one(Wall::Processes, all.then(|| format!("{THREADS} threads were started")))]
        }
        Attack::Spin => {
            while cpu_time() < ENOUGH_CPU {
                std::hint::spin_loop();
            }
            vec![one(Wall::CpuTime, Some(format!("{ENOUGH_CPU:?} were burnt")))]
        }
        Attack::Sleep => {
            std::thread::sleep(ENOUGH_WALL);
            vec![one(Wall::WallTime, Some(format!("{ENOUGH_WALL:?} were waited for")))]
        }
        // What it says of itself drowns in what it has said.
        Attack::Flood => {
            let (chunk, mut written) = ([b'x'; 4096], 0);
            while written < 4 * MAX_OUTPUT_BYTES && io::stdout().write_all(&chunk).is_ok() {
                written += chunk.len() as u64;
            }
            vec![one(Wall::Output, Some(format!("{written} bytes were written")))]
        }
        Attack::Leave => {
            look::leave();
            Vec::new()
        }
        Attack::Find => look::find(),
    }
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::MAX, Duration::from)
}

fn wait_for_ever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

pub(super) fn one(wall: Wall, got: Option<String>) -> Finding {
    Finding { wall, got }
}

/// What the kernel said, unless that the call is not there, not allowed, or not of this family.
fn answer_of(call: BareCall) -> Option<String> {
    match bare_call(call) {
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EACCES | Errno::EAFNOSUPPORT) => None,
        Err(errno) => Some(format!("{call:?} came to the kernel, which said {errno}")),
        Ok(_) => Some(format!("{call:?} was granted")),
    }
}
