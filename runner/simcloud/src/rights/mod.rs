//! Rights: what identities may do, and whom roles trust.
//!
//! The rules are the documented ones: nothing is allowed unless a statement allows it, and a statement that denies wins.
//! Conditions are not evaluated: a conditional `Allow` allows nothing, a conditional `Deny` denies.

mod document;
mod resource;
mod trust;

pub(crate) use document::{Document, Verdict};
pub(crate) use resource::resource_of;
pub(crate) use trust::{Principal, trusts};

use crate::answer::{Refusal, not_allowed};
use crate::caller::{Caller, Identity};
use crate::ram::PolicyName;
use crate::world::{Account, World};

/// Refuses the call if the caller may not make it.
pub(crate) fn authorise(
    world: &World,
    now: i64,
    caller: &Caller,
    product: &str,
    action: &str,
    resource: &str,
) -> Result<(), Refusal> {
    // Everybody may ask who they are.
    if action == "sts:GetCallerIdentity" {
        return Ok(());
    }
    match verdict(world, now, caller, action, resource) {
        Verdict::Allowed => Ok(()),
        other => Err(not_allowed(
            product,
            action,
            resource,
            other == Verdict::Denied,
        )),
    }
}

/// Returns what the caller's policies say.
pub(crate) fn verdict(
    world: &World,
    now: i64,
    caller: &Caller,
    action: &str,
    resource: &str,
) -> Verdict {
    let Some(account) = world.accounts.get(&caller.account) else {
        return Verdict::Silent;
    };
    match &caller.identity {
        Identity::Main => Verdict::Allowed,
        Identity::User { name } => {
            let policies = account
                .users
                .get(name)
                .map(|user| user.policies.as_slice())
                .unwrap_or_default();
            judge(account, policies.iter(), action, resource)
        }
        Identity::Role { name, policy, .. } => {
            let role = role_verdict(world, now, account, name, action, resource);
            match (role, policy) {
                // A session's own policy can only take away.
                (Verdict::Allowed, Some(policy)) => Document::policy(policy)
                    .map_or(Verdict::Silent, |document| document.judge(action, resource)),
                (role, _) => role,
            }
        }
    }
}

/// Returns what the policies attached to a role say, as far as they have spread.
pub(crate) fn role_verdict(
    world: &World,
    now: i64,
    account: &Account,
    role: &str,
    action: &str,
    resource: &str,
) -> Verdict {
    let Some(role) = account.roles.get(role) else {
        return Verdict::Silent;
    };
    let spread = world.settings.durations.ram_spread.0;
    let held = role
        .attached
        .iter()
        .filter(|held| held.at_ms.saturating_add(spread) <= now);
    judge(account, held.map(|held| &held.policy), action, resource)
}

fn judge<'a>(
    account: &Account,
    policies: impl Iterator<Item = &'a PolicyName>,
    action: &str,
    resource: &str,
) -> Verdict {
    Verdict::together(
        policies.filter_map(|name| Some(name.document(account)?.judge(action, resource))),
    )
}
