//! Which users and groups of the host the processes of a slot are.
//!
//! ```text
//! inside a slot          on the host, slot n of a worker
//!      0   init          first + 2n          the worker's block: 512 ids that no other living
//!   1000   program       first + 2n + 1      worker of this host has, by the lock in `claim`
//! ```
//!
//! A slot maps just these two: no file of the host belongs to either, and what the kernel counts or
//! protects by user (`RLIMIT_NPROC`, quotas of pipes and queues, signals) is the slot's alone.
//!
//! | the worker                                    | its ids are from                     | who maps |
//! |-----------------------------------------------|--------------------------------------|----------|
//! | has `CAP_SETUID` and `CAP_SETGID`             | a part of the host's that nobody uses| itself   |
//! | the same, in a container with few ids         | the upper half of those              | itself   |
//! | is an ordinary user of `/etc/subuid`          | what that file gives the user        | `newuidmap(1)` |
//! | is any other user, but root                   | none: program and init are that user | itself   |
//!
//! The last is a [`Loss`]. There the slot maps 1000 alone.

mod claim;
mod slot_ids;
mod subordinate;

use std::fs;
use std::ops::Range;

use nix::errno::Errno;
use nix::unistd::{getegid, geteuid, getgroups};
use serde::{Deserialize, Serialize};

use super::{Hindrance, Loss, SandboxError};
use claim::Claim;
pub(super) use claim::open_lock_file;
pub(super) use slot_ids::{Access, SlotIds};

/// The most slots of one worker.
pub const MAX_SLOTS: u32 = 256;

/// Uid and gid of every program, inside.
pub const PROGRAM_ID: u32 = 1000;

/// Of one slot: the init's, and the program's.
const IDS_PER_SLOT: u32 = 2;

/// Of one worker.
const IDS_PER_WORKER: u32 = MAX_SLOTS * IDS_PER_SLOT;

/// Where a worker takes its ids that may map any: the part of the 32-bit range that systemd's table
/// of ids calls unused (*Users, Groups, UIDs and GIDs on systemd Systems*), far above those of people,
/// services and `subuid(5)`, and below 2^31, from where on programs are known to misbehave.
const UNUSED: Range<u32> = 0x7000_0000..0x8000_0000;

/// `nobody` (`user_namespaces(7)`, *overflowuid*): never to be a slot's.
const NOBODY: u32 = 65534;

/// What a worker's slots may be on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pool {
    /// Ids that the worker maps itself.
    Direct(Range<u32>),
    /// Ids of `/etc/subuid` and `/etc/subgid`, equally many of both.
    Subordinate { uids: Range<u32>, gids: Range<u32> },
    /// The worker's own, and no other.
    Own,
}

/// The ids of one worker, its own for as long as this value lives.
#[derive(Debug)]
pub struct Ids {
    pool: Pool,
    /// None where there is nothing to share out.
    claim: Option<Claim>,
}

/// Which ids exist inside a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inside {
    /// 0 for the init, [`PROGRAM_ID`] for the program.
    Two,
    /// [`PROGRAM_ID`] for both, and the supplementary groups can't be given up.
    One,
}

impl Ids {
    /// Takes ids that no other living worker of this host has, as far as this process sees the host:
    /// workers in other containers have locks of their own, so within the range the place is drawn by
    /// lot.
    ///
    /// Fails with [`SandboxError::Ids`] where the lock can't be had, or all are taken; and with
    /// [`SandboxError::Withheld`] for root without the right to map ids, whose programs would be root.
    pub fn claim() -> Result<Self, SandboxError> {
        let pool = Pool::find();
        let claim = match pool.range() {
            None if geteuid().is_root() => {
                return Err(SandboxError::Withheld {
                    attempt: "choosing users for programs",
                    hindrance: Hindrance::Ids,
                    source: Errno::EPERM.into(),
                });
            }
            None => None,
            Some(range) => Some(Claim::take(&claim::lock_file()?, range)?),
        };
        Ok(Self { pool, claim })
    }

    /// The uids that the slot numbered `slot` (below [`MAX_SLOTS`]) has on the host, the init's first.
    pub fn uids(&self, slot: u32) -> Range<u32> {
        match &self.claim {
            Some(claim) => claim.slot(slot),
            None => geteuid().as_raw()..geteuid().as_raw() + 1,
        }
    }

    /// Those of the slot numbered `slot`, and how they are mapped.
    pub(super) fn slot(&self, slot: u32) -> SlotIds {
        let uids = self.uids(slot);
        match &self.pool {
            Pool::Direct(_) => SlotIds::direct(uids),
            Pool::Subordinate { uids: all, gids } => {
                let gid = gids.start + (uids.start - all.start);
                SlotIds::subordinate(uids, gid)
            }
            Pool::Own => SlotIds::own(uids),
        }
    }

    /// Which ids exist inside.
    pub(super) fn inside(&self) -> Inside {
        match self.pool {
            Pool::Direct(_) | Pool::Subordinate { .. } => Inside::Two,
            Pool::Own => Inside::One,
        }
    }

    /// What is missing here beside a worker that may map any id.
    pub(super) fn losses(&self) -> Vec<Loss> {
        if self.inside() == Inside::Two {
            return vec![];
        }
        let own = getegid();
        // More of them than the kernel tells of would be a failure to tell of none.
        let others = getgroups().map_or(true, |groups| groups.iter().any(|group| *group != own));
        if others { vec![Loss::OwnUser, Loss::KeptGroups] } else { vec![Loss::OwnUser] }
    }

    /// Where they come from, for people.
    pub fn describe(&self) -> String {
        let user = geteuid();
        match (&self.pool, &self.claim) {
            (Pool::Own, _) | (_, None) => format!("uid {user}, for the worker and for programs"),
            (Pool::Direct(_), Some(claim)) => {
                format!("uid {user}; programs have ids of their own, from {}", claim.first())
            }
            (Pool::Subordinate { .. }, Some(claim)) => {
                let first = claim.first();
                format!("uid {user}; programs have subordinate ids, from {first}")
            }
        }
    }
}

impl Pool {
    fn find() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        if may_map_any(&read("/proc/self/status")) {
            return Self::direct(&read("/proc/self/uid_map"), &read("/proc/self/gid_map"));
        }
        subordinate::find().map_or(Self::Own, |(uids, gids)| Self::Subordinate { uids, gids })
    }

    /// For a worker that may map any id which there is, by the text of `/proc/self/uid_map` and
    /// `gid_map`: a container may have few.
    fn direct(uid_map: &str, gid_map: &str) -> Self {
        let (uids, gids) = (mapped(uid_map), mapped(gid_map));
        let holds = |mapped: &[Range<u32>], range: &Range<u32>| {
            mapped.iter().any(|all| all.start <= range.start && range.end <= all.end)
        };
        if holds(&uids, &UNUSED) && holds(&gids, &UNUSED) {
            return Self::Direct(UNUSED);
        }
        let upper_half = |all: &Range<u32>| {
            let middle = all.start + (all.end - all.start) / 2;
            let end = if (middle..all.end).contains(&NOBODY) { NOBODY } else { all.end };
            middle..end
        };
        let halves = uids.iter().map(upper_half);
        let fit = halves.filter(|half| IDS_PER_WORKER as usize <= half.len() && holds(&gids, half));
        fit.max_by_key(ExactSizeIterator::len).map_or(Self::Own, Self::Direct)
    }

    /// What there is to share out among workers.
    fn range(&self) -> Option<Range<u32>> {
        match self {
            Self::Direct(range) | Self::Subordinate { uids: range, .. } => Some(range.clone()),
            Self::Own => None,
        }
    }
}

/// The ids that exist in a user namespace, by a text of `INSIDE OUTSIDE LENGTH` lines.
fn mapped(text: &str) -> Vec<Range<u32>> {
    let line = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (first, _, count) = (numbers.next()?.ok()?, numbers.next()?, numbers.next()?.ok()?);
        Some(first..first.saturating_add(count))
    };
    text.lines().filter_map(line).collect()
}

/// Whether the text of `/proc/self/status` shows the rights to map any user and any group.
fn may_map_any(status: &str) -> bool {
    /// `CAP_SETGID` and `CAP_SETUID` (`linux/capability.h`).
    const BOTH: u64 = 1 << 6 | 1 << 7;
    let held = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let held = held.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
    held.is_some_and(|held| held & BOTH == BOTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_the_host_takes_ids_that_nobody_uses() {
        let all = "         0          0 4294967295\n";
        assert_eq!(Pool::direct(all, all), Pool::Direct(UNUSED));
    }

    #[test]
    fn a_worker_in_a_container_with_few_ids_takes_the_upper_half_below_nobody() {
        let few = "0 1000 1\n1 100000 65535\n";
        let Pool::Direct(range) = Pool::direct(few, few) else { panic!("there is room") };
        assert_eq!(range, 32768..NOBODY);
        assert!(IDS_PER_WORKER as usize <= range.len());
        assert_eq!(Pool::direct("0 1000 1\n", "0 1000 1\n"), Pool::Own);
        assert_eq!(Pool::direct(few, "0 1000 1\n"), Pool::Own, "groups are needed too");
    }

    #[test]
    fn both_rights_are_needed_to_map_any_id() {
        assert!(may_map_any("Name:\tx\nCapEff:\t00000000000000c3\n"));
        assert!(!may_map_any("Name:\tx\nCapEff:\t0000000000000080\n"));
        assert!(!may_map_any("Name:\tx\nCapEff:\t0000000000000000\n"));
        assert!(!may_map_any(""));
    }
}
