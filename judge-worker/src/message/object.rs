//! Reads JSON objects one key at a time, so that every error can name its place and what is around
//! it can still be read.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize,
    de::{Deserializer as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{excerpt::one_line, reject::RejectReason};

/// The wanted keys of one JSON object, their values not looked into yet.
///
/// Other keys are skipped without being kept, so its size is bounded by the keys wanted.
pub(super) struct Object<'a> {
    /// Where it stands, as a JSON path.
    path: String,
    fields: BTreeMap<&'static str, Field<'a>>,
}

enum Field<'a> {
    Once(&'a RawValue),
    /// Which one is meant cannot be known.
    Repeated,
}

/// What is wrong with a message, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: RejectReason,
    /// One line that begins with the JSON path.
    pub(super) detail: String,
}

impl Fault {
    /// The longest detail, in bytes: it travels in a message header.
    const MAX_DETAIL_BYTES: usize = 400;

    pub(super) fn new(reason: RejectReason, path: &str, what: impl fmt::Display) -> Self {
        let detail = one_line(&format!("{path}: {what}"), Self::MAX_DETAIL_BYTES);
        Self { reason, detail }
    }

    /// A value that parsed as JSON and is not what the schema asks for.
    fn of_value(path: &str, error: &serde_json::Error) -> Self {
        Self::new(RejectReason::Schema, path, without_position(error))
    }
}

impl<'a> Object<'a> {
    /// Reads all of `json`. What was read before a fault is returned beside it.
    pub(super) fn read(
        json: &'a str,
        path: &str,
        wanted: &'static [&'static str],
    ) -> (Self, Result<(), Fault>) {
        let mut object = Self { path: path.to_owned(), fields: BTreeMap::new() };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let reader = Reader { wanted, fields: &mut object.fields };
        let read = deserializer.deserialize_map(reader).and_then(|()| deserializer.end());
        let read = read.map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Fault::of_value(path, &error),
            _ => Fault::new(RejectReason::NotJson, path, format_args!("not JSON: {error}")),
        });
        (object, read)
    }

    /// Reads the object at `key`; `None` if the key is absent or `null`.
    pub(super) fn object(
        &self,
        key: &'static str,
        wanted: &'static [&'static str],
    ) -> Result<Option<Self>, Fault> {
        let Some(raw) = self.raw(key)? else {
            return Ok(None);
        };
        let (object, read) = Self::read(raw.get(), &self.path_of(key), wanted);
        read.and_then(|()| object.refuse_repeated()).map(|()| Some(object))
    }

    /// The value of `key`; `None` if the key is absent or `null`.
    pub(super) fn optional<T: Deserialize<'a>>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, Fault> {
        let Some(raw) = self.raw(key)? else {
            return Ok(None);
        };
        match serde_json::from_str(raw.get()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(Fault::of_value(&self.path_of(key), &error)),
        }
    }

    /// The value of `key`, which has to be there.
    pub(super) fn required<T: Deserialize<'a>>(&self, key: &'static str) -> Result<T, Fault> {
        self.optional(key)?.ok_or_else(|| self.missing(key))
    }

    /// Fails if a wanted key stands there twice: JSON leaves open which one counts (RFC 8259, 4).
    pub(super) fn refuse_repeated(&self) -> Result<(), Fault> {
        self.fields.keys().try_for_each(|key| self.raw(key).map(drop))
    }

    /// The text of the value of `key`, as it was sent.
    pub(super) fn raw(&self, key: &'static str) -> Result<Option<&'a RawValue>, Fault> {
        match self.fields.get(key) {
            Some(Field::Once(raw)) if raw.get() == "null" => Ok(None),
            Some(Field::Once(raw)) => Ok(Some(raw)),
            Some(Field::Repeated) => {
                let what = "the key stands there more than once";
                Err(Fault::new(RejectReason::Schema, &self.path_of(key), what))
            }
            None => Ok(None),
        }
    }

    /// The same, `null` included; `None` too if the key stands there twice.
    pub(super) fn as_written(&self, key: &'static str) -> Option<&'a str> {
        match self.fields.get(key)? {
            Field::Once(raw) => Some(raw.get()),
            Field::Repeated => None,
        }
    }

    pub(super) fn missing(&self, key: &'static str) -> Fault {
        Fault::new(RejectReason::Schema, &self.path_of(key), "this key is required")
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }
}

struct Reader<'o, 'a> {
    wanted: &'static [&'static str],
    fields: &'o mut BTreeMap<&'static str, Field<'a>>,
}

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let Some(key) = self.wanted.iter().find(|wanted| **wanted == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value()?;
            self.fields
                .entry(key)
                .and_modify(|f| *f = Field::Repeated)
                .or_insert(Field::Once(value));
        }
        Ok(())
    }
}

/// The message of `error` without its line and column, which count from the value's beginning and
/// not from the message's.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}
