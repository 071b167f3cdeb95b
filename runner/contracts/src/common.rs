//! Parameters that every action takes: who calls, for whom, with which token. They are the host's to set.

/// Their names, lower case. A documented parameter of the same name is the action's own.
const COMMON: [&str; 14] = [
    "accesskeyid",
    "accountid",
    "action",
    "callerbid",
    "calleruid",
    "format",
    "owneraccount",
    "ownerid",
    "resourceowneraccount",
    "resourceownerid",
    "securitytoken",
    "sourcebiz",
    "timestamp",
    "version",
];

/// Beginnings of further ones.
const BEGINNINGS: [&str; 2] = ["signature", "x-acs-"];

/// Returns whether a parameter of this name, in any case, says who calls or for whom.
///
/// ```
/// assert!(rutter_contracts::is_common("SecurityToken"));
/// assert!(!rutter_contracts::is_common("RegionId"));
/// ```
pub fn is_common(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let begins = |beginning: &&str| name.starts_with(*beginning);
    COMMON.contains(&name.as_str()) || BEGINNINGS.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::is_common;

    #[test]
    fn no_action_of_the_table_documents_one_of_them() {
        for action in crate::actions() {
            for parameter in &action.parameters {
                assert!(!is_common(&parameter.name), "{}", action.label());
            }
        }
    }

    #[test]
    fn they_are_known_in_any_case() {
        for name in [
            "OwnerAccount",
            "securityTOKEN",
            "SignatureNonce",
            "X-Acs-Date",
        ] {
            assert!(is_common(name), "{name}");
        }
    }
}
