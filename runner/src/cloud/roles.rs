//! Temporary credentials, fetched or of assumed roles: kept in this process alone, refreshed before they end, and
//! asked for once however many calls need them.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use rutter_engine::{Fault, FaultClass, Outcome, Timestamp};
use serde_json::{Value, json};

use super::account::Bound;
use super::credentials::{AccessKey, Credential, Fetched, Role, Source};
use super::roots::Roots;
use crate::secrets::SecretText;

/// Credentials that end sooner than this are not used any more.
const REFRESH_BEFORE_MS: u64 = 5 * 60 * 1000;

/// Temporary credentials, and who they make the caller.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) credential: Credential,
    /// The ARN of the assumed role's user.
    pub(super) arn: String,
}

impl Session {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.credential
            .expires
            .is_none_or(|expires| now.after(REFRESH_BEFORE_MS) < expires)
    }
}

/// A session, some time later.
pub(super) type Assuming<'a> = Pin<Box<dyn Future<Output = Result<Session, Fault>> + Send + 'a>>;

/// Fetched credentials, some time later.
pub(super) type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Credential, Fault>> + Send + 'a>>;

/// Asks for temporary credentials, each once.
pub(super) trait Assume: Sync {
    /// Asks the source of the bound account's profile; `refused` is the key that the cloud does not take any more.
    fn fetch<'a>(
        &'a self,
        bound: &'a Bound<'a>,
        fetched: &'a Fetched,
        refused: Option<&'a str>,
    ) -> Fetching<'a>;

    /// Assumes a role of the bound account, signed with `by`; `label` is the one a step asked for.
    fn assume<'a>(
        &'a self,
        bound: &'a Bound<'a>,
        by: &'a Credential,
        role: &'a Role,
        label: Option<&'a str>,
    ) -> Assuming<'a>;
}

/// What a session belongs to: the account's name, and the ARNs of the profile's roles and the step's.
type Chain = Vec<String>;

type Slot = Arc<tokio::sync::Mutex<Option<Session>>>;

/// The sessions of a run, by account and chain of roles.
#[derive(Default)]
pub(super) struct Sessions {
    roots: Roots,
    slots: Mutex<HashMap<Chain, Slot>>,
    /// Labels that steps asked for.
    labels: Mutex<HashMap<Chain, String>>,
}

impl Sessions {
    /// Returns the credential to sign with: the profile's key, or that of the last role.
    pub(super) async fn credential(
        &self,
        bound: &Bound<'_>,
        now: Timestamp,
        sts: &impl Assume,
    ) -> Result<Credential, Fault> {
        Ok(match self.session(bound, now, sts).await? {
            Some(session) => session.credential,
            None => self.root(bound, now, sts).await?,
        })
    }

    /// Returns the session of the last role, assuming whichever roles of the chain are not fresh.
    pub(super) async fn session(
        &self,
        bound: &Bound<'_>,
        now: Timestamp,
        sts: &impl Assume,
    ) -> Result<Option<Session>, Fault> {
        let mut current: Option<Session> = None;
        for (start, chain) in self.start(bound, now).await {
            let Some(role) = bound.roles.get(start) else {
                break;
            };
            let slot = self.slot(&chain);
            // Whoever comes second waits here and finds the first one's session.
            let mut held = slot.lock().await;
            if !held.as_ref().is_some_and(|session| session.is_fresh(now)) {
                let label = self.label(&chain);
                let assumed = match &current {
                    Some(session) => {
                        let by = &session.credential;
                        sts.assume(bound, by, role, label.as_deref()).await
                    }
                    None => self.assume_first(bound, now, role, label, sts).await,
                };
                *held = Some(assumed?);
            }
            current = held.clone();
        }
        Ok(current)
    }

    /// Assumes the first role. A root that the cloud refuses is fetched anew once.
    async fn assume_first(
        &self,
        bound: &Bound<'_>,
        now: Timestamp,
        role: &Role,
        label: Option<String>,
        sts: &impl Assume,
    ) -> Result<Session, Fault> {
        let by = self.root(bound, now, sts).await?;
        let assumed = sts.assume(bound, &by, role, label.as_deref()).await;
        let over = matches!(&assumed, Err(fault) if fault.class == FaultClass::Credential);
        if !over || !matches!(bound.account.profile.source, Source::Fetched(_)) {
            return assumed;
        }
        self.roots.forget(bound, &by.key.id).await;
        let by = self.root(bound, now, sts).await?;
        sts.assume(bound, &by, role, label.as_deref()).await
    }

    /// Returns the credentials at the root of the profile.
    async fn root(
        &self,
        bound: &Bound<'_>,
        now: Timestamp,
        sts: &impl Assume,
    ) -> Result<Credential, Fault> {
        match &bound.account.profile.source {
            Source::Fixed(key) => Ok(Credential {
                key: key.clone(),
                expires: None,
            }),
            Source::Fetched(fetched) => {
                let fetch = |refused: Option<String>| async move {
                    sts.fetch(bound, fetched, refused.as_deref()).await
                };
                self.roots.credential(bound, fetched, now, fetch).await
            }
        }
    }

    /// Returns the roles to go through: from the last one whose session is fresh, to the end.
    async fn start(&self, bound: &Bound<'_>, now: Timestamp) -> Vec<(usize, Chain)> {
        let mut places = Vec::new();
        let mut chain = vec![bound.principal.name().to_string()];
        for (place, role) in bound.roles.iter().enumerate() {
            chain.push(role.arn.clone());
            places.push((place, chain.clone()));
        }
        for from in (0..places.len()).rev() {
            let slot = self.slot(&places[from].1);
            if slot
                .lock()
                .await
                .as_ref()
                .is_some_and(|session| session.is_fresh(now))
            {
                return places.split_off(from);
            }
        }
        places
    }

    /// Forgets the session of the last role, or the root without roles, if it is still the one with this key's id.
    pub(super) async fn forget(&self, bound: &Bound<'_>, key_id: &str) {
        if bound.roles.is_empty() {
            return self.roots.forget(bound, key_id).await;
        }
        let slot = self.slot(&chain_of(bound));
        let mut held = slot.lock().await;
        if held
            .as_ref()
            .is_some_and(|session| session.credential.key.id == key_id)
        {
            *held = None;
        }
    }

    /// Remembers the label that a step wants for the sessions of an account.
    pub(super) fn set_label(&self, bound: &Bound<'_>, label: &str) {
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        labels.insert(chain_of(bound), label.to_owned());
    }

    fn label(&self, chain: &Chain) -> Option<String> {
        let labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        labels.get(chain).cloned()
    }

    fn slot(&self, chain: &Chain) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(chain.clone()).or_default().clone()
    }
}

fn chain_of(bound: &Bound<'_>) -> Chain {
    let roles = bound.roles.iter().map(|role| role.arn.clone());
    let name = bound.principal.name().to_string();
    std::iter::once(name).chain(roles).collect()
}

/// Returns the parameters of `AssumeRole`.
pub(super) fn parameters(role: &Role, label: &str) -> Value {
    let mut parameters = json!({"RoleArn": role.arn, "RoleSessionName": label});
    if let Some(id) = &role.external_id {
        parameters["ExternalId"] = id.as_str().into();
    }
    if let Some(policy) = &role.policy {
        parameters["Policy"] = policy.as_str().into();
    }
    if let Some(duration) = role.duration {
        parameters["DurationSeconds"] = duration.as_secs().into();
    }
    parameters
}

/// Reads the answer of `AssumeRole`. It never leaves the host, not even into a record.
pub(super) fn session_of(
    outcome: Outcome,
    bound: &Bound<'_>,
    role: &Role,
) -> Result<Session, Fault> {
    let account = bound.principal.name();
    let answer = match outcome {
        Outcome::Done(answer) => answer,
        // Assuming a role changes nothing, so a lost answer is only a reason to ask again.
        Outcome::Refused(fault) | Outcome::Unknown(fault) => {
            let message = format!(
                "the account `{account}`: the role {} cannot be assumed: {}",
                role.arn, fault.message
            );
            return Err(Fault { message, ..fault });
        }
    };
    read_session(&answer).ok_or_else(|| {
        let message = format!(
            "the account `{account}`: the answer to assuming {} holds no credentials",
            role.arn
        );
        Fault::new(FaultClass::Credential, "rutter.assume-role", message)
    })
}

fn read_session(answer: &Value) -> Option<Session> {
    let text = |pointer: &str| answer.pointer(pointer)?.as_str().map(str::to_owned);
    let expires: jiff::Timestamp = text("/Credentials/Expiration")?.parse().ok()?;
    Some(Session {
        credential: Credential {
            key: AccessKey {
                id: text("/Credentials/AccessKeyId")?,
                secret: SecretText::new(text("/Credentials/AccessKeySecret")?),
                token: Some(SecretText::new(text("/Credentials/SecurityToken")?)),
            },
            expires: Some(Timestamp(expires.as_millisecond())),
        },
        arn: text("/AssumedRoleUser/Arn")?,
    })
}
