//! Which settings there are.

/// One setting: its key, what it is in TOML, and its default as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key in `judge.toml`; `table.key` for one in a table.
    pub key: &'static str,
    /// What its value is in TOML.
    pub kind: Kind,
    /// What it is if it is given nowhere.
    pub default: &'static str,
}

/// What a value is in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// An integer.
    Number,
    /// A boolean.
    Switch,
}

impl Setting {
    /// The flag, such as `--http-addr`.
    pub fn flag(&self) -> String {
        format!("--{}", self.key.replace(['_', '.'], "-"))
    }

    /// The environment variable, such as `JUDGE_HTTP_ADDR`.
    pub fn variable(&self) -> String {
        format!("JUDGE_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// Every setting.
pub const SETTINGS: [Setting; 34] = [
    text("amqp_url", "amqp://127.0.0.1:5672/%2f"),
    text("amqp_url_file", ""),
    text("database_url", "sqlite://judge-history.sqlite"),
    text("database_url_file", ""),
    text("problems", "problems"),
    number("slots", "0"),
    text("http_addr", "127.0.0.1:9464"),
    text("worker_name", ""),
    text("log", "info"),
    text("log_format", "text"),
    text("queue", "amqp"),
    number("max_source_bytes", "65536"),
    number("max_message_bytes", "1048576"),
    number("read_ahead", "1"),
    number("lanes", "16"),
    number("lease_seconds", "60"),
    number("drain_deadline_seconds", "60"),
    switch("stop_at_first_failure", "true"),
    switch("parallel_tests", "false"),
    switch("end_at_mismatch", "false"),
    text("pin_slots", "auto"),
    text("cgroup_parent", ""),
    switch("allow_no_cgroup", "false"),
    text("profiles", ""),
    text("cache_dir", ""),
    number("compile_cache_mib", "512"),
    switch("prepare_compilers", "true"),
    text("queues.submissions", "judge.submissions"),
    text("queues.rejudge", "judge.rejudge"),
    text("queues.retry", "judge.retry"),
    text("queues.dead", "judge.dead"),
    text("queues.lane", "judge.lane"),
    text("queues.events", "judge.events"),
    text("queues.control", "judge.control"),
];

const fn text(key: &'static str, default: &'static str) -> Setting {
    Setting { key, kind: Kind::Text, default }
}

const fn number(key: &'static str, default: &'static str) -> Setting {
    Setting { key, kind: Kind::Number, default }
}

const fn switch(key: &'static str, default: &'static str) -> Setting {
    Setting { key, kind: Kind::Switch, default }
}

pub(super) fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The key that someone may have meant who wrote `wrong`: at most three letters away, and at most a
/// third of them.
pub(super) fn nearest(wrong: &str) -> Option<&'static str> {
    let near = |setting: &Setting| (distance(wrong, setting.key), setting.key);
    let (distance, key) = SETTINGS.iter().map(near).min()?;
    (distance <= 3 && distance * 3 <= key.len()).then_some(key)
}

/// How many letters have to be added, removed or replaced to make `a` into `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    // A longer text than this is near nothing, and the work stays bounded.
    for (i, from) in a.bytes().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()] + a.len().saturating_sub(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_one_that_was_meant() {
        assert_eq!(nearest("slot"), Some("slots"));
        assert_eq!(nearest("htpp_addr"), Some("http_addr"));
        assert_eq!(nearest("queues.submision"), Some("queues.submissions"));
        assert_eq!(nearest("colour"), None);
    }

    #[test]
    fn a_distance_counts_letters_added_removed_and_replaced() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("log", "log"), 0);
    }
}
