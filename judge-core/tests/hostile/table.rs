//! Attacks of a class that is a table in a test instead of a folder of the corpus.

use std::time::Instant;

/// One class, while its attacks are tried.
pub struct Tally {
    class: &'static str,
    attacks: usize,
    last: Instant,
    escaped: Vec<String>,
}

impl Tally {
    pub fn of(class: &'static str) -> Self {
        Self { class, attacks: 0, last: Instant::now(), escaped: vec![] }
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

    /// Prints a line `CLASS attacks N escaped N`, and panics if one escaped or there were fewer than
    /// `least`.
    pub fn close(self, least: usize) {
        let Self { class, attacks, escaped, .. } = self;
        println!("{class} attacks {attacks} escaped {}", escaped.len());
        assert!(escaped.is_empty(), "\n{}", escaped.join("\n"));
        assert!(least <= attacks, "{class}: {attacks} attacks, expected at least {least}");
    }
}
