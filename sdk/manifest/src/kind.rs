//! What a plugin, or a request, does to the world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a plugin, or a request, does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It looks, and alters nothing.
    Read,
    /// It alters the world, and what it altered can be taken back, or need not be.
    Change,
    /// It alters the world for good: nothing takes back what it destroys.
    Irreversible,
}
