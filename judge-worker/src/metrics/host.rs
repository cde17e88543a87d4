//! What else the host is doing while we measure: steal and CPU pressure.
//!
//! Both are read when Prometheus scrapes. A kernel that does not offer one has no such series:
//! zero would claim a quiet host.

use super::labels::NoiseSource;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// More than the longest line read here; nothing past it is looked at.
const MAX_LINE_BYTES: u64 = 4096;

/// Reads noise ratios below a proc directory, `/proc` but in tests.
#[derive(Debug)]
pub struct HostNoise {
    proc_root: PathBuf,
    last_ticks: Option<CpuTicks>,
    last_steal: Option<f64>,
}

impl HostNoise {
    /// Steal is measured from now on.
    pub fn new(proc_root: impl Into<PathBuf>) -> Self {
        let proc_root = proc_root.into();
        let last_ticks = read_ticks(&proc_root);
        Self { proc_root, last_ticks, last_steal: None }
    }

    /// The ratio of `source`, 0 to 1, or `None` where the kernel does not tell.
    ///
    /// Steal is the share since the last call; two calls within one clock tick give the same.
    /// Pressure is the kernel's own mean over the last ten seconds.
    pub fn ratio(&mut self, source: NoiseSource) -> Option<f64> {
        match source {
            NoiseSource::Steal => self.steal(),
            NoiseSource::PsiCpu => {
                first_line(&self.proc_root.join("pressure/cpu")).and_then(|l| parse_psi_some(&l))
            }
        }
    }

    fn steal(&mut self) -> Option<f64> {
        let now = read_ticks(&self.proc_root)?;
        if let Some(ratio) = self.last_ticks.and_then(|before| now.steal_ratio_since(before)) {
            self.last_steal = Some(ratio);
        }
        self.last_ticks = Some(now);
        self.last_steal
    }
}

/// Clock ticks of all CPUs since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CpuTicks {
    total: u64,
    steal: u64,
}

impl CpuTicks {
    /// `None` if no tick went by. A counter that fell (the kernel allows it for some) counts as
    /// not having moved.
    fn steal_ratio_since(self, before: Self) -> Option<f64> {
        let total = self.total.saturating_sub(before.total);
        let steal = self.steal.saturating_sub(before.steal).min(total);
        #[expect(clippy::cast_precision_loss, reason = "a ratio of two differences of ticks")]
        (total > 0).then(|| steal as f64 / total as f64)
    }
}

fn read_ticks(proc_root: &Path) -> Option<CpuTicks> {
    first_line(&proc_root.join("stat")).and_then(|line| parse_ticks(&line))
}

/// The `cpu` line of `proc_stat(5)`: user nice system idle iowait irq softirq steal guest
/// `guest_nice`. The guest fields are contained in user and nice, so they are not added.
fn parse_ticks(line: &str) -> Option<CpuTicks> {
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("cpu") {
        return None;
    }
    let fields: Vec<u64> = words.take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let steal = *fields.get(7)?;
    let total = fields.iter().try_fold(0_u64, |sum, field| sum.checked_add(*field))?;
    Some(CpuTicks { total, steal })
}

/// The `some` line of the kernel's `Documentation/accounting/psi.rst`; its `avg10` is in percent.
fn parse_psi_some(line: &str) -> Option<f64> {
    let averages = line.strip_prefix("some ")?;
    let percent = averages.split_ascii_whitespace().find_map(|w| w.strip_prefix("avg10="))?;
    let ratio = percent.parse::<f64>().ok()? / 100.0;
    (0.0..=1.0).contains(&ratio).then_some(ratio)
}

fn first_line(path: &Path) -> Option<String> {
    let read = || -> io::Result<String> {
        let mut line = String::new();
        BufReader::new(File::open(path)?.take(MAX_LINE_BYTES)).read_line(&mut line)?;
        Ok(line)
    };
    read().ok() // absent is an answer here, not a failure
}

#[cfg(test)]
mod tests {
    use super::{HostNoise, NoiseSource, parse_psi_some, parse_ticks};
    use proptest::prelude::*;
    use std::fs;
    use std::path::Path;

    fn write(proc_root: &Path, file: &str, text: &str) {
        let path = proc_root.join(file);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    #[test]
    fn steal_is_the_share_of_the_ticks_since_the_last_reading() {
        let proc_root = tempfile::tempdir().expect("a directory");
        write(proc_root.path(), "stat", "cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 2 3\n");
        let mut noise = HostNoise::new(proc_root.path());
        write(proc_root.path(), "stat", "cpu  140 0 120 720 0 0 0 120 90 0\n");
        assert_eq!(noise.ratio(NoiseSource::Steal), Some(0.2));
    }

    #[test]
    fn two_readings_within_a_tick_give_the_same_steal() {
        let proc_root = tempfile::tempdir().expect("a directory");
        write(proc_root.path(), "stat", "cpu 0 0 0 0 0 0 0 0\n");
        let mut noise = HostNoise::new(proc_root.path());
        assert_eq!(noise.ratio(NoiseSource::Steal), None);
        write(proc_root.path(), "stat", "cpu 5 0 0 0 0 0 0 5\n");
        assert_eq!(noise.ratio(NoiseSource::Steal), Some(0.5));
        assert_eq!(noise.ratio(NoiseSource::Steal), Some(0.5));
    }

    #[test]
    fn pressure_is_a_ratio_not_a_percentage() {
        let line = "some avg10=12.50 avg60=0.04 avg300=1.17 total=17956805\n";
        assert_eq!(parse_psi_some(line), Some(0.125));
    }

    #[test]
    fn a_kernel_without_the_files_has_no_noise_series() {
        let empty = tempfile::tempdir().expect("a directory");
        let mut noise = HostNoise::new(empty.path());
        for source in NoiseSource::ALL {
            assert_eq!(noise.ratio(*source), None);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_ratio_outside_zero_to_one(line in "(some avg10=)?[0-9a-z.=+e -]{0,40}") {
            prop_assert!(parse_psi_some(&line).is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
        }

        #[test]
        fn no_text_makes_more_steal_than_ticks(line in "cpu( [0-9]{1,20}){0,10}") {
            prop_assert!(parse_ticks(&line).is_none_or(|ticks| ticks.steal <= ticks.total));
        }
    }
}
