//! Images: made from a server, copied to another region, deleted.

use serde_json::{Value, json};

use super::snapshot::{self, Snapshot};
use super::{GIB, instance, instance_not_found, refuse_dry_run, region, used_bytes};
use crate::answer::{Answer, Refusal};
use crate::file::{ImageFile, Os};
use crate::paging::{Sizes, numbered};
use crate::ram::ALWAYS;
use crate::scene::Scene;
use crate::time;

#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub region: String,
    pub name: String,
    pub description: String,
    pub os: Os,
    pub size_gb: u64,
    pub bytes: u64,
    pub snapshots: Vec<String>,
    /// When it begins to be made; before that it waits.
    pub from_ms: i64,
    pub until_ms: i64,
    /// The image that it is a copy of.
    pub copy_of: Option<String>,
    /// The account that shares it.
    pub shared_by: Option<String>,
}

impl Image {
    pub fn from_file(file: ImageFile) -> Self {
        Self {
            region: file.region,
            name: if file.name.is_empty() {
                file.id
            } else {
                file.name
            },
            description: String::new(),
            os: Os::Linux,
            size_gb: file.size_gb,
            bytes: file.size_gb.saturating_mul(GIB),
            snapshots: Vec::new(),
            from_ms: ALWAYS,
            until_ms: ALWAYS,
            copy_of: None,
            shared_by: file.shared_by,
        }
    }

    pub fn status(&self, now: i64) -> &'static str {
        if now < self.from_ms {
            "Waiting"
        } else if now < self.until_ms {
            "Creating"
        } else {
            "Available"
        }
    }

    pub fn lasting(&self) -> Value {
        json!({ "region": self.region, "name": self.name, "description": self.description })
    }
}

pub(super) fn create(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let (os, disks) = match scene.parameters.filled("InstanceId") {
        Some(id) => from_instance(scene, &region, &id)?,
        None => from_snapshot(scene, &region)?,
    };
    let name = scene.parameters.filled("ImageName");
    check_name(scene, &region, name.as_deref())?;
    refuse_dry_run(scene)?;
    let now = scene.now;
    let bytes: u64 = disks
        .iter()
        .fold(0, |sum, disk| sum.saturating_add(disk.bytes));
    let making = time::transfer_ms(bytes, scene.settings().rates.image);
    let until = now
        .saturating_add(scene.settings().durations.image.0)
        .saturating_add(making);
    let id = scene.new_id("m-", "image");
    let name = name.unwrap_or_else(|| id.clone());
    let size_gb = disks.iter().map(|disk| disk.size_gb).sum();
    let mut snapshots = Vec::new();
    for disk in disks {
        snapshots.push(disk.snapshot_for(scene, &region, &id, now, until));
    }
    let image = Image {
        region,
        name,
        description: scene.parameters.text_or_empty("Description"),
        os,
        size_gb,
        bytes,
        snapshots,
        from_ms: now,
        until_ms: until,
        copy_of: None,
        shared_by: None,
    };
    scene.account_mut().ecs.images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}

/// What an image takes from one disk: a snapshot to be made, or one that is there.
struct Part {
    existing: Option<String>,
    disk: String,
    kind: &'static str,
    instance: String,
    size_gb: u64,
    bytes: u64,
}

impl Part {
    fn snapshot_for(
        self,
        scene: &mut Scene<'_>,
        region: &str,
        image: &str,
        from_ms: i64,
        until_ms: i64,
    ) -> String {
        if let Some(existing) = self.existing {
            return existing;
        }
        let id = scene.new_id("s-", "snapshot");
        let snapshot = Snapshot {
            region: region.to_owned(),
            name: format!("Created_from_{image}"),
            disk: self.disk,
            disk_kind: self.kind.to_owned(),
            instance: self.instance,
            size_gb: self.size_gb,
            from_ms,
            until_ms,
        };
        scene
            .account_mut()
            .ecs
            .snapshots
            .insert(id.clone(), snapshot);
        id
    }
}

fn from_instance(scene: &Scene<'_>, region: &str, id: &str) -> Result<(Os, Vec<Part>), Refusal> {
    let instance = scene
        .account()
        .ecs
        .instances
        .get(id)
        .filter(|instance| instance.region == region);
    let instance = instance.ok_or_else(instance_not_found)?;
    if !["Running", "Stopped"].contains(&instance.status.as_str()) {
        let message = "The current status of the resource does not support this operation.";
        return Err(Refusal::new(400, "IncorrectInstanceStatus", message));
    }
    if instance
        .disks
        .iter()
        .any(|disk| disk.category.starts_with("local_") || disk.category.starts_with("ephemeral"))
    {
        let message = "The specified instance has local disks, of which no snapshot can be made.";
        return Err(Refusal::new(
            400,
            "InvalidDiskCategory.CreateImage",
            message,
        ));
    }
    let parts = instance
        .disks
        .iter()
        .enumerate()
        .map(|(position, disk)| Part {
            existing: None,
            disk: disk.id.clone(),
            kind: instance::disk_kind(position),
            instance: instance.id.clone(),
            size_gb: disk.size_gb,
            bytes: used_bytes(disk),
        });
    Ok((instance.os, parts.collect()))
}

fn from_snapshot(scene: &Scene<'_>, region: &str) -> Result<(Os, Vec<Part>), Refusal> {
    let Some(id) = scene.parameters.filled("SnapshotId") else {
        return Err(Refusal::new(
            400,
            "MissingParameter",
            "The parameter InstanceId or SnapshotId is mandatory for this action.",
        ));
    };
    let snapshot = scene
        .account()
        .ecs
        .snapshots
        .get(&id)
        .filter(|snapshot| snapshot.region == region);
    let snapshot = snapshot.ok_or_else(snapshot::not_found)?;
    if scene.now < snapshot.until_ms {
        return Err(Refusal::new(
            403,
            "InvalidSnapshotId.NotReady",
            "The specified snapshot has not completed yet.",
        ));
    }
    let part = Part {
        existing: Some(id),
        disk: snapshot.disk.clone(),
        kind: "system",
        instance: snapshot.instance.clone(),
        size_gb: snapshot.size_gb,
        bytes: 0,
    };
    Ok((Os::Linux, vec![part]))
}

fn check_name(scene: &Scene<'_>, region: &str, name: Option<&str>) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    let starts_well = name.chars().next().is_some_and(char::is_alphabetic);
    let reserved = ["http://", "https://", "acs:", "aliyun"]
        .iter()
        .any(|start| name.starts_with(start));
    if !starts_well || reserved {
        return Err(Refusal::new(
            400,
            "InvalidImageName.Malformed",
            "The specified Image name is wrongly formed.",
        ));
    }
    let is_taken =
        |image: &Image| image.region == region && image.name == name && image.shared_by.is_none();
    if scene.account().ecs.images.values().any(is_taken) {
        return Err(Refusal::new(
            400,
            "InvalidImageName.Duplicated",
            "The specified Image name has already bean used.",
        ));
    }
    Ok(())
}

pub(super) fn copy(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let source_id = scene.required("ImageId")?;
    let destination = scene.required("DestinationRegionId")?;
    let source = held(scene, &region, &source_id)?.clone();
    check_copy(scene, &region, &destination, &source)?;
    let name = scene.parameters.filled("DestinationImageName");
    check_name(scene, &destination, name.as_deref())?;
    refuse_dry_run(scene)?;
    let from = queue_end(scene, &destination);
    let moving = time::transfer_ms(source.bytes, scene.settings().rates.copy);
    let until = from
        .saturating_add(scene.settings().durations.copy.0)
        .saturating_add(moving);
    let id = scene.new_id("m-", "image");
    let mut snapshots = Vec::new();
    for snapshot in &source.snapshots {
        let Some(original) = scene.account().ecs.snapshots.get(snapshot).cloned() else {
            continue;
        };
        let copy = scene.new_id("s-", "snapshot");
        let made = Snapshot {
            region: destination.clone(),
            name: format!("Created_from_{id}"),
            from_ms: from,
            until_ms: until,
            ..original
        };
        scene.account_mut().ecs.snapshots.insert(copy.clone(), made);
        snapshots.push(copy);
    }
    let image = Image {
        region: destination,
        name: name.unwrap_or_else(|| id.clone()),
        description: scene.parameters.text_or_empty("DestinationDescription"),
        snapshots,
        from_ms: from,
        until_ms: until,
        copy_of: Some(source_id),
        ..source
    };
    scene.account_mut().ecs.images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}

fn check_copy(
    scene: &Scene<'_>,
    region: &str,
    destination: &str,
    source: &Image,
) -> Result<(), Refusal> {
    if !rutter_contracts::region_known(destination) {
        return Err(Refusal::new(
            400,
            "DestinationRegion.NotFound",
            "The specified DestinationRegionId does not exist.",
        ));
    }
    if destination == region {
        let message = "The destination region is equal to the source region.";
        return Err(Refusal::new(403, "IncorrectDestinationRegion", message));
    }
    if source.shared_by.is_some() {
        let message = "The image shared from others can not be copied to another region directly.";
        return Err(Refusal::new(403, "OperationDenied.SameRegionOnly", message));
    }
    if source.status(scene.now) != "Available" {
        return Err(Refusal::new(
            400,
            "IncorrectImageStatus",
            "The image not available.",
        ));
    }
    Ok(())
}

/// One copy runs in a region at a time; the next begins when those before it are done.
fn queue_end(scene: &Scene<'_>, region: &str) -> i64 {
    let copies = scene
        .account()
        .ecs
        .images
        .values()
        .filter(|image| image.copy_of.is_some() && image.region == region);
    copies
        .map(|image| image.until_ms)
        .max()
        .unwrap_or(scene.now)
        .max(scene.now)
}

/// Called in the destination region; a cancelled copy is gone with its snapshots.
pub(super) fn cancel_copy(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let id = scene.required("ImageId")?;
    let image = held(scene, &region, &id)?;
    if image.copy_of.is_none() {
        return Err(Refusal::new(
            400,
            "ImageCreatedNotFromCopy",
            "The specified image is not created from a copy.",
        ));
    }
    if image.status(scene.now) == "Available" {
        return Err(Refusal::new(
            400,
            "IncorrectImageStatus",
            "The copy has ended already.",
        ));
    }
    let (now, start_ms) = (scene.now, scene.settings().start_ms);
    let account = scene.account_mut();
    if let Some(image) = account.ecs.images.remove(&id) {
        for snapshot in &image.snapshots {
            snapshot::remove(account, snapshot, start_ms, now);
        }
    }
    Ok(json!({}))
}

/// Images that are not available are listed only when `Status` asks for them.
pub(super) fn describe(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let parameters = scene.parameters;
    let ids = parameters.list("ImageId");
    let wanted = parameters
        .filled("Status")
        .unwrap_or_else(|| "Available".to_owned());
    let statuses: Vec<&str> = wanted.split(',').map(str::trim).collect();
    let is_wanted = |status: &str| {
        statuses
            .iter()
            .any(|wanted| wanted.eq_ignore_ascii_case(status) || wanted.eq_ignore_ascii_case("ALL"))
    };
    let owner = parameters.filled("ImageOwnerAlias");
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let mut found = Vec::new();
    for (id, image) in &scene.account().ecs.images {
        let alias = if image.shared_by.is_some() {
            "others"
        } else {
            "self"
        };
        let fits = image.region == region
            && (ids.is_empty() || ids.contains(id))
            && is_wanted(image.status(scene.now))
            && is("ImageName", &image.name)
            && owner.as_deref().is_none_or(|owner| owner == alias)
            && parameters
                .filled("SnapshotId")
                .is_none_or(|id| image.snapshots.contains(&id));
        if fits {
            found.push(fields(scene, id, image, alias));
        }
    }
    let (page, mut answer) = numbered(
        parameters,
        Sizes {
            default: 10,
            most: 100,
        },
        found,
    );
    answer["RegionId"] = json!(region);
    answer["Images"] = json!({ "Image": page });
    Ok(answer)
}

fn fields(scene: &Scene<'_>, id: &str, image: &Image, alias: &str) -> Value {
    let status = image.status(scene.now);
    let progress = format!(
        "{}%",
        time::percent(image.from_ms, image.until_ms, scene.now)
    );
    let mappings: Vec<Value> = image
        .snapshots
        .iter()
        .enumerate()
        .map(|(position, snapshot)| {
            let size = scene.account().ecs.snapshots.get(snapshot).map_or(image.size_gb, |snapshot| snapshot.size_gb);
            json!({ "SnapshotId": snapshot, "Device": instance::device(position), "Type": instance::disk_kind(position), "Size": size.to_string(), "Progress": progress })
        })
        .collect();
    let owner = image.shared_by.as_deref().unwrap_or(&scene.caller.account);
    json!({
        "ImageId": id,
        "ImageName": image.name,
        "Description": image.description,
        "ImageOwnerAlias": alias,
        "ImageOwnerId": owner.parse::<i64>().unwrap_or_default(),
        "Status": status,
        "Progress": progress,
        "Size": image.size_gb,
        "OSType": instance::os_name(image.os),
        "Architecture": "x86_64",
        "IsCopied": image.copy_of.is_some(),
        "Usage": if is_used(scene, id) { "instance" } else { "none" },
        "CreationTime": time::text(image.from_ms.max(scene.settings().start_ms)),
        "DiskDeviceMappings": { "DiskDeviceMapping": mappings },
    })
}

pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let id = scene.required("ImageId")?;
    if held(scene, &region, &id)?.shared_by.is_some() {
        return Err(not_found());
    }
    if !scene.parameters.is_true("Force") && is_used(scene, &id) {
        let message = "The specified image has been used to create instances.";
        return Err(Refusal::new(403, "ImageUsingByInstance", message));
    }
    let is_copied = |image: &Image| {
        image.copy_of.as_deref() == Some(id.as_str()) && image.status(scene.now) != "Available"
    };
    if scene.account().ecs.images.values().any(is_copied) {
        return Err(Refusal::new(
            403,
            "OperationDenied.ImageCopying",
            "The Image are coping.",
        ));
    }
    refuse_dry_run(scene)?;
    scene.account_mut().ecs.images.remove(&id);
    Ok(json!({}))
}

fn is_used(scene: &Scene<'_>, id: &str) -> bool {
    scene
        .account()
        .ecs
        .instances
        .values()
        .any(|instance| instance.image == id)
}

fn held<'a>(scene: &'a Scene<'_>, region: &str, id: &str) -> Result<&'a Image, Refusal> {
    scene
        .account()
        .ecs
        .images
        .get(id)
        .filter(|image| image.region == region)
        .ok_or_else(not_found)
}

fn not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidImageId.NotFound",
        "The specified ImageId does not exist.",
    )
}
