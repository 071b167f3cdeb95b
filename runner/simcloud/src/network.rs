//! The two kinds of network that the cloud has.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where an instance or a server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Network {
    #[default]
    Vpc,
    Classic,
}
