//! `[http]`: what plain HTTP calls of plugins may use.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::AllowedHost;

/// `[http]`: which hosts plugins may reach by plain HTTP, and with which credentials.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Hosts that may be called although their address is not public, or, on loopback, without TLS.
    #[serde(default)]
    pub allow: Vec<AllowedHost>,
    /// Hosts that plugins may reach whose manifest leaves the hosts to the operator.
    #[serde(default)]
    pub hosts: Vec<AllowedHost>,
    /// Credentials that a plugin may name.
    #[serde(default)]
    pub credentials: BTreeMap<String, HttpCredential>,
}

/// How a credential is put into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HttpCredentialKind {
    /// `Authorization: Bearer SECRET`.
    Bearer,
    /// `Authorization: Basic …` of `user` and secret.
    Basic,
    /// The header named by `header`.
    Header,
}

/// `[http.credentials.NAME]`: a credential, and the hosts that it is sent to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["secret_env"] }, { "required": ["secret_file"] }]))]
pub struct HttpCredential {
    /// How it is put into the request.
    pub kind: HttpCredentialKind,
    /// The hosts that it may be sent to, whatever a plugin's manifest says.
    #[schemars(length(min = 1))]
    pub hosts: Vec<String>,
    /// The variable that holds the secret.
    pub secret_env: Option<String>,
    /// The file that holds the secret.
    pub secret_file: Option<PathBuf>,
    /// The user, for `basic`.
    pub user: Option<String>,
    /// The header's name, for `header`.
    pub header: Option<String>,
}

impl Http {
    pub(super) fn rooted(mut self, root: &impl Fn(PathBuf) -> PathBuf) -> Self {
        for credential in self.credentials.values_mut() {
            credential.secret_file = credential.secret_file.take().map(root);
        }
        self
    }
}

impl HttpCredential {
    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.secret_env.is_some() == self.secret_file.is_some() {
            return Some("a credential names its secret by `secret_env` or by `secret_file`");
        }
        if self.hosts.is_empty() {
            return Some("a credential names the `hosts` it may be sent to");
        }
        match self.kind {
            HttpCredentialKind::Basic if self.user.is_none() => Some("`basic` needs a `user`"),
            HttpCredentialKind::Header if self.header.is_none() => {
                Some("`header` needs a `header`")
            }
            _ => None,
        }
    }
}
