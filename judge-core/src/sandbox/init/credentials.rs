//! Who a program is: a user that has nothing and can get nothing.

use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use super::super::protocol::InitStep;
use super::super::{Missing, Wall};
use super::root::PROGRAM_ID;
use super::{At, Failure};
use crate::sys::privilege::{clear_capabilities, drop_bounding_set, lock_securebits};

/// Becomes the program's user and group with no other group, no capability in any set, and no way to
/// regain one. Each step wants a capability that a later one takes.
pub fn drop_for_good(missing: &Missing) -> Result<(), Failure> {
    let (uid, gid) = (Uid::from_raw(PROGRAM_ID), Gid::from_raw(PROGRAM_ID));
    if missing.stands(Wall::BoundingSet) {
        drop_bounding_set().at(InitStep::Privilege, "bounding set")?;
    }
    if missing.stands(Wall::Securebits) {
        lock_securebits().at(InitStep::Privilege, "securebits")?;
    }
    if missing.stands(Wall::SupplementaryGroups) {
        setgroups(&[]).at(InitStep::Privilege, "groups")?;
    }
    if missing.stands(Wall::ProgramGid) {
        setresgid(gid, gid, gid).at(InitStep::Privilege, "gid")?;
    }
    if missing.stands(Wall::ProgramUid) {
        setresuid(uid, uid, uid).at(InitStep::Privilege, "uid")?;
    }
    if missing.stands(Wall::CapabilitySets) {
        clear_capabilities().at(InitStep::Privilege, "capabilities")?;
    }
    if missing.stands(Wall::NoNewPrivs) {
        nix::sys::prctl::set_no_new_privs().at(InitStep::Privilege, "no_new_privs")?;
    }
    Ok(())
}
