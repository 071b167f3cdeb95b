//! SMC as the cross-account import and migration use it.

use crate::support::{DESTINATION, SOURCE, Story, code, trust};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ACTIONS: [&str; 10] = [
    "ecs:DescribeZones",
    "ecs:DescribeInstances",
    "ecs:DescribeSecurityGroupAttribute",
    "ecs:DescribeSecurityGroups",
    "ecs:DescribeSnapshots",
    "ecs:DescribeImages",
    "ecs:DescribeDisks",
    "ecs:DescribeCloudAssistantStatus",
    "ecs:RunCommand",
    "ecs:DescribeInvocations",
];

/// The role of the procedure and a session of it.
fn role(story: &mut Story) -> (String, String) {
    let policy = json!({ "Version": "1", "Statement": [{ "Action": ACTIONS, "Resource": "*", "Effect": "Allow" }] });
    story.call(
        "source",
        "RAM:CreatePolicy",
        json!({ "PolicyName": "policy-smc", "PolicyDocument": policy.to_string() }),
    );
    let document = trust(&json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")] }));
    story.call(
        "source",
        "RAM:CreateRole",
        json!({ "RoleName": "ram-role-smc", "AssumeRolePolicyDocument": document }),
    );
    let attach =
        json!({ "RoleName": "ram-role-smc", "PolicyType": "Custom", "PolicyName": "policy-smc" });
    story.call("source", "RAM:AttachPolicyToRole", attach);
    story.assume(
        "destination",
        &format!("acs:ram::{SOURCE}:role/ram-role-smc"),
    )
}

fn token(story: &mut Story) -> (String, String) {
    let made = story.call(
        "destination",
        "SMC:CreateAccessToken",
        json!({ "Name": "import" }),
    );
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("AccessTokenId"), text("AccessTokenCode"))
}

pub fn command(script: &str) -> Value {
    json!({ "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-source0001"], "Timeout": 900, "CommandContent": script })
}

fn register(id: &str, code: &str) -> Value {
    command(&format!(
        "#!/bin/sh\ncd /smc\n./smc_client --access-token-id {id} --access-token-code {code}\n"
    ))
}

fn sources(story: &mut Story) -> Vec<Value> {
    let answer = story.call("destination", "SMC:DescribeSourceServers", json!({}));
    answer["SourceServers"]["SourceServer"]
        .as_array()
        .unwrap()
        .clone()
}

fn invocation(story: &mut Story, who: &str, id: &Value) -> Value {
    let parameters = json!({ "RegionId": "cn-hangzhou", "InvokeId": id, "IncludeOutput": true });
    story.call(who, "ECS:DescribeInvocations", parameters)["Invocations"]["Invocation"][0].clone()
}

/// Registers the server and waits until it is available; returns the source's id.
pub fn import(story: &mut Story) -> String {
    let (id, code) = token(story);
    story.call("source", "ECS:RunCommand", register(&id, &code));
    story.wait_seconds(301);
    let source = sources(story).remove(0);
    assert_eq!(source["State"], "Available", "{source}");
    source["SourceId"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_of_another_account_is_imported_through_the_role() {
    let mut story = Story::two_accounts();
    let (key, session) = role(&mut story);
    let (id, secret) = token(&mut story);
    let send = |story: &mut Story, call: &str, parameters: Value| {
        story.send_with(&key, Some(&session), call, parameters)
    };
    let run = send(&mut story, "ECS:RunCommand", register(&id, &secret)).body;
    assert!(
        sources(&mut story).is_empty(),
        "the client has not registered yet"
    );
    story.wait_seconds(10);
    let source = sources(&mut story).remove(0);
    assert_eq!(
        (source["State"].as_str(), source["Name"].as_str()),
        (Some("Unavailable"), Some("shop-1"))
    );
    assert!(
        source["SystemInfo"]
            .as_str()
            .unwrap()
            .contains("192.168.0.10")
    );

    let look = json!({ "RegionId": "cn-hangzhou", "InvokeId": run["InvokeId"] });
    let echoed =
        send(&mut story, "ECS:DescribeInvocations", look.clone()).body["Invocations"]["Invocation"]
            [0]
        .clone();
    assert_eq!(echoed["InvocationStatus"], "Running");
    let content = STANDARD
        .decode(echoed["CommandContent"].as_str().unwrap())
        .unwrap();
    assert!(
        String::from_utf8(content).unwrap().contains(&secret),
        "the command is echoed, in Base64"
    );
    assert_eq!(
        code(&send(
            &mut story,
            "ECS:DescribeInvocationResults",
            look.clone()
        )),
        "Forbidden.RAM",
        "the policy leaves it out"
    );

    story.wait_seconds(291);
    assert_eq!(sources(&mut story)[0]["State"], "Available");
    let ended = send(&mut story, "ECS:DescribeInvocations", look).body["Invocations"]["Invocation"]
        [0]
    .clone();
    assert_eq!(
        (
            ended["InvocationStatus"].as_str(),
            ended["InvokeStatus"].as_str()
        ),
        (Some("Success"), Some("Finished"))
    );
    let listed = story.call("destination", "SMC:ListAccessTokens", json!({}));
    assert_eq!(
        listed["AccessTokens"]["AccessToken"][0]["RegisteredCount"],
        "1"
    );
    assert!(
        !listed.to_string().contains(&secret),
        "the code is shown once"
    );
}

#[test]
fn a_client_that_is_uninstalled_is_unavailable_and_the_source_can_be_deleted() {
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    let source = import(&mut story);
    let (id, secret) = token(&mut story);
    let again = story.call("source", "ECS:RunCommand", register(&id, &secret));
    story.wait_seconds(10);
    let refused = invocation(&mut story, "source", &again["InvokeId"]);
    assert_eq!(
        refused["InvocationStatus"], "Failed",
        "it is registered already"
    );
    let uninstall = story.call(
        "source",
        "ECS:RunCommand",
        command("/smc/smc_client --uninstall"),
    );
    story.wait_seconds(10);
    assert_eq!(
        invocation(&mut story, "source", &uninstall["InvokeId"])["InvocationStatus"],
        "Success"
    );
    assert_eq!(sources(&mut story)[0]["State"], "Unavailable");
    story.call(
        "destination",
        "SMC:DeleteSourceServer",
        json!({ "SourceId": source }),
    );
    assert_eq!(sources(&mut story)[0]["State"], "Deleting");
    story.wait_seconds(31);
    assert!(sources(&mut story).is_empty());
    let tokens =
        story.call("destination", "SMC:ListAccessTokens", json!({}))["AccessTokens"]["AccessToken"]
            .clone();
    for token in tokens.as_array().unwrap() {
        story.call(
            "destination",
            "SMC:DeleteAccessToken",
            json!({ "AccessTokenId": token["AccessTokenId"] }),
        );
    }
    assert_eq!(story.world.summary(), before);
}

#[test]
fn wrong_disabled_and_expired_codes_fail_the_command() {
    let mut story = Story::two_accounts();
    let (id, secret) = token(&mut story);
    let fails = |story: &mut Story, parameters: Value| {
        let run = story.call("source", "ECS:RunCommand", parameters);
        story.wait_seconds(10);
        let invocation = invocation(story, "source", &run["InvokeId"]);
        let server = invocation["InvokeInstances"]["InvokeInstance"][0].clone();
        assert_eq!(
            (
                invocation["InvocationStatus"].as_str(),
                server["ExitCode"].as_i64()
            ),
            (Some("Failed"), Some(1)),
            "{invocation}"
        );
        assert_eq!(server["ErrorCode"], "ExitCodeNonzero");
    };
    fails(&mut story, register(&id, "guessed"));
    fails(&mut story, register("at-unknown", &secret));
    story.call(
        "destination",
        "SMC:DisableAccessToken",
        json!({ "AccessTokenId": id }),
    );
    fails(&mut story, register(&id, &secret));
    let (id, secret) = token(&mut story);
    story.wait_seconds(30 * 86_400);
    fails(&mut story, register(&id, &secret));
    assert!(sources(&mut story).is_empty());
}

#[test]
fn a_command_with_the_default_timeout_is_cut_off_and_the_source_never_becomes_available() {
    let mut story = Story::two_accounts();
    let (id, secret) = token(&mut story);
    let mut parameters = register(&id, &secret);
    parameters.as_object_mut().unwrap().remove("Timeout");
    let run = story.call("source", "ECS:RunCommand", parameters);
    story.wait_seconds(3600);
    let server =
        invocation(&mut story, "source", &run["InvokeId"])["InvokeInstances"]["InvokeInstance"][0]
            .clone();
    assert_eq!(
        (
            server["InvocationStatus"].as_str(),
            server["ErrorCode"].as_str()
        ),
        (Some("Timeout"), Some("ExecutionTimeout"))
    );
    let source = sources(&mut story).remove(0);
    assert_eq!(source["State"], "Unavailable");
    assert!(
        source["StatusInfo"]
            .as_str()
            .unwrap()
            .contains("ImportInterrupted")
    );
}

#[test]
fn commands_on_servers_that_cannot_take_them_are_invalid_and_other_scripts_just_end() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "name = \"shop-1\"",
        "name = \"shop-1\"\ncloud_assistant = false",
    );
    let mut story = Story::new(&world);
    let run = story.call("source", "ECS:RunCommand", command("true"));
    let server =
        invocation(&mut story, "source", &run["InvokeId"])["InvokeInstances"]["InvokeInstance"][0]
            .clone();
    assert_eq!(
        (
            server["InvocationStatus"].as_str(),
            server["ErrorCode"].as_str()
        ),
        (Some("Invalid"), Some("ClientNotRunning"))
    );

    let mut story = Story::two_accounts();
    let mut encoded = command("");
    encoded["CommandContent"] = json!(STANDARD.encode("echo\nexit 3\n"));
    encoded["ContentEncoding"] = json!("Base64");
    let run = story.call("source", "ECS:RunCommand", encoded);
    story.wait_seconds(10);
    let parameters = json!({ "RegionId": "cn-hangzhou", "InvokeId": run["InvokeId"], "ContentEncoding": "PlainText" });
    let results = story.call("source", "ECS:DescribeInvocationResults", parameters);
    assert_eq!(
        results["Invocation"]["InvocationResults"]["InvocationResult"][0]["ExitCode"],
        3
    );
    let mut elsewhere = command("true");
    elsewhere["InstanceId"] = json!(["i-nothing"]);
    assert_eq!(
        story.refused("source", "ECS:RunCommand", elsewhere),
        "InvalidInstance.NotFound"
    );
}

#[test]
fn a_migration_job_ends_with_an_image_and_releases_what_it_paid_for() {
    let mut story = Story::two_accounts();
    let source = import(&mut story);
    let create = json!({ "SourceId": source, "RegionId": "cn-shanghai", "Name": "migrate", "TargetType": "Image", "ImageName": "from-a", "ClientToken": "t-1" });
    let job =
        story.call("destination", "SMC:CreateReplicationJob", create.clone())["JobId"].clone();
    assert_eq!(
        story.call("destination", "SMC:CreateReplicationJob", create)["JobId"],
        job
    );
    let second = json!({ "SourceId": source, "RegionId": "cn-shanghai" });
    assert_eq!(
        story.refused("destination", "SMC:CreateReplicationJob", second),
        "QuotaExceeded.ReplicationJob"
    );
    let named = json!({ "JobId": job });
    let look = |story: &mut Story| {
        let answer = story.call(
            "destination",
            "SMC:DescribeReplicationJobs",
            json!({ "JobId": [job] }),
        );
        answer["ReplicationJobs"]["ReplicationJob"][0].clone()
    };
    assert_eq!(look(&mut story)["Status"], "Ready");
    story.call("destination", "SMC:StartReplicationJob", named.clone());
    assert_eq!(
        story.refused("destination", "SMC:StartReplicationJob", named.clone()),
        "ReplicationJob.InvalidStatus"
    );
    assert_eq!(look(&mut story)["BusinessStatus"], "Preparing");
    assert_eq!(sources(&mut story)[0]["State"], "InUse");
    assert_eq!(
        story.refused("destination", "SMC:DeleteReplicationJob", named.clone()),
        "ReplicationJob.InvalidStatus"
    );
    assert_eq!(
        story.refused(
            "destination",
            "SMC:DeleteSourceServer",
            json!({ "SourceId": source })
        ),
        "SourceServer.WithRunningReplicationJob"
    );
    story.wait_seconds(200);
    assert_eq!(look(&mut story)["BusinessStatus"], "Syncing");
    assert!(
        story
            .world
            .charges()
            .iter()
            .any(|charge| charge.kind == "smc-intermediate-instance" && charge.until_ms.is_none())
    );
    story.wait_seconds(3 * 3600);
    let done = look(&mut story);
    assert_eq!(done["Status"], "Finished");
    let images = story.call(
        "destination",
        "ECS:DescribeImages",
        json!({ "RegionId": "cn-shanghai", "ImageId": done["ImageId"] }),
    );
    assert_eq!(images["Images"]["Image"][0]["ImageName"], "from-a");
    assert!(
        story
            .world
            .charges()
            .iter()
            .filter(|charge| charge.kind.starts_with("smc-"))
            .all(|charge| charge.until_ms.is_some())
    );
    story.call("destination", "SMC:DeleteReplicationJob", named);
    assert_eq!(look(&mut story)["Status"], "Deleting");
}

#[test]
fn a_job_whose_source_goes_offline_fails_and_is_paid_for_until_it_is_deleted() {
    let mut story = Story::two_accounts();
    let source = import(&mut story);
    let job = story.call(
        "destination",
        "SMC:CreateReplicationJob",
        json!({ "SourceId": source, "RegionId": "cn-shanghai" }),
    )["JobId"]
        .clone();
    story.call(
        "destination",
        "SMC:StartReplicationJob",
        json!({ "JobId": job }),
    );
    story.wait_seconds(300);
    story.call(
        "source",
        "ECS:RunCommand",
        command("smc_client --uninstall"),
    );
    story.wait_seconds(100);
    let answer = story.call(
        "destination",
        "SMC:DescribeReplicationJobs",
        json!({ "JobId": [job] }),
    );
    assert_eq!(
        answer["ReplicationJobs"]["ReplicationJob"][0]["Status"],
        "InError"
    );
    assert!(
        story
            .world
            .charges()
            .iter()
            .any(|charge| charge.until_ms.is_none())
    );
    assert_eq!(
        story.refused(
            "destination",
            "SMC:DeleteSourceServer",
            json!({ "SourceId": source })
        ),
        "ReplicationJob.Related"
    );
    story.call(
        "destination",
        "SMC:DeleteSourceServer",
        json!({ "SourceId": source, "Force": true }),
    );
    assert!(
        story
            .world
            .charges()
            .iter()
            .all(|charge| charge.until_ms.is_some())
    );
}
