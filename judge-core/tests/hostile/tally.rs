//! How many attacks of each class were tried, and how many got through.

use std::collections::BTreeMap;
use std::fmt;

/// Counts what really ran, and names what did not.
#[derive(Default)]
pub struct Tally {
    classes: BTreeMap<&'static str, Count>,
    /// What, and why.
    not_tried: Vec<String>,
}

#[derive(Default, Clone, Copy)]
struct Count {
    attacks: usize,
    escaped: usize,
}

impl Tally {
    /// An attack of this class has run. One that did not end as its first line says, or left a
    /// trace, has `escaped`.
    pub fn add(&mut self, class: &'static str, escaped: bool) {
        let count = self.classes.entry(class).or_default();
        count.attacks += 1;
        count.escaped += usize::from(escaped);
    }

    /// An attack that this host has no place for.
    pub fn add_not_tried(&mut self, path: &str, why: &str) {
        self.not_tried.push(format!("{path}: {why}"));
    }

    /// How many there were, tried or not.
    pub fn all(&self) -> usize {
        let tried: usize = self.classes.values().map(|count| count.attacks).sum();
        tried + self.not_tried.len()
    }
}

/// A line for each class, one for all together, and one for each attack that was not tried.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Count::default();
        writeln!(f, "{:<16}{:>8}{:>8}", "class", "attacks", "escaped")?;
        for (class, Count { attacks, escaped }) in &self.classes {
            all.attacks += attacks;
            all.escaped += escaped;
            writeln!(f, "{class:<16}{attacks:>8}{escaped:>8}")?;
        }
        writeln!(f, "{:<16}{:>8}{:>8}", "all", all.attacks, all.escaped)?;
        self.not_tried.iter().try_for_each(|what| writeln!(f, "not tried: {what}"))
    }
}

#[test]
fn attacks_are_counted_by_class_and_escapes_among_them() {
    let mut tally = Tally::default();
    tally.add("time", false);
    tally.add("network", true);
    tally.add("time", false);
    tally.add_not_tried("kernel/a.c", "no such kernel");
    assert_eq!(tally.all(), 4);
    let lines = [
        "class attacks escaped",
        "network 1 1",
        "time 2 0",
        "all 3 1",
        "not tried: kernel/a.c: no such kernel",
    ];
    let text = tally.to_string();
    let squeezed = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(squeezed.collect::<Vec<_>>(), lines);
}
