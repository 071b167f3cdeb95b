//! Snapshots of disks.

use serde_json::{Value, json};

use super::file::SnapshotFile;
use crate::answer::{Answer, Refusal};
use crate::charges::Charge;
use crate::paging::{Sizes, marked};
use crate::scene::Scene;
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

pub(super) fn describe(scene: &mut Scene<'_>) -> Answer {
    let region = super::region(scene)?;
    let parameters = scene.parameters;
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
    for (id, snapshot) in scene.account().ecs.snapshots.named(&ids) {
        let fields = fields(scene, id, snapshot);
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
    let (page, mut answer) = marked(
        parameters,
        Sizes {
            default: 10,
            most: 100,
        },
        found,
    );
    answer["Snapshots"] = json!({ "Snapshot": page });
    Ok(answer)
}

fn fields(scene: &Scene<'_>, id: &str, snapshot: &Snapshot) -> Value {
    let is_done = snapshot.until_ms <= scene.now;
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
        "Progress": format!("{}%", time::percent(snapshot.from_ms, snapshot.until_ms, scene.now)),
        "CreationTime": time::text(snapshot.from_ms.max(scene.settings().start_ms)),
        "Usage": usage(scene, id),
        "Encrypted": false,
    })
}

fn usage(scene: &Scene<'_>, id: &str) -> &'static str {
    match (is_used(scene, id), made_a_disk(scene, id)) {
        (true, true) => "image_disk",
        (true, false) => "image",
        (false, true) => "disk",
        (false, false) => "none",
    }
}

fn made_a_disk(scene: &Scene<'_>, id: &str) -> bool {
    let mut disks = scene
        .account()
        .ecs
        .instances
        .values()
        .flat_map(|instance| &instance.disks);
    disks.any(|disk| disk.snapshot.as_deref() == Some(id))
}

fn is_used(scene: &Scene<'_>, id: &str) -> bool {
    scene
        .account()
        .ecs
        .images
        .values()
        .any(|image| image.snapshots.iter().any(|used| used == id))
}

pub(super) fn delete(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("SnapshotId")?;
    if !scene.account().ecs.snapshots.contains_key(&id) {
        let message = "The specified snapshot is not found";
        return Err(Refusal::new(404, "InvalidSnapshotId.NotFound", message));
    }
    if is_used(scene, &id) {
        let message = "The snapshot has been used to create user defined image(s).";
        return Err(Refusal::new(403, "SnapshotCreatedImage", message));
    }
    if made_a_disk(scene, &id) && !scene.parameters.is_true("Force") {
        let message = "The snapshot has been used to create disk(s).";
        return Err(Refusal::new(403, "SnapshotCreatedDisk", message));
    }
    let (now, start_ms) = (scene.now, scene.settings().start_ms);
    remove(scene.account_mut(), &id, start_ms, now);
    Ok(json!({}))
}

/// Removes a snapshot and keeps what it cost.
pub(crate) fn remove(account: &mut crate::world::Account, id: &str, start_ms: i64, now: i64) {
    if let Some(snapshot) = account.ecs.snapshots.remove(id) {
        account
            .paid
            .push(snapshot.charge(&account.id, id, start_ms, Some(now)));
    }
}

/// Removes the snapshots of a disk that a policy made.
pub(super) fn clear_automatic(
    account: &mut crate::world::Account,
    disk: &str,
    start_ms: i64,
    now: i64,
) {
    let snapshots = account.ecs.snapshots.iter();
    let cleared: Vec<String> = snapshots
        .filter(|(_, snapshot)| snapshot.automatic && snapshot.disk == disk)
        .map(|(id, _)| id.clone())
        .collect();
    for snapshot in cleared {
        remove(account, &snapshot, start_ms, now);
    }
}

pub(super) fn not_found() -> Refusal {
    Refusal::new(
        404,
        "InvalidSnapshotId.NotFound",
        "The specified SnapshotId does not exist.",
    )
}
