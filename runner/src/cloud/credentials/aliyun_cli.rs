//! Profiles of the aliyun CLI, `~/.aliyun/config.json`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{AccessKey, Answer, CredentialError, Role, Search};
use crate::secrets::SecretText;
use crate::settings::Settings;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    profiles: Vec<CliProfile>,
}

/// What is read of a profile. The CLI writes absent texts as empty ones.
#[derive(Default, Deserialize)]
#[serde(default)]
struct CliProfile {
    name: String,
    mode: String,
    access_key_id: String,
    access_key_secret: Option<SecretText>,
    sts_token: Option<SecretText>,
    sts_region: String,
    ram_role_arn: String,
    ram_session_name: String,
    external_id: String,
    source_profile: String,
    expired_seconds: u64,
}

pub(super) fn ask(search: &mut Search<'_>, name: &str) -> Result<Answer, CredentialError> {
    let Some(path) = path(search.settings) else {
        return Ok(Answer::Unknown);
    };
    search.looked.push(format!("`{}`", path.display()));
    let Some(text) = search.read(&path)? else {
        return Ok(Answer::Unknown);
    };
    let file: File =
        serde_json::from_str(text.expose()).map_err(|error| CredentialError::Unreadable {
            path: path.clone(),
            // The position alone: serde's message may quote a value.
            reason: format!(
                "it is not what the aliyun CLI writes, at line {}, column {}",
                error.line(),
                error.column()
            ),
        })?;
    let Some(profile) = file.profiles.iter().find(|profile| profile.name == name) else {
        return Ok(Answer::Unknown);
    };
    let mut names = vec![name.to_owned()];
    let (key, roles) = resolve(search, &file, profile, &mut names)?;
    Ok(Answer::Key(key, roles))
}

fn resolve(
    search: &Search<'_>,
    file: &File,
    profile: &CliProfile,
    names: &mut Vec<String>,
) -> Result<(AccessKey, Vec<Role>), CredentialError> {
    match profile.mode.as_str() {
        // A profile without a mode is one of the first kind.
        "AK" | "" => Ok((key(search, profile, false)?, Vec::new())),
        "StsToken" => Ok((key(search, profile, true)?, Vec::new())),
        "RamRoleArn" => Ok((key(search, profile, false)?, vec![role(search, profile)?])),
        "ChainableRamRoleArn" => {
            let base = profile.source_profile.clone();
            let again = names.contains(&base);
            names.push(base.clone());
            if again {
                return Err(CredentialError::Circle {
                    names: std::mem::take(names),
                });
            }
            // The CLI looks for the base in its own file, and so does this.
            let base = file
                .profiles
                .iter()
                .find(|profile| profile.name == base)
                .ok_or_else(|| {
                    let what = format!("its `source_profile` `{base}` is not in the same file");
                    search.incomplete(&profile.name, what)
                })?;
            let (key, mut roles) = resolve(search, file, base, names)?;
            roles.push(role(search, profile)?);
            Ok((key, roles))
        }
        mode => Err(search.unsupported(&profile.name, mode)),
    }
}

fn key(
    search: &Search<'_>,
    profile: &CliProfile,
    with_token: bool,
) -> Result<AccessKey, CredentialError> {
    let given = |text: &Option<SecretText>| text.clone().filter(|text| !text.is_empty());
    let token = given(&profile.sts_token);
    if with_token && token.is_none() {
        return Err(search.incomplete(&profile.name, "it has no `sts_token`"));
    }
    match given(&profile.access_key_secret) {
        Some(secret) if !profile.access_key_id.is_empty() => Ok(AccessKey {
            id: profile.access_key_id.clone(),
            secret,
            // A token left over from another mode would make the key unusable.
            token: token.filter(|_| with_token || profile.mode == "RamRoleArn"),
        }),
        _ => Err(search.incomplete(
            &profile.name,
            "it has no `access_key_id` or no `access_key_secret`",
        )),
    }
}

fn role(search: &Search<'_>, profile: &CliProfile) -> Result<Role, CredentialError> {
    if profile.ram_role_arn.is_empty() {
        return Err(search.incomplete(&profile.name, "it has no `ram_role_arn`"));
    }
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Role {
        session: given(&profile.ram_session_name),
        external_id: given(&profile.external_id),
        duration: Some(profile.expired_seconds)
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        region: given(&profile.sts_region),
        ..Role::new(&profile.ram_role_arn)
    })
}

/// Returns the names of all profiles in the file, none if it cannot be read.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let text = path(settings).and_then(|path| super::read(&path).ok().flatten());
    let file = text.and_then(|text| serde_json::from_str::<File>(text.expose()).ok());
    let profiles = file.map(|file| file.profiles).unwrap_or_default();
    profiles.into_iter().map(|profile| profile.name).collect()
}

fn path(settings: &Settings) -> Option<PathBuf> {
    Some(settings.environment.home()?.join(".aliyun/config.json"))
}
