//! Redis and Tair instances as the world file writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::privilege::Privilege;
use crate::network::Network;
use crate::password::Password;

/// A Redis or Tair instance.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedisFile {
    pub id: String,
    pub region: String,
    #[serde(default)]
    pub name: String,
    #[serde(default = "normal")]
    pub status: String,
    #[serde(default = "version")]
    pub engine_version: String,
    #[serde(default)]
    pub edition: Edition,
    #[serde(default)]
    pub architecture: Architecture,
    #[serde(default = "redis_class")]
    pub class: String,
    #[serde(default)]
    pub storage: Storage,
    /// Deployed on cloud disks, not in the classic way.
    #[serde(default)]
    pub cloud_native: bool,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub ssl: bool,
    #[serde(default)]
    pub tde: bool,
    #[serde(default = "capacity")]
    pub capacity_mb: u64,
    #[serde(default)]
    pub data_mb: u64,
    /// The default account's password; absent means that any is right.
    pub password: Option<Password>,
    /// Further accounts and their passwords.
    #[serde(default)]
    pub users: BTreeMap<String, Password>,
    /// What accounts may do that may not just read and write.
    #[serde(default)]
    pub privileges: BTreeMap<String, Privilege>,
    /// A support ticket allowed accounts with the right to replicate on this cluster.
    #[serde(default)]
    pub replication_accounts: bool,
    /// Configuration parameters that differ from the defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// DTS cannot connect to it, whatever its state.
    #[serde(default)]
    pub unreachable: bool,
    /// The addresses of the group `default`.
    #[serde(default)]
    pub whitelist: Vec<String>,
    #[serde(default)]
    pub whitelist_groups: BTreeMap<String, Vec<String>>,
    /// Left out: one made of the id.
    #[serde(default)]
    pub private_ip: String,
    /// The direct endpoint of a cluster that has one already.
    pub direct: Option<DirectFile>,
    #[serde(default)]
    pub zone: String,
    #[serde(default)]
    pub vpc: String,
    #[serde(default)]
    pub vswitch: String,
}

/// A direct endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DirectFile {
    /// Left out: one made of the instance's id.
    #[serde(default)]
    pub prefix: String,
    #[serde(default)]
    pub ip: String,
    #[serde(default = "redis_port")]
    pub port: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Edition {
    #[default]
    Community,
    Enterprise,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Architecture {
    #[default]
    Standard,
    Cluster,
    Rwsplit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Storage {
    #[default]
    Memory,
    PersistentMemory,
    Disk,
}

fn redis_class() -> String {
    "redis.master.large.default".to_owned()
}

fn redis_port() -> i64 {
    6379
}

fn normal() -> String {
    "Normal".to_owned()
}

fn version() -> String {
    "5.0".to_owned()
}

fn capacity() -> u64 {
    1024
}
