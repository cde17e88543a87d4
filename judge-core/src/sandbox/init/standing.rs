//! A slot that stands: what is built once, and what passes from one run to the next.

use std::os::fd::OwnedFd;

use nix::sys::resource::{Resource, setrlimit};

use super::super::filter::Filter;
use super::super::protocol::{InitStep, Setup};
use super::super::{Missing, Wall};
use super::ipc::Ipc;
use super::numbers::ProcessNumbers;
use super::sockets::LocalSockets;
use super::writable::Writable;
use super::{At, Failure, root};
use crate::sys::filter::install;
use crate::sys::pass::Pass;
use crate::sys::privilege::drop_bounding_set;

/// Built, and good until it fails.
pub struct Standing {
    pub setup: Setup,
    /// By which the init gets past the filter.
    pub pass: Pass,
    /// Tells of the calls that the filter has somebody ask for.
    pub listener: OwnedFd,
    pub numbers: ProcessNumbers,
    pub writable: Writable,
    pub ipc: Ipc,
    pub sockets: LocalSockets,
}

impl Standing {
    /// Builds the root, and takes from the init itself what no program of it may have: that costs
    /// nothing then when one starts.
    pub fn build(setup: Setup, missing: &Missing) -> Result<Self, Failure> {
        let numbers = ProcessNumbers::open(missing);
        let pass = Pass::random().at(InitStep::Filter, "/dev/urandom")?;
        root::build(&setup, missing)?;
        let sockets = LocalSockets::open(missing)?;
        // We execute nothing, and every program inherits it.
        if missing.stands(Wall::BoundingSet) {
            drop_bounding_set().at(InitStep::Privilege, "bounding set")?;
        }
        // Not 0: that holds for files only, and a host that pipes its cores to a program would run
        // it for every crash. 1 is less than any core needs, and keeps the pipe shut too (`do_coredump`).
        if missing.stands(Wall::CoreSize) {
            setrlimit(Resource::RLIMIT_CORE, 1, 1).at(InitStep::Rlimit, "RLIMIT_CORE")?;
        }
        // At last, for it forbids what was needed so far.
        let program = missing.filter(setup.profiles.filter.program());
        let listener =
            install(&Filter::with_pass(&program, pass)).at(InitStep::Filter, "program")?;
        let (writable, ipc) = (Writable::default(), Ipc::default());
        Ok(Self { setup, pass, listener, numbers, writable, ipc, sockets })
    }

    /// Takes away what a run that is over has left.
    pub fn clear(&mut self, missing: &Missing) -> Result<(), Failure> {
        self.ipc.clear(self.pass, &self.setup.profiles.filter, missing)?;
        self.writable.clear(self.pass, self.setup.inside, missing)
    }
}
