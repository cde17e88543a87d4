//! The glob patterns of `submissions.yaml` (2025-09, *Glob patterns*): `*` inside a name, and
//! `{a,b}`. Nothing else is special.

/// Alternatives that braces may multiply to.
const MAX_ALTERNATIVES: usize = 256;

/// The longest pattern, in bytes: each alternative is a copy of what is around the braces.
const MAX_PATTERN_BYTES: usize = 1024;

/// A pattern that is longer, or has more alternatives, than anyone would write.
#[derive(Debug, PartialEq)]
pub(super) struct TooComplex;

/// A pattern, with its braces expanded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    pub(super) fn new(pattern: &str) -> Result<Self, TooComplex> {
        if MAX_PATTERN_BYTES < pattern.len() {
            return Err(TooComplex);
        }
        let mut open = vec![pattern.to_owned()];
        let mut done = Vec::new();
        while let Some(pattern) = open.pop() {
            match innermost_braces(&pattern) {
                None => done.push(pattern),
                Some((before, inside, after)) => {
                    open.extend(inside.split(',').map(|one| format!("{before}{one}{after}")));
                }
            }
            if open.len() + done.len() > MAX_ALTERNATIVES {
                return Err(TooComplex);
            }
        }
        Ok(Self(done))
    }

    /// Whether the path, or a folder it is in, has this pattern.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| {
            let mut names = path.split('/');
            pattern.split('/').all(|part| names.next().is_some_and(|name| name_matches(part, name)))
        })
    }
}

/// Splits at the first closing brace and the opening one before it.
fn innermost_braces(pattern: &str) -> Option<(&str, &str, &str)> {
    let close = pattern.find('}')?;
    let open = pattern[..close].rfind('{')?;
    Some((&pattern[..open], &pattern[open + 1..close], &pattern[close + 1..]))
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    // The leftmost place for each part leaves the most to those after it.
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names_and_what_is_below_them() {
        let table = [
            ("accepted", "accepted/a.py", true),
            ("accepted/*", "accepted/a.py", true),
            ("accepted", "accepted2/a.py", false),
            ("*", "accepted/a.py", true),
            ("*/a.py", "accepted/a.py", true),
            ("a.py", "accepted/a.py", false),
            ("*.py", "accepted/a.py", false),
            ("accepted/*.{py,cpp}", "accepted/a.cpp", true),
            ("{accepted,mixed}/{a,b}.py", "mixed/b.py", true),
            ("{accepted,mixed}/{a,b}.py", "mixed/c.py", false),
            ("a{b,{c,d}}e", "ade", true),
            ("a{b", "a{b", true),
            ("secret/*-easy", "secret/01-easy", true),
            ("secret/*-easy", "secret/01-hard", false),
            ("*a*a*", "aa", true),
            ("*a*a*", "a", false),
            ("a*a", "a", false),
            ("a/b/c", "a/b", false),
        ];
        for (pattern, path, expected) in table {
            let glob = Glob::new(pattern).expect("it has few alternatives");
            assert_eq!(glob.matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_with_endless_alternatives_is_refused() {
        assert_eq!(Glob::new(&"{a,b}".repeat(40)), Err(TooComplex));
        let many_copies_of_much = format!("{{{}}}{}", ",".repeat(200_000), "x".repeat(200_000));
        assert_eq!(Glob::new(&many_copies_of_much), Err(TooComplex));
        assert_eq!(Glob::new(&"{}".repeat(300_000)), Err(TooComplex), "many rounds");
    }
}
