//! Profiles of the aliyun CLI, `~/.aliyun/config.json`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::givers::Names;
use super::section::Section;
use super::{AccessKey, Answer, CredentialError, Found, Role, Search, Source};
use crate::settings::Settings;

#[derive(Deserialize)]
struct File {
    profiles: Option<Vec<Section>>,
}

impl File {
    fn profile(&self, name: &str) -> Option<&Section> {
        let mut profiles = self.profiles.iter().flatten();
        profiles.find(|profile| profile.text("name").as_deref() == Some(name))
    }
}

/// The keys that the CLI writes, used here or without a meaning here.
const KNOWN: [&str; 44] = [
    "access_key_id",
    "access_key_secret",
    "access_token",
    "auto_plugin_install",
    "auto_plugin_install_enable_pre",
    "cloud_sso_access_config",
    "cloud_sso_access_token_expire",
    "cloud_sso_account_id",
    "cloud_sso_sign_in_url",
    "connect_timeout",
    "credentials_uri",
    "disable_imds_v1",
    "enable",
    "endpoint_type",
    "expired_seconds",
    "external_id",
    "key_pair_name",
    "language",
    "mode",
    "name",
    "oauth_access_token",
    "oauth_access_token_expire",
    "oauth_refresh_token",
    "oauth_refresh_token_expire",
    "oauth_site_type",
    "oidc_provider_arn",
    "oidc_token_file",
    "output_format",
    "policy",
    "private_key",
    "process_command",
    "ram_role_arn",
    "ram_role_name",
    "ram_session_name",
    "region_id",
    "retry_count",
    "retry_timeout",
    "role_session_name",
    "site",
    "source_profile",
    "sts_expiration",
    "sts_region",
    "sts_token",
    "verified",
];

const NAMES: Names = Names {
    role_name: "ram_role_name",
    role_arn: "ram_role_arn",
    // The Python client reads the second, the CLI writes the first.
    sessions: &["ram_session_name", "role_session_name"],
    token_file: "oidc_token_file",
    seconds: "expired_seconds",
};

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
    let Some(profile) = file.profile(name) else {
        return Ok(Answer::Unknown);
    };
    let mut names = vec![name.to_owned()];
    resolve(search, &file, (name, profile), &mut names).map(Answer::Found)
}

fn resolve(
    search: &mut Search<'_>,
    file: &File,
    (name, profile): (&str, &Section),
    names: &mut Vec<String>,
) -> Result<Found, CredentialError> {
    search.judge(name, profile, &KNOWN)?;
    let mode = profile.text("mode");
    let (source, roles) = match mode.as_deref() {
        // A profile without a mode is one of the first kind.
        Some("AK") | None => (key(search, name, profile, false)?, Vec::new()),
        Some("StsToken") => (key(search, name, profile, true)?, Vec::new()),
        Some("RamRoleArn") => (
            key(search, name, profile, false)?,
            vec![role(search, name, profile)?],
        ),
        Some("EcsRamRole") => (search.metadata(name, profile, &NAMES)?, Vec::new()),
        Some("RamRoleArnWithRoleName") => (
            search.metadata(name, profile, &NAMES)?,
            vec![role(search, name, profile)?],
        ),
        Some("OIDC") => (search.oidc(name, profile, &NAMES)?, Vec::new()),
        Some("External") => (search.command(name, profile)?, Vec::new()),
        Some("CredentialsURI") => (search.address(name, profile)?, Vec::new()),
        Some("CloudSSO") => (search.cloud_sso(name, profile)?, Vec::new()),
        Some("OAuth") => (search.login(name, profile, "OAuth")?, Vec::new()),
        Some("ChainableRamRoleArn") => {
            let mut found = base(search, file, (name, profile), names)?;
            found.roles.push(role(search, name, profile)?);
            found.region = profile.text("region_id").or(found.region);
            return Ok(found);
        }
        Some(mode) => return Err(search.unsupported(name, mode)),
    };
    search.found(name, profile, source, roles)
}

/// The profile that another one is based on. The CLI looks for it in its own file, and so does this.
fn base(
    search: &mut Search<'_>,
    file: &File,
    (name, profile): (&str, &Section),
    names: &mut Vec<String>,
) -> Result<Found, CredentialError> {
    let base = profile.text("source_profile").unwrap_or_default();
    let again = names.contains(&base);
    names.push(base.clone());
    if again {
        return Err(CredentialError::Circle {
            names: std::mem::take(names),
        });
    }
    let found = file.profile(&base).ok_or_else(|| {
        let what = format!("its `source_profile` `{base}` is not in the same file");
        search.incomplete(name, what)
    })?;
    resolve(search, file, (&base, found), names)
}

fn key(
    search: &Search<'_>,
    name: &str,
    profile: &Section,
    with_token: bool,
) -> Result<Source, CredentialError> {
    let token = profile.secret("sts_token");
    if with_token && token.is_none() {
        return Err(search.incomplete(name, "it has no `sts_token`"));
    }
    let is_role = profile.text("mode").as_deref() == Some("RamRoleArn");
    let id_and_secret = profile
        .text("access_key_id")
        .zip(profile.secret("access_key_secret"));
    let (id, secret) = id_and_secret.ok_or_else(|| {
        search.incomplete(name, "it has no `access_key_id` or no `access_key_secret`")
    })?;
    Ok(Source::Fixed(AccessKey {
        id,
        secret,
        // A token left over from another mode would make the key unusable.
        token: token.filter(|_| with_token || is_role),
    }))
}

fn role(search: &Search<'_>, name: &str, profile: &Section) -> Result<Role, CredentialError> {
    let arn = profile
        .text("ram_role_arn")
        .ok_or_else(|| search.incomplete(name, "it has no `ram_role_arn`"))?;
    let duration = profile.seconds("expired_seconds");
    let duration = duration.map_err(|what| search.incomplete(name, what))?;
    Ok(Role {
        session: profile.text("ram_session_name"),
        external_id: profile.text("external_id"),
        policy: profile.text("policy"),
        duration: duration.map(Duration::from_secs),
        region: profile.text("sts_region"),
        ..Role::new(arn)
    })
}

/// Returns the names of all profiles in the file, none if it cannot be read.
pub(super) fn names(settings: &Settings) -> Vec<String> {
    let text = path(settings).and_then(|path| super::read(&path).ok().flatten());
    let file = text.and_then(|text| serde_json::from_str::<File>(text.expose()).ok());
    let profiles = file.and_then(|file| file.profiles).unwrap_or_default();
    let names = profiles.iter().filter_map(|profile| profile.text("name"));
    names.collect()
}

fn path(settings: &Settings) -> Option<PathBuf> {
    Some(settings.environment.home()?.join(".aliyun/config.json"))
}
