//! SMC as the world file writes it: how migrations go, and what an account has of them at the beginning.

use schemars::JsonSchema;
use serde::Deserialize;

/// How clients and migrations behave.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SmcFile {
    /// The version of the client on every source.
    pub client_version: String,
    /// How much of a source a further run of a job copies.
    pub changed_percent: u64,
    pub failures: Vec<FailureFile>,
}

impl Default for SmcFile {
    fn default() -> Self {
        Self {
            client_version: "2.8.0".to_owned(),
            changed_percent: 10,
            failures: Vec::new(),
        }
    }
}

/// Runs of jobs that break off.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailureFile {
    /// The server whose runs they are; left out: any.
    pub server: Option<String>,
    #[serde(default)]
    pub stage: StageFile,
    pub code: String,
    /// How many runs; those after them go well.
    #[serde(default = "one")]
    pub times: u64,
}

/// Where a run breaks off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StageFile {
    Preparing,
    #[default]
    Syncing,
    Processing,
    Cleaning,
}

/// A migration source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceFile {
    pub id: String,
    /// A server of this world, in any account.
    pub server: String,
    #[serde(default)]
    pub name: String,
    /// Its client is not connected.
    #[serde(default)]
    pub offline: bool,
}

/// A migration job.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobFile {
    pub id: String,
    pub region: String,
    /// The id of a source of the account.
    pub source: String,
    #[serde(default)]
    pub name: String,
    /// The server it goes into; left out: it makes an image.
    pub instance: Option<String>,
    #[serde(default)]
    pub image: String,
    /// Broke off with this code, and left its intermediate instance or disk; left out: it was never started.
    pub error: Option<String>,
}

fn one() -> u64 {
    1
}
