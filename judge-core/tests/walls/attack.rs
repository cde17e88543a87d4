//! What a row of the table of attacks says.

use judge_core::sandbox::Wall;

use super::scene::Scene;

/// An attack that gets through where some walls are missing.
pub struct Attack {
    /// Each of these walls stops it alone: it gets through when all of them are away.
    pub stopped_by: &'static [Wall],
    /// What it is after.
    pub after: &'static str,
    /// What it comes to behind all walls.
    pub with: &'static str,
    /// What it comes to without those.
    pub without: &'static str,
    /// Tries, and says what it comes to.
    pub tries: fn(&mut Scene<'_>) -> String,
    /// Without this it gets nowhere on any host.
    pub needs: Need,
}

/// What not every host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Nothing,
    /// The i386 ABI (`CONFIG_IA32_EMULATION`), which User-mode Linux lacks.
    I386,
    /// Cores written to the working directory (`core(5)`).
    CoresInPlace,
    /// A kernel whose settings a test may change: that of the v2 lane's guest.
    KernelOfOnesOwn,
    /// Numbers of processes that can be set back (`CONFIG_CHECKPOINT_RESTORE`).
    SettableNumbers,
    /// A kernel that collects sockets some time after the last process has closed them.
    LazySockets,
    /// A kernel in which the init would follow a program's link in a sticky directory, as `/box` is
    /// (`fs.protected_symlinks`, `proc_sys_fs(5)`): others are a second wall.
    LinksFollowed,
}

impl Need {
    /// Whether this host has it.
    pub fn is_met(self) -> bool {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        match self {
            Self::Nothing => true,
            Self::I386 => std::path::Path::new("/proc/sys/abi/vsyscall32").exists(),
            Self::CoresInPlace => !read("/proc/sys/kernel/core_pattern").contains(['|', '/']),
            Self::KernelOfOnesOwn => read("/proc/cpuinfo").contains("User Mode Linux"),
            Self::SettableNumbers => std::path::Path::new("/proc/sys/kernel/ns_last_pid").exists(),
            Self::LinksFollowed => read("/proc/sys/fs/protected_symlinks").trim() == "0",
            Self::LazySockets => !read("/proc/version").starts_with("Linux version 6.1."),
        }
    }
}
