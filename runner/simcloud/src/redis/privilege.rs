//! What an account of an instance may do.

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum Privilege {
    /// Reads.
    #[serde(rename = "RoleReadOnly")]
    ReadOnly,
    /// Reads and writes.
    #[default]
    #[serde(rename = "RoleReadWrite")]
    ReadWrite,
    /// Reads, writes, and gets the stream of changes by `SYNC` or `PSYNC`. In older documents only.
    #[serde(rename = "RoleRepl")]
    Replicate,
}

impl Privilege {
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "RoleReadOnly",
            Self::ReadWrite => "RoleReadWrite",
            Self::Replicate => "RoleRepl",
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        [Self::ReadOnly, Self::ReadWrite, Self::Replicate]
            .into_iter()
            .find(|one| one.name() == name)
    }
}
