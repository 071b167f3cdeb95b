//! Servers made of an image, started, stopped, looked into and released.

use crate::support::{Story, code};
use serde_json::{Value, json};

/// A server with content, and a place in Beijing for its copy.
const WORLD: &str = r#"
schema = 1

[durations]
instance_start = "1m"

[[ecs.sold_out]]
instance_type = "ecs.g7.4xlarge"
zone = "cn-beijing-h"

[accounts.owner]
id = "1111111111111111"

[[accounts.owner.ecs]]
id = "i-1"
region = "cn-hangzhou"
vpc = "vpc-1"
disks = [{ id = "d-1", size_gb = 40, used_gb = 4 }, { id = "d-2", size_gb = 100, used_gb = 10 }]

[accounts.owner.ecs.content]
files = { "/srv/a" = "one", "/srv/b" = "two" }
services = { nginx = "active" }
answers = { "curl -fsS http://localhost/health" = "fine" }

[accounts.owner.ecs.differs_when_copied]
files = { "/srv/b" = "other" }

[[accounts.owner.ecs]]
id = "i-kept"
region = "cn-hangzhou"
deletion_protection = true
status = "Stopped"

[[accounts.owner.ecs]]
id = "i-paid"
region = "cn-hangzhou"
subscription = true
status = "Stopped"

[[accounts.owner.ecs]]
id = "i-short"
region = "cn-hangzhou"
auto_release = "2026-01-15T21:00:00Z"

[[accounts.owner.vswitches]]
id = "vsw-1"
region = "cn-beijing"
zone = "cn-beijing-h"
vpc = "vpc-2"
cidr = "172.16.1.0/24"

[[accounts.owner.security_groups]]
id = "sg-1"
region = "cn-beijing"
vpc = "vpc-2"

[[accounts.owner.security_groups]]
id = "sg-other"
region = "cn-beijing"
vpc = "vpc-3"
"#;

/// A story, with the id of the image that was copied to Beijing.
fn copied() -> (Story, String) {
    let mut story = Story::new(WORLD);
    let create = json!({ "RegionId": "cn-hangzhou", "InstanceId": "i-1" });
    let image = story.call("owner", "ECS:CreateImage", create)["ImageId"].clone();
    story.wait_seconds(86_400);
    let copy =
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": "cn-beijing" });
    let copy = story.call("owner", "ECS:CopyImage", copy)["ImageId"].clone();
    story.wait_seconds(86_400);
    (story, copy.as_str().unwrap().to_owned())
}

fn wanted(image: &str) -> Value {
    json!({
        "RegionId": "cn-beijing", "ImageId": image, "InstanceType": "ecs.g7.large",
        "VSwitchId": "vsw-1", "SecurityGroupId": "sg-1", "InstanceName": "copy",
    })
}

fn with(mut parameters: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("parameters are a table")
    };
    parameters.as_object_mut().unwrap().extend(more);
    parameters
}

fn server(story: &mut Story, region: &str, id: &str) -> Value {
    let ids = json!({ "RegionId": region, "InstanceIds": json!([id]).to_string() });
    story.call("owner", "ECS:DescribeInstances", ids)["Instances"]["Instance"][0].clone()
}

fn status(story: &mut Story, region: &str, id: &str) -> String {
    let server = server(story, region, id);
    server["Status"].as_str().unwrap_or("absent").to_owned()
}

/// Runs a script on a server and returns what it prints.
fn printed(story: &mut Story, region: &str, id: &str, script: &str) -> String {
    let run = json!({ "RegionId": region, "Type": "RunShellScript", "InstanceId": [id], "CommandContent": script });
    let run = story.call("owner", "ECS:RunCommand", run);
    story.wait_seconds(60);
    let results =
        json!({ "RegionId": region, "InvokeId": run["InvokeId"], "ContentEncoding": "PlainText" });
    let answer = story.call("owner", "ECS:DescribeInvocationResults", results);
    let result = &answer["Invocation"]["InvocationResults"]["InvocationResult"][0];
    assert_eq!(result["InvocationStatus"], "Success");
    result["Output"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_is_made_of_an_image_with_its_disks_and_its_content() {
    let (mut story, image) = copied();
    let before = story.world.summary();
    let made = story.call("owner", "ECS:RunInstances", wanted(&image));
    let id = made["InstanceIdSets"]["InstanceIdSet"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(status(&mut story, "cn-beijing", &id), "Pending");
    let force = json!({ "InstanceId": id, "Force": true });
    assert_eq!(
        story.refused("owner", "ECS:DeleteInstance", force.clone()),
        "IncorrectInstanceStatus.Initializing"
    );
    story.wait_seconds(30);
    assert_eq!(status(&mut story, "cn-beijing", &id), "Starting");
    story.wait_seconds(60);
    let shown = server(&mut story, "cn-beijing", &id);
    assert_eq!(shown["Status"], "Running");
    assert_eq!(shown["VpcAttributes"]["VpcId"], "vpc-2");
    assert_eq!(
        shown["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
        "172.16.1.10"
    );
    assert_eq!((&shown["Cpu"], &shown["Memory"]), (&json!(2), &json!(8192)));
    let disks = json!({ "RegionId": "cn-beijing", "InstanceId": id });
    let disks = story.call("owner", "ECS:DescribeDisks", disks)["Disks"]["Disk"].clone();
    assert_eq!(
        (&disks[0]["Size"], &disks[1]["Size"]),
        (&json!(40), &json!(100))
    );
    let list = "find '/srv' -type f -exec sha256sum {} + | sort -k 2";
    let source = printed(&mut story, "cn-hangzhou", "i-1", list);
    let copy = printed(&mut story, "cn-beijing", &id, list);
    assert_eq!(
        source.lines().next(),
        copy.lines().next(),
        "/srv/a is the same"
    );
    assert_ne!(
        source.lines().nth(1),
        copy.lines().nth(1),
        "the world says that /srv/b differs"
    );
    let script = "systemctl is-active 'nginx'\ncurl -fsS http://localhost/health\n";
    assert_eq!(
        printed(&mut story, "cn-beijing", &id, script),
        "active\nfine\n"
    );

    let charge = |story: &Story| {
        story
            .world
            .charges()
            .into_iter()
            .find(|charge| charge.id == id)
            .unwrap()
    };
    assert_eq!(
        (charge(&story).kind.as_str(), charge(&story).until_ms),
        ("ecs-instance", None)
    );
    let snapshot = disks[0]["SourceSnapshotId"].clone();
    let image_of = json!({ "RegionId": "cn-beijing", "ImageId": image });
    assert_eq!(
        story.refused("owner", "ECS:DeleteImage", image_of.clone()),
        "ImageUsingByInstance"
    );
    story.call(
        "owner",
        "ECS:DeleteImage",
        with(image_of, json!({ "Force": true })),
    );
    let delete = json!({ "SnapshotId": snapshot });
    assert_eq!(
        story.refused("owner", "ECS:DeleteSnapshot", delete),
        "SnapshotCreatedDisk"
    );
    story.call("owner", "ECS:DeleteInstance", force);
    assert!(charge(&story).until_ms.is_some());
    assert_eq!(status(&mut story, "cn-beijing", &id), "absent");
    let kinds = &story.world.summary()["1111111111111111"];
    assert_eq!(
        kinds["ecs-instance"],
        before["1111111111111111"]["ecs-instance"]
    );
}

#[test]
fn a_server_that_cannot_be_made_is_refused_with_the_documented_code() {
    let (mut story, image) = copied();
    let changes = story.world.change_count();
    let mut refused = |more: Value| {
        let response = story.send("owner", "ECS:RunInstances", with(wanted(&image), more));
        (response.status, code(&response))
    };
    for (more, status, code) in [
        (
            json!({ "ImageId": "m-nothing" }),
            404,
            "InvalidImageId.NotFound",
        ),
        (
            json!({ "InstanceType": "ecs.unknown" }),
            400,
            "InvalidInstanceType.ValueNotSupported",
        ),
        (
            json!({ "InstanceType": "ecs.g7.4xlarge" }),
            403,
            "OperationDenied.NoStock",
        ),
        (
            json!({ "InstanceType": "ecs.g8y.large" }),
            403,
            "ImageNotSupportInstanceType",
        ),
        (json!({ "VSwitchId": "" }), 400, "MissingParameter"),
        (
            json!({ "VSwitchId": "vsw-nothing" }),
            404,
            "InvalidVSwitchId.NotFound",
        ),
        (
            json!({ "ZoneId": "cn-beijing-a" }),
            400,
            "InvalidParameter.Mismatch",
        ),
        (json!({ "SecurityGroupId": "" }), 400, "MissingParameter"),
        (
            json!({ "SecurityGroupId": "sg-nothing" }),
            400,
            "InvalidSecurityGroupId.NotFound",
        ),
        (
            json!({ "SecurityGroupId": "sg-other" }),
            400,
            "InvalidParameter.Mismatch",
        ),
        (
            json!({ "PrivateIpAddress": "here" }),
            400,
            "InvalidPrivateIpAddress.Malformed",
        ),
        (
            json!({ "PrivateIpAddress": "10.0.0.1" }),
            400,
            "InvalidPrivateIpAddress",
        ),
        (
            json!({ "SystemDisk": { "Size": "20" } }),
            404,
            "InvalidSystemDiskSize.LessThanImageSize",
        ),
        (
            json!({ "AutoReleaseTime": "soon" }),
            400,
            "InvalidAutoReleaseTime.Malformed",
        ),
        (json!({ "UserData": "x" }), 501, "NotSimulated"),
        (json!({ "DryRun": true }), 400, "DryRunOperation"),
    ] {
        assert_eq!(refused(more.clone()), (status, code.to_owned()), "{more}");
    }
    let address = json!({ "PrivateIpAddress": "172.16.1.77" });
    story.call(
        "owner",
        "ECS:RunInstances",
        with(wanted(&image), address.clone()),
    );
    let again = with(wanted(&image), address);
    assert_eq!(
        story.refused("owner", "ECS:RunInstances", again),
        "InvalidPrivateIpAddress.Duplicated"
    );
    assert_eq!(story.world.change_count(), changes + 1);
}

#[test]
fn a_server_is_stopped_started_and_released_only_from_the_right_state() {
    let mut story = Story::new(WORLD);
    let id = json!({ "InstanceId": "i-1" });
    for (call, code) in [
        ("ECS:StartInstance", "IncorrectInstanceStatus"),
        ("ECS:DeleteInstance", "IncorrectInstanceStatus"),
    ] {
        assert_eq!(
            story.refused("owner", call, id.clone()),
            code,
            "{call} while it runs"
        );
    }
    story.call("owner", "ECS:StopInstance", id.clone());
    assert_eq!(status(&mut story, "cn-hangzhou", "i-1"), "Stopping");
    story.wait_seconds(60);
    assert_eq!(status(&mut story, "cn-hangzhou", "i-1"), "Stopped");
    story.call("owner", "ECS:StartInstance", id.clone());
    assert_eq!(status(&mut story, "cn-hangzhou", "i-1"), "Starting");
    story.wait_seconds(120);
    assert_eq!(status(&mut story, "cn-hangzhou", "i-1"), "Running");
    for (id, code) in [
        ("i-kept", "InvalidOperation.DeletionProtection"),
        ("i-paid", "ChargeTypeViolation"),
        ("i-nothing", "InvalidInstanceId.NotFound"),
    ] {
        assert_eq!(
            story.refused("owner", "ECS:DeleteInstance", json!({ "InstanceId": id })),
            code
        );
    }
    story.call("owner", "ECS:StopInstance", id.clone());
    story.wait_seconds(60);
    story.call("owner", "ECS:DeleteInstance", id);
    assert_eq!(status(&mut story, "cn-hangzhou", "i-1"), "absent");
}

#[test]
fn a_server_with_a_release_time_goes_by_itself() {
    let mut story = Story::new(WORLD);
    assert_eq!(status(&mut story, "cn-hangzhou", "i-short"), "Running");
    story.wait_seconds(3600);
    assert_eq!(status(&mut story, "cn-hangzhou", "i-short"), "absent");
}

#[test]
fn types_stock_and_security_groups_can_be_looked_at() {
    let mut story = Story::new(WORLD);
    let types = json!({ "InstanceTypes": ["ecs.g7.large", "ecs.i3.xlarge", "ecs.none"] });
    let types =
        story.call("owner", "ECS:DescribeInstanceTypes", types)["InstanceTypes"]["InstanceType"]
            .clone();
    assert_eq!(types.as_array().unwrap().len(), 2);
    assert_eq!(
        (&types[0]["CpuCoreCount"], &types[1]["LocalStorageAmount"]),
        (&json!(2), &json!(1))
    );
    let mut stock = |kind: &str| {
        let wanted = json!({ "RegionId": "cn-beijing", "DestinationResource": "InstanceType", "ZoneId": "cn-beijing-h", "InstanceType": kind });
        let answer = story.call("owner", "ECS:DescribeAvailableResource", wanted);
        answer["AvailableZones"]["AvailableZone"][0]["Status"].clone()
    };
    assert_eq!(
        (stock("ecs.g7.large"), stock("ecs.g7.4xlarge")),
        (json!("Available"), json!("SoldOut"))
    );
    let group = json!({ "RegionId": "cn-beijing", "SecurityGroupId": "sg-1" });
    let groups =
        story.call("owner", "ECS:DescribeSecurityGroups", group)["SecurityGroups"]["SecurityGroup"]
            .clone();
    assert_eq!(
        (groups.as_array().unwrap().len(), &groups[0]["VpcId"]),
        (1, &json!("vpc-2"))
    );
}
