//! `CreateImage`: from a server, with a snapshot of every disk, or from a snapshot.

use serde_json::json;

use super::{Image, check_name};
use crate::answer::{Answer, Refusal};
use crate::ecs::RequestContext;
use crate::ecs::content::Content;
use crate::ecs::file::Os;
use crate::ecs::snapshot::{self, Snapshot};
use crate::ecs::{instance, instance_not_found, refuse_dry_run, region, stock, used_bytes};
use crate::time;

pub(in crate::ecs) fn create(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let (machine, disks) = match context.parameters.filled("InstanceId") {
        Some(id) => from_instance(context, &region, &id)?,
        None => from_snapshot(context, &region)?,
    };
    let name = context.parameters.filled("ImageName");
    check_name(context, &region, name.as_deref())?;
    refuse_dry_run(context)?;
    let now = context.now;
    let bytes: u64 = disks
        .iter()
        .fold(0, |sum, disk| sum.saturating_add(disk.bytes));
    let making = time::transfer_ms(bytes, context.settings().rates.image);
    let until = now
        .saturating_add(context.settings().durations.image.0)
        .saturating_add(making);
    let id = context.new_id("m-", "image");
    let name = name.unwrap_or_else(|| id.clone());
    let size_gb = disks.iter().map(|disk| disk.size_gb).sum();
    let mut snapshots = Vec::new();
    for disk in disks {
        snapshots.push(disk.snapshot_for(context, &region, &id, now, until));
    }
    let image = Image {
        region,
        name,
        description: context.parameters.text_or_empty("Description"),
        os: machine.os,
        size_gb,
        bytes,
        snapshots,
        from_ms: now,
        until_ms: until,
        copy_of: None,
        shared_by: None,
        shared_with: std::collections::BTreeMap::new(),
        content: machine.content,
        architecture: machine.architecture,
    };
    context.account_mut().images.insert(id.clone(), image);
    Ok(json!({ "ImageId": id }))
}

/// What an image takes from a server beside its disks.
struct Machine {
    os: Os,
    content: Content,
    architecture: &'static str,
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
        context: &mut RequestContext<'_>,
        region: &str,
        image: &str,
        from_ms: i64,
        until_ms: i64,
    ) -> String {
        if let Some(existing) = self.existing {
            return existing;
        }
        let id = context.new_id("s-", "snapshot");
        let snapshot = Snapshot {
            region: region.to_owned(),
            name: format!("Created_from_{image}"),
            disk: self.disk,
            disk_kind: self.kind.to_owned(),
            instance: self.instance,
            size_gb: self.size_gb,
            automatic: false,
            bytes: self.bytes,
            from_ms,
            until_ms,
        };
        context.account_mut().snapshots.insert(id.clone(), snapshot);
        id
    }
}

fn from_instance(
    context: &RequestContext<'_>,
    region: &str,
    id: &str,
) -> Result<(Machine, Vec<Part>), Refusal> {
    let instance = context
        .account()
        .instances
        .get(id)
        .filter(|instance| instance.region == region);
    let instance = instance.ok_or_else(instance_not_found)?;
    if !["Running", "Stopped"].contains(&instance.status.as_str()) {
        let message = "The current status of the instance does not support this operation.";
        return Err(Refusal::new(400, "IncorrectInstanceStatus", message));
    }
    if instance.disks.iter().any(|disk| disk.is_local()) {
        let message = "The specified diskCategory is not allowed to create image.";
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
    let machine = Machine {
        os: instance.os,
        content: instance.content_of_copy(),
        architecture: instance.architecture(),
    };
    Ok((machine, parts.collect()))
}

fn from_snapshot(
    context: &RequestContext<'_>,
    region: &str,
) -> Result<(Machine, Vec<Part>), Refusal> {
    let Some(id) = context.parameters.filled("SnapshotId") else {
        return Err(Refusal::new(
            400,
            "MissingParameter",
            "The parameter InstanceId or SnapshotId is mandatory for this action.",
        ));
    };
    let snapshot = context
        .account()
        .snapshots
        .get(&id)
        .filter(|snapshot| snapshot.region == region);
    let snapshot = snapshot.ok_or_else(snapshot::not_found)?;
    if context.now < snapshot.until_ms {
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
        bytes: snapshot.bytes,
    };
    let machine = Machine {
        os: Os::Linux,
        content: Content::default(),
        architecture: stock::X86,
    };
    Ok((machine, vec![part]))
}
