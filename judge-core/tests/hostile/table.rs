//! Attacks of a class that is a table in a test instead of a folder of the corpus.

use std::io::Write as _;
use std::time::Instant;

/// One class, while its attacks are tried.
pub struct Table {
    class: &'static str,
    attacks: usize,
    escaped: Vec<String>,
    last: Instant,
}

impl Table {
    pub fn of(class: &'static str) -> Self {
        Self { class, attacks: 0, escaped: vec![], last: Instant::now() }
    }

    /// An attack by its name, with what it did that it must not.
    pub fn tried(&mut self, name: &str, result: Result<(), String>) {
        self.attacks += 1;
        eprintln!("{}/{name}: {result:?}, {:.1?}", self.class, self.last.elapsed());
        self.last = Instant::now();
        if let Err(what) = result {
            self.escaped.push(format!("{}/{name}: {what}", self.class));
        }
    }

    /// Prints how many were tried and how many escaped, and panics if one did or if there were fewer
    /// than `least`.
    pub fn close(self, least: usize) {
        let Self { class, attacks, escaped, .. } = self;
        // Past the capture of output: a run that went well shows it too.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{:<16}{:>8}{:>8}", "class", "attacks", "escaped").unwrap();
        writeln!(out, "{class:<16}{attacks:>8}{:>8}", escaped.len()).unwrap();
        assert!(escaped.is_empty(), "\n{}", escaped.join("\n"));
        assert!(least <= attacks, "{class}: {attacks} attacks, expected at least {least}");
    }
}
