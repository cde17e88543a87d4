//! What a problem is, and what the facts of runs mean for it.
//!
//! ```text
//! package        a problem as its folder describes it
//! comparison     the default output validator
//! validator      the package's own output validator, in a sandbox
//! verdict        from the facts of a run to what they mean
//! test_data      inputs and answers, read once
//! testcase_run   one test
//! view           what may be seen of it, by whom
//! scoring        from results of tests to the result of the submission
//! judge          one submission: compile, run its tests over free slots, grade
//! judgement      what came of it
//! toolchains     those of this host, what they compiled before, what they are prepared with
//! pool           the slots
//! ```
//!
//! A submission gets a [`Judgement`] or there is a [`JudgeError`]: a failure of
//! ours never becomes somebody's verdict.

pub mod comparison;
pub mod package;
pub mod pool;
pub mod problem;
pub mod scoring;
pub mod validator;
pub mod verdict;

mod error;
mod judge;
mod judgement;
mod schedule;
mod test_data;
mod testcase_run;
mod toolchains;
mod view;

pub use error::{DataFile, JudgeError};
pub use judge::{Judge, LowerLimits, Mode, Stage, Task};
pub use judgement::{CompileReport, JudgedTest, Judgement, Phases};
pub use pool::{Occupancy, SlotPool};
pub use problem::Problem;
pub use schedule::AfterFailure;
pub use test_data::TestData;
pub use testcase_run::TestRun;
pub use verdict::{Cause, ValidatorFailure, Verdict};
pub use view::{AuthorRemarks, PublicData, SHOWN_BYTES, Shown, View};
