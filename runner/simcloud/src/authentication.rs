//! Whose access key a request carries, and what it is signed with.

use crate::answer::Refusal;
use crate::caller::{Caller, Identity};
use crate::request::Request;
use crate::world::World;

impl World {
    /// Returns the secret that goes with a key, of a user or of a session.
    pub(crate) fn secret_of(&self, access_key_id: &str) -> Option<&str> {
        if let Some(session) = self.sessions.get(access_key_id) {
            return Some(&session.secret);
        }
        let mut users = self.ram.values().flat_map(|account| account.users.values());
        users
            .find(|user| user.key.id == access_key_id)
            .map(|user| user.key.secret.as_str())
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
    let user = world.ram.iter().find_map(|(id, account)| {
        Some((
            id,
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
        account: account.clone(),
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
