//! Who calls: the identity behind an access key.

use serde_json::Value;

use crate::answer::Refusal;
use crate::request::Request;
use crate::world::World;

/// The identity that a call is made with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    pub account: String,
    pub identity: Identity,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Identity {
    /// The account itself.
    Main,
    User {
        name: String,
    },
    /// A session of a role of the account.
    Role {
        name: String,
        session: String,
        policy: Option<Value>,
    },
}

impl Caller {
    /// Returns the identity's name as trust policies and `GetCallerIdentity` write it.
    pub fn arn(&self) -> String {
        let account = &self.account;
        match &self.identity {
            Identity::Main => format!("acs:ram::{account}:root"),
            Identity::User { name } => format!("acs:ram::{account}:user/{name}"),
            Identity::Role { name, session, .. } => {
                format!("acs:ram::{account}:assumed-role/{name}/{session}")
            }
        }
    }
}

/// Finds out who calls, or refuses the key.
pub(crate) fn authenticate(world: &World, now: i64, request: &Request) -> Result<Caller, Refusal> {
    if let Some(session) = world.sessions.get(&request.access_key_id) {
        if request.security_token.as_deref() != Some(session.token.as_str()) {
            return Err(mismatch());
        }
        if now >= session.expires_ms {
            return Err(Refusal::new(
                403,
                "InvalidSecurityToken.Expired",
                "Specified SecurityToken is expired.",
            ));
        }
        return Ok(session.caller.clone());
    }
    let user = world.accounts.values().find_map(|account| {
        Some((
            account,
            account
                .users
                .values()
                .find(|user| user.key.id == request.access_key_id)?,
        ))
    });
    let Some((account, user)) = user else {
        return Err(Refusal::new(
            404,
            "InvalidAccessKeyId.NotFound",
            "Specified access key is not found.",
        ));
    };
    if request
        .security_token
        .as_deref()
        .is_some_and(|token| !token.is_empty())
    {
        return Err(mismatch());
    }
    let identity = if user.main {
        Identity::Main
    } else {
        Identity::User {
            name: user.name.clone(),
        }
    };
    Ok(Caller {
        account: account.id.clone(),
        identity,
    })
}

fn mismatch() -> Refusal {
    Refusal::new(
        400,
        "InvalidSecurityToken.MismatchWithAccessKey",
        "Specified SecurityToken mismatch with the AccessKey.",
    )
}
