//! `[pace]`: how fast the cloud is called.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

/// How fast calls may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaceSettings {
    /// Calls in any second for each account and product. The cloud's own limits differ by action and are
    /// mostly not published, so that this is high and what the cloud says brings it down.
    pub per_second: f64,
    /// Calls that may be sent at once after a pause.
    pub burst: f64,
}

impl PaceSettings {
    /// So many in any second, and all of them at once if need be.
    pub fn up_to(per_second: u32) -> Self {
        Self {
            per_second: per_second.into(),
            burst: per_second.into(),
        }
    }
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self::up_to(1_000)
    }
}

/// As it is written.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaceDocument {
    /// Calls in any second for each account and product.
    per_second: Option<NonZeroU32>,
}

impl PaceDocument {
    pub(super) fn pace(&self) -> PaceSettings {
        self.per_second.map_or_else(PaceSettings::default, |most| {
            PaceSettings::up_to(most.get())
        })
    }
}
