//! Time in which a run wanted a CPU and got none. That is the doing of a crowded host, not of the
//! program, and must not become its verdict: the wall limit is prolonged by it.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

/// A wall limit is prolonged to at most this many times itself: a host that gives less than a tenth
/// of a CPU is no place to judge.
const MOST_TIMES: u32 = 10;

/// The unit of `/proc/stat` (`proc_stat(5)`: `USER_HZ`, 100 on all architectures that we know).
const TICK: Duration = Duration::from_millis(10);

/// Watches one run.
#[derive(Debug)]
pub(super) struct Starvation {
    stolen_before: Duration,
    /// The longest that any thread was seen to have waited; those that have ended can't be asked.
    waited: Duration,
}

impl Starvation {
    /// From now on.
    pub fn watch() -> Self {
        Self { stolen_before: stolen_lately(), waited: Duration::ZERO }
    }

    /// The wall limit, prolonged by what the processes `members` waited for a CPU (the longest of
    /// their threads), and by what the hypervisor took from this host meanwhile.
    pub fn prolonged(&mut self, wall: Duration, members: &[Pid]) -> Duration {
        let waited = members.iter().map(|&pid| longest_wait(pid)).max().unwrap_or_default();
        self.waited = self.waited.max(waited);
        let stolen = stolen().saturating_sub(self.stolen_before);
        wall.saturating_add(self.waited).saturating_add(stolen).min(wall * MOST_TIMES)
    }
}

/// The longest time that any thread of the process stood ready to run and did not (the second number
/// of `/proc/PID/task/TID/schedstat`, in nanoseconds: the kernel's *Scheduler Statistics*). Zero if it
/// has ended, or if this kernel does not tell.
fn longest_wait(pid: Pid) -> Duration {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let wait = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').nth(1)?.parse().ok().map(Duration::from_nanos)
    };
    tasks.filter_map(|task| wait(task.ok()?)).max().unwrap_or_default()
}

/// What the hypervisor has taken from all CPUs of this host since it booted: which of them the run
/// would have had is not known, so it is given all of it.
fn stolen() -> Duration {
    stolen_in(&fs::read_to_string("/proc/stat").unwrap_or_default())
}

/// As [`stolen`], as of at most [`LATELY`] ago: the kernel takes long to write that file, and few runs
/// live long enough to ask for the difference.
fn stolen_lately() -> Duration {
    static LAST: Mutex<Option<(Instant, Duration)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match *last {
        Some((at, stolen)) if at.elapsed() < LATELY => stolen,
        _ => last.insert((Instant::now(), stolen())).1,
    }
}

/// A run that asks is given what was taken in this time before it, too.
const LATELY: Duration = Duration::from_millis(100);

/// The eighth number of the line that sums all CPUs.
fn stolen_in(stat: &str) -> Duration {
    let ticks = stat.lines().next().and_then(|line| line.split_whitespace().nth(8)?.parse().ok());
    TICK * ticks.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_the_eighth_number_of_the_sum() {
        let text = "cpu  10 0 20 300 4 0 1 250 0 0\ncpu0 5 0 10 150 2 0 1 125 0 0\n";
        assert_eq!(stolen_in(text), Duration::from_millis(2_500));
        assert_eq!(stolen_in(""), Duration::ZERO);
    }

    #[test]
    fn a_limit_is_prolonged_within_bounds_only() {
        let wall = Duration::from_secs(2);
        let mut watch = Starvation { stolen_before: Duration::MAX, waited: Duration::ZERO };
        assert_eq!(watch.prolonged(wall, &[]), wall);
        let mut watch = Starvation { stolen_before: Duration::MAX, waited: Duration::from_secs(3) };
        assert_eq!(watch.prolonged(wall, &[]), Duration::from_secs(5));
        watch.waited = Duration::from_secs(300);
        assert_eq!(watch.prolonged(wall, &[]), wall * MOST_TIMES);
    }

    #[test]
    fn a_process_that_is_gone_has_not_waited() {
        assert_eq!(longest_wait(Pid::from_raw(i32::MAX)), Duration::ZERO);
    }
}
