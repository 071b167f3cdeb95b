//! What an identity may do: what the policies say that it holds.

use std::collections::BTreeMap;

use super::{PolicyName, Ram};
use crate::answer::{Refusal, not_allowed};
use crate::caller::{Caller, Identity};
use crate::rights::{Document, Verdict};

/// The rights in every account as they have spread by an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights<'a> {
    pub accounts: &'a BTreeMap<String, Ram>,
    pub now: i64,
    /// How long a change takes to spread.
    pub spread_ms: i64,
}

impl Rights<'_> {
    /// Refuses the call if the caller may not make it.
    pub fn authorise(
        &self,
        caller: &Caller,
        product: &str,
        action: &str,
        resource: &str,
    ) -> Result<(), Refusal> {
        // Everybody may ask who they are, and where nobody signs, the action itself looks at what the call carries.
        if action == "sts:GetCallerIdentity" || caller.identity == Identity::Anonymous {
            return Ok(());
        }
        match self.verdict(caller, action, resource) {
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
    fn verdict(&self, caller: &Caller, action: &str, resource: &str) -> Verdict {
        let Some(account) = self.accounts.get(&caller.account) else {
            return Verdict::Silent;
        };
        match &caller.identity {
            Identity::Main => Verdict::Allowed,
            Identity::Anonymous => Verdict::Silent,
            Identity::User { name } => {
                let policies = account
                    .users
                    .get(name)
                    .map(|user| user.policies.as_slice())
                    .unwrap_or_default();
                judge(account, policies.iter(), action, resource)
            }
            Identity::Role { name, policy, .. } => {
                let role = self.of_role(account, name, action, resource);
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
    pub fn of_role(&self, account: &Ram, role: &str, action: &str, resource: &str) -> Verdict {
        let Some(role) = account.roles.get(role) else {
            return Verdict::Silent;
        };
        let held = role
            .attached
            .iter()
            .filter(|held| held.at_ms.saturating_add(self.spread_ms) <= self.now);
        judge(account, held.map(|held| &held.policy), action, resource)
    }
}

fn judge<'a>(
    account: &Ram,
    policies: impl Iterator<Item = &'a PolicyName>,
    action: &str,
    resource: &str,
) -> Verdict {
    Verdict::together(
        policies.filter_map(|name| Some(name.document(account)?.judge(action, resource))),
    )
}
