//! What a world file says of DTS: databases of other kinds than Redis, tasks that are there already, what a precheck
//! finds, and what goes wrong later.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::password::Password;
use crate::scalars::Span;

/// What is so for every task.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DtsFile {
    /// The addresses of the DTS servers of a region; two blocks made of its name where it is left out.
    pub addresses: BTreeMap<String, Vec<String>>,
    /// What the precheck finds beyond what the databases say.
    pub precheck: Vec<PrecheckFile>,
    /// What goes wrong while data is copied.
    pub troubles: Vec<TroubleFile>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrecheckFile {
    pub item: String,
    pub state: PrecheckState,
    #[serde(default)]
    pub can_skip: bool,
    #[serde(default)]
    pub message: String,
    /// Only for tasks from or to this database; left out: for all.
    pub instance: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PrecheckState {
    Success,
    Warning,
    Failed,
}

/// A disturbance that every task from or to a database meets once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TroubleFile {
    pub instance: String,
    #[serde(default)]
    pub stage: Stage,
    /// How long after the stage began.
    #[serde(default = "minute")]
    pub after: Span,
    /// Left out: until somebody starts the task again.
    pub lasts: Option<Span>,
    #[serde(default)]
    pub cause: Cause,
    #[serde(default)]
    pub message: String,
}

/// When it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// During the full copy.
    #[default]
    Initialise,
    /// While changes flow.
    Synchronise,
}

/// Which of the two retry times it is measured by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cause {
    #[default]
    Connection,
    Other,
}

/// A database that DTS can copy and that no other product simulates.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseFile {
    pub id: String,
    pub region: String,
    /// In the words of `dts/kinds.rs`: `mysql`, `polardb-mysql`, …
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub access: Access,
    /// What a configuration names instead of the id: the server, the VPC or the gateway that leads to it.
    pub through: Option<String>,
    #[serde(default)]
    pub ip: String,
    #[serde(default)]
    pub port: u16,
    /// Absent means that any is right.
    pub password: Option<Password>,
    #[serde(default)]
    pub users: BTreeMap<String, Password>,
    #[serde(default)]
    pub data_mb: u64,
    #[serde(default)]
    pub unreachable: bool,
}

/// How DTS gets to a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    /// An instance of the cloud, by its id.
    #[default]
    CloudInstance,
    /// Express Connect, VPN Gateway or Smart Access Gateway.
    Express,
    /// On a server of the cloud.
    Ecs,
    /// Cloud Enterprise Network.
    Cen,
    DatabaseGateway,
    /// By a public address.
    Public,
}

/// A task that is there when the world begins.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DtsJobFile {
    pub id: String,
    pub region: String,
    /// Left out: made from the task's id.
    pub instance: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub kind: JobKind,
    #[serde(default)]
    pub status: JobStatus,
    pub source: EndFile,
    pub destination: EndFile,
    #[serde(default = "first_database")]
    pub databases: Vec<String>,
    /// Left out: nothing was bought.
    pub pay_type: Option<String>,
    #[serde(default = "class")]
    pub class: String,
    #[serde(default)]
    pub reserve: BTreeMap<String, Value>,
}

/// One end of a task that is there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndFile {
    pub instance: String,
    pub region: String,
    #[serde(rename = "type", default = "redis")]
    pub kind: String,
    pub owner: Option<String>,
    pub role: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobKind {
    #[default]
    Sync,
    Migration,
}

impl JobKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sync => "SYNC",
            Self::Migration => "MIGRATION",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum JobStatus {
    NotStarted,
    #[default]
    Synchronizing,
    Suspending,
    InitializeFailed,
    Failed,
    Locked,
    Finished,
}

/// A synchronisation of the older family that was bought and not configured.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncFile {
    pub id: String,
    /// The destination's.
    pub region: String,
    pub source_region: String,
    #[serde(default = "sync_class")]
    pub class: String,
}

fn minute() -> Span {
    Span::minutes(1)
}

fn first_database() -> Vec<String> {
    vec!["0".to_owned()]
}

fn class() -> String {
    "small".to_owned()
}

fn redis() -> String {
    "redis".to_owned()
}

fn sync_class() -> String {
    "small".to_owned()
}
