//! Where a setting is given, and first.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    path::Path,
};

use super::{
    error::SettingsError,
    file::{ConfigFile, read_text},
    names::{self, Setting},
    secret::SecretUrl,
};
use crate::message::one_line;

/// The environment variables that begin with `JUDGE_`, as they were at one moment.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Those of this process, now.
    pub fn of_process() -> Self {
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The value of a variable; `None` if it is not set, or empty.
    pub(super) fn get(&self, variable: &str) -> Result<Option<&str>, SettingsError> {
        match self.0.get(variable).map(|value| value.to_str()) {
            Some(Some("")) | None => Ok(None),
            Some(Some(value)) => Ok(Some(value)),
            Some(None) => Err(SettingsError::NotUtf8 { variable: variable.to_owned() }),
        }
    }
}

impl<N: Into<String>, V: AsRef<OsStr>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value));
        let ours = variables.filter(|(name, _)| name.starts_with("JUDGE_"));
        Self(ours.map(|(name, value)| (name, value.as_ref().to_owned())).collect())
    }
}

/// All places but the flags, which come with each question.
pub(super) struct Lookup<'a> {
    pub(super) environment: &'a Environment,
    pub(super) file: Option<&'a ConfigFile>,
}

/// A value as text, and where it was found.
struct Found<'a> {
    setting: &'static Setting,
    text: Cow<'a, str>,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Flag,
    Variable,
    File { path: &'a str, line: usize },
    Default,
}

impl Lookup<'_> {
    /// The setting `key`, from the first place that gives it. `read` makes a value of the text, or
    /// fails with what it expected.
    pub(super) fn value<'f, T>(
        &'f self,
        key: &'static str,
        flag: impl Into<Option<&'f String>>,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        let found = self.find(key, flag.into())?;
        read(&found.text).map_err(|expected| SettingsError::BadValue {
            place: found.describe(),
            expected,
            found: format!("\"{}\"", one_line(&found.text, 80)),
        })
    }

    /// A setting that may stand in a file of its own, which the setting `file_key` names. What is
    /// found is not shown, whatever is wrong with it.
    pub(super) fn secret<'f>(
        &'f self,
        (key, flag): (&'static str, &'f Option<String>),
        (file_key, file_flag): (&'static str, &'f Option<String>),
        read: impl FnOnce(&str) -> Result<SecretUrl, String>,
    ) -> Result<SecretUrl, SettingsError> {
        let direct = self.find(key, flag.as_ref())?;
        let by_file = self.find(file_key, file_flag.as_ref())?;
        let found = if by_file.text.is_empty() || direct.place.rank() < by_file.place.rank() {
            direct
        } else if direct.place.rank() == by_file.place.rank() {
            let (place, other) = (direct.describe(), by_file.describe());
            return Err(SettingsError::GivenTwice { place, other });
        } else {
            by_file.content()?
        };
        read(&found.text).map_err(|expected| SettingsError::BadValue {
            place: found.describe(),
            expected,
            found: "something else (not shown, it may hold a password)".to_owned(),
        })
    }

    fn find<'f>(
        &'f self,
        key: &'static str,
        flag: Option<&'f String>,
    ) -> Result<Found<'f>, SettingsError> {
        let setting = names::setting(key).expect("only keys of the list are asked for");
        let found = |text: &'f str, place| Ok(Found { setting, text: text.into(), place });
        if let Some(text) = flag {
            return found(text, Place::Flag);
        }
        if let Some(text) = self.environment.get(&setting.variable())? {
            return found(text, Place::Variable);
        }
        if let Some((file, entry)) = self.file.and_then(|file| Some((file, file.get(key)?))) {
            return found(&entry.text, Place::File { path: file.path(), line: entry.line });
        }
        found(setting.default, Place::Default)
    }
}

impl Found<'_> {
    /// What is in the file that is named here, without white space at its end.
    fn content(self) -> Result<Self, SettingsError> {
        /// More than any URL has.
        const MAX_BYTES: u64 = 4096;
        let path = Path::new(self.text.as_ref());
        match read_text(path, MAX_BYTES) {
            Ok(text) => Ok(Found { text: text.trim_end().to_owned().into(), ..self }),
            Err(source) => {
                let (place, path) = (self.describe(), path.to_owned());
                Err(SettingsError::Unreadable { place, path, source })
            }
        }
    }

    fn describe(&self) -> String {
        match self.place {
            Place::Flag => self.setting.flag(),
            Place::Variable => self.setting.variable(),
            Place::File { path, line } => format!("{path}:{line} ({})", self.setting.key),
            Place::Default => format!("the default of {}", self.setting.key),
        }
    }
}

impl Place<'_> {
    /// The lower goes first.
    fn rank(self) -> u8 {
        match self {
            Self::Flag => 0,
            Self::Variable => 1,
            Self::File { .. } => 2,
            Self::Default => 3,
        }
    }
}
