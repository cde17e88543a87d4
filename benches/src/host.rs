//! The machine below the figures: they mean nothing without it.

use std::fs;
use std::io;
use std::thread::available_parallelism;

/// Where this runs, how it was built and how it was asked for, as one paragraph.
pub fn facts(cgroups: &str) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_else(|_| "unknown".into());
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cpu = cpu.map_or("model unknown", |(_, model)| model);
    let cores = available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let build = if cfg!(debug_assertions) { "; NOT OPTIMISED: use `cargo bench`" } else { "" };
    format!(
        "{cores} cores of {cpu}, Linux {}, cgroups {cgroups}, load {load} at the start{build}.",
        kernel.trim()
    )
}

/// CPU time of the whole machine since it booted, in clock ticks.
#[derive(Debug, Clone, Copy)]
pub struct CpuTimes {
    all: u64,
    stolen: u64,
}

impl CpuTimes {
    /// Reads the first line of `/proc/stat` (`proc_stat(5)`): user, nice, system, idle, iowait, irq,
    /// softirq, steal; then guests, which are part of user.
    pub fn now() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().unwrap_or_default();
        let ticks = line.split_whitespace().skip(1).take(8).map(str::parse);
        let ticks: Vec<u64> = ticks.collect::<Result<_, _>>().map_err(io::Error::other)?;
        let stolen = ticks.get(7).copied().unwrap_or(0); // kernels before 2.6.11 have no such field
        Ok(Self { all: ticks.iter().sum(), stolen })
    }

    /// How much of the time since `before` the hypervisor gave to others while we wanted it, in per
    /// cent.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
    pub fn stolen_since(&self, before: &Self) -> f64 {
        let all = self.all.saturating_sub(before.all).max(1);
        self.stolen.saturating_sub(before.stolen) as f64 / all as f64 * 100.0
    }
}
