//! Ours.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{
    Cancel, Capture, InputFile, Limits, ProfileName, Profiles, RunSpec, Slot, SlotConfig,
    Termination,
};
use judge_core::sys::fds::SealedFile;
use judge_core::sys::process::Exit;

use super::{Runner, System};
use crate::Fallible;
use crate::workload::{PROGRAM, Workload};

/// Slots as the judge uses them, with every wall up: output is read and compared, limits are
/// enforced, usage is measured, what the run has touched is thrown away.
#[derive(Debug)]
pub struct OwnSlot {
    config: SlotConfig,
}

/// Ample, so that none is ever reached.
const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(10),
    wall: Duration::from_secs(60),
    memory_bytes: 256 << 20,
    output_bytes: 1 << 20,
    processes: 16,
    open_files: 64,
    file_size_bytes: 16 << 20,
    stack_bytes: 8 << 20,
};

impl OwnSlot {
    /// The init of its slots is this binary: its `main` must call `become_init_if_asked` first.
    pub fn new(cgroups: Cgroups) -> Fallible<Self> {
        let init_binary = "/proc/self/exe".into();
        let profiles = Profiles::load(&ProfileSource::BuiltIn)?;
        Ok(Self { config: SlotConfig { init_binary, profiles, cgroups } })
    }

    /// What its slots share.
    pub fn config(&self) -> &SlotConfig {
        &self.config
    }
}

impl System for OwnSlot {
    fn name(&self) -> &'static str {
        "judge-worker's slot"
    }

    fn lane<'a>(&'a self, workload: &'a Workload, number: u32) -> Fallible<Box<dyn Runner + 'a>> {
        Ok(Box::new(InSlot::start(&self.config, workload, number)?))
    }
}

/// One slot with what it needs for each run.
pub struct InSlot<'a> {
    slot: Slot,
    workload: &'a Workload,
    files: Vec<InputFile>,
    stdin: SealedFile,
}

impl<'a> InSlot<'a> {
    /// Builds the slot.
    pub fn start(config: &SlotConfig, workload: &'a Workload, number: u32) -> Fallible<Self> {
        let sealed = |path| -> Fallible<InputFile> {
            let content = SealedFile::of_reader(&mut File::open(path)?, u64::MAX)?;
            Ok(InputFile { path: PROGRAM.into(), content: Arc::new(content), executable: true })
        };
        Ok(Self {
            slot: Slot::start(config, number)?,
            workload,
            files: workload.program.iter().map(sealed).collect::<Fallible<_>>()?,
            stdin: SealedFile::of_bytes(workload.stdin)?,
        })
    }
}

impl Runner for InSlot<'_> {
    fn run(&mut self) -> Fallible<()> {
        let spec = RunSpec {
            own_core: true,
            profile: ProfileName::Run,
            argv: &self.workload.argv,
            env: &[],
            limits: &LIMITS,
            stdin: &self.stdin,
            files: &self.files,
            collect: &[],
        };
        let mut output = Capture::default();
        let outcome = self.slot.run(&spec, &mut output, &Cancel::default())?;
        let well = outcome.termination == Termination::OfItself && outcome.exit == Exit::Code(0);
        if well && output.0 == self.workload.stdout {
            Ok(())
        } else {
            Err(format!("the run in the slot did not end well: {outcome:?}").into())
        }
    }
}
