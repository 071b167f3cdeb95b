//! Credentials in the environment.

use super::{AccessKey, Answer, CredentialError, Found, Search, Source};
use crate::secrets::SecretText;

/// The name under which the official tools' variables are a profile.
pub(super) const SHARED: &str = "env";

/// The variables of the official tools, id, secret and token; the older spellings after the present one.
const SHARED_VARIABLES: [[&str; 3]; 4] = [
    [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ],
    [
        "ALIBABACLOUD_ACCESS_KEY_ID",
        "ALIBABACLOUD_ACCESS_KEY_SECRET",
        "ALIBABACLOUD_SECURITY_TOKEN",
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

/// Where the official tools look for the region.
const SHARED_REGIONS: [&str; 4] = [
    "ALIBABA_CLOUD_REGION_ID",
    "ALIBABACLOUD_REGION_ID",
    "ALICLOUD_REGION_ID",
    "ALICLOUD_REGION",
];

pub(super) fn ask_shared(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    if name != SHARED {
        return Ok(Answer::Unknown);
    }
    for names in SHARED_VARIABLES {
        match ask(search, name, names, &SHARED_REGIONS)? {
            Answer::Unknown => {}
            answer => return Ok(answer),
        }
    }
    let Some(source) = search.of_variables(name)? else {
        return Ok(Answer::Unknown);
    };
    let environment = &search.settings.environment;
    Ok(Answer::Found(Found {
        source,
        roles: Vec::new(),
        region: SHARED_REGIONS
            .iter()
            .find_map(|name| environment.trimmed(name)),
    }))
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
    let region = variable("REGION");
    ask(
        search,
        name,
        names.each_ref().map(String::as_str),
        &[&region],
    )
}

fn ask(
    search: &mut Search<'_>,
    name: &str,
    [id, secret, token]: [&str; 3],
    regions: &[&str],
) -> Result<Answer, CredentialError> {
    search.looked.push(format!("the variable `{id}`"));
    let environment = &search.settings.environment;
    match (environment.trimmed(id), environment.trimmed(secret)) {
        (None, None) => Ok(Answer::Unknown),
        (Some(found), Some(secret)) => Ok(Answer::Found(Found {
            source: Source::Fixed(AccessKey {
                id: found,
                secret: SecretText::new(secret),
                token: environment.trimmed(token).map(SecretText::new),
            }),
            roles: Vec::new(),
            region: regions.iter().find_map(|name| environment.trimmed(name)),
        })),
        (Some(_), None) => Err(search.incomplete(name, format!("`{secret}` is not set"))),
        (None, Some(_)) => Err(search.incomplete(name, format!("`{id}` is not set"))),
    }
}
