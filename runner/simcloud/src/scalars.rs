//! Instants and durations as the world file writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

/// A length of time in milliseconds, written `500ms`, `90s`, `5m`, `12h` or `2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub i64);

impl Span {
    pub fn minutes(minutes: i64) -> Self {
        Self(minutes * 60_000)
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" })
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no duration; write `500ms`, `90s`, `5m`, `12h` or `2d`"
            ))
        })
    }
}

fn parse(text: &str) -> Option<i64> {
    // Longest suffix first: `ms` ends in `s` and starts with `m`.
    const UNITS: [(&str, i64); 5] = [
        ("ms", 1),
        ("s", 1000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
    ];
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let number: u32 = number.parse().ok()?;
    i64::from(number).checked_mul(*factor)
}

/// An instant in milliseconds since the epoch, written in RFC 3339 as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instant(pub i64);

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]" })
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        crate::time::parse(&text).map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no instant; write \"2026-01-15T20:00:00Z\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse("500ms"), Some(500));
        assert_eq!(parse("5m"), Some(300_000));
        assert_eq!(parse("2d"), Some(172_800_000));
        for wrong in ["", "5", "m", "-1s", "1.5h", "5 m"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
