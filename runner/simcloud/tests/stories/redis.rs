//! Redis instances made ready: whitelists, direct endpoints, accounts.

use serde_json::{Value, json};

use crate::support::Story;

const WORLD: &str = include_str!("../worlds/clusters.world.toml");
const ID: &str = "r-cluster00001";

fn story() -> Story {
    Story::new(WORLD)
}

fn groups(story: &mut Story) -> Value {
    let parameters = json!({ "InstanceId": ID });
    let answer = story.call("source", "R-kvstore:DescribeSecurityIps", parameters);
    let groups = answer["SecurityIpGroups"]["SecurityIpGroup"].as_array();
    let of = |group: &Value| {
        let name = group["SecurityIpGroupName"].as_str().unwrap().to_owned();
        (name, group["SecurityIpList"].clone())
    };
    groups.unwrap().iter().map(of).collect()
}

fn modify(story: &mut Story, parameters: Value) {
    let mut all = json!({ "InstanceId": ID });
    for (name, value) in parameters.as_object().unwrap() {
        all[name] = value.clone();
    }
    story.call("source", "R-kvstore:ModifySecurityIps", all);
}

#[test]
fn a_whitelist_group_is_covered_unless_the_call_says_otherwise() {
    let mut story = story();
    modify(
        &mut story,
        json!({ "SecurityIps": "192.0.2.0/24", "ModifyMode": "Append" }),
    );
    assert_eq!(groups(&mut story)["default"], "10.0.0.0/8,192.0.2.0/24");
    modify(&mut story, json!({ "SecurityIps": "198.51.100.7" }));
    assert_eq!(groups(&mut story)["default"], "198.51.100.7");
}

#[test]
fn a_group_comes_with_its_first_address_and_goes_with_its_last() {
    let mut story = story();
    let before = story.world.summary();
    let group = json!({ "SecurityIpGroupName": "dts_servers", "SecurityIps": "192.0.2.0/24", "ModifyMode": "Append" });
    modify(&mut story, group.clone());
    assert_eq!(groups(&mut story)["dts_servers"], "192.0.2.0/24");
    let mut delete = group;
    delete["ModifyMode"] = json!("Delete");
    modify(&mut story, delete.clone());
    assert_eq!(story.world.summary(), before);
    let changes = story.world.change_count();
    modify(&mut story, delete);
    assert_eq!(
        story.world.change_count(),
        changes,
        "there is nothing left to delete"
    );
}

#[test]
fn the_default_group_stays_and_admits_nobody() {
    let mut story = story();
    modify(
        &mut story,
        json!({ "SecurityIps": "10.0.0.0/8", "ModifyMode": "Delete" }),
    );
    assert_eq!(groups(&mut story)["default"], "127.0.0.1");
}

#[test]
fn what_is_no_address_or_no_group_is_refused() {
    let mut story = story();
    for parameters in [
        json!({ "InstanceId": ID, "SecurityIps": "10.0.0.0/33" }),
        json!({ "InstanceId": ID, "SecurityIps": "10.0.0.1", "SecurityIpGroupName": "Big-Letters" }),
    ] {
        let code = story.refused("source", "R-kvstore:ModifySecurityIps", parameters);
        assert_eq!(code, "InvalidParameters.Format");
    }
    let many: Vec<String> = (0..1_001)
        .map(|n| format!("10.1.{}.{}", n / 250, n % 250))
        .collect();
    let parameters =
        json!({ "InstanceId": ID, "SecurityIps": many.join(","), "SecurityIpGroupName": "many" });
    let code = story.refused("source", "R-kvstore:ModifySecurityIps", parameters);
    assert_eq!(code, "InvalidParameters.Format");
}

fn endpoints(story: &mut Story) -> Vec<(i64, String, String)> {
    let parameters = json!({ "InstanceId": ID });
    let answer = story.call("source", "R-kvstore:DescribeDBInstanceNetInfo", parameters);
    let items = answer["NetInfoItems"]["InstanceNetInfo"]
        .as_array()
        .unwrap();
    let of = |item: &Value| {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        let direct = item["DirectConnection"].as_i64().unwrap();
        (direct, text("IPAddress"), text("Port"))
    };
    items.iter().map(of).collect()
}

#[test]
fn a_direct_endpoint_takes_its_time_and_keeps_other_changes_out() {
    let mut story = story();
    assert_eq!(endpoints(&mut story).len(), 1);
    let parameters = json!({ "InstanceId": ID, "ConnectionString": "shopdirect", "Port": 6380 });
    story.call(
        "source",
        "R-kvstore:AllocateDirectConnection",
        parameters.clone(),
    );
    let state = story.call(
        "source",
        "R-kvstore:DescribeInstanceAttribute",
        json!({ "InstanceId": ID }),
    );
    let shown = &state["Instances"]["DBInstanceAttribute"][0];
    assert_eq!(shown["InstanceStatus"], "NetworkModifying");
    assert_eq!(endpoints(&mut story).len(), 1, "it is not there yet");
    let account =
        json!({ "InstanceId": ID, "AccountName": "copier", "AccountPassword": "Copier-Example-1" });
    let code = story.refused("source", "R-kvstore:CreateAccount", account);
    assert_eq!(code, "IncorrectDBInstanceState");
    story.wait_seconds(61);
    let (direct, ip, port) = endpoints(&mut story)[1].clone();
    assert_eq!((direct, port.as_str()), (1, "6380"));
    assert!(ip.starts_with("192.168."), "{ip}");
    let code = story.refused("source", "R-kvstore:AllocateDirectConnection", parameters);
    assert_eq!(code, "DirectConnectionAlreadyExists");
    story.call(
        "source",
        "R-kvstore:ReleaseDirectConnection",
        json!({ "InstanceId": ID }),
    );
    story.wait_seconds(61);
    assert_eq!(endpoints(&mut story).len(), 1);
}

#[test]
fn only_a_classic_cluster_in_a_vpc_without_tls_gets_a_direct_endpoint() {
    for (from, to) in [
        ("architecture = \"cluster\"", "architecture = \"standard\""),
        (
            "architecture = \"cluster\"",
            "architecture = \"cluster\"\nssl = true",
        ),
        (
            "architecture = \"cluster\"",
            "architecture = \"cluster\"\ncloud_native = true",
        ),
        (
            "architecture = \"cluster\"",
            "architecture = \"cluster\"\nnetwork = \"classic\"",
        ),
    ] {
        let mut story = Story::new(&WORLD.replace(from, to));
        let code = story.refused(
            "source",
            "R-kvstore:AllocateDirectConnection",
            json!({ "InstanceId": ID }),
        );
        assert_eq!(code, "InvalidConnType", "{to}");
    }
}

fn create(privilege: &str) -> Value {
    json!({ "InstanceId": ID, "AccountName": "copier", "AccountPassword": "Copier-Example-1", "AccountPrivilege": privilege })
}

#[test]
fn a_cluster_gives_the_right_to_replicate_only_after_a_ticket() {
    let mut story = story();
    let code = story.refused("source", "R-kvstore:CreateAccount", create("RoleRepl"));
    assert_eq!(code, "InvalidAccountPrivilege.Malformed");
    story.call("source", "R-kvstore:CreateAccount", create("RoleReadWrite"));
    let after_ticket = WORLD.replace(
        "architecture = \"cluster\"",
        "architecture = \"cluster\"\nreplication_accounts = true",
    );
    let mut story = Story::new(&after_ticket);
    let before = story.world.summary();
    story.call("source", "R-kvstore:CreateAccount", create("RoleRepl"));
    let accounts = |story: &mut Story| {
        let parameters = json!({ "InstanceId": ID, "AccountName": "copier" });
        let answer = story.call("source", "R-kvstore:DescribeAccounts", parameters);
        answer["Accounts"]["Account"].clone()
    };
    let made = accounts(&mut story);
    assert_eq!(made[0]["AccountStatus"], "Unavailable");
    let rights = &made[0]["DatabasePrivileges"]["DatabasePrivilege"];
    assert_eq!(rights[0]["AccountPrivilege"], "RoleRepl");
    story.wait_seconds(31);
    assert_eq!(accounts(&mut story)[0]["AccountStatus"], "Available");
    let parameters = json!({ "InstanceId": ID, "AccountName": "copier" });
    story.call("source", "R-kvstore:DeleteAccount", parameters);
    assert_eq!(story.world.summary(), before);
}

#[test]
fn an_account_needs_a_free_name_a_strong_password_and_room() {
    let mut story = story();
    let with = |name: &str, password: &str| json!({ "InstanceId": ID, "AccountName": name, "AccountPassword": password });
    for (parameters, code) in [
        (
            with("Copier", "Copier-Example-1"),
            "InvalidAccountName.Format",
        ),
        (
            with("copier", "onlysmallletters"),
            "InvalidAccountPassword.Format",
        ),
    ] {
        assert_eq!(
            story.refused("source", "R-kvstore:CreateAccount", parameters),
            code
        );
    }
    for number in 1..=17 {
        let name = format!("user_{number}");
        story.call(
            "source",
            "R-kvstore:CreateAccount",
            with(&name, "Copier-Example-1"),
        );
    }
    let again = with("user_1", "Copier-Example-1");
    let code = story.refused("source", "R-kvstore:CreateAccount", again);
    assert_eq!(code, "InvalidAccountName.Duplicate");
    let one_more = with("one_more", "Copier-Example-1");
    let code = story.refused("source", "R-kvstore:CreateAccount", one_more);
    assert_eq!(code, "AccountLimitExceeded");
}

#[test]
fn the_addresses_of_dts_are_told_by_region() {
    let mut story = story();
    let of = |story: &mut Story, parameters: Value| {
        let answer = story.call("source", "DTS:DescribeDTSIP", parameters);
        answer["DynamicMessage"].as_str().unwrap().to_owned()
    };
    let source = of(&mut story, json!({ "SourceEndpointRegion": "cn-hangzhou" }));
    assert_eq!(source, "100.104.52.0/24,100.104.53.0/26");
    let both = of(
        &mut story,
        json!({ "SourceEndpointRegion": "cn-hangzhou", "DestinationEndpointRegion": "cn-shanghai" }),
    );
    assert!(
        both.starts_with(&source) && both.len() > source.len(),
        "{both}"
    );
}
