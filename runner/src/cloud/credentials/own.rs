//! `[profiles.NAME]` of `rutter.toml`.

use std::path::Path;

use super::{AccessKey, Answer, CredentialError, Found, Role, Search, Source};
use crate::secrets::SecretText;
use crate::settings::ProfileSettings;

pub(super) fn ask(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    let file = match &search.settings.file {
        Some(file) => format!("`{}`", file.display()),
        None => "`rutter.toml` (there is none)".to_owned(),
    };
    search.looked.push(file);
    let Some(profile) = search.settings.profiles.get(name) else {
        return Ok(Answer::Unknown);
    };
    let role = profile.role_arn.as_ref().map(|arn| Role {
        session: profile.session_name.clone(),
        external_id: profile.external_id.clone(),
        policy: profile.policy.clone(),
        duration: profile.duration(),
        ..Role::new(arn)
    });
    match (&profile.source_profile, role) {
        (Some(on), Some(role)) => Ok(Answer::Based {
            on: on.clone(),
            role,
            region: profile.region.clone(),
        }),
        (_, role) => {
            let key = key(search, name, profile)?;
            Ok(Answer::Found(Found {
                source: Source::Fixed(key),
                roles: role.into_iter().collect(),
                region: profile.region.clone(),
            }))
        }
    }
}

fn key(
    search: &mut Search<'_>,
    name: &str,
    profile: &ProfileSettings,
) -> Result<AccessKey, CredentialError> {
    let id = match (&profile.access_key_id, &profile.access_key_id_env) {
        (Some(id), _) => Some(SecretText::new(id.trim())),
        (None, variable) => text(search, name, variable.as_deref(), None)?,
    };
    let secret = text(
        search,
        name,
        profile.access_key_secret_env.as_deref(),
        profile.access_key_secret_file.as_deref(),
    )?;
    let token = text(
        search,
        name,
        profile.security_token_env.as_deref(),
        profile.security_token_file.as_deref(),
    )?;
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(AccessKey {
            id: id.expose().to_owned(),
            secret,
            token,
        }),
        _ => Err(search.incomplete(name, "it has no access key")),
    }
}

/// Reads the variable or the file that the settings name; `None` when they name neither.
fn text(
    search: &mut Search<'_>,
    name: &str,
    variable: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<SecretText>, CredentialError> {
    let found = match (variable, file) {
        (Some(variable), _) => search
            .settings
            .environment
            .trimmed(variable)
            .map(SecretText::new)
            .ok_or_else(|| format!("the variable `{variable}` is not set")),
        (None, Some(file)) => search
            .read(file)?
            .map(|text| SecretText::new(text.expose().trim()))
            .filter(|text| !text.is_empty())
            .ok_or_else(|| format!("the file `{}` is missing or empty", file.display())),
        (None, None) => return Ok(None),
    };
    found
        .map(Some)
        .map_err(|what| search.incomplete(name, what))
}
