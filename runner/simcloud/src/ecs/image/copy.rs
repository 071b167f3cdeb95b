//! `CopyImage` and `CancelCopyImage`: copies to another region, one at a time.

use serde_json::json;

use super::{Image, check_name, held};
use crate::answer::{Answer, Refusal};
use crate::ecs::Scene;
use crate::ecs::snapshot::Snapshot;
use crate::ecs::{refuse_dry_run, region};
use crate::time;

pub(in crate::ecs) fn copy(scene: &mut Scene<'_>) -> Answer {
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
        let Some(original) = scene.account().snapshots.get(snapshot).cloned() else {
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
        scene.account_mut().snapshots.insert(copy.clone(), made);
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
        shared_with: std::collections::BTreeMap::new(),
        ..source
    };
    scene.account_mut().images.insert(id.clone(), image);
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
            "The destination region not found",
        ));
    }
    if destination == region {
        let message = "The destination region is not equal the target region.";
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
pub(in crate::ecs) fn cancel(scene: &mut Scene<'_>) -> Answer {
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
            "The image has completed copy.",
        ));
    }
    let now = scene.now;
    let (ecs, mut bill) = scene.account_and_bill();
    ecs.remove_image(&mut bill, &id, now);
    Ok(json!({}))
}
