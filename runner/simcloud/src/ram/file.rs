//! Identities and their rights as the world file writes them.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::password::Password;
use crate::scalars::{Instant, Span};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserFile {
    pub name: String,
    #[schemars(with = "Option<String>")]
    pub access_key_id: Option<Spanned<String>>,
    pub access_key_secret: Option<String>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub policies: Vec<Spanned<String>>,
    /// The main account itself: it may do everything, except assume a role.
    #[serde(default)]
    pub main: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleFile {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The trust policy as JSON text.
    #[schemars(with = "String")]
    pub trust: Spanned<String>,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub policies: Vec<Spanned<String>>,
    #[serde(default = "hour")]
    pub max_session: Span,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyFile {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// The policy as JSON text.
    #[schemars(with = "String")]
    pub document: Spanned<String>,
    #[serde(default)]
    pub description: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcProviderFile {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    #[serde(default = "issuer")]
    pub issuer: String,
    #[serde(default = "client_ids")]
    pub client_ids: Vec<String>,
    #[serde(default)]
    pub tokens: Vec<OidcTokenFile>,
}

/// A token that the provider has given out; every other is refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcTokenFile {
    /// The token as it is sent.
    pub token: Password,
    #[serde(default = "subject")]
    pub subject: String,
    /// For whom it is made out; without it for the provider's first client.
    pub audience: Option<String>,
    /// When it is over, by the real clock; never without it.
    pub expires: Option<Instant>,
}

fn issuer() -> String {
    "https://oidc.example.com".to_owned()
}

fn client_ids() -> Vec<String> {
    vec!["sts.aliyuncs.com".to_owned()]
}

fn subject() -> String {
    "subject".to_owned()
}

fn hour() -> Span {
    Span::minutes(60)
}
