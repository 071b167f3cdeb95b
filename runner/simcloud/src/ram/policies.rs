//! Custom and system policies.

use serde_json::{Value, json};

use super::{
    Policy, PolicyName, Ram, RequestContext, date, document_text, no_policy, page, policy_name,
};
use crate::answer::{Answer, Refusal, without};
use crate::rights::Document;
use crate::time::ALWAYS;

pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let name = policy_name(context)?;
    let document = document_text(context, "PolicyDocument", Document::policy)?;
    let taken = context.account().policies.contains_key(&name)
        || rutter_contracts::system_policy(&name).is_some();
    if taken {
        return Err(Refusal::new(
            409,
            "EntityAlreadyExists.Policy",
            "The policy does already exist.",
        ));
    }
    let policy = Policy::new(
        context.parameters.text_or_empty("Description"),
        document,
        context.now,
    );
    context.account_mut().policies.insert(name.clone(), policy);
    let fields = custom(context, &name).ok_or_else(no_policy)?;
    Ok(json!({ "Policy": without(fields, &["AttachmentCount", "UpdateDate"]) }))
}

pub(super) fn get(context: &mut RequestContext<'_>) -> Answer {
    let policy = PolicyName::of_call(context)?;
    let document = policy.text(context.account()).ok_or_else(no_policy)?;
    let fields = match &policy {
        PolicyName::System(name) => system(context, name),
        PolicyName::Custom(name) => custom(context, name).ok_or_else(no_policy)?,
    };
    let version = json!({
        "VersionId": fields["DefaultVersion"],
        "IsDefaultVersion": true,
        "PolicyDocument": document,
        "CreateDate": fields["CreateDate"],
    });
    Ok(json!({ "Policy": fields, "DefaultPolicyVersion": version }))
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let name = policy_name(context)?;
    let policy = PolicyName::Custom(name.clone());
    let held = context
        .account()
        .policies
        .get(&name)
        .ok_or_else(no_policy)?;
    if !context.parameters.is_true("CascadingDelete") {
        refuse_if_needed(context.account(), &policy, held)?;
    }
    let account = context.account_mut();
    let holders: Vec<String> = account.holders(&policy).cloned().collect();
    for role in holders {
        account.detach(&role, &policy);
    }
    for user in account.users.values_mut() {
        user.policies.retain(|held| *held != policy);
    }
    account.policies.remove(&name);
    Ok(json!({}))
}

fn refuse_if_needed(account: &Ram, policy: &PolicyName, held: &Policy) -> Result<(), Refusal> {
    let conflict = |kind: &str, message: &str| {
        Err(Refusal::new(
            409,
            format!("DeleteConflict.Policy.{kind}"),
            message,
        ))
    };
    if account
        .users
        .values()
        .any(|user| user.policies.contains(policy))
    {
        return conflict(
            "User",
            "The policy CAN NOT been attached to any user while deleting the policy.",
        );
    }
    if account.holders(policy).len() > 0 {
        return conflict(
            "Role",
            "The policy CAN NOT been attached to any role while deleting the policy.",
        );
    }
    if held.versions.len() > 1 {
        return conflict(
            "Version",
            "The policy CAN NOT has any version except the default version.",
        );
    }
    Ok(())
}

pub(super) fn list(context: &mut RequestContext<'_>) -> Answer {
    let kind = context.parameters.filled("PolicyType");
    let wanted = |name: &str| kind.as_deref().is_none_or(|kind| kind == name);
    let mut policies: Vec<PolicyName> = Vec::new();
    if wanted("Custom") {
        let names = context.account().policies.keys().cloned();
        policies.extend(names.map(PolicyName::Custom));
    }
    if wanted("System") {
        let known = rutter_contracts::system_policies().iter();
        policies.extend(known.map(|policy| PolicyName::System(policy.name.clone())));
    }
    let mut policies: Vec<(String, PolicyName)> = policies
        .into_iter()
        .map(|policy| (policy.to_string(), policy))
        .collect();
    policies.sort_by(|one, other| one.0.cmp(&other.0));
    let (policies, mut answer) = page(context, policies);
    let policies: Vec<Value> = policies
        .iter()
        .map(|policy| shown(context, policy))
        .collect();
    answer["Policies"] = json!({ "Policy": policies });
    Ok(answer)
}

/// Returns a policy as lists show it.
pub(super) fn shown(context: &RequestContext<'_>, policy: &PolicyName) -> Value {
    match policy {
        PolicyName::System(name) => system(context, name),
        PolicyName::Custom(name) => custom(context, name).unwrap_or_default(),
    }
}

fn custom(context: &RequestContext<'_>, name: &str) -> Option<Value> {
    let policy = context.account().policies.get(name)?;
    Some(json!({
        "PolicyName": name,
        "PolicyType": "Custom",
        "Description": policy.description,
        "DefaultVersion": format!("v{}", policy.default),
        "AttachmentCount": attachments(context.account(), &PolicyName::Custom(name.to_owned())),
        "CreateDate": date(context, policy.created_ms),
        "UpdateDate": date(context, policy.updated_ms),
    }))
}

fn system(context: &RequestContext<'_>, name: &str) -> Value {
    let started = date(context, ALWAYS);
    json!({
        "PolicyName": name,
        "PolicyType": "System",
        "Description": "",
        "DefaultVersion": "v1",
        "AttachmentCount": attachments(context.account(), &PolicyName::System(name.to_owned())),
        "CreateDate": started,
        "UpdateDate": started,
    })
}

fn attachments(account: &Ram, policy: &PolicyName) -> usize {
    let users = account
        .users
        .values()
        .filter(|user| user.policies.contains(policy));
    account.holders(policy).len() + users.count()
}
