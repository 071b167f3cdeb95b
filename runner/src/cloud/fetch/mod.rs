//! Asking the source of a profile's credentials: the metadata service, STS for a token, a command, an address, CloudSSO.
//!
//! Each is asked at most [`TRIES_MAX`] times, since a short hiccup should not stop a run of hours, and each answer is
//! bounded in time and size. What a source answers is never quoted: it may hold a secret where nobody expects one.
//! When a source is asked is decided in `roles.rs`. Plugins reach nothing here; `address.rs` keeps them from the
//! metadata service.

mod answer;
mod command;
mod metadata;
mod web;

use std::time::Duration;

use rutter_engine::{Fault, FaultClass, Timestamp};

use super::account::Bound;
use super::credentials::{Credential, Fetched, Giver};
use super::live::LiveCarrier;

/// How often a source that does not answer is asked…
const TRIES_MAX: u32 = 3;
/// …and the pause in between.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a source gave no credentials.
#[derive(Debug)]
struct Trouble {
    /// A fragment that follows "gives no credentials:".
    what: String,
    /// What the operator can do, if it is not the usual.
    advice: Option<String>,
    /// Whether asking again may help.
    transient: bool,
}

impl Trouble {
    fn lasting(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: None,
            transient: false,
        }
    }

    fn passing(what: impl Into<String>) -> Self {
        Self {
            transient: true,
            ..Self::lasting(what)
        }
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl LiveCarrier {
    /// Asks a source for credentials that are good now and are not those of the key `refused`.
    pub(super) async fn fetch(
        &self,
        bound: &Bound<'_>,
        fetched: &Fetched,
        refused: Option<&str>,
    ) -> Result<Credential, Fault> {
        let now = (self.clock)();
        let mut tries = 1;
        let credential = loop {
            match self.ask(bound, fetched, now).await {
                Err(trouble) if trouble.transient && tries < TRIES_MAX => {
                    tokio::time::sleep(PAUSE).await;
                    tries += 1;
                }
                asked => break asked,
            }
        };
        let credential = credential.and_then(|credential| judge(credential, refused, now));
        let credential = credential.map_err(|trouble| fault(bound, fetched, trouble))?;
        self.secrets.hide(&credential.key.secret);
        if let Some(token) = &credential.key.token {
            self.secrets.hide(token);
        }
        Ok(credential)
    }

    async fn ask(
        &self,
        bound: &Bound<'_>,
        fetched: &Fetched,
        now: Timestamp,
    ) -> Result<Credential, Trouble> {
        match &fetched.from {
            Giver::Metadata { role, unhardened } => {
                self.ask_metadata(role.as_deref(), *unhardened).await
            }
            Giver::Oidc {
                role,
                provider,
                token_file,
            } => self.ask_oidc(bound, role, provider, token_file).await,
            Giver::Command(words) => command::ask(words, &self.environment, &self.secrets).await,
            Giver::Address(url) => self.ask_address(url).await,
            Giver::CloudSso {
                sign_in,
                account,
                access_config,
                token,
                token_expires,
            } => {
                let token = token
                    .as_ref()
                    .filter(|_| token_expires.is_some_and(|expires| expires > now));
                let token = token.ok_or_else(|| over(fetched, "CloudSSO"))?;
                self.ask_cloud_sso(sign_in, account, access_config, token)
                    .await
            }
            Giver::Login { mode } => Err(over(fetched, mode)),
        }
    }
}

fn over(fetched: &Fetched, mode: &str) -> Trouble {
    let advice = format!(
        "log in again with `aliyun configure --mode {mode} --profile {}`, then run or resume",
        fetched.profile
    );
    Trouble::lasting("what the last login left has ended").advise(advice)
}

fn judge(
    credential: Credential,
    refused: Option<&str>,
    now: Timestamp,
) -> Result<Credential, Trouble> {
    if let Some(expires) = credential.expires
        && expires <= now
    {
        return Err(Trouble::lasting("those that it gives have ended"));
    }
    if refused == Some(credential.key.id.as_str()) {
        return Err(Trouble::lasting(
            "it gives again what the cloud has just refused",
        ));
    }
    Ok(credential)
}

fn fault(bound: &Bound<'_>, fetched: &Fetched, trouble: Trouble) -> Fault {
    let message = format!(
        "the account `{}`: {} gives no credentials for the profile `{}`: {}",
        bound.principal.name(),
        fetched.from.name(),
        fetched.profile,
        trouble.what
    );
    let advice = trouble
        .advice
        .unwrap_or_else(|| usual(&fetched.from).to_owned());
    Fault::new(FaultClass::Credential, "rutter.credential-source", message).advise(advice)
}

/// What helps where nothing better is known.
fn usual(giver: &Giver) -> &'static str {
    match giver {
        Giver::Metadata { .. } => {
            "see that this machine is an ECS instance with a RAM role, and that nothing between blocks 100.100.100.200; then run or resume"
        }
        Giver::Oidc { .. } => {
            "see that the token's file is fresh and that the role trusts the identity provider, then run or resume"
        }
        Giver::Command(_) => {
            "run the command by itself: it has to print the credentials as JSON and to ask nothing; then run or resume"
        }
        Giver::Address(_) | Giver::CloudSso { .. } | Giver::Login { .. } => {
            "see that it can be reached and answers, or bind the account to another profile; then run or resume"
        }
    }
}
