//! Where the credentials at the root of a profile come from, and what of them ends.
//!
//! A *fixed* source is a key that somebody wrote down. It has no end that is known here, and nothing renews it. A
//! *fetched* source is asked when its credentials are needed and again before they end; some files also keep what
//! the official tool fetched last, which is used while it is good. Files of other programs are only read.
//!
//! Asking is not done here: `roles.rs` decides when, once for all calls of an account that wait at the same time, and
//! `fetch/` does it, with a bound on time and size. A source that does not answer is a fault of the class `credential`
//! that names the account, the profile and the source. It stops a run as a refused key does, and the run can be
//! resumed.

use std::path::PathBuf;

use rutter_engine::Timestamp;
use url::Url;

use super::{AccessKey, Credential, Role};
use crate::secrets::SecretText;

/// Where the credentials at the root of a profile come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A key that was written down.
    Fixed(AccessKey),
    /// Temporary credentials that somebody gives out.
    Fetched(Box<Fetched>),
}

/// A source that is asked.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The profile's name, for messages.
    pub profile: String,
    /// Who is asked, and how.
    pub from: Giver,
    /// What the profile's file keeps from the last time, good until its end.
    pub stored: Option<Credential>,
}

/// Who gives out temporary credentials.
#[derive(Clone, Debug)]
pub enum Giver {
    /// The metadata service of the machine that this runs on.
    Metadata {
        /// The machine's role; asked for when absent.
        role: Option<String>,
        /// Whether it may be asked without a token, if it gives none.
        unhardened: bool,
    },
    /// STS, for the token of an identity provider.
    Oidc {
        /// The role that the token opens.
        role: Role,
        /// The ARN of the identity provider.
        provider: String,
        /// The file with the token, read each time.
        token_file: PathBuf,
    },
    /// A command that prints them.
    Command(Vec<String>),
    /// An address that answers with them.
    Address(Url),
    /// The sign-in service of CloudSSO, for the token that a login left.
    CloudSso {
        /// An address of the sign-in service; its path does not count.
        sign_in: Url,
        /// The account's id.
        account: String,
        /// The id of the access configuration.
        access_config: String,
        /// What the login left.
        token: Option<SecretText>,
        /// When that ends.
        token_expires: Option<Timestamp>,
    },
    /// A login that only the aliyun CLI can repeat.
    Login {
        /// What the profile calls its mode.
        mode: &'static str,
    },
}

impl Source {
    /// A source that is asked, with nothing stored.
    pub(super) fn fetched(profile: &str, from: Giver) -> Self {
        Self::storing(profile, from, None)
    }

    /// A source that is asked once what is stored ends.
    pub(super) fn storing(profile: &str, from: Giver, stored: Option<Credential>) -> Self {
        Self::Fetched(Box::new(Fetched {
            profile: profile.to_owned(),
            from,
            stored,
        }))
    }

    /// Returns the key that is known before anybody is asked.
    pub fn key(&self) -> Option<&AccessKey> {
        match self {
            Self::Fixed(key) => Some(key),
            Self::Fetched(fetched) => fetched.stored.as_ref().map(|stored| &stored.key),
        }
    }

    /// Returns what must not be shown, as far as it is known before anybody is asked.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretText> {
        let key = self.key();
        let login = match self {
            Self::Fetched(fetched) => match &fetched.from {
                Giver::CloudSso { token, .. } => token.as_ref(),
                _ => None,
            },
            Self::Fixed(_) => None,
        };
        key.map(|key| &key.secret)
            .into_iter()
            .chain(key.and_then(|key| key.token.as_ref()))
            .chain(login)
    }

    /// Whether a policy in the profile narrows what the source gives out.
    pub(super) fn takes_policy(&self) -> bool {
        matches!(self, Self::Fetched(fetched) if matches!(fetched.from, Giver::Oidc { .. }))
    }
}

impl Giver {
    /// Returns how the source is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Metadata { .. } => "the metadata service (100.100.100.200)".to_owned(),
            Self::Oidc { role, .. } => format!("STS (asked for {})", role.arn),
            Self::Command(words) => format!("the command `{}`", words[0]),
            Self::Address(url) => {
                format!("the address at `{}`", url.host_str().unwrap_or_default())
            }
            Self::CloudSso { sign_in, .. } => {
                format!("CloudSSO at `{}`", sign_in.host_str().unwrap_or_default())
            }
            Self::Login { mode } => format!("the {mode} login"),
        }
    }
}
