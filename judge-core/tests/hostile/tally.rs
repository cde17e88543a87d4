//! How many attacks of each class were tried, and how many got through.

use std::collections::BTreeMap;
use std::fmt;

/// Counts what really ran.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, Count>);

#[derive(Default, Clone, Copy)]
struct Count {
    attacks: usize,
    escaped: usize,
}

impl Tally {
    /// An attack of this class has run. One that did not end as its first line says, or left a
    /// trace, has `escaped`.
    pub fn add(&mut self, class: &'static str, escaped: bool) {
        let count = self.0.entry(class).or_default();
        count.attacks += 1;
        count.escaped += usize::from(escaped);
    }
}

/// A line for each class, and one for all together.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Count::default();
        writeln!(f, "{:<16}{:>8}{:>8}", "class", "attacks", "escaped")?;
        for (class, Count { attacks, escaped }) in &self.0 {
            all.attacks += attacks;
            all.escaped += escaped;
            writeln!(f, "{class:<16}{attacks:>8}{escaped:>8}")?;
        }
        writeln!(f, "{:<16}{:>8}{:>8}", "all", all.attacks, all.escaped)
    }
}

#[test]
fn attacks_are_counted_by_class_and_escapes_among_them() {
    let mut tally = Tally::default();
    tally.add("time", false);
    tally.add("network", true);
    tally.add("time", false);
    let lines = ["class attacks escaped", "network 1 1", "time 2 0", "all 3 1"];
    let text = tally.to_string();
    let squeezed = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(squeezed.collect::<Vec<_>>(), lines);
}
