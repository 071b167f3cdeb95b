//! Snapshots of disks.

use serde_json::{Value, json};

use super::file::SnapshotFile;
use super::{Ecs, RequestContext};
use crate::answer::{Answer, Refusal};
use crate::charges::{Bill, Charge};
use crate::paging::{Sizes, marked};
use crate::time::{self, ALWAYS};

#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub region: String,
    pub name: String,
    pub disk: String,
    /// `system` or `data`.
    pub disk_kind: String,
    pub instance: String,
    pub size_gb: u64,
    /// Made by a policy and not by a person.
    pub automatic: bool,
    /// What it holds.
    pub bytes: u64,
    pub from_ms: i64,
    pub until_ms: i64,
}

impl Snapshot {
    pub fn from_file(file: SnapshotFile) -> Self {
        Self {
            region: file.region,
            name: file.name,
            disk: file.disk,
            disk_kind: "system".to_owned(),
            instance: String::new(),
            size_gb: file.size_gb,
            automatic: file.automatic,
            bytes: file.size_gb.saturating_mul(super::GIB),
            from_ms: ALWAYS,
            until_ms: ALWAYS,
        }
    }

    pub fn lasting(&self) -> Value {
        json!({ "region": self.region, "name": self.name, "disk": self.disk })
    }

    /// Snapshots are paid for by size until they are deleted.
    pub fn charge(
        &self,
        account_id: &str,
        id: &str,
        start_ms: i64,
        until_ms: Option<i64>,
    ) -> Charge {
        Charge {
            account_id: account_id.to_owned(),
            kind: "ecs-snapshot".to_owned(),
            id: id.to_owned(),
            from_ms: self.from_ms.max(start_ms),
            until_ms,
            detail: format!("{} GiB in {}", self.size_gb, self.region),
        }
    }
}

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let region = super::region(context)?;
    let parameters = context.parameters;
    let ids = parameters.list("SnapshotIds");
    let status = parameters.filled("Status").filter(|status| status != "all");
    let kind = parameters
        .filled("SnapshotType")
        .filter(|kind| kind != "all");
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let mut found = Vec::new();
    for (id, snapshot) in context.account().snapshots.named(&ids) {
        let fields = fields(context, id, snapshot);
        let fits = snapshot.region == region
            && is("DiskId", &snapshot.disk)
            && is("InstanceId", &snapshot.instance)
            && is("SnapshotName", &snapshot.name)
            && is("SourceDiskType", &snapshot.disk_kind)
            && kind
                .as_ref()
                .is_none_or(|kind| fields["SnapshotType"] == kind.as_str())
            && is("Usage", fields["Usage"].as_str().unwrap_or_default())
            && status
                .as_ref()
                .is_none_or(|status| fields["Status"] == status.as_str());
        if fits {
            found.push(fields);
        }
    }
    let (page, mut answer) = marked(parameters, Sizes::new(10, 100), found);
    answer["Snapshots"] = json!({ "Snapshot": page });
    Ok(answer)
}

fn fields(context: &RequestContext<'_>, id: &str, snapshot: &Snapshot) -> Value {
    let is_done = snapshot.until_ms <= context.now;
    json!({
        "SnapshotId": id,
        "SnapshotName": snapshot.name,
        "RegionId": snapshot.region,
        "SourceDiskId": snapshot.disk,
        "SourceDiskSize": snapshot.size_gb.to_string(),
        "SourceDiskType": snapshot.disk_kind,
        "SnapshotType": if snapshot.automatic { "auto" } else { "user" },
        "Status": if is_done { "accomplished" } else { "progressing" },
        "Available": is_done,
        "Progress": format!("{}%", time::percent(snapshot.from_ms, snapshot.until_ms, context.now)),
        "CreationTime": time::text(snapshot.from_ms.max(context.settings().start_ms)),
        "Usage": usage(context, id),
        "Encrypted": false,
    })
}

fn usage(context: &RequestContext<'_>, id: &str) -> &'static str {
    match (is_used(context, id), made_a_disk(context, id)) {
        (true, true) => "image_disk",
        (true, false) => "image",
        (false, true) => "disk",
        (false, false) => "none",
    }
}

fn made_a_disk(context: &RequestContext<'_>, id: &str) -> bool {
    let mut disks = context
        .account()
        .instances
        .values()
        .flat_map(|instance| &instance.disks);
    disks.any(|disk| disk.snapshot.as_deref() == Some(id))
}

fn is_used(context: &RequestContext<'_>, id: &str) -> bool {
    context
        .account()
        .images
        .values()
        .any(|image| image.snapshots.iter().any(|used| used == id))
}

pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("SnapshotId")?;
    if !context.account().snapshots.contains_key(&id) {
        let message = "The specified snapshot is not found";
        return Err(Refusal::new(404, "InvalidSnapshotId.NotFound", message));
    }
    if is_used(context, &id) {
        let message = "The snapshot has been used to create user defined image(s).";
        return Err(Refusal::new(403, "SnapshotCreatedImage", message));
    }
    if made_a_disk(context, &id) && !context.parameters.is_true("Force") {
        let message = "The snapshot has been used to create disk(s).";
        return Err(Refusal::new(403, "SnapshotCreatedDisk", message));
    }
    let now = context.now;
    let (ecs, mut bill) = context.account_and_bill();
    ecs.remove_snapshot(&mut bill, &id, now);
    Ok(json!({}))
}

impl Ecs {
    /// Removes a snapshot and keeps what it cost.
    fn remove_snapshot(&mut self, bill: &mut Bill<'_>, id: &str, now: i64) {
        if let Some(snapshot) = self.snapshots.remove(id) {
            let charge = snapshot.charge(bill.account, id, bill.start_ms, Some(now));
            bill.paid.add(charge);
        }
    }

    /// Removes an image and the snapshots behind it, and keeps what they cost.
    pub fn remove_image(&mut self, bill: &mut Bill<'_>, id: &str, now: i64) {
        if let Some(image) = self.images.remove(id) {
            for snapshot in &image.snapshots {
                self.remove_snapshot(bill, snapshot, now);
            }
        }
    }

    /// Removes the snapshots of a disk that a policy made.
    pub(super) fn clear_automatic(&mut self, bill: &mut Bill<'_>, disk: &str, now: i64) {
        let snapshots = self.snapshots.iter();
        let cleared: Vec<String> = snapshots
            .filter(|(_, snapshot)| snapshot.automatic && snapshot.disk == disk)
            .map(|(id, _)| id.clone())
            .collect();
        for snapshot in cleared {
            self.remove_snapshot(bill, &snapshot, now);
        }
    }
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidSnapshotId.NotFound",
        "The specified SnapshotId does not exist.",
    )
}
