//! Images of ECS, and the snapshots behind them: these stay, and are charged, when their image is deleted.

use serde_json::json;

use crate::answer::Answer;
use crate::api::{Api, answer, answer_after};
use crate::find::Passing;

/// For the parameter `Status` of `DescribeImages`: images in every state. Without it only those that are available are
/// listed, and one that is being made, or failed, seems not to be there.
///
/// ```
/// use rutter_sdk::prelude::*;
/// use rutter_sdk::image;
///
/// let named = Api::new("ECS", "DescribeImages")
///     .set("ImageName", "web-1")
///     .set("Status", image::EVERY_STATUS);
/// let look = Find::in_list(named, "/Images/Image").key("/ImageId");
/// ```
pub const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed";

/// What the name of a snapshot begins with that the cloud made for an image; the image's id follows.
pub const SNAPSHOT_NAME: &str = "Created_from_";

/// Returns the ids of the snapshots behind an image that `DescribeImages` shows: of one element of its list.
pub fn snapshots(image: &Answer) -> Vec<String> {
    let disks = image.items("/DiskDeviceMappings/DiskDeviceMapping");
    let ids = disks
        .iter()
        .filter_map(|disk| disk.text_if_any("/SnapshotId"));
    ids.map(str::to_owned).collect()
}

/// Returns the snapshots behind an image that a change makes, as an image tells of them: part of a look for the
/// image. They are taken back after it.
///
/// ```
/// use rutter_sdk::prelude::*;
/// use rutter_sdk::image;
///
/// fn look(images: Api, region: &str) -> Find {
///     Find::in_list(images, "/Images/Image")
///         .key("/ImageId")
///         .passing(image::snapshots_of(region))
///         .passing(image::snapshots_named(region, "/ImageId"))
/// }
/// ```
pub fn snapshots_of(region: &str) -> Passing {
    snapshots_in(region, "/DiskDeviceMappings/DiskDeviceMapping")
}

/// Returns the snapshots behind an image as their own list tells of them: also where the image is gone, or not ready.
/// `image` is the pointer to the image's id in the answer that tells of it.
pub fn snapshots_named(region: &str, image: &str) -> Passing {
    let named = Api::new("ECS", "DescribeSnapshots")
        .in_region(region)
        .set("SnapshotName", answer_after(SNAPSHOT_NAME, image));
    snapshots_in(region, "/Snapshots/Snapshot").read(named)
}

fn snapshots_in(region: &str, list: &str) -> Passing {
    let shown = Api::new("ECS", "DescribeSnapshots")
        .in_region(region)
        .set("SnapshotIds", json!([answer("/Id")]));
    let delete = Api::new("ECS", "DeleteSnapshot")
        .region(region)
        .set("SnapshotId", answer("/Id"));
    Passing::new(
        "snapshot",
        list,
        "/SnapshotId",
        shown,
        "/Snapshots/Snapshot",
    )
    .remove(delete)
}
