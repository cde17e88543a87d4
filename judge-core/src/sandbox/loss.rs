//! What a sandbox lacks on a host that grants little.

use serde::{Deserialize, Serialize};

use super::Wall;

/// Something that judging goes on without. Told by `doctor`, and in every verdict that came about so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Loss {
    /// There are no control groups.
    NoCgroups,
    /// Programs are the same user of the host as the worker.
    OwnUser,
    /// Programs are in the worker's supplementary groups.
    KeptGroups,
}

impl Loss {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::NoCgroups, Self::OwnUser, Self::KeptGroups];

    /// Whether this is what `wall` is made of, so that it is given up where this is lost.
    pub fn gives_up(self, wall: Wall) -> bool {
        match self {
            Self::NoCgroups => matches!(wall, Wall::Memory | Wall::Processes),
            Self::OwnUser => matches!(
                wall,
                Wall::UserNamespace
                    | Wall::IdRange
                    | Wall::ProgramUid
                    | Wall::ProgramGid
                    | Wall::InputMode
            ),
            Self::KeptGroups => wall == Wall::SupplementaryGroups,
        }
    }

    /// What is lost, as a part of a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoCgroups => {
                "memory and the number of processes are not bounded, and CPU time is counted of \
                 processes only that were waited for"
            }
            Self::OwnUser => {
                "programs run as the worker's own user: what the kernel counts by user (processes, \
                 pipes, queues) they share with each other and the worker, they can leave a mark on \
                 their input by its times, and one that broke out of its namespaces would be that \
                 user"
            }
            Self::KeptGroups => {
                "programs keep the worker's supplementary groups: of what is shown inside they can \
                 read what is closed to all but these"
            }
        }
    }

    /// What the operator may do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NoCgroups => {
                "give the worker cgroups that it may write: as root; or a v2 group delegated to its \
                 user, by `systemd-run --user --scope -p Delegate=yes` or `Delegate=memory pids` in \
                 its unit"
            }
            Self::OwnUser | Self::KeptGroups => {
                "install newuidmap and newgidmap (package uidmap), and give the user ids: usermod \
                 --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
            }
        }
    }
}
