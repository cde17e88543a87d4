//! Small values whose type rules out what JSON or the contract cannot hold.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::datetime};

/// The `schemaVersion` of every message: always 1, as long as messages only gain keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaVersion;

impl SchemaVersion {
    /// What stands in the message.
    pub const NUMBER: u64 = 1;
}

impl Serialize for SchemaVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for SchemaVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(de::Error::custom(format_args!(
                "this worker understands schema version {}, found {other}",
                Self::NUMBER
            ))),
        }
    }
}

impl JsonSchema for SchemaVersion {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SchemaVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": Self::NUMBER })
    }
}

/// A moment, in UTC, from 2000-01-01 up to the end of 2999: wide enough for every clock that was
/// ever set, narrow enough for every database and for RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    const FIRST: OffsetDateTime = datetime!(2000-01-01 00:00 UTC);
    const END: OffsetDateTime = datetime!(3000-01-01 00:00 UTC);

    /// The nearest moment in range, so that a clock that is far off cannot cost a verdict.
    pub fn clamped(moment: OffsetDateTime) -> Self {
        let last = Self::END - time::Duration::NANOSECOND;
        Self(moment.to_offset(UtcOffset::UTC).clamp(Self::FIRST, last))
    }

    /// What the host's clock says.
    pub fn now() -> Self {
        Self::clamped(OffsetDateTime::now_utc())
    }

    /// As a moment of the `time` crate, in UTC.
    pub fn moment(self) -> OffsetDateTime {
        self.0
    }

    /// As RFC 3339 with a `Z`.
    pub fn to_rfc3339(self) -> String {
        self.0.format(&Rfc3339).expect("the year has four digits and the offset is zero")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let moment = OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| {
            de::Error::custom("expected a date and time of RFC 3339, like 2026-01-31T12:00:00Z")
        })?;
        // The comparison is one of instants: it needs no conversion, which could overflow.
        if moment < Self::FIRST || Self::END <= moment {
            return Err(de::Error::custom("expected a year from 2000 to 2999, in UTC"));
        }
        Ok(Self(moment.to_offset(UtcOffset::UTC)))
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A number that JSON can hold: neither infinite nor NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[schemars(transparent, inline)]
pub struct Finite(f64);

impl Finite {
    /// `None` if the number is infinite or NaN.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}
