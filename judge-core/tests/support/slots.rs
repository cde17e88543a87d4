//! What the slots of tests are made of.

use judge_core::sandbox::cgroup::Cgroups;
use judge_core::sandbox::profile::ProfileSource;
use judge_core::sandbox::{Profiles, SlotConfig};

/// The built-in profiles, and a place among the host's workers.
pub fn config() -> SlotConfig {
    SlotConfig {
        init_binary: env!("CARGO_BIN_EXE_judge-sandbox-init").into(),
        profiles: Profiles::load(&ProfileSource::BuiltIn).unwrap(),
        cgroups: Cgroups::claim(None).unwrap(),
    }
}
