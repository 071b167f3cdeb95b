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

#[cfg(test)]
mod tests {
    use super::{system_policies, system_policy};

    #[test]
    fn the_policies_that_the_procedures_attach_are_known() {
        for name in [
            "AdministratorAccess",
            "AliyunDTSFullAccess",
            "AliyunDTSRolePolicy",
            "AliyunECSFullAccess",
            "AliyunKvstoreFullAccess",
            "AliyunKvstoreReadOnlyAccess",
            "AliyunRAMFullAccess",
            "AliyunSMCFullAccess",
            "AliyunSTSAssumeRoleAccess",
            "AliyunVPCReadOnlyAccess",
        ] {
            assert!(system_policy(name).is_some(), "{name}");
        }
        assert!(system_policy("AliyunDTSRole").is_none());
    }

    #[test]
    fn every_policy_is_a_policy() {
        for policy in system_policies() {
            assert_eq!(policy.document["Version"], "1", "{}", policy.name);
            let statements = policy.document["Statement"].as_array().unwrap();
            assert!(!statements.is_empty(), "{}", policy.name);
            for statement in statements {
                assert_eq!(statement["Effect"], "Allow", "{}", policy.name);
                assert!(!statement["Action"].is_null(), "{}", policy.name);
                assert!(!statement["Resource"].is_null(), "{}", policy.name);
            }
        }
    }
}
