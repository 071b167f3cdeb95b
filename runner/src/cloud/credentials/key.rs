//! What a profile comes to: credentials, and the roles assumed with them.

use std::time::Duration;

use rutter_contracts::sign;
use rutter_engine::Timestamp;
use zeroize::Zeroize as _;

use crate::secrets::SecretText;

/// An access key, lasting or temporary. `Debug` shows the id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The id, which is no secret.
    pub id: String,
    /// The secret that goes with the id; wiped from memory when it is dropped.
    pub secret: SecretText,
    /// The security token of temporary credentials.
    pub token: Option<SecretText>,
}

impl AccessKey {
    /// Lends the key for signing; what signing needed is wiped afterwards.
    pub(crate) fn lend<T>(&self, sign: impl FnOnce(&sign::Key) -> T) -> T {
        let mut key = sign::Key {
            id: self.id.clone(),
            secret: self.secret.expose().to_owned(),
            token: self.token.as_ref().map(|token| token.expose().to_owned()),
        };
        let signed = sign(&key);
        key.secret.zeroize();
        key.token.zeroize();
        signed
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role's ARN, `acs:ram::<account id>:role/<name>`.
    pub arn: String,
    /// The session's label; the run's own when absent.
    pub session: Option<String>,
    /// The id that the role's owner asked for.
    pub external_id: Option<String>,
    /// The policy that narrows what the session may do, as JSON.
    pub policy: Option<String>,
    /// How long its credentials live; the cloud's default when absent.
    pub duration: Option<Duration>,
    /// The region whose STS is asked; the account's when absent.
    pub region: Option<String>,
}

impl Role {
    /// A role with nothing said but its name.
    pub fn new(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            session: None,
            external_id: None,
            policy: None,
            duration: None,
            region: None,
        }
    }
}

/// An access key, and until when it is good.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The key that calls are signed with.
    pub key: AccessKey,
    /// When it ends; a lasting key does not.
    pub expires: Option<Timestamp>,
}
