//! What a migration by SMC does in ECS: the intermediate instance or disk, the target that is replaced, the image that comes of it.

use serde_json::json;

use super::Ecs;
use super::file::{DiskFile, EcsFile};
use super::image::Image;
use super::snapshot::Snapshot;
use crate::charges::Bill;
use crate::identifier::digest;

/// What the intermediate instance of a migration into an image is called.
pub(crate) const INSTANCE: &str = "No_Delete_SMC_Transition_Instance";

/// What the intermediate disk of a migration into an instance is called.
pub(crate) const DISK: &str = "SMC_Temp_Disk";

/// What stands in the place of an image's id on a server whose system is being replaced.
const REPLACED_BY: &str = "m-smc-transition";

/// Makes the intermediate instance.
pub(crate) fn add_instance(ecs: &mut Ecs, id: &str, region: &str) {
    let file = json!({ "id": id, "region": region, "name": INSTANCE });
    let instance: EcsFile = serde_json::from_value(file).expect("what is left out has a default");
    ecs.instances
        .insert(id.to_owned(), super::with_disk(instance));
}

/// Attaches the intermediate disk to a server, if that is there.
pub(crate) fn add_disk(ecs: &mut Ecs, instance: &str, id: &str) {
    let file = json!({ "id": id, "name": DISK });
    let disk: DiskFile = serde_json::from_value(file).expect("what is left out has a default");
    if let Some(instance) = ecs.instances.get_mut(instance) {
        instance.disks.push(disk);
    }
}

/// Releases the intermediate disk.
pub(crate) fn remove_disk(ecs: &mut Ecs, instance: &str, id: &str) {
    if let Some(instance) = ecs.instances.get_mut(instance) {
        instance.disks.retain(|disk| disk.id != id);
    }
}

/// Returns whether a disk is attached to a server.
pub(crate) fn has_disk(ecs: &Ecs, instance: &str, id: &str) -> bool {
    let instance = ecs.instances.get(instance);
    instance.is_some_and(|instance| instance.disks.iter().any(|disk| disk.id == id))
}

/// Replaces the system of a server: automatic snapshots of its system disk are cleared, unless the disk keeps them.
pub(crate) fn replace_system(ecs: &mut Ecs, bill: &mut Bill<'_>, id: &str, now: i64) {
    let Some(instance) = ecs.instances.get_mut(id) else {
        return;
    };
    REPLACED_BY.clone_into(&mut instance.image);
    let system = instance.disks.first();
    if let Some(disk) = system.filter(|disk| disk.delete_auto_snapshot) {
        let disk = disk.id.clone();
        ecs.clear_automatic(bill, &disk, now);
    }
}

/// Puts a migrated system on a server.
pub(crate) fn take_over(ecs: &mut Ecs, id: &str, source: &EcsFile) {
    if let Some(instance) = ecs.instances.get_mut(id) {
        instance.os = source.os;
        instance.content = source.content_of_copy();
        for (disk, moved) in instance.disks.iter_mut().zip(&source.disks) {
            disk.used_gb = moved.used_gb;
        }
    }
}

/// An image that a migration makes.
pub(crate) struct Made<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub region: &'a str,
    pub source: &'a EcsFile,
    /// The sizes of its disks, the system disk first.
    pub sizes_gb: Vec<u64>,
    pub bytes: u64,
    pub from_ms: i64,
    pub until_ms: i64,
}

/// Returns whether the account has an image of its own of this name in a region.
pub(crate) fn has_image(ecs: &Ecs, region: &str, name: &str) -> bool {
    let is =
        |image: &Image| image.region == region && image.name == name && image.shared_by.is_none();
    ecs.images.values().any(is)
}

/// Makes an image and the snapshots behind it.
pub(crate) fn add_image(ecs: &mut Ecs, made: Made<'_>) {
    let snapshot_id = |position: usize| {
        let mark = digest(&["smc-snapshot", made.id, &position.to_string()]);
        format!("s-sim{}", &mark[..14])
    };
    let mut snapshots = Vec::new();
    for (position, size_gb) in made.sizes_gb.iter().enumerate() {
        let id = snapshot_id(position);
        let snapshot = Snapshot {
            region: made.region.to_owned(),
            name: format!("Created_from_{}", made.id),
            disk: String::new(),
            disk_kind: super::instance::disk_kind(position).to_owned(),
            instance: String::new(),
            size_gb: *size_gb,
            bytes: made.source.disks.get(position).map_or(0, super::used_bytes),
            automatic: false,
            from_ms: made.from_ms,
            until_ms: made.until_ms,
        };
        ecs.snapshots.insert(id.clone(), snapshot);
        snapshots.push(id);
    }
    let image = Image {
        region: made.region.to_owned(),
        name: made.name.to_owned(),
        description: String::new(),
        os: made.source.os,
        size_gb: made.sizes_gb.iter().sum(),
        bytes: made.bytes,
        snapshots,
        from_ms: made.from_ms,
        until_ms: made.until_ms,
        copy_of: None,
        shared_by: None,
        shared_with: std::collections::BTreeMap::new(),
        content: made.source.content_of_copy(),
        architecture: made.source.architecture(),
    };
    ecs.images.insert(made.id.to_owned(), image);
}
