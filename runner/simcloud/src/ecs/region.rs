//! Regions and their zones.

use serde_json::{Value, json};

use super::{RequestContext, region};
use crate::answer::Answer;

pub(super) fn describe(_context: &mut RequestContext<'_>) -> Answer {
    let regions: Vec<Value> = rutter_contracts::regions()
        .map(|id| {
            let endpoint = rutter_contracts::endpoint("ECS", id).unwrap_or_default();
            let name = rutter_contracts::region_name(id).unwrap_or(id);
            json!({ "RegionId": id, "LocalName": name, "RegionEndpoint": endpoint, "Status": "available" })
        })
        .collect();
    Ok(json!({ "Regions": { "Region": regions } }))
}

/// Every region has two zones here, and those in which the world has servers or switches.
pub(super) fn zones(context: &RequestContext<'_>, region: &str) -> Vec<String> {
    let mut zones = vec![format!("{region}-a"), format!("{region}-b")];
    let ecs = context.account();
    zones.extend(
        ecs.instances
            .values()
            .filter(|instance| instance.region == region && !instance.zone.is_empty())
            .map(|instance| instance.zone.clone()),
    );
    let vswitches = ecs.network.vswitches.values();
    zones.extend(
        vswitches
            .filter(|vswitch| vswitch.region == region)
            .map(|vswitch| vswitch.zone.clone()),
    );
    zones.sort();
    zones.dedup();
    zones
}

pub(super) fn describe_zones(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let zones: Vec<Value> = zones(context, &region)
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
