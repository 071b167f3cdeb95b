//! Versions of custom policies.

use serde_json::{Value, json};

use super::{
    Policy, PolicyName, RequestContext, Version, date, document_text, no_policy, policy_name,
};
use crate::answer::{Answer, Refusal};
use crate::rights::Document;
use crate::time::ALWAYS;

/// How many versions a policy may have.
const VERSIONS_MAX: usize = 5;

pub(super) fn create(context: &mut RequestContext<'_>) -> Answer {
    let name = policy_name(context)?;
    let document = document_text(context, "PolicyDocument", Document::policy)?;
    let rotate = context.parameters.text_or_empty("RotateStrategy")
        == "DeleteOldestNonDefaultVersionWhenLimitExceeded";
    let set_default = context.parameters.is_true("SetAsDefault");
    let now = context.now;
    let policy = held(context, &name)?;
    if policy.versions.len() >= VERSIONS_MAX {
        let oldest = policy
            .versions
            .keys()
            .copied()
            .find(|number| *number != policy.default);
        match oldest {
            Some(oldest) if rotate => policy.versions.remove(&oldest),
            _ => {
                let message = "The count of policy version beyond the current limits.";
                return Err(Refusal::new(409, "LimitExceeded.Policy.Version", message));
            }
        };
    }
    let number = policy.next;
    policy.next += 1;
    policy.versions.insert(
        number,
        Version {
            document,
            created_ms: now,
        },
    );
    policy.updated_ms = now;
    if set_default {
        policy.default = number;
    }
    let policy = &context.account().policies[&name];
    Ok(json!({ "PolicyVersion": fields(context, policy, number, true) }))
}

pub(super) fn get(context: &mut RequestContext<'_>) -> Answer {
    let policy = PolicyName::of_call(context)?;
    let id = context.required("VersionId")?;
    let versions = all(context, &policy, true);
    let version = versions
        .into_iter()
        .find(|version| version["VersionId"] == Value::String(id.clone()));
    Ok(json!({ "PolicyVersion": version.ok_or_else(no_version)? }))
}

pub(super) fn list(context: &mut RequestContext<'_>) -> Answer {
    let policy = PolicyName::of_call(context)?;
    Ok(json!({ "PolicyVersions": { "PolicyVersion": all(context, &policy, true) } }))
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let name = policy_name(context)?;
    let number = number(context)?;
    let now = context.now;
    let policy = held(context, &name)?;
    if policy.default == number {
        let message = "The default policy version CAN NOT been deleted directly.";
        return Err(Refusal::new(
            409,
            "DeleteConflict.Policy.Version.Default",
            message,
        ));
    }
    policy.versions.remove(&number).ok_or_else(no_version)?;
    policy.updated_ms = now;
    Ok(json!({}))
}

pub(super) fn set_default(context: &mut RequestContext<'_>) -> Answer {
    let name = policy_name(context)?;
    let number = number(context)?;
    let now = context.now;
    let policy = held(context, &name)?;
    if !policy.versions.contains_key(&number) {
        return Err(no_version());
    }
    policy.default = number;
    policy.updated_ms = now;
    Ok(json!({}))
}

fn held<'a>(context: &'a mut RequestContext<'_>, name: &str) -> Result<&'a mut Policy, Refusal> {
    context
        .account_mut()
        .policies
        .get_mut(name)
        .ok_or_else(no_policy)
}

fn number(context: &RequestContext<'_>) -> Result<u32, Refusal> {
    let id = context.required("VersionId")?;
    id.strip_prefix('v')
        .and_then(|number| number.parse().ok())
        .ok_or_else(no_version)
}

fn all(context: &RequestContext<'_>, policy: &PolicyName, with_document: bool) -> Vec<Value> {
    match policy {
        PolicyName::System(_) => {
            let document = policy.text(context.account()).unwrap_or_default();
            let created = date(context, ALWAYS);
            vec![
                json!({ "VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": document, "CreateDate": created }),
            ]
        }
        PolicyName::Custom(name) => {
            context
                .account()
                .policies
                .get(name)
                .map_or_else(Vec::new, |policy| {
                    policy
                        .versions
                        .keys()
                        .map(|number| fields(context, policy, *number, with_document))
                        .collect()
                })
        }
    }
}

fn fields(
    context: &RequestContext<'_>,
    policy: &Policy,
    number: u32,
    with_document: bool,
) -> Value {
    let version = &policy.versions[&number];
    let mut fields = json!({
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": policy.default == number,
        "CreateDate": date(context, version.created_ms),
    });
    if with_document {
        fields["PolicyDocument"] = json!(version.document);
    }
    fields
}

fn no_version() -> Refusal {
    Refusal::new(
        404,
        "EntityNotExist.Policy.Version",
        "The policy version does not exist.",
    )
}
