//! Sections of the credentials file that the official SDKs share: INI, a section a profile.

use std::path::PathBuf;
use std::time::Duration;

use super::givers::Names;
use super::section::Section;
use super::{AccessKey, Answer, CredentialError, Found, Role, Search, Source, ini};
use crate::secrets::SecretText;
use crate::settings::Settings;

/// The keys that the official clients read.
const KNOWN: [&str; 20] = [
    "access_key_id",
    "access_key_secret",
    "bearer_token",
    "disable_imds_v1",
    "enable",
    "external_id",
    "oidc_provider_arn",
    "oidc_token_file_path",
    "policy",
    "private_key_file",
    "public_key_id",
    "region_id",
    "role_arn",
    "role_name",
    "role_session_expiration",
    "role_session_name",
    "security_token",
    "session_expiration",
    "sts_region",
    "type",
];

const NAMES: Names = Names {
    role_name: "role_name",
    role_arn: "role_arn",
    sessions: &["role_session_name"],
    token_file: "oidc_token_file_path",
    seconds: "role_session_expiration",
};

pub(super) fn ask(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    for path in paths(search.settings) {
        search.looked.push(format!("`{}`", path.display()));
        let Some(text) = search.read(&path)? else {
            continue;
        };
        let mut sections = ini::parse(text.expose())
            .map_err(|reason| CredentialError::Unreadable { path, reason })?;
        if let Some(section) = sections.remove(name) {
            return resolve(search, name, &section).map(Answer::Found);
        }
    }
    Ok(Answer::Unknown)
}

fn resolve(
    search: &mut Search<'_>,
    name: &str,
    section: &Section,
) -> Result<Found, CredentialError> {
    search.judge(name, section, &KNOWN)?;
    let needed = |key: &str| {
        let missing = || search.incomplete(name, format!("it has no `{key}`"));
        section.secret(key).ok_or_else(missing)
    };
    let key = |token: Option<SecretText>| -> Result<Source, CredentialError> {
        Ok(Source::Fixed(AccessKey {
            id: needed("access_key_id")?.expose().to_owned(),
            secret: needed("access_key_secret")?,
            token,
        }))
    };
    let kind = section.text("type");
    let (source, roles) = match kind.as_deref() {
        Some("access_key") | None => (key(None)?, Vec::new()),
        Some("sts") => (key(Some(needed("security_token")?))?, Vec::new()),
        Some("ram_role_arn") => {
            let arn = needed("role_arn")?;
            let duration = section.seconds("role_session_expiration");
            let duration = duration.map_err(|what| search.incomplete(name, what))?;
            let role = Role {
                session: section.text("role_session_name"),
                external_id: section.text("external_id"),
                policy: section.text("policy"),
                duration: duration.map(Duration::from_secs),
                region: section.text("sts_region"),
                ..Role::new(arn.expose())
            };
            (key(section.secret("security_token"))?, vec![role])
        }
        Some("ecs_ram_role") => (search.metadata(name, section, &NAMES)?, Vec::new()),
        Some("oidc_role_arn") => (search.oidc(name, section, &NAMES)?, Vec::new()),
        Some(other) => return Err(search.unsupported(name, other)),
    };
    search.found(name, section, source, roles)
}

/// Returns the names of all sections, none if no file can be read.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let texts = paths(settings).into_iter();
    let texts = texts.filter_map(|path| super::read(&path).ok().flatten());
    let sections = texts.filter_map(|text| ini::parse(text.expose()).ok());
    sections.flat_map(|sections| sections.into_keys()).collect()
}

/// The file that the variable names, or those under their two usual names.
fn paths(settings: &Settings) -> Vec<PathBuf> {
    let environment = &settings.environment;
    if let Some(path) = environment.get("ALIBABA_CLOUD_CREDENTIALS_FILE") {
        return vec![PathBuf::from(path)];
    }
    let names = ["credentials", "credentials.ini"];
    let folder = environment.home().map(|home| home.join(".alibabacloud"));
    let folder = folder.into_iter();
    folder
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .collect()
}
