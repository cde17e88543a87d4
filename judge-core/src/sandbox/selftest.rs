//! A short trial of the walls, before anything hostile is let in.

use std::time::Duration;

use super::{
    Cancel, Capture, Limits, Outcome, ProfileName, RunSpec, SandboxError, Slot, Termination,
};
use crate::sys::fds::SealedFile;
use crate::sys::process::Exit;

/// A wall, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Which.
    pub wall: &'static str,
    /// Whether the attack on it failed.
    pub held: bool,
    /// What the attack came to.
    pub seen: String,
}

/// How the outcome of an attack shows that the wall held.
enum Held {
    /// The script exits with 0, having found nothing.
    ExitsWell,
    /// The run was ended in this way.
    EndedBy(Termination),
    /// Forks were refused.
    RefusesForks,
}

/// The attacks. `/bin/sh` is in every root.
const ATTACKS: [(&str, &str, Held); 9] = [
    (
        "mount namespace: nothing of the host but the toolchains",
        "! [ -e /root ] && ! [ -e /home ] && ! [ -e /sys ] && ! [ -e /etc/shadow ]",
        Held::ExitsWell,
    ),
    (
        "read-only root",
        "! touch /usr/x && ! touch /x && ! touch /etc/x && ! mkdir /dev/x",
        Held::ExitsWell,
    ),
    (
        "pid namespace: no process of the host",
        "for p in /proc/[0-9]*; do n=$((n+1)); done; [ $n -le 2 ]",
        Held::ExitsWell,
    ),
    (
        "network namespace: no interface but loopback",
        "while read -r name rest; do case $name in lo:*|Inter-*|face*) ;; *) exit 1;; esac; done \
         < /proc/self/net/dev",
        Held::ExitsWell,
    ),
    (
        "credentials: no capability, no new privileges",
        "while read -r name value; do case $name:$value in Cap*:0000000000000000) c=$((c+1));; \
         NoNewPrivs::1) n=1;; esac; done < /proc/self/status; [ \"$c\" = 5 ] && [ \"$n\" = 1 ]",
        Held::ExitsWell,
    ),
    (
        "descriptors: none but input, output and error",
        "for fd in /proc/self/fd/*; do case ${fd##*/} in 0|1|2|3|10|255) ;; *) exit 1;; esac; done",
        Held::ExitsWell,
    ),
    ("wall time limit", "sleep 1000", Held::EndedBy(Termination::WallLimit)),
    ("CPU time limit", "while :; do :; done", Held::EndedBy(Termination::CpuLimit)),
    (
        "cgroup: number of processes",
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 100 & done",
        Held::RefusesForks,
    ),
];

/// Attacks that need more than a shell; passed over where the tool is missing.
const ATTACKS_WITH_TOOLS: [(&str, &str, &str, Held); 2] = [
    (
        "seccomp: forbidden system calls",
        "/usr/bin/unshare",
        "exec /usr/bin/unshare --user true",
        Held::EndedBy(Termination::ForbiddenCall(String::new())),
    ),
    (
        "cgroup: memory limit",
        "/usr/bin/tail",
        "head -c 200000000 /dev/zero | tail",
        Held::EndedBy(Termination::MemoryLimit),
    ),
];

/// Tries each wall in `slot`. An error means that the trial itself failed.
pub fn selftest(slot: &mut Slot) -> Result<Vec<Trial>, SandboxError> {
    let mut trials = Vec::new();
    for (wall, script, held) in &ATTACKS {
        trials.push(attack(slot, wall, script, held)?);
    }
    for (wall, tool, script, held) in &ATTACKS_WITH_TOOLS {
        if std::path::Path::new(tool).exists() {
            trials.push(attack(slot, wall, script, held)?);
        }
    }
    Ok(trials)
}

fn attack(
    slot: &mut Slot,
    wall: &'static str,
    script: &str,
    expected: &Held,
) -> Result<Trial, SandboxError> {
    let argv = ["/bin/sh", "-c", script].map(str::to_owned);
    let limits = Limits {
        cpu: Duration::from_millis(200),
        wall: Duration::from_millis(700),
        memory_bytes: 64 << 20,
        output_bytes: 1 << 20,
        processes: 8,
        open_files: 64,
        file_size_bytes: 1 << 20,
        stack_bytes: 8 << 20,
    };
    // Only the limit that is tried is tight: a busy host is no missing wall.
    let patient = Duration::from_secs(60);
    let limits = match expected {
        Held::EndedBy(Termination::CpuLimit) => Limits { wall: patient, ..limits },
        Held::EndedBy(Termination::WallLimit) => Limits { cpu: patient, ..limits },
        _ => Limits { cpu: Duration::from_secs(20), wall: patient, ..limits },
    };
    let spec = RunSpec {
        profile: ProfileName::Run,
        argv: &argv,
        env: &[("PATH".into(), "/usr/bin:/bin".into())],
        limits: &limits,
        stdin: &SealedFile::of_bytes(b"")
            .map_err(|source| SandboxError::Start { attempt: "making an empty input", source })?,
        files: &[],
        collect: &[],
    };
    let outcome = slot.run(&spec, &mut Capture::default(), &Cancel::default())?;
    let held = holds(&outcome, expected);
    Ok(Trial { wall, held, seen: format!("{:?}, {:?}", outcome.termination, outcome.exit) })
}

fn holds(outcome: &Outcome, expected: &Held) -> bool {
    match expected {
        Held::ExitsWell => {
            outcome.termination == Termination::OfItself && outcome.exit == Exit::Code(0)
        }
        Held::EndedBy(Termination::ForbiddenCall(_)) => {
            matches!(outcome.termination, Termination::ForbiddenCall(_))
        }
        Held::EndedBy(termination) => outcome.termination == *termination,
        Held::RefusesForks => 0 < outcome.usage.forks_refused,
    }
}
