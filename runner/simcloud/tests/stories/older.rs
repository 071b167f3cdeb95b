//! The older family of DTS: bought first, a cluster of another account reached through its VPC.

use serde_json::{Value, json};

use crate::support::{DESTINATION, SOURCE, Story, trust};

const WORLD: &str = include_str!("../worlds/clusters.world.toml");
const CLUSTER: &str = "r-cluster00001";
const TARGET: &str = "r-cluster00002";
const ROLE: &str = "ram-for-dts";

/// A story in which the ticket is done, with everything made ready, and what a configuration says.
struct Ready {
    story: Story,
    job: String,
    parameters: Value,
}

fn world() -> String {
    WORLD.replace(
        "architecture = \"cluster\"",
        "architecture = \"cluster\"\nreplication_accounts = true",
    )
}

fn ready() -> Ready {
    ready_in(
        &world(),
        &["AliyunDTSRolePolicy", "AliyunVPCReadOnlyAccess"],
    )
}

fn ready_in(world: &str, policies: &[&str]) -> Ready {
    let mut story = Story::new(world);
    let principal = json!({ "Service": [format!("{DESTINATION}@dts.aliyuncs.com")] });
    let role = json!({ "RoleName": ROLE, "AssumeRolePolicyDocument": trust(&principal) });
    story.call("source", "RAM:CreateRole", role);
    for policy in policies {
        let attach = json!({ "RoleName": ROLE, "PolicyType": "System", "PolicyName": policy });
        story.call("source", "RAM:AttachPolicyToRole", attach);
    }
    let id = json!({ "InstanceId": CLUSTER });
    story.call("source", "R-kvstore:AllocateDirectConnection", id.clone());
    story.wait_seconds(61);
    story.call("source", "R-kvstore:ModifySecurityIps", json!({
        "InstanceId": CLUSTER, "SecurityIps": "100.104.52.0/24,100.104.53.0/26", "ModifyMode": "Append",
    }));
    story.call("source", "R-kvstore:CreateAccount", json!({
        "InstanceId": CLUSTER, "AccountName": "copier", "AccountPassword": "Copier-Example-1", "AccountPrivilege": "RoleRepl",
    }));
    let endpoints = story.call("source", "R-kvstore:DescribeDBInstanceNetInfo", id);
    let ip = endpoints["NetInfoItems"]["InstanceNetInfo"][1]["IPAddress"].clone();
    let job = buy(&mut story);
    let parameters = json!({
        "RegionId": "cn-shanghai",
        "SynchronizationJobId": job,
        "SynchronizationJobName": "shop",
        "DataInitialization": true,
        "StructureInitialization": true,
        "SynchronizationObjects": [{ "DBName": "0", "NewDBName": "0" }],
        "MigrationReserved": { "autoStartModulesAfterConfig": "none", "targetTableMode": "0" },
        "SourceEndpoint": {
            "InstanceType": "Express", "InstanceId": "vpc-source", "IP": ip, "Port": "6379",
            "Password": "copier:Copier-Example-1", "OwnerID": SOURCE, "Role": ROLE,
        },
        "DestinationEndpoint": { "InstanceType": "Redis", "InstanceId": TARGET, "Password": "Destination-Example-1" },
    });
    Ready {
        story,
        job,
        parameters,
    }
}

fn purchase() -> Value {
    json!({
        "RegionId": "cn-shanghai", "SourceRegion": "cn-hangzhou", "DestRegion": "cn-shanghai",
        "SourceEndpoint": { "InstanceType": "Redis" }, "DestinationEndpoint": { "InstanceType": "Redis" },
        "PayType": "PostPaid", "SynchronizationJobClass": "small", "Topology": "oneway",
    })
}

fn buy(story: &mut Story) -> String {
    let bought = story.call("destination", "DTS:CreateSynchronizationJob", purchase());
    bought["SynchronizationJobId"].as_str().unwrap().to_owned()
}

impl Ready {
    fn configure(&mut self) {
        let parameters = self.parameters.clone();
        self.story
            .call("destination", "DTS:ConfigureSynchronizationJob", parameters);
    }

    fn act(&mut self, action: &str) {
        let parameters = json!({ "RegionId": "cn-shanghai", "SynchronizationJobId": self.job });
        self.story
            .call("destination", &format!("DTS:{action}"), parameters);
    }

    fn status(&mut self) -> Value {
        let parameters = json!({ "RegionId": "cn-shanghai", "SynchronizationJobId": self.job });
        self.story.call(
            "destination",
            "DTS:DescribeSynchronizationJobStatus",
            parameters,
        )
    }

    fn listed(&mut self) -> String {
        let parameters = json!({ "RegionId": "cn-shanghai" });
        let list = self
            .story
            .call("destination", "DTS:DescribeSynchronizationJobs", parameters);
        list["SynchronizationInstances"][0]["Status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Starts, lets the precheck end, and returns the items that failed with what they say.
    fn failed_items(&mut self) -> Vec<(String, String)> {
        self.configure();
        self.act("StartSynchronizationJob");
        self.story.wait_seconds(121);
        let status = self.status();
        assert_eq!(status["Status"], "precheckFailed", "{status}");
        let items = status["PrecheckStatus"]["Detail"].as_array().unwrap();
        let failed = items.iter().filter(|item| item["CheckStatus"] == "Failed");
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        failed
            .map(|item| (text(item, "ItemName"), text(item, "ErrorMessage")))
            .collect()
    }
}

#[test]
fn a_cluster_of_another_account_is_synchronised_as_a_database_in_its_vpc() {
    let mut ready = ready();
    assert_eq!(ready.status()["Status"], "notStarted");
    ready.configure();
    ready.act("StartSynchronizationJob");
    assert_eq!(
        (ready.status()["Status"].clone(), ready.listed()),
        (json!("prechecking"), "Prechecking".to_owned())
    );
    ready.story.wait_seconds(121);
    let status = ready.status();
    assert_eq!(
        (&status["Status"], &status["PrecheckStatus"]["Status"]),
        (&json!("initializating"), &json!("Success"))
    );
    assert_eq!(ready.listed(), "Initializating");
    // 3,000 MB at 50 MB a second, after a minute.
    ready.story.wait_seconds(60);
    assert_eq!(ready.status()["Status"], "initializating");
    ready.story.wait_seconds(61);
    assert_eq!(
        (ready.status()["Status"].clone(), ready.listed()),
        (json!("synchronizing"), "Synchronizing".to_owned())
    );
    assert_eq!(ready.status()["SourceEndpoint"]["InstanceType"], "Express");
    ready.act("SuspendSynchronizationJob");
    assert_eq!(ready.status()["Status"], "suspending");
    ready.act("StartSynchronizationJob");
    assert_eq!(ready.status()["Status"], "synchronizing");
}

#[test]
fn what_is_bought_is_paid_for_until_it_is_released() {
    let mut ready = ready();
    let job = ready.job.clone();
    let charge = |ready: &Ready| {
        let charges = ready.story.world.charges();
        let found = charges.into_iter().find(|charge| charge.id == job).unwrap();
        (found.account_id, found.kind, found.until_ms.is_some())
    };
    assert_eq!(
        charge(&ready),
        (DESTINATION.to_owned(), "dts-instance".to_owned(), false)
    );
    ready.act("DeleteSynchronizationJob");
    assert!(charge(&ready).2);
    let parameters = json!({ "RegionId": "cn-shanghai", "SynchronizationJobId": job });
    let code = ready.story.refused(
        "destination",
        "DTS:DescribeSynchronizationJobStatus",
        parameters,
    );
    assert_eq!(code, "InvalidJobId");
}

#[test]
fn it_starts_by_itself_unless_it_is_told_not_to() {
    let mut ready = ready();
    ready.parameters["MigrationReserved"] = json!({ "targetTableMode": "0" });
    ready.configure();
    assert_eq!(ready.status()["Status"], "prechecking");
}

#[test]
fn the_destination_lets_dts_in_by_itself_and_keeps_it() {
    let mut ready = ready();
    let groups = |ready: &mut Ready| {
        let parameters = json!({ "InstanceId": TARGET });
        let answer = ready
            .story
            .call("destination", "R-kvstore:DescribeSecurityIps", parameters);
        answer["SecurityIpGroups"]["SecurityIpGroup"].to_string()
    };
    assert!(!groups(&mut ready).contains("\"dts\""));
    ready.configure();
    assert!(groups(&mut ready).contains("\"dts\""));
    ready.act("DeleteSynchronizationJob");
    assert!(
        groups(&mut ready).contains("\"dts\""),
        "nobody takes it out again"
    );
}

#[test]
fn a_role_that_may_not_look_at_the_vpc_is_refused() {
    let cases: [(&[&str], &str); 3] = [
        (&["AliyunDTSRolePolicy"], "NoPermission"),
        (&["AliyunVPCReadOnlyAccess"], "NoPermission"),
        (&[], "AssumeRoleFail"),
    ];
    for (policies, code) in cases {
        let mut ready = ready_in(&world(), policies);
        let parameters = ready.parameters.clone();
        let refused =
            ready
                .story
                .refused("destination", "DTS:ConfigureSynchronizationJob", parameters);
        assert_eq!(refused, code, "{policies:?}");
    }
    let mut ready = ready();
    ready.parameters["SourceEndpoint"]["Role"] = json!("another-role");
    let parameters = ready.parameters.clone();
    let refused = ready
        .story
        .refused("destination", "DTS:ConfigureSynchronizationJob", parameters);
    assert_eq!(refused, "AssumeRoleFail");
}

#[test]
fn an_account_in_which_dts_is_not_authorised_is_refused() {
    let text = world().replace(
        "id = \"2222222222222222\"",
        "id = \"2222222222222222\"\ndts_authorised = false",
    );
    let policies = ["AliyunDTSRolePolicy", "AliyunVPCReadOnlyAccess"];
    let mut ready = ready_in(&text, &policies);
    let parameters = ready.parameters.clone();
    let call = "DTS:ConfigureSynchronizationJob";
    let refused = ready.story.refused("destination", call, parameters);
    assert_eq!(refused, "Abnormal.RamCheckUserRole");
}

#[test]
fn every_omission_fails_its_own_item_of_the_precheck() {
    let changed = |change: fn(&mut Ready)| {
        let mut ready = ready();
        change(&mut ready);
        let failed = ready.failed_items();
        assert_eq!(failed.len(), 1, "{failed:?}");
        failed[0].0.clone()
    };
    let no_whitelist = changed(|ready| {
        ready.story.call(
            "source",
            "R-kvstore:ModifySecurityIps",
            json!({ "InstanceId": CLUSTER, "SecurityIps": "10.0.0.0/8" }),
        );
    });
    assert_eq!(no_whitelist, "CHECK_CONN_SRC");
    let no_account = changed(|ready| {
        ready.story.call(
            "source",
            "R-kvstore:DeleteAccount",
            json!({ "InstanceId": CLUSTER, "AccountName": "copier" }),
        );
    });
    assert_eq!(no_account, "CHECK_AUTH_SRC");
    let wrong_form =
        changed(|ready| ready.parameters["SourceEndpoint"]["Password"] = json!("Copier-Example-1"));
    assert_eq!(wrong_form, "CHECK_AUTH_SRC");
    let no_right_to_replicate =
        changed(|ready| ready.parameters["SourceEndpoint"]["Password"] = json!("Source-Example-1"));
    assert_eq!(no_right_to_replicate, "CHECK_AUTH_SRC");
    let only_reads = changed(|ready| {
        ready.parameters["DestinationEndpoint"]["Password"] = json!("reader:Reader-Example-1")
    });
    assert_eq!(only_reads, "CHECK_AUTH_DEST");
    let another_port = changed(|ready| ready.parameters["SourceEndpoint"]["Port"] = json!("6380"));
    assert_eq!(another_port, "CHECK_CONN_SRC");
    let proxy = changed(|ready| {
        let parameters = json!({ "InstanceId": CLUSTER });
        let endpoints =
            ready
                .story
                .call("source", "R-kvstore:DescribeDBInstanceNetInfo", parameters);
        let ip = endpoints["NetInfoItems"]["InstanceNetInfo"][0]["IPAddress"].clone();
        ready.parameters["SourceEndpoint"]["IP"] = ip;
    });
    assert_eq!(proxy, "CHECK_AUTH_SRC");
}

#[test]
fn a_destination_with_data_is_refused_or_overwritten() {
    let text = world().replace("capacity_mb = 8192", "capacity_mb = 8192\ndata_mb = 10");
    let policies = ["AliyunDTSRolePolicy", "AliyunVPCReadOnlyAccess"];
    let failed = ready_in(&text, &policies).failed_items();
    assert_eq!(failed[0].0, "CHECK_DEST_TABLE_EMPTY");
    let mut ready = ready_in(&text, &policies);
    ready.parameters["MigrationReserved"]["targetTableMode"] = json!("2");
    ready.configure();
    ready.act("StartSynchronizationJob");
    ready.story.wait_seconds(3600);
    assert_eq!(ready.status()["Status"], "synchronizing");
}

#[test]
fn a_failed_precheck_can_be_mended_and_started_again() {
    let mut ready = ready();
    let whitelist = json!({ "InstanceId": CLUSTER, "SecurityIps": "10.0.0.0/8" });
    ready
        .story
        .call("source", "R-kvstore:ModifySecurityIps", whitelist);
    let failed = ready.failed_items();
    assert!(
        failed[0]
            .1
            .contains("does not let DTS in from 100.104.52.0/24, 100.104.53.0/26"),
        "{failed:?}"
    );
    let everybody = json!({ "InstanceId": CLUSTER, "SecurityIps": "0.0.0.0/0" });
    ready
        .story
        .call("source", "R-kvstore:ModifySecurityIps", everybody);
    ready.act("StartSynchronizationJob");
    ready.story.wait_seconds(3600);
    assert_eq!(ready.status()["Status"], "synchronizing");
}

#[test]
fn a_copy_whose_source_shuts_dts_out_fails_and_says_why() {
    let mut ready = ready();
    ready.configure();
    ready.act("StartSynchronizationJob");
    ready.story.wait_seconds(125);
    let account = json!({ "InstanceId": CLUSTER, "AccountName": "copier" });
    ready
        .story
        .call("source", "R-kvstore:DeleteAccount", account);
    ready.story.wait_seconds(3600);
    let status = ready.status();
    assert_eq!(status["Status"], "initializeFailed");
    assert!(
        status["ErrorMessage"]
            .as_str()
            .unwrap()
            .contains("CHECK_AUTH_SRC"),
        "{status}"
    );
}

#[test]
fn keys_other_databases_and_a_copy_without_data_cannot_be_chosen() {
    for (name, value) in [
        ("SynchronizationObjects", json!("[]")),
        ("SynchronizationObjects", json!([{ "DBName": "256" }])),
        (
            "SynchronizationObjects",
            json!([{ "DBName": "0", "TableIncludes": [{ "TableName": "key" }] }]),
        ),
        ("DataInitialization", json!(false)),
    ] {
        let mut ready = ready();
        ready.parameters[name] = value.clone();
        let parameters = ready.parameters.clone();
        let code =
            ready
                .story
                .refused("destination", "DTS:ConfigureSynchronizationJob", parameters);
        assert_eq!(code, "InvalidParameter", "{name} {value}");
    }
}

#[test]
fn an_instance_of_another_account_cannot_be_named_by_its_id() {
    let mut ready = ready();
    ready.parameters["SourceEndpoint"] = json!({
        "InstanceType": "Redis", "InstanceId": CLUSTER, "OwnerID": SOURCE, "Role": ROLE,
    });
    let parameters = ready.parameters.clone();
    let code = ready
        .story
        .refused("destination", "DTS:ConfigureSynchronizationJob", parameters);
    assert_eq!(code, "InvalidParameter");
}
