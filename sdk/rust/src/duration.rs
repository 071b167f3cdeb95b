//! Durations in inputs and outputs: milliseconds in JSON, [`Duration`] in code. For the code that
//! [`crate::plugin!`] makes.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a duration as milliseconds.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(milliseconds(*duration))
}

/// Reads a duration from milliseconds.
///
/// # Errors
/// What is there is no whole number, or a negative one.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

/// Whole milliseconds; beyond 580 million years, the most there are.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A duration that may be absent.
pub mod optional {
    use super::*;

    /// Writes a duration as milliseconds, if there is one.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(milliseconds).serialize(serializer)
    }

    /// Reads a duration from milliseconds, if there are any.
    ///
    /// # Errors
    /// What is there is no whole number, or a negative one.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
