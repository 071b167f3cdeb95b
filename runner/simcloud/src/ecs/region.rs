//! Regions and their zones.

use serde_json::{Value, json};

use super::region;
use crate::answer::Answer;
use crate::scene::Scene;

pub(super) fn describe(_scene: &mut Scene<'_>) -> Answer {
    let regions: Vec<Value> = rutter_contracts::regions()
        .map(|id| {
            let endpoint = rutter_contracts::endpoint("ECS", id).unwrap_or_default();
            let name = rutter_contracts::region_name(id).unwrap_or(id);
            json!({ "RegionId": id, "LocalName": name, "RegionEndpoint": endpoint, "Status": "available" })
        })
        .collect();
    Ok(json!({ "Regions": { "Region": regions } }))
}

/// Every region has two zones here, and those in which the world has servers.
pub(super) fn describe_zones(scene: &mut Scene<'_>) -> Answer {
    let region = region(scene)?;
    let mut zones = vec![format!("{region}-a"), format!("{region}-b")];
    let instances = scene.account().ecs.instances.values();
    zones.extend(
        instances
            .filter(|instance| instance.region == region && !instance.zone.is_empty())
            .map(|instance| instance.zone.clone()),
    );
    zones.sort();
    zones.dedup();
    let zones: Vec<Value> = zones
        .iter()
        .map(|zone| {
            json!({
                "ZoneId": zone,
                "LocalName": zone,
                "ZoneType": "AvailabilityZone",
                "AvailableResourceCreation": { "ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"] },
                "AvailableDiskCategories": { "DiskCategories": ["cloud_essd", "cloud_efficiency"] },
            })
        })
        .collect();
    Ok(json!({ "Zones": { "Zone": zones } }))
}
