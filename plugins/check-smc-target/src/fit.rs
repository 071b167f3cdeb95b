//! Whether a server fits into another.

use rutter_sdk::prelude::*;

/// What matters of a server.
pub struct Server {
    pub os: String,
    pub status: String,
    pub system_disk: String,
    /// Whether automatic snapshots go when its system is replaced.
    pub clears_snapshots: bool,
    /// The sizes of its disks, the system disk first.
    pub sizes_gb: Vec<i64>,
}

impl Server {
    pub fn read(account: &Account, id: &str, region: &str) -> Result<Option<Self>, Fault> {
        let ecs = |action: &str| Api::new("ECS", action).in_region(region);
        let servers = ecs("DescribeInstances").set("InstanceIds", json!([id]).to_string());
        let found = account.read(servers)?.items("/Instances/Instance");
        let Some(server) = found.first() else {
            return Ok(None);
        };
        let disks = account.read_all(ecs("DescribeDisks").set("InstanceId", id))?;
        let mut disks = disks.items("/Disks/Disk");
        disks.sort_by_key(|disk| disk.text_if_any("/Type") != Some("system"));
        let system = disks.first();
        let id_of = |disk: &Answer| disk.text_if_any("/DiskId").unwrap_or_default().to_owned();
        Ok(Some(Self {
            os: server.text("/OSType")?.to_lowercase(),
            status: server.text("/Status")?.to_owned(),
            system_disk: system.map(id_of).unwrap_or_default(),
            clears_snapshots: system
                .is_none_or(|disk| disk.boolean("/DeleteAutoSnapshot").unwrap_or(true)),
            sizes_gb: disks
                .iter()
                .map(|disk| disk.integer("/Size"))
                .collect::<Result<_, _>>()?,
        }))
    }
}

/// Returns why the one does not fit into the other, a sentence each.
pub fn misfits(source: &Server, target: &Server) -> Vec<String> {
    let mut misfits = Vec::new();
    if source.os != target.os {
        misfits.push(format!(
            "it runs {} and the target {}",
            source.os, target.os
        ));
    }
    if !["Running", "Stopped"].contains(&target.status.as_str()) {
        misfits.push(format!("the target is `{}`", target.status));
    }
    let (has, needs) = (target.sizes_gb.len(), source.sizes_gb.len());
    if has < needs {
        misfits.push(format!("it has {needs} disks and the target {has}"));
    }
    for (position, (needs, has)) in source.sizes_gb.iter().zip(&target.sizes_gb).enumerate() {
        if has < needs {
            let disk = if position == 0 {
                "system disk".to_owned()
            } else {
                format!("data disk {position}")
            };
            misfits.push(format!("its {disk} has {needs} GiB and the target's {has}"));
        }
    }
    misfits
}
