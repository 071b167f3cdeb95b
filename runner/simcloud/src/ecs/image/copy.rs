//! `CopyImage` and `CancelCopyImage`: copies to another region, one at a time.

use serde_json::json;

use super::{Image, check_name, held};
use crate::answer::{Answer, Refusal};
use crate::ecs::RequestContext;
use crate::ecs::snapshot::Snapshot;
use crate::ecs::{refuse_dry_run, region};
use crate::time;

pub(in crate::ecs) fn copy(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let source_id = context.required("ImageId")?;
    let destination = context.required("DestinationRegionId")?;
    let source = held(context, &region, &source_id)?.clone();
    check_copy(context, &region, &destination, &source)?;
    let name = context.parameters.filled("DestinationImageName");
    check_name(context, &destination, name.as_deref())?;
    refuse_dry_run(context)?;
    let from = queue_end(context, &destination);
    let moving = time::transfer_ms(source.bytes, context.settings().rates.copy);
    let until = from
        .saturating_add(context.settings().durations.copy.0)
        .saturating_add(moving);
    let id = context.new_id("m-", "image");
    let mut snapshots = Vec::new();
    for snapshot in &source.snapshots {
        let Some(original) = context.account().snapshots.get(snapshot).cloned() else {
            continue;
        };
        let copy = context.new_id("s-", "snapshot");
        let made = Snapshot {
            region: destination.clone(),
            name: format!("Created_from_{id}"),
            from_ms: from,
            until_ms: until,
            ..original
        };
        context.account_mut().snapshots.insert(copy.clone(), made);
        snapshots.push(copy);
    }
    let image = Image {
        region: destination,
        name: name.unwrap_or_else(|| id.clone()),
        description: context.parameters.text_or_empty("DestinationDescription"),
        snapshots,
        from_ms: from,
        until_ms: until,
        copy_of: Some(source_id),
        shared_with: std::collections::BTreeMap::new(),
        ..source
    };
    context.account_mut().images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}

fn check_copy(
    context: &RequestContext<'_>,
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
    if source.status(context.now) != "Available" {
        return Err(Refusal::new(
            400,
            "IncorrectImageStatus",
            "The image not available.",
        ));
    }
    Ok(())
}

/// One copy runs in a region at a time; the next begins when those before it are done.
fn queue_end(context: &RequestContext<'_>, region: &str) -> i64 {
    let copies = context
        .account()
        .images
        .values()
        .filter(|image| image.copy_of.is_some() && image.region == region);
    copies
        .map(|image| image.until_ms)
        .max()
        .unwrap_or(context.now)
        .max(context.now)
}

/// Called in the destination region; a cancelled copy is gone with its snapshots.
pub(in crate::ecs) fn cancel(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let id = context.required("ImageId")?;
    let image = held(context, &region, &id)?;
    if image.copy_of.is_none() {
        return Err(Refusal::new(
            400,
            "ImageCreatedNotFromCopy",
            "The specified image is not created from a copy.",
        ));
    }
    if image.status(context.now) == "Available" {
        return Err(Refusal::new(
            400,
            "IncorrectImageStatus",
            "The image has completed copy.",
        ));
    }
    let now = context.now;
    let (ecs, mut bill) = context.account_and_bill();
    ecs.remove_image(&mut bill, &id, now);
    Ok(json!({}))
}
