//! Changes of RAM, ready to be made.

use serde_json::{Value, json};

use super::Ready;
use crate::support::{DESTINATION, SOURCE, Story, trust};

fn role() -> Value {
    let principal = json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")], "Service": [format!("{DESTINATION}@dts.aliyuncs.com")] });
    json!({ "RoleName": "ram-for-dts", "AssumeRolePolicyDocument": trust(&principal) })
}

pub(super) fn create_role(_story: &mut Story) -> Ready {
    ("source", role())
}

pub(super) fn update_role(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    let document = trust(&json!({ "RAM": [format!("acs:ram::{SOURCE}:root")] }));
    (
        "source",
        json!({ "RoleName": "ram-for-dts", "NewAssumeRolePolicyDocument": document }),
    )
}

pub(super) fn delete_role(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    ("source", json!({ "RoleName": "ram-for-dts" }))
}

fn policy() -> Value {
    let document = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }] });
    json!({ "PolicyName": "policy-smc", "PolicyDocument": document.to_string() })
}

pub(super) fn create_policy(_story: &mut Story) -> Ready {
    ("source", policy())
}

pub(super) fn delete_policy(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreatePolicy", policy());
    ("source", json!({ "PolicyName": "policy-smc" }))
}

pub(super) fn create_version(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreatePolicy", policy());
    ("source", policy())
}

pub(super) fn delete_version(story: &mut Story) -> Ready {
    let (who, parameters) = create_version(story);
    story.call(who, "RAM:CreatePolicyVersion", parameters);
    (
        who,
        json!({ "PolicyName": "policy-smc", "VersionId": "v2" }),
    )
}

pub(super) fn set_default(story: &mut Story) -> Ready {
    delete_version(story)
}

pub(super) fn attach(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    (
        "source",
        json!({ "RoleName": "ram-for-dts", "PolicyType": "System", "PolicyName": "AliyunDTSRolePolicy" }),
    )
}

pub(super) fn detach(story: &mut Story) -> Ready {
    let (who, parameters) = attach(story);
    story.call(who, "RAM:AttachPolicyToRole", parameters.clone());
    (who, parameters)
}
