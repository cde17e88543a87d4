//! The systems that are compared: each runs a program its own way, from a cold start to everything
//! reaped.
//!
//! ```text
//! System (isolate, a slot, …) ──▶ Runner: one lane, which runs one program after the other
//!                              └▶ Runner: a second lane, at the same time
//! ```

mod bare;
mod command;
mod go_judge;
mod slot;

pub use bare::Bare;
pub use command::{Bwrap, Isolate, IsolateEachTime, Nsjail};
pub use go_judge::GoJudge;
pub use slot::{InSlot, OwnSlot};

use crate::Fallible;
use crate::workload::Workload;

/// A way to run programs.
pub trait System {
    /// For tables.
    fn name(&self) -> &str;

    /// Gets ready to run `workload` again and again. Lanes, numbered from 0, run at the same time;
    /// no two that live have the same number.
    fn lane<'a>(&'a self, workload: &'a Workload, number: u32) -> Fallible<Box<dyn Runner + 'a>>;
}

/// Runs one workload, one run after the other.
pub trait Runner: Send {
    /// One run. Fails unless the program ended well: how long a failure takes says nothing.
    fn run(&mut self) -> Fallible<()>;
}
