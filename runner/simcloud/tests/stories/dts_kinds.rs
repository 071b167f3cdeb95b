//! Which databases a task across accounts may have, by type and by the way to them, and what makes two ends unfit for
//! each other.

use serde_json::{Value, json};

use crate::dts::{configuration, prepare};
use crate::support::{DESTINATION, SOURCE, Story, trust};

/// The published table of sources: type, engine, type of a cloud instance, and the ways that are supported.
const SOURCES: &[(&str, &str, &str, &[&str])] = &[
    ("mysql", "MYSQL", "RDS", &["CLOUD", "EXPRESS", "ECS"]),
    ("polardb-mysql", "PolarDB", "PolarDB", &["CLOUD"]),
    (
        "redis",
        "REDIS",
        "REDIS",
        &["CLOUD", "EXPRESS", "ECS", "CEN", "DG"],
    ),
    ("sqlserver", "MSSQL", "RDS", &["CLOUD", "EXPRESS"]),
    ("postgresql", "POSTGRESQL", "RDS", &["CLOUD", "EXPRESS"]),
    (
        "mongodb",
        "MONGODB",
        "MONGODB",
        &["CLOUD", "EXPRESS", "ECS", "CEN"],
    ),
    ("oracle", "ORACLE", "", &["EXPRESS"]),
    (
        "polardb-oracle",
        "POLARDB_O",
        "PolarDB",
        &["CLOUD", "EXPRESS"],
    ),
    (
        "polardb-x-1.0",
        "POLARDBX10",
        "DISTRIBUTED_POLARDBX10",
        &["CLOUD"],
    ),
    ("polardb-x-2.0", "POLARDBX20", "POLARDBX20", &["CLOUD"]),
    ("db2-as400", "AS400", "", &["EXPRESS"]),
    ("db2-luw", "DB2", "", &["EXPRESS", "ECS"]),
    ("mariadb", "MARIADB", "RDS", &["CLOUD", "EXPRESS", "ECS"]),
    ("adb-mysql", "ADB30", "ADS", &["CLOUD"]),
];

const WAYS: [(&str, &str); 6] = [
    ("CLOUD", "cloud-instance"),
    ("EXPRESS", "express"),
    ("ECS", "ecs"),
    ("CEN", "cen"),
    ("DG", "database-gateway"),
    ("OTHER", "public"),
];

/// The published table of destinations, all of them instances of the cloud.
const DESTINATIONS: &[(&str, &str, &str)] = &[
    ("mysql", "MYSQL", "RDS"),
    ("polardb-mysql", "PolarDB", "PolarDB"),
    ("adb-mysql", "ADB30", "ADS"),
    ("redis", "REDIS", "REDIS"),
    ("mongodb", "MONGODB", "MONGODB"),
];

/// A world with one more database in account A.
fn with_database(kind: &str, access: &str) -> Story {
    let world = include_str!("../worlds/two_accounts.world.toml");
    let database = format!(
        "[[accounts.source.databases]]\nid = \"db-1\"\nregion = \"cn-hangzhou\"\ntype = \"{kind}\"\naccess = \"{access}\"\n\
         ip = \"192.168.0.7\"\nport = 3306\ndata_mb = 100\n\n[accounts.destination]"
    );
    let mut story = Story::new(&world.replacen("[accounts.destination]", &database, 1));
    prepare(&mut story);
    story
}

/// A task from that database into the MySQL of nobody in particular: only the configuration is looked at.
fn from_database(engine: &str, instance_type: &str) -> Value {
    let mut parameters = configuration();
    parameters["SourceEndpointInstanceType"] = json!(instance_type);
    parameters["SourceEndpointEngineName"] = json!(engine);
    parameters["SourceEndpointInstanceID"] = json!("db-1");
    if instance_type != "RDS" {
        parameters["SourceEndpointIP"] = json!("192.168.0.7");
        parameters["SourceEndpointPort"] = json!("3306");
    }
    parameters["DestinationEndpointInstanceType"] = json!("RDS");
    parameters["DestinationEndpointEngineName"] = json!("MYSQL");
    parameters["DestinationEndpointInstanceID"] = json!("rm-elsewhere");
    let name = if engine == "REDIS" { "0" } else { "orders" };
    parameters["DbList"] = json!({ name: { "name": name, "all": true } });
    parameters
}

#[test]
fn every_source_of_the_published_table_can_belong_to_another_account_and_no_other() {
    for (kind, engine, cloud, supported) in SOURCES {
        for (way, access) in WAYS {
            let instance_type = if way == "CLOUD" { *cloud } else { way };
            if instance_type.is_empty() {
                continue;
            }
            let mut story = with_database(kind, access);
            let parameters = from_database(engine, instance_type);
            let response = story.send("destination", "DTS:ConfigureDtsJob", parameters);
            let was_taken = response.body["Success"] == "true";
            assert_eq!(
                was_taken,
                supported.contains(&way),
                "{kind} by {way}: {}",
                response.body
            );
        }
    }
}

#[test]
fn every_destination_of_the_published_table_can_belong_to_another_account_and_no_other() {
    for (kind, engine, instance_type, _) in SOURCES {
        if instance_type.is_empty() {
            continue;
        }
        let mut story = with_database(kind, "cloud-instance");
        // Account B owns the source and makes the task; the destination is account A's.
        let mut parameters = configuration();
        for name in ["OwnerID", "Role"] {
            parameters
                .as_object_mut()
                .unwrap()
                .remove(&format!("SourceEndpoint{name}"));
        }
        parameters["SourceEndpointInstanceID"] = json!("r-destination01");
        parameters["SourceEndpointRegion"] = json!("cn-shanghai");
        parameters["DestinationEndpointInstanceType"] = json!(instance_type);
        parameters["DestinationEndpointEngineName"] = json!(engine);
        parameters["DestinationEndpointInstanceID"] = json!("db-1");
        parameters["DestinationEndpointRegion"] = json!("cn-hangzhou");
        parameters["DestinationEndpointOwnerID"] = json!(SOURCE);
        parameters["DestinationEndpointRole"] = json!("ram-for-dts");
        let response = story.send("destination", "DTS:ConfigureDtsJob", parameters);
        let is_there = DESTINATIONS.iter().any(|(name, ..)| name == kind);
        assert_eq!(
            response.body["Success"] == "true",
            is_there,
            "{kind}: {}",
            response.body
        );
    }
}

#[test]
fn a_third_account_can_make_the_task_when_both_owners_let_it_in() {
    const CREATOR: &str = "3333333333333333";
    let world = include_str!("../worlds/two_accounts.world.toml").to_owned()
        + "\n[accounts.creator]\nid = \"3333333333333333\"\n";
    let mut story = Story::new(&world);
    let document = trust(&json!({ "Service": [format!("{CREATOR}@dts.aliyuncs.com")] }));
    for owner in ["source", "destination"] {
        story.call(
            owner,
            "RAM:CreateRole",
            json!({ "RoleName": "ram-for-dts", "AssumeRolePolicyDocument": document }),
        );
        let attachment = json!({ "RoleName": "ram-for-dts", "PolicyType": "System", "PolicyName": "AliyunDTSRolePolicy" });
        story.call(owner, "RAM:AttachPolicyToRole", attachment);
    }
    let mut parameters = configuration();
    parameters["DestinationEndpointOwnerID"] = json!(DESTINATION);
    parameters["DestinationEndpointRole"] = json!("ram-for-dts");
    let job = story.call("creator", "DTS:ConfigureDtsJob", parameters)["DtsJobId"].clone();
    let detail = story.call(
        "creator",
        "DTS:DescribeDtsJobDetail",
        json!({ "DtsJobId": job }),
    );
    assert_eq!(detail["SourceEndpoint"]["AliyunUid"], SOURCE);
    assert_eq!(detail["DestinationEndpoint"]["AliyunUid"], DESTINATION);
}

#[test]
fn an_account_that_never_authorised_dts_cannot_use_its_own_databases() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "id = \"2222222222222222\"",
        "id = \"2222222222222222\"\ndts_authorised = false",
    );
    let mut story = Story::new(&world);
    prepare(&mut story);
    let role = json!({ "RoleName": "AliyunDTSDefaultRole" });
    assert_eq!(
        story.refused("destination", "RAM:GetRole", role.clone()),
        "EntityNotExist.Role"
    );
    story.call("source", "RAM:GetRole", role);
    let code = story.refused("destination", "DTS:ConfigureDtsJob", configuration());
    assert_eq!(code, "Abnormal.RamCheckUserRole");
    // Names of roles are compared without case, this one's too.
    let document = trust(&json!({ "Service": ["dts.aliyuncs.com"] }));
    let role = json!({ "RoleName": "aliyundtsdefaultrole", "AssumeRolePolicyDocument": document });
    story.call("destination", "RAM:CreateRole", role);
    story.call("destination", "DTS:ConfigureDtsJob", configuration());
}

#[test]
fn different_infrastructures_do_not_reach_each_other() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "region = \"cn-shanghai\"",
        "region = \"cn-shanghai-finance-1\"",
    );
    let mut story = Story::new(&world);
    prepare(&mut story);
    let mut parameters = configuration();
    parameters["DestinationEndpointRegion"] = json!("cn-shanghai-finance-1");
    let response = story.send("destination", "DTS:ConfigureDtsJob", parameters);
    assert_eq!(response.status, 400);
    assert!(
        response.body["Message"]
            .as_str()
            .unwrap()
            .contains("different infrastructures"),
        "{}",
        response.body
    );
}

#[test]
fn a_database_of_another_kind_is_found_opened_and_copied() {
    let world = include_str!("../worlds/two_accounts.world.toml").replacen(
        "[accounts.destination]",
        "[[accounts.source.databases]]\nid = \"rm-from\"\nregion = \"cn-hangzhou\"\ntype = \"mysql\"\npassword = \"right\"\ndata_mb = 500\n\n\
         [accounts.destination]",
        1,
    ) + "\n[[accounts.destination.databases]]\nid = \"rm-into\"\nregion = \"cn-shanghai\"\ntype = \"mysql\"\n";
    let mut story = Story::new(&world);
    prepare(&mut story);
    let mut parameters = from_database("MYSQL", "RDS");
    parameters["SourceEndpointInstanceID"] = json!("rm-from");
    parameters["SourceEndpointPassword"] = json!("wrong");
    parameters["DestinationEndpointInstanceID"] = json!("rm-into");
    let job =
        story.call("destination", "DTS:ConfigureDtsJob", parameters.clone())["DtsJobId"].clone();
    story.wait_seconds(121);
    let job = job.as_str().unwrap();
    let (state, message) = crate::dts::item(&mut story, job, "CHECK_AUTH_SRC");
    assert_eq!(state, "Failed");
    assert!(message.contains("rm-from refuses the account or password"));

    parameters["DtsJobId"] = json!(job);
    parameters["SourceEndpointPassword"] = json!("right");
    story.call("destination", "DTS:ConfigureDtsJob", parameters);
    story.wait_seconds(121);
    story.call("destination", "DTS:CreateDtsInstance", crate::dts::buy(job));
    // A minute, and 500 MB at 50 MB/s.
    story.wait_seconds(69);
    assert_eq!(crate::dts::status(&mut story, job), "Initializing");
    story.wait_seconds(3);
    assert_eq!(crate::dts::status(&mut story, job), "synchronizing");
}

#[test]
fn a_part_of_a_database_is_tables_that_are_named() {
    let taken = |part: Value| {
        let mut story = with_database("mysql", "cloud-instance");
        let mut parameters = from_database("MYSQL", "RDS");
        parameters["DbList"] = json!({ "orders": part });
        let response = story.send("destination", "DTS:ConfigureDtsJob", parameters);
        response.body["Success"] == "true"
    };
    let items = json!({ "name": "items", "all": true, "filter": "id > 10" });
    let part =
        |table: Value| json!({ "name": "orders", "all": false, "Table": { "items": table } });
    assert!(taken(part(items)));
    assert!(!taken(part(json!({ "all": true }))));
    assert!(!taken(
        json!({ "name": "orders", "all": false, "Table": {} })
    ));
    assert!(!taken(json!({ "name": "orders", "all": false })));
}
