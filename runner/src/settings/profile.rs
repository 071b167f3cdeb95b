//! `[profiles]`: where a credential is, and a role on top of it.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::DurationText;

/// `[profiles.NAME]`: where a credential is, and a role on top of it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [
        { "required": ["source_profile"] },
        { "allOf": [
            { "anyOf": [{ "required": ["access_key_id"] }, { "required": ["access_key_id_env"] }] },
            { "anyOf": [
                { "required": ["access_key_secret_env"] },
                { "required": ["access_key_secret_file"] },
            ] },
        ] },
    ],
    "dependencies" = { "policy": ["role_arn"], "source_profile": ["role_arn"] },
))]
pub struct ProfileSettings {
    /// The access key's id.
    pub access_key_id: Option<String>,
    /// The variable that holds the id.
    pub access_key_id_env: Option<String>,
    /// The variable that holds the secret.
    pub access_key_secret_env: Option<String>,
    /// The file that holds the secret.
    pub access_key_secret_file: Option<PathBuf>,
    /// The variable that holds the security token of temporary credentials.
    pub security_token_env: Option<String>,
    /// The file that holds it.
    pub security_token_file: Option<PathBuf>,
    /// The profile with whose credential the role is assumed.
    pub source_profile: Option<String>,
    /// The role to assume, `acs:ram::<account id>:role/<name>`.
    pub role_arn: Option<String>,
    /// The session's label.
    pub session_name: Option<String>,
    /// The id that the role's owner asked for.
    pub external_id: Option<String>,
    /// The policy that narrows what the role's session may do, as JSON.
    pub policy: Option<String>,
    /// The region of accounts that are bound to the profile without one.
    pub region: Option<String>,
    /// How long the role's credentials live; refreshed in time.
    duration: Option<DurationText>,
}

impl ProfileSettings {
    /// Returns how long the role's credentials live.
    pub fn duration(&self) -> Option<Duration> {
        self.duration.map(|text| text.0)
    }

    pub(crate) fn has_key(&self) -> bool {
        self.access_key_id.is_some() || self.access_key_id_env.is_some()
    }

    fn has_secret(&self) -> bool {
        self.access_key_secret_env.is_some() || self.access_key_secret_file.is_some()
    }

    /// Returns the first thing that is wrong with the whole, and the key to point at.
    pub(super) fn problem(&self) -> Option<(&'static str, Option<&'static str>)> {
        if self.has_key() != self.has_secret() {
            return Some((
                "an access key has an id (`access_key_id` or `access_key_id_env`) and a secret (`access_key_secret_env` or `access_key_secret_file`)",
                None,
            ));
        }
        if self.has_key() && self.source_profile.is_some() {
            return Some((
                "a profile has an access key or a source profile, not both",
                Some("source_profile"),
            ));
        }
        if !self.has_key() && self.source_profile.is_none() {
            return Some((
                "a profile needs an access key, or `source_profile` and `role_arn`",
                None,
            ));
        }
        if self.policy.is_some() && self.role_arn.is_none() {
            return Some((
                "a policy narrows a role, and the profile has no `role_arn`",
                Some("policy"),
            ));
        }
        if self.source_profile.is_some() && self.role_arn.is_none() {
            return Some((
                "a profile with a source profile needs the `role_arn` to assume",
                Some("source_profile"),
            ));
        }
        None
    }
}

impl ProfileSettings {
    pub(super) fn rooted(mut self, root: &impl Fn(PathBuf) -> PathBuf) -> Self {
        self.access_key_secret_file = self.access_key_secret_file.map(root);
        self.security_token_file = self.security_token_file.map(root);
        self
    }
}
