//! DTS and Redis as the one-way sync between two accounts uses them.

use crate::support::{DESTINATION, SOURCE, Story, trust};
use serde_json::{Value, json};

const ROLE: &str = "ram-for-dts";

/// Account A trusts DTS on behalf of account B, as the procedure says.
pub fn prepare(story: &mut Story) {
    create_role(
        story,
        &json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")], "Service": [format!("{DESTINATION}@dts.aliyuncs.com")] }),
    );
    attach(story);
}

pub fn create_role(story: &mut Story, principal: &Value) {
    let document = trust(principal);
    story.call(
        "source",
        "RAM:CreateRole",
        json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": document }),
    );
}

fn attach(story: &mut Story) {
    story.call("source", "RAM:AttachPolicyToRole", attachment());
}

fn attachment() -> Value {
    json!({ "RoleName": ROLE, "PolicyType": "System", "PolicyName": "AliyunDTSRolePolicy" })
}

pub fn configuration() -> Value {
    json!({
        "RegionId": "cn-shanghai",
        "DtsJobName": "redis-a-to-b",
        "JobType": "SYNC",
        "StructureInitialization": true,
        "DataInitialization": true,
        "DataSynchronization": true,
        "SourceEndpointInstanceType": "REDIS",
        "SourceEndpointEngineName": "REDIS",
        "SourceEndpointRegion": "cn-hangzhou",
        "SourceEndpointInstanceID": "r-source0001",
        "SourceEndpointOwnerID": SOURCE,
        "SourceEndpointRole": ROLE,
        "DestinationEndpointInstanceType": "REDIS",
        "DestinationEndpointEngineName": "REDIS",
        "DestinationEndpointRegion": "cn-shanghai",
        "DestinationEndpointInstanceID": "r-destination01",
        "DbList": json!({ "0": { "name": "0", "all": true } }).to_string(),
        "Reserve": json!({ "targetTableMode": "0" }).to_string(),
    })
}

pub fn configured(story: &mut Story) -> String {
    story.call("destination", "DTS:ConfigureDtsJob", configuration())["DtsJobId"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub fn precheck(story: &mut Story, job: &str) -> Value {
    story.call(
        "destination",
        "DTS:DescribePreCheckStatus",
        json!({ "DtsJobId": job, "JobCode": "01", "PageSize": "100" }),
    )
}

pub fn detail(story: &mut Story, job: &str) -> Value {
    story.call(
        "destination",
        "DTS:DescribeDtsJobDetail",
        json!({ "DtsJobId": job }),
    )
}

pub fn status(story: &mut Story, job: &str) -> String {
    detail(story, job)["Status"].as_str().unwrap().to_owned()
}

pub fn buy(job: &str) -> Value {
    json!({ "JobId": job, "PayType": "PostPaid", "AutoStart": true, "InstanceClass": "small" })
}

/// Returns the state and message of an item of a finished precheck.
pub fn item(story: &mut Story, job: &str, name: &str) -> (String, String) {
    let items = precheck(story, job)["JobProgress"].clone();
    let item = items
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["Item"] == name)
        .unwrap_or_else(|| panic!("no {name}"));
    (
        item["State"].as_str().unwrap().to_owned(),
        item["ErrMsg"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn a_sync_task_goes_from_configuration_to_synchronizing_in_the_consoles_order() {
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    prepare(&mut story);
    let job = configured(&mut story);
    assert_eq!(status(&mut story, &job), "Prechecking");
    assert_eq!(precheck(&mut story, &job)["State"], "Checking");
    let early = story.refused("destination", "DTS:CreateDtsInstance", buy(&job));
    assert_eq!(early, "InvalidJobStatus");

    story.wait_seconds(121);
    assert_eq!(status(&mut story, &job), "PreCheckPass");
    let done = precheck(&mut story, &job);
    assert_eq!(done["State"], "Finished");
    assert!(
        done["JobProgress"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["State"] == "Success"),
        "{done}"
    );
    let bought = story.call("destination", "DTS:CreateDtsInstance", buy(&job));
    assert_eq!(bought["JobId"].as_str(), Some(job.as_str()));
    assert_eq!(status(&mut story, &job), "Initializing");

    // A minute, and 3 GB at 50 MB/s.
    story.wait_seconds(119);
    assert_eq!(status(&mut story, &job), "Initializing");
    story.wait_seconds(2);
    assert_eq!(status(&mut story, &job), "synchronizing");
    let listed = story.call(
        "destination",
        "DTS:DescribeDtsJobs",
        json!({ "JobType": "SYNC", "Region": "cn-shanghai" }),
    );
    assert_eq!(listed["DtsJobList"][0]["Status"], "Synchronizing");
    assert_eq!(listed["DtsJobList"][0]["DtsJobName"], "redis-a-to-b");
    let others = story.call(
        "destination",
        "DTS:DescribeDtsJobs",
        json!({ "Region": "cn-shanghai" }),
    );
    assert_eq!(
        others["TotalRecordCount"], 0,
        "the default type is MIGRATION"
    );
    let used = story.call("destination", "R-kvstore:DescribeHistoryMonitorValues", json!({
        "InstanceId": "r-destination01", "StartTime": "2026-01-15T20:00Z", "EndTime": "2026-01-15T20:10Z",
        "IntervalForHistory": "01m", "MonitorKeys": "UsedMemory",
    }));
    assert!(
        used["MonitorHistory"]
            .as_str()
            .unwrap()
            .contains("3000000000")
    );

    story.call(
        "destination",
        "DTS:SuspendDtsJob",
        json!({ "DtsJobId": job }),
    );
    assert_eq!(status(&mut story, &job), "Suspending");
    story.call("destination", "DTS:StartDtsJob", json!({ "DtsJobId": job }));
    assert_eq!(status(&mut story, &job), "synchronizing");
    assert_eq!(story.world.charges().len(), 1);

    story.call(
        "destination",
        "DTS:DeleteDtsJob",
        json!({ "DtsJobId": job }),
    );
    assert_eq!(status(&mut story, &job), "Finished");
    story.call("source", "RAM:DetachPolicyFromRole", attachment());
    story.call("source", "RAM:DeleteRole", json!({ "RoleName": ROLE }));
    assert_eq!(story.world.summary(), before);
    story.wait_seconds(601);
    assert_eq!(
        story.refused(
            "destination",
            "DTS:DescribeDtsJobDetail",
            json!({ "DtsJobId": job })
        ),
        "InvalidJobId"
    );
    assert!(story.world.charges()[0].until_ms.is_some());
}

#[test]
fn buying_first_and_configuring_then_ends_synchronizing_too() {
    let mut story = Story::two_accounts();
    prepare(&mut story);
    let bought = story.call("destination", "DTS:CreateDtsInstance", json!({
        "Type": "SYNC", "PayType": "PostPaid", "SourceRegion": "cn-hangzhou", "DestinationRegion": "cn-shanghai",
        "SourceEndpointEngineName": "Redis", "DestinationEndpointEngineName": "Redis",
    }));
    let job = bought["JobId"].as_str().unwrap().to_owned();
    assert_eq!(status(&mut story, &job), "NotConfigured");
    let mut parameters = configuration();
    parameters["DtsJobId"] = json!(job);
    parameters["Reserve"] = json!({ "autoStartModulesAfterConfig": "none" });
    story.call("destination", "DTS:ConfigureDtsJob", parameters.clone());
    assert_eq!(status(&mut story, &job), "NotStarted");
    story.call(
        "destination",
        "DTS:StartDtsJob",
        json!({ "DtsInstanceId": bought["InstanceId"] }),
    );
    story.wait_seconds(120 + 120 + 1);
    assert_eq!(status(&mut story, &job), "synchronizing");
    let again = story.send("destination", "DTS:ConfigureDtsJob", parameters);
    assert_eq!(
        (again.status, crate::support::code(&again).as_str()),
        (403, "DTS.Msg.UpdateJob.OperationDenied.InitStatus")
    );
}

#[test]
fn every_mistake_in_the_authorisation_fails_with_its_own_code_and_words() {
    let refused = |story: &mut Story, name: &str, value: Value| {
        let mut parameters = configuration();
        parameters[name] = value;
        let response = story.send("destination", "DTS:ConfigureDtsJob", parameters);
        assert_eq!(
            response.status, 200,
            "DTS answers these inside HTTP 200: {}",
            response.body
        );
        // This action documents it as text.
        assert_eq!(response.body["Success"], "false");
        (
            crate::support::code(&response),
            response.body["ErrMessage"].as_str().unwrap().to_owned(),
        )
    };
    let unchanged = |story: &mut Story| refused(story, "RegionId", json!("cn-shanghai"));
    let mut story = Story::two_accounts();

    let (code, message) = unchanged(&mut story);
    assert_eq!(
        (code.as_str(), message.as_str()),
        (
            "AssumeRoleFail",
            "EntityNotExist.Role : The role not exists"
        )
    );
    create_role(
        &mut story,
        &json!({ "RAM": [format!("acs:ram::{DESTINATION}:root")] }),
    );
    attach(&mut story);
    let (code, message) = unchanged(&mut story);
    assert_eq!(code, "AssumeRoleFail", "the trust policy was forgotten");
    assert!(
        message.starts_with("NoPermission : You are not authorized"),
        "{message}"
    );

    let document = trust(&json!({ "Service": [format!("{DESTINATION}@dts.aliyuncs.com")] }));
    story.call(
        "source",
        "RAM:UpdateRole",
        json!({ "RoleName": ROLE, "NewAssumeRolePolicyDocument": document }),
    );
    story.call("source", "RAM:DetachPolicyFromRole", attachment());
    assert_eq!(
        unchanged(&mut story).0,
        "AssumeRoleFail",
        "the policy was forgotten"
    );
    let other = json!({ "RoleName": ROLE, "PolicyType": "System", "PolicyName": "AliyunSTSAssumeRoleAccess" });
    story.call("source", "RAM:AttachPolicyToRole", other);
    assert_eq!(
        unchanged(&mut story).0,
        "NoPermission",
        "another policy does not help"
    );
    attach(&mut story);
    story.call("destination", "DTS:ConfigureDtsJob", configuration());

    let role = |role: &str| json!(role);
    let (code, message) = refused(
        &mut story,
        "SourceEndpointRole",
        role(&format!("acs:ram::{SOURCE}:role/{ROLE}")),
    );
    assert_eq!(code, "AssumeRoleFail");
    assert!(
        message.starts_with("InvalidParameter : Invalid role arn format"),
        "{message}"
    );
    assert_eq!(
        refused(
            &mut story,
            "SourceEndpointRole",
            role("AliyunDTSDefaultRole")
        )
        .0,
        "Abnormal.RamCheckUserRole"
    );
    assert_eq!(
        refused(&mut story, "SourceEndpointOwnerID", json!("12345x")).0,
        "DTS.Msg.InvalidParameter.AliyunUidFormat"
    );
    assert_eq!(
        refused(
            &mut story,
            "SourceEndpointOwnerID",
            json!("9999999999999999")
        )
        .0,
        "DTS.Msg.Forbidden.AliyunUIDNotFound"
    );
}

#[test]
fn an_account_that_never_opened_the_console_is_not_found() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "id = \"1111111111111111\"",
        "id = \"1111111111111111\"\ndts_opened = false",
    );
    let mut story = Story::new(&world);
    prepare(&mut story);
    let code = story.refused("destination", "DTS:ConfigureDtsJob", configuration());
    assert_eq!(code, "DTS.Msg.Forbidden.AliyunUIDNotFound");
}

/// Changes the world file, runs the precheck and returns the item's verdict.
fn check(from: &str, to: &str, name: &str) -> (String, String) {
    let world = include_str!("../worlds/two_accounts.world.toml");
    assert!(world.contains(from));
    let mut story = Story::new(&world.replace(from, to));
    prepare(&mut story);
    let job = configured(&mut story);
    story.wait_seconds(121);
    let verdict = item(&mut story, &job, name);
    let state = if verdict.0 == "Success" {
        "PreCheckPass"
    } else {
        "PrecheckFailed"
    };
    assert_eq!(status(&mut story, &job), state);
    verdict
}

#[test]
fn instances_that_do_not_fit_fail_the_item_that_says_why() {
    let source = "id = \"r-source0001\"";
    let destination = "id = \"r-destination01\"";
    let with = |id: &str, more: &str| format!("{id}\n{more}");
    for (id, more, name) in [
        (source, "ssl = true", "CHECK_SSL_SRC"),
        (source, "tde = true", "CHECK_TDE_SRC"),
        (source, "network = \"classic\"", "CHECK_NETWORK_SRC"),
        (source, "engine_version = \"6.0\"", "CHECK_SRC"),
        (source, "edition = \"enterprise\"", "CHECK_EDITION"),
        (source, "storage = \"disk\"", "CHECK_SRC"),
        (
            source,
            "storage = \"persistent-memory\"\nparameters = { appendonly = \"no\" }",
            "CHECK_SRC",
        ),
        (
            source,
            "cloud_native = true\narchitecture = \"cluster\"",
            "CHECK_SRC",
        ),
        (source, "password = \"other\"", "CHECK_AUTH_SRC"),
        (source, "status = \"Changing\"", "CHECK_CONN_SRC"),
        (destination, "ssl = true", "CHECK_SSL_DEST"),
        (
            destination,
            "engine_version = \"4.0\"",
            "CHECK_DEST_VERSION",
        ),
        (destination, "data_mb = 1", "CHECK_DEST_TABLE_EMPTY"),
        (destination, "password = \"secret\"", "CHECK_AUTH_DEST"),
    ] {
        let (state, message) = check(id, &with(id, more), name);
        assert_eq!(
            (state.as_str(), message.is_empty()),
            ("Failed", false),
            "{name} for {more}"
        );
    }
    assert_eq!(
        check(
            "capacity_mb = 8192",
            "capacity_mb = 2000",
            "CHECK_DEST_CAPACITY"
        )
        .0,
        "Failed"
    );
    assert_eq!(
        check(source, "id = \"r-elsewhere\"", "CHECK_CONN_SRC").0,
        "Failed"
    );
    assert_eq!(
        check(
            source,
            &with(source, "edition = \"community\""),
            "CHECK_EDITION"
        )
        .0,
        "Success"
    );
}

#[test]
fn an_item_that_may_be_skipped_is_overlooked_by_the_next_precheck() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace("[accounts.source]", "[[dts.precheck]]\nitem = \"CHECK_SUPER_AUTH_DEST\"\nstate = \"warning\"\ncan_skip = true\nmessage = \"look\"\n\n[accounts.source]");
    let mut story = Story::new(&world);
    prepare(&mut story);
    let job = configured(&mut story);
    story.wait_seconds(121);
    assert_eq!(status(&mut story, &job), "PrecheckFailed");
    let skip = |item: &str| json!({ "DtsJobId": job, "Skip": true, "SkipPreCheckItems": json!([item]).to_string() });
    assert_eq!(
        story.refused("destination", "DTS:SkipPreCheck", skip("CHECK_SRC")),
        "InvalidParameter"
    );
    story.call(
        "destination",
        "DTS:SkipPreCheck",
        skip("CHECK_SUPER_AUTH_DEST"),
    );
    story.call("destination", "DTS:StartDtsJob", json!({ "DtsJobId": job }));
    story.wait_seconds(121);
    assert_eq!(status(&mut story, &job), "PreCheckPass");
    let items = precheck(&mut story, &job);
    assert!(
        items["JobProgress"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["IgnoreFlag"] == "Y")
    );
}

#[test]
fn a_password_stands_alone_or_behind_its_account() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "id = \"r-source0001\"",
        "id = \"r-source0001\"\npassword = \"right\"\nusers = { copier = \"Test1234\" }",
    );
    for (password, state) in [
        ("right", "PreCheckPass"),
        ("copier:Test1234", "PreCheckPass"),
        ("r-source0001:right", "PreCheckPass"),
        ("copier:right", "PrecheckFailed"),
        ("", "PrecheckFailed"),
    ] {
        let mut story = Story::new(&world);
        prepare(&mut story);
        let mut parameters = configuration();
        parameters["SourceEndpointPassword"] = json!(password);
        let job = story.call("destination", "DTS:ConfigureDtsJob", parameters)["DtsJobId"]
            .as_str()
            .unwrap()
            .to_owned();
        story.wait_seconds(121);
        assert_eq!(status(&mut story, &job), state, "{password}");
        assert!(!format!("{:?}", story.world).contains("Test1234"));
    }
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let mut story = Story::two_accounts();
    prepare(&mut story);
    let mut refused = |name: &str, value: Value| {
        let mut parameters = configuration();
        parameters[name] = value;
        story.refused("destination", "DTS:ConfigureDtsJob", parameters)
    };
    assert_eq!(refused("DbList", json!("{}")), "InvalidParameter");
    assert_eq!(
        refused("DbList", json!({ "256": { "name": "256", "all": true } })),
        "InvalidParameter"
    );
    assert_eq!(
        refused("Reserve", json!({ "targetTableMode": "1" })),
        "InvalidParameter"
    );
    assert_eq!(
        refused(
            "Reserve",
            json!({ "maxRetryTime": "600", "retry.blind.seconds": "600" })
        ),
        "InvalidParameter"
    );
    assert_eq!(
        refused("SourceEndpointEngineName", json!("MYSQL")),
        "InvalidParameter",
        "no instance of Redis is a MySQL"
    );
    assert_eq!(
        refused("SourceEndpointEngineName", json!("LINDORM")),
        "NotSimulated"
    );
    assert_eq!(refused("DtsJobId", json!("nothing")), "InvalidJobId");
    assert_eq!(
        story.refused("destination/nobody", "DTS:DescribeDtsJobs", json!({})),
        "DTS.Msg.RamPermissionDenied"
    );
}

#[test]
fn the_reads_of_redis_show_what_the_procedure_asks_about() {
    let mut story = Story::two_accounts();
    let instance = json!({ "InstanceId": "r-source0001" });
    let list = story.call(
        "source",
        "R-kvstore:DescribeInstances",
        json!({ "RegionId": "cn-hangzhou" }),
    );
    assert_eq!(
        list["Instances"]["KVStoreInstance"][0]["InstanceId"],
        "r-source0001"
    );
    let attribute = story.call(
        "source",
        "R-kvstore:DescribeInstanceAttribute",
        instance.clone(),
    );
    assert_eq!(
        attribute["Instances"]["DBInstanceAttribute"][0]["EngineVersion"],
        "5.0"
    );
    assert_eq!(
        story.call("source", "R-kvstore:DescribeInstanceSSL", instance.clone())["SSLEnabled"],
        "Disable"
    );
    assert_eq!(
        story.refused(
            "source",
            "R-kvstore:DescribeInstanceTDEStatus",
            instance.clone()
        ),
        "InstanceType.NotSupport"
    );
    let parameters = story.call(
        "source",
        "R-kvstore:DescribeParameters",
        json!({ "DBInstanceId": "r-source0001" }),
    );
    assert!(
        parameters["RunningParameters"]["Parameter"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["ParameterName"] == "appendonly")
    );
    story.call(
        "source",
        "R-kvstore:DescribeInstanceConfig",
        instance.clone(),
    );
    story.call("source", "R-kvstore:DescribeSecurityIps", instance.clone());
    assert_eq!(
        story.refused(
            "destination",
            "R-kvstore:DescribeInstanceAttribute",
            instance
        ),
        "InvalidInstanceId.NotFound"
    );
}
