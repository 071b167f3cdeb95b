//! ECS as the world file writes it: servers and their disks, images, snapshots, where new servers can be made, and what
//! cannot be had.

use schemars::JsonSchema;
use serde::Deserialize;

use super::content::Content;
use crate::network::Network;
use crate::scalars::Instant;

/// A server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Os {
    #[default]
    Linux,
    Windows,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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

/// A switch of a VPC, in which new servers get their addresses.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VSwitchFile {
    pub id: String,
    pub region: String,
    pub zone: String,
    pub vpc: String,
    #[serde(default = "cidr")]
    pub cidr: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityGroupFile {
    pub id: String,
    pub region: String,
    #[serde(default)]
    pub name: String,
    /// Left out: it is one of the classic network.
    #[serde(default)]
    pub vpc: String,
}

/// What cannot be had.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EcsGeneralFile {
    pub sold_out: Vec<SoldOutFile>,
}

/// An instance type that a zone has none left of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoldOutFile {
    pub instance_type: String,
    pub zone: String,
}

fn cidr() -> String {
    "192.168.0.0/16".to_owned()
}

fn yes() -> bool {
    true
}

fn running() -> String {
    "Running".to_owned()
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
