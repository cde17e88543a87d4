//! What not every kernel has, and a case makes no sense without: what it attacks, or what would stop
//! it.

use std::path::Path;

/// A feature of the kernel.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// As a first line says it.
    pub name: &'static str,
    /// Why a program was not tried.
    pub lacking: &'static str,
    is_met: fn() -> bool,
}

const NEEDS: [Need; 2] = [
    Need {
        name: "i386",
        lacking: "this kernel has no i386 ABI (CONFIG_IA32_EMULATION)",
        is_met: || Path::new("/proc/sys/abi/vsyscall32").exists(),
    },
    Need {
        name: "ns_last_pid",
        lacking: "this kernel lets nobody set the numbers of processes back \
                  (CONFIG_CHECKPOINT_RESTORE), so it would tell",
        is_met: || Path::new("/proc/sys/kernel/ns_last_pid").exists(),
    },
];

impl Need {
    /// The one that is called so.
    pub fn named(name: &str) -> Option<Self> {
        NEEDS.into_iter().find(|need| need.name == name)
    }

    /// Whether this kernel has it, by a look at the kernel, not at its name.
    pub fn is_met(&self) -> bool {
        (self.is_met)()
    }
}
