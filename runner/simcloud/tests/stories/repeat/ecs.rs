//! Changes of ECS, ready to be made.

use serde_json::{Value, json};

use super::Ready;
use crate::support::{DESTINATION, Story};

pub(super) fn run_command(_story: &mut Story) -> Ready {
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "Type": "RunShellScript", "InstanceId": ["i-source0001"], "CommandContent": "true" }),
    )
}

pub(super) fn run_instances(story: &mut Story) -> Ready {
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

pub(super) fn stop_instance(_story: &mut Story) -> Ready {
    ("source", json!({ "InstanceId": "i-source0001" }))
}

pub(super) fn start_instance(story: &mut Story) -> Ready {
    let (who, parameters) = stop_instance(story);
    story.call(who, "ECS:StopInstance", parameters.clone());
    story.wait_seconds(3600);
    (who, parameters)
}

pub(super) fn delete_instance(story: &mut Story) -> Ready {
    start_instance(story)
}

pub(super) fn create_image(_story: &mut Story) -> Ready {
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

pub(super) fn copy_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "DestinationRegionId": "cn-beijing" }),
    )
}

pub(super) fn cancel_copy(story: &mut Story) -> Ready {
    let (who, parameters) = copy_image(story);
    let copy = story.call(who, "ECS:CopyImage", parameters)["ImageId"].clone();
    (who, json!({ "RegionId": "cn-beijing", "ImageId": copy }))
}

pub(super) fn delete_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image }),
    )
}

pub(super) fn share_image(story: &mut Story) -> Ready {
    let image = image(story);
    (
        "source",
        json!({ "RegionId": "cn-hangzhou", "ImageId": image, "AddAccount": [DESTINATION] }),
    )
}

pub(super) fn delete_snapshot(story: &mut Story) -> Ready {
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
