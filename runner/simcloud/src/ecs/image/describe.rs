//! `DescribeImages`.

use serde_json::{Value, json};

use super::{Image, is_used};
use crate::answer::Answer;
use crate::ecs::RequestContext;
use crate::ecs::{instance, region};
use crate::paging::{Sizes, numbered};
use crate::time;

/// Images that are not available are listed only when `Status` asks for them.
pub(in crate::ecs) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let parameters = context.parameters;
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
    for (id, image) in context.account().images.named(&ids) {
        let alias = if image.shared_by.is_some() {
            "others"
        } else {
            "self"
        };
        let fits = image.region == region
            && is_wanted(image.status(context.now))
            && is("ImageName", &image.name)
            && owner.as_deref().is_none_or(|owner| owner == alias)
            && parameters
                .filled("SnapshotId")
                .is_none_or(|id| image.snapshots.contains(&id));
        if fits {
            found.push(fields(context, id, image, alias));
        }
    }
    let (page, mut answer) = numbered(parameters, Sizes::new(10, 100), found);
    answer["RegionId"] = json!(region);
    answer["Images"] = json!({ "Image": page });
    Ok(answer)
}

fn fields(context: &RequestContext<'_>, id: &str, image: &Image, alias: &str) -> Value {
    let status = image.status(context.now);
    let progress = format!(
        "{}%",
        time::percent(image.from_ms, image.until_ms, context.now)
    );
    let mappings: Vec<Value> = image
        .snapshots
        .iter()
        .enumerate()
        .map(|(position, snapshot)| {
            let size = context.account().snapshots.get(snapshot).map_or(image.size_gb, |snapshot| snapshot.size_gb);
            json!({ "SnapshotId": snapshot, "Device": instance::device(position), "Type": instance::disk_kind(position), "Size": size.to_string(), "Progress": progress })
        })
        .collect();
    let owner = image
        .shared_by
        .as_deref()
        .unwrap_or(&context.caller.account);
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
        "Architecture": image.architecture,
        "IsCopied": image.copy_of.is_some(),
        "Usage": if is_used(context, id) { "instance" } else { "none" },
        "CreationTime": time::text(image.from_ms.max(context.settings().start_ms)),
        "DiskDeviceMappings": { "DiskDeviceMapping": mappings },
    })
}
