//! ECS as the copy of a server to another region uses it: image, copy, clean-up.

use crate::support::{DESTINATION, SOURCE, Story, code};
use serde_json::{Value, json};

/// 40 GiB at 30 MB/s and two minutes, in seconds.
const IMAGE_SECONDS: i64 = 120 + 1432;
/// 40 GiB at 25 MB/s and two minutes, in seconds.
const COPY_SECONDS: i64 = 120 + 1718;

fn create_image(story: &mut Story) -> String {
    let parameters = json!({ "RegionId": "cn-hangzhou", "InstanceId": "i-source0001", "ImageName": "Created_from_hangzhouECS1" });
    story.call("source", "ECS:CreateImage", parameters)["ImageId"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn copy_image(story: &mut Story, image: &str, name: &str) -> String {
    let parameters = json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": "cn-beijing", "DestinationImageName": name });
    story.call("source", "ECS:CopyImage", parameters)["ImageId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Returns the status of an image, `None` if it is not listed.
fn status(story: &mut Story, region: &str, image: &str, statuses: Option<&str>) -> Option<String> {
    let mut parameters = json!({ "RegionId": region, "ImageId": image });
    if let Some(statuses) = statuses {
        parameters["Status"] = json!(statuses);
    }
    let answer = story.call("source", "ECS:DescribeImages", parameters);
    answer["Images"]["Image"]
        .get(0)
        .map(|image| image["Status"].as_str().unwrap().to_owned())
}

fn snapshots(story: &mut Story, region: &str) -> Vec<Value> {
    let answer = story.call(
        "source",
        "ECS:DescribeSnapshots",
        json!({ "RegionId": region }),
    );
    answer["Snapshots"]["Snapshot"].as_array().unwrap().clone()
}

#[test]
fn an_image_is_made_copied_and_deleted_with_its_snapshots() {
    const ALL: Option<&str> = Some("Creating,Waiting,Available,UnAvailable,CreateFailed");
    let mut story = Story::two_accounts();
    let before = story.world.summary();
    let image = create_image(&mut story);
    assert!(image.starts_with("m-sim"));
    assert_eq!(
        status(&mut story, "cn-hangzhou", &image, None),
        None,
        "only available images are listed by default"
    );
    assert_eq!(
        status(&mut story, "cn-hangzhou", &image, ALL).as_deref(),
        Some("Creating")
    );
    assert_eq!(
        snapshots(&mut story, "cn-hangzhou")[0]["Status"],
        "progressing"
    );
    let early =
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": "cn-beijing" });
    assert_eq!(
        story.refused("source", "ECS:CopyImage", early),
        "IncorrectImageStatus"
    );
    story.wait_seconds(IMAGE_SECONDS);
    assert_eq!(
        status(&mut story, "cn-hangzhou", &image, None).as_deref(),
        Some("Available")
    );

    let copy = copy_image(&mut story, &image, "Copy_from_hangzhouImage1");
    let second = copy_image(&mut story, &image, "second");
    assert_eq!(
        status(&mut story, "cn-beijing", &copy, Some("ALL")).as_deref(),
        Some("Creating")
    );
    assert_eq!(
        status(&mut story, "cn-beijing", &second, Some("ALL")).as_deref(),
        Some("Waiting"),
        "one copy at a time"
    );
    assert_eq!(
        story.refused(
            "source",
            "ECS:DeleteImage",
            json!({ "RegionId": "cn-hangzhou", "ImageId": image })
        ),
        "OperationDenied.ImageCopying"
    );
    story.call(
        "source",
        "ECS:CancelCopyImage",
        json!({ "RegionId": "cn-beijing", "ImageId": second }),
    );
    story.wait_seconds(COPY_SECONDS);
    assert_eq!(
        status(&mut story, "cn-beijing", &copy, None).as_deref(),
        Some("Available")
    );
    assert_eq!(
        story.refused(
            "source",
            "ECS:CancelCopyImage",
            json!({ "RegionId": "cn-beijing", "ImageId": copy })
        ),
        "IncorrectImageStatus"
    );
    assert_eq!(
        story
            .world
            .charges()
            .iter()
            .filter(|charge| charge.until_ms.is_none())
            .count(),
        2
    );

    let snapshot = snapshots(&mut story, "cn-hangzhou")[0]["SnapshotId"].clone();
    assert_eq!(
        story.refused(
            "source",
            "ECS:DeleteSnapshot",
            json!({ "SnapshotId": snapshot })
        ),
        "SnapshotCreatedImage"
    );
    for (region, image) in [("cn-hangzhou", &image), ("cn-beijing", &copy)] {
        story.call(
            "source",
            "ECS:DeleteImage",
            json!({ "RegionId": region, "ImageId": image }),
        );
        let snapshot = snapshots(&mut story, region)[0]["SnapshotId"].clone();
        story.call(
            "source",
            "ECS:DeleteSnapshot",
            json!({ "SnapshotId": snapshot }),
        );
    }
    assert_eq!(story.world.summary(), before);
    assert!(
        story
            .world
            .charges()
            .iter()
            .all(|charge| charge.until_ms.is_some())
    );
}

#[test]
fn an_image_is_shared_with_others_until_it_is_deleted() {
    let mut story = Story::two_accounts();
    let image = create_image(&mut story);
    story.wait_seconds(IMAGE_SECONDS);
    let mut shared = |action: &str, parameter: &str, account: &str| {
        let parameters =
            json!({ "RegionId": "cn-hangzhou", "ImageId": image, parameter: [account] });
        story.send("source", action, parameters)
    };
    let modify = "ECS:ModifyImageSharePermission";
    let code_of = |response| code(&response);
    assert_eq!(
        code_of(shared(modify, "AddAccount", SOURCE)),
        "InvalidAccount.Forbbiden"
    );
    assert_eq!(
        code_of(shared(modify, "AddAccount", "9999999999999999")),
        "InvalidAccount.NotFound"
    );
    assert_eq!(shared(modify, "AddAccount", DESTINATION).status, 200);
    let at = json!({ "RegionId": "cn-hangzhou", "ImageId": image });
    let told = story.call("source", "ECS:DescribeImageSharePermission", at.clone());
    assert_eq!(told["Accounts"]["Account"][0]["AliyunId"], DESTINATION);
    let seen = |story: &mut Story| {
        let found = story.call("destination", "ECS:DescribeImages", at.clone());
        found["Images"]["Image"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(seen(&mut story), 1);
    story.call("source", "ECS:DeleteImage", at.clone());
    assert_eq!(seen(&mut story), 0);
}

#[test]
fn a_client_token_gives_the_same_answer_and_no_second_image() {
    let mut story = Story::two_accounts();
    let parameters =
        json!({ "RegionId": "cn-hangzhou", "InstanceId": "i-source0001", "ClientToken": "t-1" });
    let first = story.call("source", "ECS:CreateImage", parameters.clone());
    let second = story.call("source", "ECS:CreateImage", parameters.clone());
    assert_eq!(first["ImageId"], second["ImageId"]);
    assert_ne!(first["RequestId"], second["RequestId"]);
    assert_eq!(story.world.change_count(), 1);
    let mut other = parameters;
    other["Description"] = json!("another");
    assert_eq!(
        story.refused("source", "ECS:CreateImage", other),
        "IdempotentParameterMismatch"
    );
}

#[test]
fn images_that_cannot_be_made_or_copied_are_refused_with_the_documented_code() {
    let world = include_str!("../worlds/two_accounts.world.toml").replace(
        "[accounts.destination]",
        "[[accounts.source.ecs]]\nid = \"i-local\"\nregion = \"cn-hangzhou\"\ndisks = [{ id = \"d-1\", category = \"local_ssd_pro\" }]\n\n\
         [[accounts.source.ecs]]\nid = \"i-starting\"\nregion = \"cn-hangzhou\"\nstatus = \"Starting\"\n\n\
         [[accounts.source.images]]\nid = \"m-shared\"\nregion = \"cn-hangzhou\"\nshared_by = \"2222222222222222\"\n\n\
         [[accounts.source.images]]\nid = \"m-own\"\nregion = \"cn-hangzhou\"\nname = \"taken\"\n\n[accounts.destination]",
    );
    let mut story = Story::new(&world);
    let mut create = |more: Value| {
        let mut parameters = json!({ "RegionId": "cn-hangzhou" });
        parameters
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let response = story.send("source", "ECS:CreateImage", parameters);
        (response.status, code(&response))
    };
    assert_eq!(
        create(json!({ "InstanceId": "i-local" })),
        (400, "InvalidDiskCategory.CreateImage".into())
    );
    assert_eq!(
        create(json!({ "InstanceId": "i-starting" })),
        (400, "IncorrectInstanceStatus".into())
    );
    assert_eq!(
        create(json!({ "InstanceId": "i-nothing" })),
        (404, "InvalidInstanceId.NotFound".into())
    );
    assert_eq!(
        create(json!({ "InstanceId": "i-source0001", "ImageName": "taken" })),
        (400, "InvalidImageName.Duplicated".into())
    );
    assert_eq!(
        create(json!({ "InstanceId": "i-source0001", "ImageName": "1st" })),
        (400, "InvalidImageName.Malformed".into())
    );
    assert_eq!(
        create(json!({ "InstanceId": "i-source0001", "DryRun": true })),
        (400, "DryRunOperation".into())
    );
    let mut copy = |image: &str, destination: &str| {
        let parameters = json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": destination });
        story.refused("source", "ECS:CopyImage", parameters)
    };
    assert_eq!(
        copy("m-shared", "cn-beijing"),
        "OperationDenied.SameRegionOnly"
    );
    assert_eq!(copy("m-own", "cn-hangzhou"), "IncorrectDestinationRegion");
    assert_eq!(copy("m-own", "cn-atlantis"), "DestinationRegion.NotFound");
    assert_eq!(copy("m-nothing", "cn-beijing"), "InvalidImageId.NotFound");
    assert_eq!(story.world.change_count(), 0);
}

#[test]
fn servers_disks_regions_and_zones_can_be_looked_at() {
    let mut story = Story::two_accounts();
    let here = json!({ "RegionId": "cn-hangzhou" });
    let ids = json!({ "RegionId": "cn-hangzhou", "InstanceIds": "[\"i-source0001\"]", "MaxResults": 100 });
    let servers = story.call("source", "ECS:DescribeInstances", ids);
    assert_eq!(
        servers["Instances"]["Instance"][0]["InstanceName"],
        "shop-1"
    );
    assert_eq!(
        servers["Instances"]["Instance"][0]["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0],
        "192.168.0.10"
    );
    let states = story.call("source", "ECS:DescribeInstanceStatus", here.clone());
    assert_eq!(
        states["InstanceStatuses"]["InstanceStatus"][0]["Status"],
        "Running"
    );
    let agent = json!({ "RegionId": "cn-hangzhou", "InstanceId": ["i-source0001"] });
    let agents = story.call("source", "ECS:DescribeCloudAssistantStatus", agent);
    assert_eq!(
        agents["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"][0]["CloudAssistantStatus"],
        "true"
    );
    let disks = story.call("source", "ECS:DescribeDisks", here.clone());
    assert_eq!(disks["Disks"]["Disk"][0]["InstanceId"], "i-source0001");
    let zones = story.call("source", "ECS:DescribeZones", here);
    assert!(!zones["Zones"]["Zone"].as_array().unwrap().is_empty());
    let regions = story.call("source", "ECS:DescribeRegions", json!({}));
    assert!(
        regions["Regions"]["Region"]
            .as_array()
            .unwrap()
            .iter()
            .any(|region| region["RegionId"] == "cn-hangzhou")
    );
    let nowhere = json!({ "RegionId": "cn-atlantis" });
    assert_eq!(
        story.refused("source", "ECS:DescribeInstances", nowhere),
        "InvalidRegionId.NotFound"
    );
}
