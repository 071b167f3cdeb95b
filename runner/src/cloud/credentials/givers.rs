//! Profiles whose credentials are fetched: what the files and variables say of each source.

use std::path::PathBuf;
use std::time::Duration;

use rutter_engine::Timestamp;
use url::Url;

use super::section::Section;
use super::words::words;
use super::{AccessKey, Credential, CredentialError, Giver, Role, Search, Source};
use crate::settings::{Environment, is_loopback};

/// Switches the metadata service off.
const METADATA_OFF: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
/// The role whose credentials the metadata service is asked for.
const METADATA_ROLE: &str = "ALIBABA_CLOUD_ECS_METADATA";
/// `false` lets the metadata service be asked without a token.
const HARDENED_ONLY: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
const ROLE_SESSION: &str = "ALIBABA_CLOUD_ROLE_SESSION_NAME";
const OIDC_PROVIDER: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
const OIDC_TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
const ADDRESS: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

/// How the keys of one format are called where the formats differ.
pub(super) struct Names {
    pub(super) role_name: &'static str,
    pub(super) role_arn: &'static str,
    pub(super) sessions: &'static [&'static str],
    pub(super) token_file: &'static str,
    pub(super) seconds: &'static str,
}

impl Search<'_> {
    /// The role of the machine. The service is asked with a token unless the profile says `disable_imds_v1 = false`.
    pub(super) fn metadata(
        &self,
        name: &str,
        section: &Section,
        names: &Names,
    ) -> Result<Source, CredentialError> {
        let environment = &self.settings.environment;
        let hardened = match section.text("disable_imds_v1") {
            Some(text) => Some(text),
            None => environment.trimmed(HARDENED_ONLY),
        };
        let role = section.text(names.role_name);
        let unhardened = hardened.is_some_and(|text| text.eq_ignore_ascii_case("false"));
        self.metadata_of(name, role, unhardened)
    }

    fn metadata_of(
        &self,
        name: &str,
        role: Option<String>,
        unhardened: bool,
    ) -> Result<Source, CredentialError> {
        let environment = &self.settings.environment;
        let off = environment.trimmed(METADATA_OFF);
        if off.is_some_and(|off| off.eq_ignore_ascii_case("true")) {
            let what = format!("`{METADATA_OFF}` switches the metadata service off");
            return Err(self.incomplete(name, what));
        }
        let role = role.or_else(|| environment.trimmed(METADATA_ROLE));
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if role.as_deref().is_some_and(|role| !role.chars().all(fits)) {
            return Err(
                self.incomplete(name, "the name of its machine's role is no name of a role")
            );
        }
        Ok(Source::fetched(name, Giver::Metadata { role, unhardened }))
    }

    /// A role for the token of an identity provider; what the profile does not say, the variables may.
    pub(super) fn oidc(
        &self,
        name: &str,
        section: &Section,
        names: &Names,
    ) -> Result<Source, CredentialError> {
        let environment = &self.settings.environment;
        let said = |key: &str, variable: &str| {
            section
                .text(key)
                .or_else(|| environment.trimmed(variable))
                .ok_or_else(|| self.incomplete(name, format!("it has no `{key}`")))
        };
        let seconds = section.seconds(names.seconds);
        let seconds = seconds.map_err(|what| self.incomplete(name, what))?;
        let session = names.sessions.iter().find_map(|key| section.text(key));
        let role = Role {
            session: session.or_else(|| environment.trimmed(ROLE_SESSION)),
            policy: section.text("policy"),
            duration: seconds.map(Duration::from_secs),
            region: section.text("sts_region"),
            ..Role::new(said(names.role_arn, ROLE_ARN)?)
        };
        let giver = Giver::Oidc {
            role,
            provider: said("oidc_provider_arn", OIDC_PROVIDER)?,
            token_file: PathBuf::from(said(names.token_file, OIDC_TOKEN_FILE)?),
        };
        Ok(Source::fetched(name, giver))
    }

    /// A command that prints credentials. No shell reads it.
    pub(super) fn command(&self, name: &str, section: &Section) -> Result<Source, CredentialError> {
        let text = section.text("process_command");
        let text = text.ok_or_else(|| self.incomplete(name, "it has no `process_command`"))?;
        let words = words(&text).filter(|words| words.first().is_some_and(|word| !word.is_empty()));
        let words = words.ok_or_else(|| {
            let what = "its `process_command` ends inside quotes, or names no program";
            self.incomplete(name, what)
        })?;
        Ok(Source::fetched(name, Giver::Command(words)))
    }

    /// An address that answers with credentials: HTTPS, or plain HTTP on this machine.
    pub(super) fn address(&self, name: &str, section: &Section) -> Result<Source, CredentialError> {
        let text = section.text("credentials_uri");
        let environment = &self.settings.environment;
        let text = text.or_else(|| environment.trimmed(ADDRESS));
        let text = text.ok_or_else(|| self.incomplete(name, "it has no `credentials_uri`"))?;
        let url = self.safe_url(name, "credentials_uri", &text)?;
        Ok(Source::fetched(name, Giver::Address(url)))
    }

    fn safe_url(&self, name: &str, key: &str, text: &str) -> Result<Url, CredentialError> {
        let url = Url::parse(text).ok();
        let url = url
            .filter(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)));
        url.ok_or_else(|| {
            let what = format!("its `{key}` is neither `https://…` nor plain HTTP on this machine");
            self.incomplete(name, what)
        })
    }

    /// What a login to CloudSSO left: a key until its end, and a token for the next key.
    pub(super) fn cloud_sso(
        &self,
        name: &str,
        section: &Section,
    ) -> Result<Source, CredentialError> {
        let needed = |key: &str| {
            let missing = || self.incomplete(name, format!("it has no `{key}`"));
            section.text(key).ok_or_else(missing)
        };
        let giver = Giver::CloudSso {
            sign_in: self.safe_url(
                name,
                "cloud_sso_sign_in_url",
                &needed("cloud_sso_sign_in_url")?,
            )?,
            account: needed("cloud_sso_account_id")?,
            access_config: needed("cloud_sso_access_config")?,
            token: section.secret("access_token"),
            token_expires: self.end(name, section, "cloud_sso_access_token_expire")?,
        };
        let stored = self.stored(name, section)?;
        Ok(Source::storing(name, giver, stored))
    }

    /// What a login that only the aliyun CLI can repeat left: a key until its end.
    pub(super) fn login(
        &self,
        name: &str,
        section: &Section,
        mode: &'static str,
    ) -> Result<Source, CredentialError> {
        let stored = self.stored(name, section)?;
        Ok(Source::storing(name, Giver::Login { mode }, stored))
    }

    /// The temporary key in a file; one without a token or an end does not count.
    fn stored(&self, name: &str, section: &Section) -> Result<Option<Credential>, CredentialError> {
        let Some(expires) = self.end(name, section, "sts_expiration")? else {
            return Ok(None);
        };
        let parts = section
            .text("access_key_id")
            .zip(section.secret("access_key_secret"))
            .zip(section.secret("sts_token"));
        Ok(parts.map(|((id, secret), token)| Credential {
            key: AccessKey {
                id,
                secret,
                token: Some(token),
            },
            expires: Some(expires),
        }))
    }

    fn end(
        &self,
        name: &str,
        section: &Section,
        key: &str,
    ) -> Result<Option<Timestamp>, CredentialError> {
        let seconds = section.seconds(key);
        let seconds = seconds.map_err(|what| self.incomplete(name, what))?;
        let ms = seconds.map(|seconds| {
            i64::try_from(seconds)
                .unwrap_or(i64::MAX)
                .saturating_mul(1000)
        });
        Ok(ms.map(Timestamp))
    }

    /// What the variables of the official tools name besides a key, in their order.
    pub(super) fn of_variables(&mut self, name: &str) -> Result<Option<Source>, CredentialError> {
        let environment: &Environment = &self.settings.environment;
        let set = |variable: &str| environment.trimmed(variable).is_some();
        let names = Names {
            role_name: METADATA_ROLE,
            role_arn: ROLE_ARN,
            sessions: &[],
            token_file: OIDC_TOKEN_FILE,
            seconds: "",
        };
        let nothing = Section::default();
        if [OIDC_PROVIDER, OIDC_TOKEN_FILE, ROLE_ARN]
            .into_iter()
            .all(set)
        {
            return self.oidc(name, &nothing, &names).map(Some);
        }
        if set(METADATA_ROLE) {
            self.looked.push(format!("the variable `{METADATA_ROLE}`"));
            return self.metadata(name, &nothing, &names).map(Some);
        }
        if set(ADDRESS) {
            self.looked.push(format!("the variable `{ADDRESS}`"));
            return self.address(name, &nothing).map(Some);
        }
        Ok(None)
    }
}
