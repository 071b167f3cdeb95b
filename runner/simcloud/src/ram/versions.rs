//! Versions of custom policies.

use serde_json::{Value, json};

use super::{Policy, PolicyName, Scene, Version, date, document_text, no_policy, policy_name};
use crate::answer::{Answer, Refusal};
use crate::rights::Document;
use crate::time::ALWAYS;

/// How many versions a policy may have.
const VERSIONS_MAX: usize = 5;

pub(super) fn create(scene: &mut Scene<'_>) -> Answer {
    let name = policy_name(scene)?;
    let document = document_text(scene, "PolicyDocument", Document::policy)?;
    let rotate = scene.parameters.text_or_empty("RotateStrategy")
        == "DeleteOldestNonDefaultVersionWhenLimitExceeded";
    let set_default = scene.parameters.is_true("SetAsDefault");
    let now = scene.now;
    let policy = held(scene, &name)?;
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
    let policy = &scene.account().policies[&name];
    Ok(json!({ "PolicyVersion": fields(scene, policy, number, true) }))
}

pub(super) fn get(scene: &mut Scene<'_>) -> Answer {
    let policy = PolicyName::of_call(scene)?;
    let id = scene.required("VersionId")?;
    let versions = all(scene, &policy, true);
    let version = versions
        .into_iter()
        .find(|version| version["VersionId"] == Value::String(id.clone()));
    Ok(json!({ "PolicyVersion": version.ok_or_else(no_version)? }))
}

pub(super) fn list(scene: &mut Scene<'_>) -> Answer {
    let policy = PolicyName::of_call(scene)?;
    Ok(json!({ "PolicyVersions": { "PolicyVersion": all(scene, &policy, true) } }))
}

pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let name = policy_name(scene)?;
    let number = number(scene)?;
    let now = scene.now;
    let policy = held(scene, &name)?;
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

pub(super) fn set_default(scene: &mut Scene<'_>) -> Answer {
    let name = policy_name(scene)?;
    let number = number(scene)?;
    let now = scene.now;
    let policy = held(scene, &name)?;
    if !policy.versions.contains_key(&number) {
        return Err(no_version());
    }
    policy.default = number;
    policy.updated_ms = now;
    Ok(json!({}))
}

fn held<'a>(scene: &'a mut Scene<'_>, name: &str) -> Result<&'a mut Policy, Refusal> {
    scene
        .account_mut()
        .policies
        .get_mut(name)
        .ok_or_else(no_policy)
}

fn number(scene: &Scene<'_>) -> Result<u32, Refusal> {
    let id = scene.required("VersionId")?;
    id.strip_prefix('v')
        .and_then(|number| number.parse().ok())
        .ok_or_else(no_version)
}

fn all(scene: &Scene<'_>, policy: &PolicyName, with_document: bool) -> Vec<Value> {
    match policy {
        PolicyName::System(_) => {
            let document = policy.text(scene.account()).unwrap_or_default();
            let created = date(scene, ALWAYS);
            vec![
                json!({ "VersionId": "v1", "IsDefaultVersion": true, "PolicyDocument": document, "CreateDate": created }),
            ]
        }
        PolicyName::Custom(name) => {
            scene
                .account()
                .policies
                .get(name)
                .map_or_else(Vec::new, |policy| {
                    policy
                        .versions
                        .keys()
                        .map(|number| fields(scene, policy, *number, with_document))
                        .collect()
                })
        }
    }
}

fn fields(scene: &Scene<'_>, policy: &Policy, number: u32, with_document: bool) -> Value {
    let version = &policy.versions[&number];
    let mut fields = json!({
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": policy.default == number,
        "CreateDate": date(scene, version.created_ms),
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
