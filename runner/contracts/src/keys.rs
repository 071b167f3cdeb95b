//! What gives out credentials, known by its name, whatever product it is called of.

/// Beginnings and parts of the names of actions whose answers hold credentials, lower case.
const BEGINNINGS: [&str; 5] = [
    "assumerole",
    "getfederation",
    "getsession",
    "getsecret",
    "getrandompassword",
];

/// See [`BEGINNINGS`].
const PARTS: [&str; 14] = [
    "accesskey",
    "apikey",
    "authorizationtoken",
    "authtoken",
    "credential",
    "decrypt",
    "exportkey",
    "generatedatakey",
    "kubeconfig",
    "loginprofile",
    "loginurl",
    "privatekey",
    "securitytoken",
    "vncurl",
];

/// Names of fields that hold credentials, lower case, letters only.
const FIELDS: [&str; 22] = [
    "accesskeysecret",
    "accesstoken",
    "accountpassword",
    "apikey",
    "authorizationtoken",
    "authtoken",
    "clientsecret",
    "consolepassword",
    "idtoken",
    "kubeconfig",
    "loginpassword",
    "password",
    "plaintext",
    "privatekey",
    "privatekeybody",
    "refreshtoken",
    "secretaccesskey",
    "secretdata",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "vncurl",
];

/// Returns whether an action of this name, in any case, hands out credentials or makes them.
///
/// ```
/// assert!(rutter_contracts::gives_keys("CreateAccessKey"));
/// assert!(!rutter_contracts::gives_keys("CreateRole"));
/// ```
pub fn gives_keys(action: &str) -> bool {
    let name = letters(action);
    let begins = BEGINNINGS.iter().any(|part| name.starts_with(part));
    begins || PARTS.iter().any(|part| name.contains(part))
}

/// Returns whether a field of this name, in any case, holds a credential.
///
/// ```
/// assert!(rutter_contracts::is_key_field("access_key_secret"));
/// assert!(!rutter_contracts::is_key_field("NextToken"));
/// ```
pub fn is_key_field(field: &str) -> bool {
    FIELDS.contains(&letters(field).as_str())
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphabetic);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::{gives_keys, is_key_field};

    #[test]
    fn of_the_tables_own_actions_two_give_out_keys() {
        let actions = crate::actions().filter(|action| gives_keys(&action.name));
        let labels: Vec<_> = actions.map(crate::Action::label).collect();
        assert_eq!(labels, ["STS:AssumeRole", "STS:AssumeRoleWithOIDC"]);
    }

    #[test]
    fn no_answer_of_the_table_has_such_a_field_but_a_secret_one() {
        for action in crate::actions() {
            for path in action.response.keys() {
                let field = path.rsplit('.').next().unwrap_or_default();
                let pointer = format!("/{}", path.replace('.', "/"));
                let secret = action.secret_answers.contains(&pointer);
                assert!(!is_key_field(field) || secret, "{} {path}", action.label());
            }
        }
    }

    #[test]
    fn what_gives_out_keys_is_known_in_any_spelling() {
        for name in [
            "AssumeRoleWithSAML",
            "createAccessKey",
            "GetSecretValue",
            "CreateLoginProfile",
            "GetFederationToken",
            "DescribeClusterUserKubeconfig",
            "DescribeInstanceVncUrl",
            "GenerateDataKeyWithoutPlaintext",
        ] {
            assert!(gives_keys(name), "{name}");
        }
        assert!(is_key_field("AccessKeySecret") && is_key_field("Private-Key"));
    }
}
