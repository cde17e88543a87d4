//! Typed access to the keys of a YAML file, which notices those that nobody asked for.

use super::{PackageError, folder::Folder};
use serde_norway::{Mapping, Value};
use std::path::{Path, PathBuf};

/// Flow collections (`[`, `{`) inside each other. The parser takes no more either, but finds that out
/// only after a time that grows with the square of their number: minutes for 100 kB.
const MAX_NESTING: usize = 128;

/// A map of a YAML file. Each getter takes its key out; [`Keys::finish`] warns of what is left.
pub(super) struct Keys<'f> {
    folder: &'f Folder,
    path: PathBuf,
    /// Where in the file this map is: empty, or `limits.`.
    prefix: String,
    map: Mapping,
}

impl<'f> Keys<'f> {
    pub(super) fn parse(folder: &'f Folder, path: &Path, text: &str) -> Result<Self, PackageError> {
        if MAX_NESTING < nesting(text) {
            let bound = format!("at most {MAX_NESTING} brackets may be open");
            return Err(PackageError::TooLarge { path: path.to_owned(), bound });
        }
        let value: Value = serde_norway::from_str(text).map_err(|source| {
            let place = source.location();
            let (line, column) = place.map_or((0, 0), |p| (p.line(), p.column()));
            PackageError::Yaml { path: path.to_owned(), line, column, source }
        })?;
        let keys =
            Self { folder, path: path.to_owned(), prefix: String::new(), map: Mapping::new() };
        match value {
            Value::Null => Ok(keys),
            Value::Mapping(map) => Ok(Self { map, ..keys }),
            _ => Err(keys.wrong("the file must be a map of keys to values")),
        }
    }

    /// An error about the whole map.
    pub(super) fn wrong(&self, problem: &str) -> PackageError {
        PackageError::Invalid { path: self.path.clone(), problem: problem.to_owned() }
    }

    /// An error about the value of a key.
    pub(super) fn invalid(&self, key: &str, problem: &str) -> PackageError {
        self.wrong(&format!("{}{key} {problem}", self.prefix))
    }

    pub(super) fn unsupported(&self, feature: impl Into<String>) -> PackageError {
        PackageError::Unsupported { path: self.path.clone(), feature: feature.into() }
    }

    pub(super) fn warn(&self, key: &str, problem: &str) {
        self.folder.warn(&self.path, &format!("{}{key} {problem}", self.prefix));
    }

    /// Accepts keys that judging has no use for.
    pub(super) fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.map.shift_remove(key);
        }
    }

    /// The value of a key, `None` if it is absent or null.
    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, PackageError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        scalar(&value).map(Some).ok_or_else(|| self.invalid(key, "must be a string"))
    }

    /// A string, or a sequence of strings.
    pub(super) fn one_or_more(&mut self, key: &str) -> Result<Option<Vec<String>>, PackageError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let texts = match &value {
            Value::Sequence(values) => values.iter().map(scalar).collect(),
            one => scalar(one).map(|text| vec![text]),
        };
        let texts = texts.ok_or_else(|| self.invalid(key, "must be a sequence of strings"))?;
        Ok(Some(texts))
    }

    /// A sequence of strings, and nothing else.
    pub(super) fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, PackageError> {
        if self.map.get(key).is_some_and(|value| !value.is_sequence() && !value.is_null()) {
            return Err(self.invalid(key, "must be a sequence of strings"));
        }
        self.one_or_more(key)
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, PackageError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        value.as_bool().map(Some).ok_or_else(|| self.invalid(key, "must be true or false"))
    }

    /// A number that is neither infinite nor NaN.
    pub(super) fn number(&mut self, key: &str) -> Result<Option<f64>, PackageError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = value.as_f64().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.invalid(key, "must be a finite number"))
    }

    /// A whole number from 1 up to `most`, inclusive.
    pub(super) fn positive(&mut self, key: &str, most: u64) -> Result<Option<u64>, PackageError> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = value.as_u64().filter(|n| (1..=most).contains(n));
        let wanted = format!("must be a whole number from 1 to {most}");
        number.map(Some).ok_or_else(|| self.invalid(key, &wanted))
    }

    pub(super) fn is_map(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(Value::is_mapping)
    }

    /// The map under a key.
    pub(super) fn section(&mut self, key: &str) -> Result<Option<Self>, PackageError> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Mapping(map)) => Ok(Some(self.nested(key, map))),
            Some(_) => Err(self.invalid(key, "must be a map")),
        }
    }

    /// The map under a key, or what else is there.
    pub(super) fn section_or_value(&mut self, key: &str) -> Option<Result<Self, Value>> {
        match self.take(key)? {
            Value::Mapping(map) => Some(Ok(self.nested(key, map))),
            other => Some(Err(other)),
        }
    }

    /// The keys that nobody took so far whose value is a map, in the order of the file.
    pub(super) fn sections(&mut self) -> Vec<(String, Self)> {
        let map = std::mem::take(&mut self.map);
        let mut sections = Vec::new();
        for (key, value) in map {
            match (scalar(&key), value) {
                (Some(key), Value::Mapping(map)) => {
                    let section = self.nested(&key, map);
                    sections.push((key, section));
                }
                (Some(key), Value::Null) => {
                    let section = self.nested(&key, Mapping::new());
                    sections.push((key, section));
                }
                (_, value) => {
                    self.map.insert(key, value);
                }
            }
        }
        sections
    }

    /// The keys that nobody took so far, all of which must have strings.
    pub(super) fn strings(mut self) -> Result<Vec<(String, String)>, PackageError> {
        let map = std::mem::take(&mut self.map);
        let pairs = map.iter().map(|(key, value)| Some((scalar(key)?, scalar(value)?)));
        pairs.collect::<Option<_>>().ok_or_else(|| {
            self.wrong(&format!(
                "{} must map strings to strings",
                self.prefix.trim_end_matches('.')
            ))
        })
    }

    /// Warns of every key that nobody took: the formats call them an error, but packages made for
    /// other judges have them.
    pub(super) fn finish(self) {
        for key in self.map.keys() {
            let key = scalar(key).unwrap_or_else(|| "(not a string)".to_owned());
            self.warn(&key, "is no key of the format and is ignored");
        }
    }

    fn nested(&self, key: &str, map: Mapping) -> Self {
        let prefix = format!("{}{key}.", self.prefix);
        Self { folder: self.folder, path: self.path.clone(), prefix, map }
    }
}

/// The most brackets that are open at once. Those in quoted texts are counted too.
fn nesting(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// A scalar as the string its author sees.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
