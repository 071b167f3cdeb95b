//! The documents of the system policies that the procedures attach.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// A policy that the cloud provides.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemPolicy {
    /// The name, `AliyunDTSRolePolicy`.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// The policy document: `Version` and `Statement`.
    pub document: Value,
}

/// Returns the known system policies, sorted by name.
pub fn system_policies() -> &'static [SystemPolicy] {
    static POLICIES: OnceLock<Vec<SystemPolicy>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        serde_json::from_str(include_str!("../data/policies.json"))
            .expect("the policies are compiled in and a test reads them")
    })
}

/// Returns the system policy of this name.
pub fn system_policy(name: &str) -> Option<&'static SystemPolicy> {
    system_policies().iter().find(|policy| policy.name == name)
}
