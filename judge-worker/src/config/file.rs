//! Reads `judge.toml`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::Path,
};

use toml::de::{DeTable, DeValue};

use super::{
    error::SettingsError,
    names::{self, Kind, Setting},
};

/// The settings of one file, by key, not looked into yet.
#[derive(Debug)]
pub struct ConfigFile {
    path: String,
    values: BTreeMap<&'static str, Entry>,
}

/// One value as text, and the line it stands on.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) line: usize,
}

impl ConfigFile {
    /// The largest file that is read, in bytes.
    const MAX_BYTES: u64 = 64 * 1024;

    /// Reads a file that was named by `--config` or `JUDGE_CONFIG`.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = read_text(path, Self::MAX_BYTES).map_err(|source| {
            let place = "--config or JUDGE_CONFIG".to_owned();
            SettingsError::Unreadable { place, path: path.to_owned(), source }
        })?;
        Self::parse(path, &text)
    }

    /// Checks that every key is a setting and has a value of its kind.
    pub fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let mut file = Self { path: path.display().to_string(), values: BTreeMap::new() };
        let table = DeTable::parse(text).map_err(|error| SettingsError::NotToml {
            place: file.place(line_of(text, error.span().map_or(0, |span| span.start))),
            message: error.message().to_owned(),
        })?;
        file.add_table("", table.get_ref(), text)?;
        Ok(file)
    }

    /// The path as it was given.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.values.get(key)
    }

    fn add_table(
        &mut self,
        prefix: &str,
        table: &DeTable<'_>,
        text: &str,
    ) -> Result<(), SettingsError> {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let line = line_of(text, name.span().start);
            match (value.get_ref(), names::setting(&key)) {
                (value, Some(setting)) => {
                    let text = self.text_of(setting, value, line)?;
                    self.values.insert(setting.key, Entry { text, line });
                }
                (DeValue::Table(inner), None) if is_table(&key) => {
                    self.add_table(&format!("{key}."), inner, text)?;
                }
                (_, None) => {
                    let (place, nearest) = (self.place(line), names::nearest(&key));
                    return Err(SettingsError::UnknownKey { place, key, nearest });
                }
            }
        }
        Ok(())
    }

    fn text_of(
        &self,
        setting: &Setting,
        value: &DeValue<'_>,
        line: usize,
    ) -> Result<String, SettingsError> {
        match (setting.kind, value) {
            (Kind::Text, DeValue::String(text)) => Ok(text.to_string()),
            // As in any other place, numbers are decimal; a sign is for the setting to refuse.
            (Kind::Number, DeValue::Integer(number)) if number.radix() == 10 => {
                Ok(number.as_str().to_owned())
            }
            (Kind::Switch, DeValue::Boolean(on)) => Ok(on.to_string()),
            (kind, value) => Err(SettingsError::BadValue {
                place: format!("{} ({})", self.place(line), setting.key),
                expected: match kind {
                    Kind::Text => "a string in quotes".to_owned(),
                    Kind::Number => "a decimal integer".to_owned(),
                    Kind::Switch => "true or false".to_owned(),
                },
                found: format!("a value of type {}", value.type_str()),
            }),
        }
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }
}

/// Reads a small file; one that is larger than `max_bytes` is an error.
pub(super) fn read_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(max_bytes + 1).read_to_string(&mut text)?;
    if read as u64 > max_bytes {
        let what = format!("the file is larger than {max_bytes} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(text)
}

/// Whether some settings are in the table `name`.
fn is_table(name: &str) -> bool {
    let in_table = |key: &str| key.split_once('.').is_some_and(|(table, _)| table == name);
    names::SETTINGS.iter().any(|setting| in_table(setting.key))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
