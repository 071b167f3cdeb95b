//! Credentials in the environment.

use super::{AccessKey, Answer, CredentialError, Search};
use crate::secrets::SecretText;

/// The name under which the official tools' variables are a profile.
const SHARED: &str = "env";

/// The variables of the official tools, id, secret and token; the older spellings after the present one.
const SHARED_VARIABLES: [[&str; 3]; 3] = [
    [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY_ID",
        "ALICLOUD_ACCESS_KEY_SECRET",
        "ALICLOUD_SECURITY_TOKEN",
    ],
    [
        "ALICLOUD_ACCESS_KEY",
        "ALICLOUD_SECRET_KEY",
        "ALICLOUD_SECURITY_TOKEN",
    ],
];

pub(super) fn ask_shared(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    if name != SHARED {
        return Ok(Answer::Unknown);
    }
    for names in SHARED_VARIABLES {
        match ask(search, name, names)? {
            Answer::Unknown => {}
            answer => return Ok(answer),
        }
    }
    Ok(Answer::Unknown)
}

pub(super) fn ask_named(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    let upper: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    let variable = |part: &str| format!("RUTTER_PROFILE_{upper}_{part}");
    let names = ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"].map(variable);
    ask(search, name, names.each_ref().map(String::as_str))
}

fn ask(
    search: &mut Search<'_>,
    name: &str,
    [id, secret, token]: [&str; 3],
) -> Result<Answer, CredentialError> {
    search.looked.push(format!("the variable `{id}`"));
    let environment = &search.settings.environment;
    match (environment.get(id), environment.get(secret)) {
        (None, None) => Ok(Answer::Unknown),
        (Some(found), Some(secret)) => Ok(Answer::Key(
            AccessKey {
                id: found,
                secret: SecretText::new(secret),
                token: environment.get(token).map(SecretText::new),
            },
            Vec::new(),
        )),
        (Some(_), None) => Err(search.incomplete(name, format!("`{secret}` is not set"))),
        (None, Some(_)) => Err(search.incomplete(name, format!("`{id}` is not set"))),
    }
}
