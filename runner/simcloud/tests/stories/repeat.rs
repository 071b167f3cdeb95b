//! The contracts' column `repeat`, proved by calling every simulated change twice.
//!
//! `same`: the second call leaves the state as it is, whatever it answers. `token`: the same answer, nothing new, and without
//! the token a second object. `look` and `never`: the second call is refused, or does something again; that is why it must
//! not be repeated unseen. Nothing may be called twice without a row here.

use rutter_contracts::{Access, Repeat};
use serde_json::{Value, json};

use crate::support::{DESTINATION, SOURCE, Story, trust};

/// A change that is ready to be made: who makes it, and with what.
type Ready = (&'static str, Value);

/// What a second call of an action that must not be repeated does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    /// It is refused.
    Refused,
    /// It does something again.
    Repeats,
    /// It is harmless, or gives the first answer.
    Harmless,
}

/// A change, how to get ready for it, and what a second one does.
type Row = (&'static str, fn(&mut Story) -> Ready, Second);

const ROWS: &[Row] = &[
    ("RAM:CreateRole", create_role, Second::Refused),
    ("RAM:UpdateRole", update_role, Second::Harmless),
    ("RAM:DeleteRole", delete_role, Second::Harmless),
    ("RAM:CreatePolicy", create_policy, Second::Refused),
    ("RAM:DeletePolicy", delete_policy, Second::Harmless),
    ("RAM:CreatePolicyVersion", create_version, Second::Repeats),
    ("RAM:DeletePolicyVersion", delete_version, Second::Harmless),
    ("RAM:SetDefaultPolicyVersion", set_default, Second::Harmless),
    ("RAM:AttachPolicyToRole", attach, Second::Harmless),
    ("RAM:DetachPolicyFromRole", detach, Second::Harmless),
    ("DTS:ConfigureDtsJob", configure, Second::Repeats),
    ("DTS:SkipPreCheck", skip, Second::Harmless),
    ("DTS:CreateDtsInstance", buy, Second::Repeats),
    ("DTS:StartDtsJob", start, Second::Refused),
    ("DTS:SuspendDtsJob", suspend, Second::Refused),
    ("DTS:StopDtsJob", stop, Second::Refused),
    ("DTS:DeleteDtsJob", delete_job, Second::Harmless),
    ("DTS:CreateSynchronizationJob", buy_older, Second::Harmless),
    (
        "DTS:ConfigureSynchronizationJob",
        configure_older,
        Second::Refused,
    ),
    ("DTS:StartSynchronizationJob", start_older, Second::Refused),
    (
        "DTS:SuspendSynchronizationJob",
        suspend_older,
        Second::Refused,
    ),
    (
        "DTS:DeleteSynchronizationJob",
        start_older,
        Second::Harmless,
    ),
    ("R-kvstore:ModifySecurityIps", whitelist, Second::Harmless),
    (
        "R-kvstore:AllocateDirectConnection",
        cluster,
        Second::Harmless,
    ),
    (
        "R-kvstore:ReleaseDirectConnection",
        release_direct,
        Second::Refused,
    ),
    ("R-kvstore:CreateAccount", create_account, Second::Refused),
    ("R-kvstore:DeleteAccount", delete_account, Second::Harmless),
    ("DTS:CreateJobMonitorRule", create_rule, Second::Harmless),
    ("ECS:RunCommand", run_command, Second::Harmless),
    ("ECS:RunInstances", run_instances, Second::Harmless),
    ("ECS:StopInstance", stop_instance, Second::Refused),
    ("ECS:StartInstance", start_instance, Second::Refused),
    ("ECS:DeleteInstance", delete_instance, Second::Harmless),
    ("ECS:CreateImage", create_image, Second::Harmless),
    ("ECS:CopyImage", copy_image, Second::Harmless),
    ("ECS:CancelCopyImage", cancel_copy, Second::Harmless),
    ("ECS:DeleteImage", delete_image, Second::Harmless),
    (
        "ECS:ModifyImageSharePermission",
        share_image,
        Second::Harmless,
    ),
    ("ECS:DeleteSnapshot", delete_snapshot, Second::Harmless),
    ("SMC:CreateAccessToken", create_token, Second::Repeats),
    ("SMC:DisableAccessToken", named_token, Second::Harmless),
    ("SMC:DeleteAccessToken", named_token, Second::Harmless),
    ("SMC:DeleteSourceServer", delete_source, Second::Harmless),
    (
        "SMC:CreateReplicationJob",
        create_replication,
        Second::Harmless,
    ),
    (
        "SMC:StartReplicationJob",
        start_replication,
        Second::Refused,
    ),
    ("SMC:StopReplicationJob", stop_replication, Second::Refused),
    (
        "SMC:CutOverReplicationJob",
        cut_over_replication,
        Second::Refused,
    ),
    (
        "SMC:ModifyReplicationJobAttribute",
        modify_replication,
        Second::Harmless,
    ),
    (
        "SMC:DeleteReplicationJob",
        delete_replication,
        Second::Harmless,
    ),
];

#[test]
fn a_second_call_does_what_the_contracts_say() {
    for (call, ready, second) in ROWS {
        let (product, action) = call.split_once(':').unwrap();
        let contract = rutter_contracts::action(product, action).unwrap();
        match contract.repeat {
            Repeat::Same => same(call, *ready, *second),
            Repeat::Token => token(call, *ready, *second),
            Repeat::Look | Repeat::Never => look(call, *ready, *second),
        }
    }
}

#[test]
fn every_simulated_change_has_a_row() {
    let story = Story::two_accounts();
    for contract in rutter_contracts::actions().filter(|contract| contract.access == Access::Change)
    {
        let has_row = ROWS.iter().any(|(call, ..)| *call == contract.label());
        assert_eq!(
            has_row,
            story.world.simulated(contract.product, &contract.name),
            "{}",
            contract.label()
        );
    }
}

fn same(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    assert_eq!(second, Second::Harmless, "{call}");
    let mut story = fresh();
    let (who, parameters) = ready(&mut story);
    story.call(who, call, parameters.clone());
    let after = story.world.summary();
    let counted = objects(&story);
    story.send(who, call, parameters);
    assert_eq!(story.world.summary(), after, "{call}");
    assert_eq!(objects(&story), counted, "{call}");
}

fn token(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    assert_eq!(second, Second::Harmless, "{call}");
    let mut story = fresh();
    let (who, mut parameters) = ready(&mut story);
    parameters["ClientToken"] = json!("token-1");
    let first = story.call(who, call, parameters.clone());
    let after = story.world.summary();
    let mut again = story.call(who, call, parameters.clone());
    again["RequestId"] = first["RequestId"].clone();
    assert_eq!(again, first, "{call}");
    assert_eq!(story.world.summary(), after, "{call}");
    assert_eq!(
        story
            .world
            .changes()
            .iter()
            .filter(|change| change.action == call)
            .count(),
        1,
        "{call}"
    );
    parameters["Description"] = json!("something else");
    parameters["DestinationDescription"] = json!("something else");
    parameters["SynchronizationJobClass"] = json!("large");
    let contract = rutter_contracts::action(
        call.split_once(':').unwrap().0,
        call.split_once(':').unwrap().1,
    )
    .unwrap();
    let fields = parameters.as_object_mut().unwrap();
    fields.retain(|name, _| {
        contract.parameter(name).is_some() || contract.parameter(&format!("{name}[]")).is_some()
    });
    assert_eq!(
        story.refused(who, call, parameters.clone()),
        "IdempotentParameterMismatch",
        "{call}"
    );
}

fn look(call: &str, ready: fn(&mut Story) -> Ready, second: Second) {
    let mut story = fresh();
    let (who, parameters) = ready(&mut story);
    let first = story.call(who, call, parameters.clone());
    let changes = story.world.change_count();
    let response = story.send(who, call, parameters);
    // Truth, or the text of it, as the action documents.
    let said = response.body.get("Success").map(Value::to_string);
    let was_refused = response.status != 200 || said.is_some_and(|said| said.contains("false"));
    match second {
        Second::Refused => assert!(was_refused, "{call}: {}", response.body),
        Second::Repeats => {
            assert!(!was_refused, "{call}: {}", response.body);
            assert_eq!(story.world.change_count(), changes + 1, "{call}");
            assert_ne!(
                named(&first),
                named(&response.body),
                "{call} makes a second thing"
            );
        }
        Second::Harmless => panic!("{call} could be marked `same`"),
    }
}

/// Returns what an answer names, without the request's id.
fn named(answer: &Value) -> Value {
    let mut answer = answer.clone();
    answer.as_object_mut().unwrap().remove("RequestId");
    answer
}

fn objects(story: &Story) -> usize {
    story
        .world
        .summary()
        .values()
        .flat_map(|kinds| kinds.values())
        .map(|resources| resources.len())
        .sum()
}

fn fresh() -> Story {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "[accounts.source]",
        "[[dts.precheck]]\nitem = \"CHECK_SUPER_AUTH_DEST\"\nstate = \"success\"\ncan_skip = true\n\n[accounts.source]",
    );
    Story::new(&world)
}

fn role() -> Value {
    let principal = json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")], "Service": [format!("{DESTINATION}@dts.aliyuncs.com")] });
    json!({ "RoleName": "ram-for-dts", "AssumeRolePolicyDocument": trust(&principal) })
}

fn create_role(_story: &mut Story) -> Ready {
    ("source", role())
}

fn update_role(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    let document = trust(&json!({ "RAM": [format!("acs:ram::{SOURCE}:root")] }));
    (
        "source",
        json!({ "RoleName": "ram-for-dts", "NewAssumeRolePolicyDocument": document }),
    )
}

fn delete_role(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    ("source", json!({ "RoleName": "ram-for-dts" }))
}

fn policy() -> Value {
    let document = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "ecs:*", "Resource": "*" }] });
    json!({ "PolicyName": "policy-smc", "PolicyDocument": document.to_string() })
}

fn create_policy(_story: &mut Story) -> Ready {
    ("source", policy())
}

fn delete_policy(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreatePolicy", policy());
    ("source", json!({ "PolicyName": "policy-smc" }))
}

fn create_version(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreatePolicy", policy());
    ("source", policy())
}

fn delete_version(story: &mut Story) -> Ready {
    let (who, parameters) = create_version(story);
    story.call(who, "RAM:CreatePolicyVersion", parameters);
    (
        who,
        json!({ "PolicyName": "policy-smc", "VersionId": "v2" }),
    )
}

fn set_default(story: &mut Story) -> Ready {
    delete_version(story)
}

fn attach(story: &mut Story) -> Ready {
    story.call("source", "RAM:CreateRole", role());
    (
        "source",
        json!({ "RoleName": "ram-for-dts", "PolicyType": "System", "PolicyName": "AliyunDTSRolePolicy" }),
    )
}

fn detach(story: &mut Story) -> Ready {
    let (who, parameters) = attach(story);
    story.call(who, "RAM:AttachPolicyToRole", parameters.clone());
    (who, parameters)
}

fn configure(story: &mut Story) -> Ready {
    detach(story);
    let side = |prefix: &str, region: &str, id: &str| {
        [
            ("InstanceType", "REDIS"),
            ("EngineName", "REDIS"),
            ("Region", region),
            ("InstanceID", id),
        ]
        .map(|(name, value)| (format!("{prefix}Endpoint{name}"), json!(value)))
    };
    let mut parameters = json!({
        "RegionId": "cn-shanghai", "DtsJobName": "sync", "JobType": "SYNC", "StructureInitialization": true,
        "DataInitialization": true, "DataSynchronization": true, "DbList": { "0": { "name": "0", "all": true } },
        "SourceEndpointOwnerID": SOURCE, "SourceEndpointRole": "ram-for-dts",
    });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(side("Source", "cn-hangzhou", "r-source0001"));
    fields.extend(side("Destination", "cn-shanghai", "r-destination01"));
    ("destination", parameters)
}

/// A task whose precheck is over.
fn checked(story: &mut Story) -> Value {
    let (who, parameters) = configure(story);
    let job = story.call(who, "DTS:ConfigureDtsJob", parameters)["DtsJobId"].clone();
    story.wait_seconds(121);
    job
}

fn skip(story: &mut Story) -> Ready {
    let job = checked(story);
    (
        "destination",
        json!({ "DtsJobId": job, "Skip": true, "SkipPreCheckItems": "[\"CHECK_SUPER_AUTH_DEST\"]" }),
    )
}

/// Buying first: nothing tells a second purchase from a first.
fn buy(_story: &mut Story) -> Ready {
    let parameters = json!({
        "Type": "SYNC", "PayType": "PostPaid", "SourceRegion": "cn-hangzhou", "DestinationRegion": "cn-shanghai",
        "SourceEndpointEngineName": "Redis", "DestinationEndpointEngineName": "Redis",
    });
    ("destination", parameters)
}

/// A bought task that waits to be started.
fn start(story: &mut Story) -> Ready {
    let job = checked(story);
    story.call(
        "destination",
        "DTS:CreateDtsInstance",
        json!({ "JobId": job, "PayType": "PostPaid" }),
    );
    ("destination", json!({ "DtsJobId": job }))
}

fn suspend(story: &mut Story) -> Ready {
    let (who, parameters) = start(story);
    story.call(who, "DTS:StartDtsJob", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}

fn stop(story: &mut Story) -> Ready {
    suspend(story)
}

fn delete_job(story: &mut Story) -> Ready {
    suspend(story)
}

fn buy_older(_story: &mut Story) -> Ready {
    let parameters = json!({
        "RegionId": "cn-shanghai", "SourceRegion": "cn-hangzhou", "DestRegion": "cn-shanghai", "PayType": "PostPaid",
        "SourceEndpoint": { "InstanceType": "Redis" }, "DestinationEndpoint": { "InstanceType": "Redis" },
        "SynchronizationJobClass": "small",
    });
    ("destination", parameters)
}

/// Between two instances of one account, which starts by itself.
fn configure_older(story: &mut Story) -> Ready {
    let (who, parameters) = buy_older(story);
    let job =
        story.call(who, "DTS:CreateSynchronizationJob", parameters)["SynchronizationJobId"].clone();
    let side = |id: &str| json!({ "InstanceType": "Redis", "InstanceId": id });
    let parameters = json!({
        "SynchronizationJobId": job, "DataInitialization": true, "StructureInitialization": true,
        "SynchronizationObjects": "[{\"DBName\":\"0\"}]", "MigrationReserved": {},
        "SourceEndpoint": side("r-source0002"), "DestinationEndpoint": side("r-destination01"),
    });
    (who, parameters)
}

fn start_older(story: &mut Story) -> Ready {
    let (who, mut parameters) = configure_older(story);
    parameters["MigrationReserved"] = json!({ "autoStartModulesAfterConfig": "none" });
    let job = json!({ "SynchronizationJobId": parameters["SynchronizationJobId"] });
    story.call(who, "DTS:ConfigureSynchronizationJob", parameters);
    (who, job)
}

fn suspend_older(story: &mut Story) -> Ready {
    let (who, parameters) = start_older(story);
    story.call(who, "DTS:StartSynchronizationJob", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}

fn whitelist(_story: &mut Story) -> Ready {
    (
        "source",
        json!({ "InstanceId": "r-source0001", "SecurityIps": "192.0.2.0/24", "ModifyMode": "Append" }),
    )
}

fn cluster(_story: &mut Story) -> Ready {
    ("source", json!({ "InstanceId": "r-source0003" }))
}

fn release_direct(story: &mut Story) -> Ready {
    let (who, parameters) = cluster(story);
    story.call(
        who,
        "R-kvstore:AllocateDirectConnection",
        parameters.clone(),
    );
    story.wait_seconds(61);
    (who, parameters)
}

fn create_account(_story: &mut Story) -> Ready {
    let parameters = json!({ "InstanceId": "r-source0001", "AccountName": "copier", "AccountPassword": "Copier-Example-1" });
    ("source", parameters)
}

fn delete_account(story: &mut Story) -> Ready {
    let (who, parameters) = create_account(story);
    story.call(who, "R-kvstore:CreateAccount", parameters);
    (
        who,
        json!({ "InstanceId": "r-source0001", "AccountName": "copier" }),
    )
}

fn create_rule(story: &mut Story) -> Ready {
    let job = checked(story);
    (
        "destination",
        json!({ "DtsJobId": job, "Type": "delay", "DelayRuleTime": 60, "Phone": "13000000000" }),
    )
}

fn run_command(_story: &mut Story) -> Ready {
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-source0001"], "CommandContent": "true" }),
    )
}

fn run_instances(story: &mut Story) -> Ready {
    let (who, parameters) = copy_image(story);
    let copy = story.call(who, "ECS:CopyImage", parameters)["ImageId"].clone();
    story.wait_seconds(86_400);
    (
        who,
        json!({
            "RegionId": "cn-beijing", "ImageId": copy, "InstanceType": "ecs.g7.large",
            "VSwitchId": "vsw-beijing1", "SecurityGroupId": "sg-beijing1",
        }),
    )
}

fn stop_instance(_story: &mut Story) -> Ready {
    ("source", json!({ "InstanceId": "i-source0001" }))
}

fn start_instance(story: &mut Story) -> Ready {
    let (who, parameters) = stop_instance(story);
    story.call(who, "ECS:StopInstance", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}

fn delete_instance(story: &mut Story) -> Ready {
    start_instance(story)
}

fn create_image(_story: &mut Story) -> Ready {
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "InstanceId": "i-source0001" }),
    )
}

fn image(story: &mut Story) -> Value {
    let (who, parameters) = create_image(story);
    let image = story.call(who, "ECS:CreateImage", parameters)["ImageId"].clone();
    story.wait_seconds(86_400);
    image
}

fn copy_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": "cn-beijing" }),
    )
}

fn cancel_copy(story: &mut Story) -> Ready {
    let (who, parameters) = copy_image(story);
    let copy = story.call(who, "ECS:CopyImage", parameters)["ImageId"].clone();
    (who, json!({ "RegionId": "cn-beijing", "ImageId": copy }))
}

fn delete_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image }),
    )
}

fn share_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "AddAccount": [DESTINATION] }),
    )
}

fn delete_snapshot(story: &mut Story) -> Ready {
    let (who, parameters) = delete_image(story);
    let snapshots = story.call(
        who,
        "ECS:DescribeSnapshots",
        json!({ "RegionId": "cn-hangzhou" }),
    );
    story.call(who, "ECS:DeleteImage", parameters);
    (
        who,
        json!({ "SnapshotId": snapshots["Snapshots"]["Snapshot"][0]["SnapshotId"] }),
    )
}

fn create_token(_story: &mut Story) -> Ready {
    ("destination", json!({ "Name": "import" }))
}

fn named_token(story: &mut Story) -> Ready {
    let (who, parameters) = create_token(story);
    (
        who,
        json!({ "AccessTokenId": story.call(who, "SMC:CreateAccessToken", parameters)["AccessTokenId"] }),
    )
}

fn delete_source(story: &mut Story) -> Ready {
    let (who, parameters) = create_token(story);
    let token = story.call(who, "SMC:CreateAccessToken", parameters);
    let text = |name: &str| token[name].as_str().unwrap().to_owned();
    let script = format!(
        "smc_client --access-token-id {} --access-token-code {}",
        text("AccessTokenId"),
        text("AccessTokenCode")
    );
    story.call("source", "ECS:RunCommand", json!({
        "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-source0001"], "CommandContent": script, "Timeout": 900,
    }));
    story.wait_seconds(600);
    let sources = story.call(who, "SMC:DescribeSourceServers", json!({}));
    (
        who,
        json!({ "SourceId": sources["SourceServers"]["SourceServer"][0]["SourceId"] }),
    )
}

fn create_replication(story: &mut Story) -> Ready {
    let (who, source) = delete_source(story);
    (
        who,
        json!({ "SourceId": source["SourceId"], "RegionId": "cn-shanghai" }),
    )
}

fn start_replication(story: &mut Story) -> Ready {
    let (who, parameters) = create_replication(story);
    (
        who,
        json!({ "JobId": story.call(who, "SMC:CreateReplicationJob", parameters)["JobId"] }),
    )
}

fn stop_replication(story: &mut Story) -> Ready {
    let (who, parameters) = start_replication(story);
    story.call(who, "SMC:StartReplicationJob", parameters.clone());
    story.wait_seconds(1_000);
    (who, parameters)
}

/// A job that repeats, between two runs; the last one takes a while.
fn cut_over_replication(story: &mut Story) -> Ready {
    let (who, mut parameters) = create_replication(story);
    let more = json!({ "RunOnce": false, "Frequency": 24, "MaxNumberOfImageToKeep": 1 });
    let fields = parameters.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let job = story.call(who, "SMC:CreateReplicationJob", parameters)["JobId"].clone();
    story.call(who, "SMC:StartReplicationJob", json!({ "JobId": job }));
    story.wait_seconds(4 * 3_600);
    (who, json!({ "JobId": job, "SyncData": true }))
}

fn modify_replication(story: &mut Story) -> Ready {
    let (who, mut parameters) = start_replication(story);
    parameters["Name"] = json!("another-name");
    (who, parameters)
}

fn delete_replication(story: &mut Story) -> Ready {
    start_replication(story)
}
