//! The ipc namespace: System V objects and POSIX message queues outlive their makers in it.
//!
//! To make one is dear, for the kernel registers dozens of settings with it, and hardly any program
//! makes such an object. So programs are born in the init's own, and the init leaves that for a new
//! one after a run in which anything was made. That it was is seen by the filter: the calls that
//! make something are *noticed* (see [`super::super::filter`]), each before it is done. What is left
//! behind goes with the last process that was in it.

use nix::sched::CloneFlags;

use super::super::filter::Filter;
use super::super::protocol::InitStep;
use super::super::{Missing, Wall};
use super::{At, Failure};
use crate::sys::pass::Pass;

/// Whether something was made in the namespace.
#[derive(Debug, Default)]
pub struct Ipc {
    used: bool,
}

impl Ipc {
    /// Something is about to be made.
    pub fn notice(&mut self) {
        self.used = true;
    }

    /// Leaves a namespace in which something was made. Only an init whose programs are all gone may
    /// do this.
    pub fn clear(&mut self, pass: Pass, filter: &Filter, missing: &Missing) -> Result<(), Failure> {
        // Without that wall, calls that would ask are let through.
        let silent = filter.is_silent() || !missing.stands(Wall::ForbiddenCalls);
        if (std::mem::take(&mut self.used) || silent) && missing.stands(Wall::IpcNamespace) {
            pass.unshare(CloneFlags::CLONE_NEWIPC).at(InitStep::Ipc, "a new one")?;
        }
        Ok(())
    }
}
