//! What surrounds servers as the world file writes it: where new ones can be made, and what lies on their disks.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A switch of a VPC, in which new servers get their addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VSwitchFile {
    pub id: String,
    pub region: String,
    pub zone: String,
    pub vpc: String,
    #[serde(default = "cidr")]
    pub cidr: String,
}

#[derive(Clone, Debug, Deserialize)]
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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EcsGeneralFile {
    pub sold_out: Vec<SoldOutFile>,
}

/// An instance type that a zone has none left of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoldOutFile {
    pub instance_type: String,
    pub zone: String,
}

/// What lies on a server's disks and runs on it, as far as commands ask for it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Content {
    /// Texts by absolute path. Folders follow from the paths.
    pub files: BTreeMap<String, String>,
    /// States by name, as the operating system says them: `active`, `Running`.
    pub services: BTreeMap<String, String>,
    /// What other command lines print, by the whole line.
    pub answers: BTreeMap<String, String>,
}

impl Content {
    /// Returns what there is when `other` lies on top.
    pub fn under(&self, other: &Self) -> Self {
        let over = |below: &BTreeMap<String, String>, above: &BTreeMap<String, String>| {
            let both = below.iter().chain(above);
            both.map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        };
        Self {
            files: over(&self.files, &other.files),
            services: over(&self.services, &other.services),
            answers: over(&self.answers, &other.answers),
        }
    }
}

fn cidr() -> String {
    "192.168.0.0/16".to_owned()
}
