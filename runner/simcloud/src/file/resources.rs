//! Databases, servers and images as the world file writes them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::scalars::Instant;
use super::servers::{Content, SecurityGroupFile, VSwitchFile};
use super::{DatabaseFile, DtsJobFile};
use crate::password::Password;
use crate::redis::Privilege;

/// What has an id that nothing else has, and a region that exists.
pub(crate) trait Located {
    fn id(&self) -> &str;
    fn region(&self) -> &str;
}

macro_rules! located {
    ($($kind:ty),*) => {
        $(impl Located for $kind {
            fn id(&self) -> &str {
                &self.id
            }

            fn region(&self) -> &str {
                &self.region
            }
        })*
    };
}

located!(
    RedisFile,
    SyncFile,
    EcsFile,
    ImageFile,
    SnapshotFile,
    VSwitchFile,
    SecurityGroupFile,
    DatabaseFile,
    DtsJobFile
);

/// A Redis or Tair instance.
#[derive(Clone, Debug, Deserialize)]
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

/// A synchronisation of the older family that was bought and not configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncFile {
    pub id: String,
    /// The destination's.
    pub region: String,
    pub source_region: String,
    #[serde(default = "sync_class")]
    pub class: String,
}

/// A direct endpoint.
#[derive(Clone, Debug, Deserialize)]
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Edition {
    #[default]
    Community,
    Enterprise,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Architecture {
    #[default]
    Standard,
    Cluster,
    Rwsplit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Storage {
    #[default]
    Memory,
    PersistentMemory,
    Disk,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Network {
    #[default]
    Vpc,
    Classic,
}

/// A server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EcsFile {
    pub id: String,
    pub region: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub hostname: String,
    #[serde(default = "running")]
    pub status: String,
    #[serde(default)]
    pub os: Os,
    #[serde(default = "yes")]
    pub cloud_assistant: bool,
    #[serde(default)]
    pub network: Network,
    #[serde(default)]
    pub private_ip: String,
    #[serde(default)]
    pub public_ip: String,
    /// An elastic IP address bound to it.
    #[serde(default)]
    pub eip: String,
    #[serde(default)]
    pub security_groups: Vec<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub image: String,
    #[serde(default = "class")]
    pub class: String,
    #[serde(default)]
    pub zone: String,
    #[serde(default)]
    pub vpc: String,
    #[serde(default)]
    pub vswitch: String,
    /// Paid for months in advance: it cannot be released.
    #[serde(default)]
    pub subscription: bool,
    #[serde(default)]
    pub deletion_protection: bool,
    /// When it is released by itself.
    pub auto_release: Option<Instant>,
    /// Why it is locked, such as `financial`.
    #[serde(default)]
    pub lock: String,
    /// Left out: one system disk of 40 GiB.
    #[serde(default)]
    pub disks: Vec<DiskFile>,
    #[serde(default)]
    pub content: Content,
    /// What a server made of its image has otherwise.
    #[serde(default)]
    pub differs_when_copied: Content,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Os {
    #[default]
    Linux,
    Windows,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiskFile {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default = "system_disk")]
    pub size_gb: u64,
    /// Left out: all of it.
    pub used_gb: Option<u64>,
    #[serde(default = "category")]
    pub category: String,
    /// Its automatic snapshots go when it is released or its system is replaced.
    #[serde(default = "yes")]
    pub delete_auto_snapshot: bool,
    /// The snapshot that it was made of.
    #[serde(skip)]
    pub snapshot: Option<String>,
}

impl EcsFile {
    /// Returns what a server made of its image has.
    pub fn content_of_copy(&self) -> Content {
        self.content.under(&self.differs_when_copied)
    }
}

impl DiskFile {
    /// It lies in the server's host: no snapshot can be made of it.
    pub fn is_local(&self) -> bool {
        ["local_", "ephemeral", "elastic_ephemeral_disk"]
            .iter()
            .any(|start| self.category.starts_with(start))
    }
}

/// A custom image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImageFile {
    pub id: String,
    pub region: String,
    #[serde(default)]
    pub name: String,
    #[serde(default = "system_disk")]
    pub size_gb: u64,
    /// The id of the account that shares it; left out: it is the account's own.
    pub shared_by: Option<String>,
}

/// A snapshot of a disk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotFile {
    pub id: String,
    pub region: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub disk: String,
    #[serde(default = "system_disk")]
    pub size_gb: u64,
    /// Made by a policy and not by a person.
    #[serde(default)]
    pub automatic: bool,
}

fn redis_class() -> String {
    "redis.master.large.default".to_owned()
}

fn sync_class() -> String {
    "small".to_owned()
}

fn redis_port() -> i64 {
    6379
}

fn yes() -> bool {
    true
}

fn normal() -> String {
    "Normal".to_owned()
}

fn running() -> String {
    "Running".to_owned()
}

fn version() -> String {
    "5.0".to_owned()
}

fn capacity() -> u64 {
    1024
}

fn class() -> String {
    "ecs.g7.large".to_owned()
}

fn category() -> String {
    "cloud_essd".to_owned()
}

fn system_disk() -> u64 {
    40
}
