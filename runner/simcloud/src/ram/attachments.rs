//! Which policies are attached to which roles.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Attachment, PolicyName, Ram, RequestContext, date, no_role, policies, role_name};
use crate::answer::{Answer, Refusal};
use crate::time::ALWAYS;

/// How many policies of each type a role may have.
const SYSTEM_MAX: usize = 20;
const CUSTOM_MAX: usize = 5;

pub(super) fn attach(context: &mut RequestContext<'_>) -> Answer {
    let role = role_name(context)?;
    if !context.account().roles.contains_key(&role) {
        return Err(no_role());
    }
    let policy = PolicyName::of_call(context)?;
    let now = context.now;
    let held = context.account().roles.get(&role).ok_or_else(no_role)?;
    if held.attached.iter().any(|held| held.policy == policy) {
        let message = "The policy has already been attached to the role.";
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Role.Policy",
            message,
        ));
    }
    let of_kind = held
        .attached
        .iter()
        .filter(|held| held.policy.kind() == policy.kind())
        .count();
    let most = if matches!(policy, PolicyName::System(_)) {
        SYSTEM_MAX
    } else {
        CUSTOM_MAX
    };
    if of_kind >= most {
        let message = "The count of policies attached to the role beyond the current limits.";
        return Err(Refusal::new(409, "LimitExceeded.Role.Policy", message));
    }
    context.account_mut().attach(&role, policy, now);
    Ok(json!({}))
}

pub(super) fn detach(context: &mut RequestContext<'_>) -> Answer {
    let role = role_name(context)?;
    if !context.account().roles.contains_key(&role) {
        return Err(no_role());
    }
    let policy = PolicyName::of_call(context)?;
    if !context.account_mut().detach(&role, &policy) {
        let message = "The policy is not attached to the role.";
        return Err(Refusal::new(404, "EntityNotExist.Role.Policy", message));
    }
    Ok(json!({}))
}

pub(super) fn of_role(context: &mut RequestContext<'_>) -> Answer {
    let name = role_name(context)?;
    let role = context.account().roles.get(&name).ok_or_else(no_role)?;
    let attached: Vec<Value> = role
        .attached
        .iter()
        .map(|held| attached(context, &held.policy, held.at_ms))
        .collect();
    Ok(json!({ "Policies": { "Policy": attached } }))
}

/// Policies that a user has by a group are not among them.
pub(super) fn of_user(context: &mut RequestContext<'_>) -> Answer {
    let name = context.required("UserName")?;
    let user = context.account().users.get(&name).filter(|user| !user.main);
    let user =
        user.ok_or_else(|| Refusal::new(404, "EntityNotExist.User", "The user does not exist."))?;
    let attached: Vec<Value> = user
        .policies
        .iter()
        .map(|policy| attached(context, policy, ALWAYS))
        .collect();
    Ok(json!({ "Policies": { "Policy": attached } }))
}

fn attached(context: &RequestContext<'_>, policy: &PolicyName, at_ms: i64) -> Value {
    let shown = policies::shown(context, policy);
    json!({
        "PolicyName": shown["PolicyName"],
        "PolicyType": shown["PolicyType"],
        "Description": shown["Description"],
        "DefaultVersion": shown["DefaultVersion"],
        "AttachDate": date(context, at_ms),
    })
}

pub(super) fn of_policy(context: &mut RequestContext<'_>) -> Answer {
    let policy = PolicyName::of_call(context)?;
    let account = context.account();
    let roles: Vec<Value> = account
        .holders(&policy)
        .filter_map(|name| {
            let role = account.roles.get(name)?;
            let held = role.attached.iter().find(|held| held.policy == policy)?;
            Some(json!({
                "RoleName": name,
                "RoleId": role.id,
                "Arn": format!("acs:ram::{}:role/{name}", context.caller.account),
                "Description": role.description,
                "AttachDate": date(context, held.at_ms),
            }))
        })
        .collect();
    let users: Vec<Value> = account
        .users
        .values()
        .filter(|user| user.policies.contains(&policy))
        .map(|user| {
            let attached = date(context, ALWAYS);
            json!({ "UserName": user.name, "UserId": user.id, "DisplayName": user.name, "AttachDate": attached })
        })
        .collect();
    Ok(json!({ "Roles": { "Role": roles }, "Users": { "User": users }, "Groups": { "Group": [] } }))
}

impl Ram {
    /// Attaches a policy to a role that is there.
    pub fn attach(&mut self, role: &str, policy: PolicyName, at_ms: i64) {
        if let Some(held) = self.roles.get_mut(role) {
            let holders = self.holders.entry(policy.clone()).or_default();
            holders.insert(role.to_owned());
            held.attached.push(Attachment { policy, at_ms });
        }
    }

    /// Detaches a policy from a role and returns whether it was attached.
    pub fn detach(&mut self, role: &str, policy: &PolicyName) -> bool {
        let holders = self.holders.get_mut(policy);
        let was_held = holders.is_some_and(|holders| holders.remove(role));
        if was_held && let Some(role) = self.roles.get_mut(role) {
            role.attached.retain(|held| held.policy != *policy);
        }
        was_held
    }

    /// Returns the names of the roles that a policy is attached to.
    pub fn holders(&self, policy: &PolicyName) -> impl ExactSizeIterator<Item = &String> + Clone {
        static NOBODY: BTreeSet<String> = BTreeSet::new();
        self.holders.get(policy).unwrap_or(&NOBODY).iter()
    }
}
