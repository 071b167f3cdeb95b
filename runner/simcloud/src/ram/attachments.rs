//! Which policies are attached to which roles.

use serde_json::{Value, json};

use super::{Attachment, PolicyName, Role, date, no_role, policies, role_name};
use crate::answer::{Answer, Refusal};
use crate::scene::Scene;

/// How many policies of each type a role may have.
const SYSTEM_MAX: usize = 20;
const CUSTOM_MAX: usize = 5;

pub(super) fn attach(scene: &mut Scene<'_>) -> Answer {
    let role = role_name(scene)?;
    if !scene.account().roles.contains_key(&role) {
        return Err(no_role());
    }
    let policy = PolicyName::of_call(scene)?;
    let now = scene.now;
    let role = held(scene, &role)?;
    if role.attached.iter().any(|held| held.policy == policy) {
        let message = "The policy has already been attached to the role.";
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Role.Policy",
            message,
        ));
    }
    let of_kind = role
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
    role.attached.push(Attachment { policy, at_ms: now });
    Ok(json!({}))
}

pub(super) fn detach(scene: &mut Scene<'_>) -> Answer {
    let role = role_name(scene)?;
    if !scene.account().roles.contains_key(&role) {
        return Err(no_role());
    }
    let policy = PolicyName::of_call(scene)?;
    let role = held(scene, &role)?;
    let before = role.attached.len();
    role.attached.retain(|held| held.policy != policy);
    if role.attached.len() == before {
        let message = "The policy is not attached to the role.";
        return Err(Refusal::new(404, "EntityNotExist.Role.Policy", message));
    }
    Ok(json!({}))
}

pub(super) fn of_role(scene: &mut Scene<'_>) -> Answer {
    let name = role_name(scene)?;
    let role = scene.account().roles.get(&name).ok_or_else(no_role)?;
    let attached: Vec<Value> = role
        .attached
        .iter()
        .map(|held| attached(scene, &held.policy, held.at_ms))
        .collect();
    Ok(json!({ "Policies": { "Policy": attached } }))
}

/// Policies that a user has by a group are not among them.
pub(super) fn of_user(scene: &mut Scene<'_>) -> Answer {
    let name = scene.required("UserName")?;
    let user = scene.account().users.get(&name).filter(|user| !user.main);
    let user =
        user.ok_or_else(|| Refusal::new(404, "EntityNotExist.User", "The user does not exist."))?;
    let attached: Vec<Value> = user
        .policies
        .iter()
        .map(|policy| attached(scene, policy, super::ALWAYS))
        .collect();
    Ok(json!({ "Policies": { "Policy": attached } }))
}

fn attached(scene: &Scene<'_>, policy: &PolicyName, at_ms: i64) -> Value {
    let shown = policies::shown(scene, policy);
    json!({
        "PolicyName": shown["PolicyName"],
        "PolicyType": shown["PolicyType"],
        "Description": shown["Description"],
        "DefaultVersion": shown["DefaultVersion"],
        "AttachDate": date(scene, at_ms),
    })
}

pub(super) fn of_policy(scene: &mut Scene<'_>) -> Answer {
    let policy = PolicyName::of_call(scene)?;
    let account = scene.account();
    let roles: Vec<Value> = account
        .roles
        .iter()
        .filter_map(|(name, role)| {
            let held = role.attached.iter().find(|held| held.policy == policy)?;
            Some(json!({
                "RoleName": name,
                "RoleId": role.id,
                "Arn": format!("acs:ram::{}:role/{name}", account.id),
                "Description": role.description,
                "AttachDate": date(scene, held.at_ms),
            }))
        })
        .collect();
    let users: Vec<Value> = account
        .users
        .values()
        .filter(|user| user.policies.contains(&policy))
        .map(|user| {
            let attached = date(scene, super::ALWAYS);
            json!({ "UserName": user.name, "UserId": user.id, "DisplayName": user.name, "AttachDate": attached })
        })
        .collect();
    Ok(json!({ "Roles": { "Role": roles }, "Users": { "User": users }, "Groups": { "Group": [] } }))
}

fn held<'a>(scene: &'a mut Scene<'_>, name: &str) -> Result<&'a mut Role, Refusal> {
    scene.account_mut().roles.get_mut(name).ok_or_else(no_role)
}
