//! RAM and STS as the procedures use them: a role in account A that account B may assume.

use crate::support::{DESTINATION, SOURCE, Story, code, trust};
use rutter_simcloud::{Change, diff};
use serde_json::json;

fn role_arn(name: &str) -> String {
    format!("acs:ram::{SOURCE}:role/{name}")
}

fn create_role(story: &mut Story, name: &str) {
    let document = trust(&json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")] }));
    story.call(
        "source",
        "RAM:CreateRole",
        json!({ "RoleName": name, "AssumeRolePolicyDocument": document }),
    );
}

#[test]
fn a_role_is_made_trusted_granted_assumed_and_taken_away_again() {
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    create_role(&mut story, "ram-for-dts");
    let attach = json!({ "RoleName": "ram-for-dts", "PolicyType": "System", "PolicyName": "AdministratorAccess" });
    story.call("source", "RAM:AttachPolicyToRole", attach.clone());
    let held = story.call(
        "source",
        "RAM:ListPoliciesForRole",
        json!({ "RoleName": "ram-for-dts" }),
    );
    assert_eq!(
        held["Policies"]["Policy"][0]["PolicyName"],
        "AdministratorAccess"
    );

    let (key, token) = story.assume("destination", &role_arn("ram-for-dts"));
    let who = story
        .send_with(&key, Some(&token), "STS:GetCallerIdentity", json!({}))
        .body;
    assert_eq!(who["AccountId"], SOURCE);
    assert_eq!(who["IdentityType"], "AssumedRoleUser");
    assert_eq!(
        who["Arn"],
        format!("acs:ram::{SOURCE}:assumed-role/ram-for-dts/story")
    );
    let roles = story
        .send_with(&key, Some(&token), "RAM:ListRoles", json!({}))
        .body;
    let names: Vec<_> = roles["Roles"]["Role"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["RoleName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["AliyunDTSDefaultRole", "ram-for-dts"]);

    assert_eq!(
        story.refused(
            "source",
            "RAM:DeleteRole",
            json!({ "RoleName": "ram-for-dts" })
        ),
        "DeleteConflict.Role.Policy"
    );
    story.call("source", "RAM:DetachPolicyFromRole", attach);
    story.call(
        "source",
        "RAM:DeleteRole",
        json!({ "RoleName": "ram-for-dts" }),
    );
    assert_eq!(story.world.summary(), before);
    assert_eq!(story.world.change_count(), 4);
}

#[test]
fn a_role_with_a_forgotten_trust_policy_cannot_be_assumed() {
    let mut story = Story::two_accounts();
    let own = trust(&json!({ "RAM": [format!("acs:ram::{SOURCE}:root")] }));
    story.call(
        "source",
        "RAM:CreateRole",
        json!({ "RoleName": "untrusting", "AssumeRolePolicyDocument": own }),
    );
    let assume = json!({ "RoleArn": role_arn("untrusting"), "RoleSessionName": "story" });
    assert_eq!(
        story.refused("destination", "STS:AssumeRole", assume.clone()),
        "NoPermission"
    );
    let other = trust(&json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")] }));
    story.call(
        "source",
        "RAM:UpdateRole",
        json!({ "RoleName": "untrusting", "NewAssumeRolePolicyDocument": other }),
    );
    story.call("destination", "STS:AssumeRole", assume);
}

#[test]
fn the_main_account_and_users_without_rights_cannot_assume_a_role() {
    let mut story = Story::two_accounts();
    create_role(&mut story, "trusting");
    let assume = json!({ "RoleArn": role_arn("trusting"), "RoleSessionName": "story" });
    assert_eq!(
        story.refused("destination/root", "STS:AssumeRole", assume.clone()),
        "NoPermission"
    );
    assert_eq!(
        story.refused("destination/nobody", "STS:AssumeRole", assume.clone()),
        "NoPermission"
    );
    let missing = json!({ "RoleArn": role_arn("missing"), "RoleSessionName": "story" });
    assert_eq!(
        story.refused("destination", "STS:AssumeRole", missing),
        "EntityNotExist.Role"
    );
    let wrong = json!({ "RoleArn": "ram-for-dts", "RoleSessionName": "story" });
    assert_eq!(
        story.refused("destination", "STS:AssumeRole", wrong),
        "InvalidParameter.RoleArn"
    );
}

#[test]
fn a_session_ends_and_needs_its_token() {
    let mut story = Story::two_accounts();
    create_role(&mut story, "trusting");
    let (key, token) = story.assume("destination", &role_arn("trusting"));
    let without = story.send_with(&key, None, "STS:GetCallerIdentity", json!({}));
    assert_eq!(code(&without), "InvalidSecurityToken.MismatchWithAccessKey");
    story.wait_seconds(3601);
    let late = story.send_with(&key, Some(&token), "STS:GetCallerIdentity", json!({}));
    assert_eq!(
        (late.status, code(&late).as_str()),
        (403, "InvalidSecurityToken.Expired")
    );
}

#[test]
fn policies_allow_and_an_explicit_denial_wins() {
    let mut story = Story::two_accounts();
    create_role(&mut story, "open");
    create_role(&mut story, "secret-one");
    story.call(
        "source/reader",
        "RAM:GetRole",
        json!({ "RoleName": "open" }),
    );
    assert_eq!(
        story.refused(
            "source/reader",
            "RAM:GetRole",
            json!({ "RoleName": "secret-one" })
        ),
        "NoPermission"
    );
    assert_eq!(
        story.refused(
            "source/reader",
            "RAM:DeleteRole",
            json!({ "RoleName": "open" })
        ),
        "NoPermission"
    );
    story.call(
        "source/root",
        "RAM:DeleteRole",
        json!({ "RoleName": "open" }),
    );
    let nobody = story.send_with("LTAI-unknown", None, "STS:GetCallerIdentity", json!({}));
    assert_eq!(
        (nobody.status, code(&nobody).as_str()),
        (404, "InvalidAccessKeyId.NotFound")
    );
}

#[test]
fn the_service_of_the_own_account_is_rewritten_as_the_documents_warn() {
    let mut story = Story::two_accounts();
    let document = trust(&json!({ "Service": [format!("{SOURCE}@dts.aliyuncs.com")] }));
    let body = story.call(
        "source",
        "RAM:CreateRole",
        json!({ "RoleName": "own", "AssumeRolePolicyDocument": document }),
    );
    let shown = body["Role"]["AssumeRolePolicyDocument"].as_str().unwrap();
    assert!(shown.contains("\"dts.aliyuncs.com\""), "{shown}");
}

#[test]
fn a_changed_right_takes_the_configured_time_to_spread() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "[accounts.source]",
        "[durations]\nram_spread = \"30s\"\n\n[accounts.source]",
    );
    let mut story = Story::new(&world);
    create_role(&mut story, "new");
    let assume = json!({ "RoleArn": role_arn("new"), "RoleSessionName": "story" });
    assert_eq!(
        story.refused("destination", "STS:AssumeRole", assume.clone()),
        "NoPermission"
    );
    story.wait_seconds(30);
    story.call("destination", "STS:AssumeRole", assume);
}

#[test]
fn a_policy_lives_through_its_versions() {
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    let document = |action: &str| {
        json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] }).to_string()
    };
    let name = json!({ "PolicyName": "policy-smc" });
    let create =
        json!({ "PolicyName": "policy-smc", "PolicyDocument": document("ecs:RunCommand") });
    story.call("source", "RAM:CreatePolicy", create.clone());
    assert_eq!(
        story.refused("source", "RAM:CreatePolicy", create),
        "EntityAlreadyExists.Policy"
    );
    let version = json!({ "PolicyName": "policy-smc", "PolicyDocument": document("ecs:*"), "SetAsDefault": true });
    assert_eq!(
        story.call("source", "RAM:CreatePolicyVersion", version)["PolicyVersion"]["VersionId"],
        "v2"
    );
    let get = json!({ "PolicyName": "policy-smc", "PolicyType": "Custom" });
    let shown = story.call("source", "RAM:GetPolicy", get.clone());
    assert_eq!(
        shown["DefaultPolicyVersion"]["PolicyDocument"],
        document("ecs:*")
    );
    assert_eq!(
        story.refused("source", "RAM:DeletePolicy", name.clone()),
        "DeleteConflict.Policy.Version"
    );
    let set = json!({ "PolicyName": "policy-smc", "VersionId": "v1" });
    assert_eq!(
        story.refused(
            "source",
            "RAM:DeletePolicyVersion",
            json!({ "PolicyName": "policy-smc", "VersionId": "v2" })
        ),
        "DeleteConflict.Policy.Version.Default"
    );
    story.call("source", "RAM:SetDefaultPolicyVersion", set);
    story.call(
        "source",
        "RAM:DeletePolicyVersion",
        json!({ "PolicyName": "policy-smc", "VersionId": "v2" }),
    );
    story.call("source", "RAM:DeletePolicy", name);
    assert_eq!(
        story.refused("source", "RAM:GetPolicy", get),
        "EntityNotExist.Policy"
    );
    assert_eq!(story.world.summary(), before);
}

#[test]
fn wrong_requests_are_refused_in_the_clouds_words() {
    let mut story = Story::two_accounts();
    let missing = story.send("source", "RAM:CreateRole", json!({ "RoleName": "a" }));
    assert_eq!(missing.status, 400, "{}", missing.body);
    let broken = json!({ "RoleName": "a", "AssumeRolePolicyDocument": "{" });
    assert_eq!(
        story.refused("source", "RAM:CreateRole", broken),
        "MalformedPolicyDocument"
    );
    let name = json!({ "RoleName": "a/b" });
    assert_eq!(
        story.refused("source", "RAM:GetRole", name),
        "InvalidParameter.RoleName.InvalidChars"
    );
    let unknown = story.send(
        "source",
        "RAM:GetRole",
        json!({ "RoleName": "a", "Rolename": "b" }),
    );
    assert_eq!(unknown.status, 400, "{}", unknown.body);
    let nothing = story.send("source", "RAM:BrewCoffee", json!({}));
    assert_eq!(
        (nothing.status, code(&nothing).as_str()),
        (404, "InvalidAction.NotFound")
    );
    let other = story.send("source", "R-kvstore:CreateInstance", json!({}));
    let answered = (
        other.status,
        other.body["Message"]
            .as_str()
            .unwrap_or_default()
            .contains("R-kvstore:CreateInstance"),
    );
    assert!(
        answered == (501, true) || other.status == 404,
        "{}",
        other.body
    );
    assert_eq!(story.world.change_count(), 0);
}

#[test]
fn the_difference_between_two_states_says_what_changed_in_which_account() {
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    create_role(&mut story, "new");
    let differences = diff(&before, &story.world.summary());
    assert_eq!(differences.len(), 1);
    assert_eq!(
        (
            differences[0].account_id.as_str(),
            differences[0].kind.as_str()
        ),
        (SOURCE, "ram-role")
    );
    assert_eq!(
        (differences[0].id.as_str(), differences[0].change),
        ("new", Change::Created)
    );
}

#[test]
fn names_of_roles_are_compared_without_case() {
    let mut story = Story::two_accounts();
    create_role(&mut story, "Ops.Admin");
    let document = trust(&json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")] }));
    let again = json!({ "RoleName": "ops.admin", "AssumeRolePolicyDocument": document });
    assert_eq!(
        story.refused("source", "RAM:CreateRole", again),
        "EntityAlreadyExists.Role"
    );
    let attach = json!({ "RoleName": "OPS.admin", "PolicyType": "System", "PolicyName": "AdministratorAccess" });
    story.call("source", "RAM:AttachPolicyToRole", attach);
    let (key, token) = story.assume("destination", &role_arn("ops.admin"));
    let who = story
        .send_with(&key, Some(&token), "STS:GetCallerIdentity", json!({}))
        .body;
    assert_eq!(
        who["Arn"],
        format!("acs:ram::{SOURCE}:assumed-role/Ops.Admin/story")
    );
    let roles = story.send_with(&key, Some(&token), "RAM:ListRoles", json!({}));
    assert_eq!(roles.status, 200);
}
