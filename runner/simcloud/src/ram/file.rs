//! Identities and their rights as the world file writes them.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::scalars::Span;

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

fn hour() -> Span {
    Span::minutes(60)
}
