//! What a plugin, or a request, does to the world.

use serde::{Deserialize, Serialize};

/// What a plugin, or a request, does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing.
    Read,
    /// It alters the world, and what it altered can be taken back.
    Change,
    /// It alters the world for good.
    Irreversible,
}
