//! Instance types, and which of them a zone has left.
//!
//! A type's size follows from its name here: the letter of the family says how much memory there is for a core, and the
//! last word how many cores. Families whose names say nothing here do not exist.

use serde_json::{Value, json};

use super::file::EcsFile;
use super::{RequestContext, region};
use crate::answer::{Answer, Refusal};

/// The architecture of most types, as images say it.
pub(crate) const X86: &str = "x86_64";
const ARM: &str = "arm64";

/// The families of which types are listed that nobody asked for.
const FAMILIES: [&str; 6] = ["g7", "c7", "r7", "g8y", "i3", "u1"];
const SIZES: [&str; 4] = ["large", "xlarge", "2xlarge", "4xlarge"];
const DISK_CATEGORIES: [&str; 4] = [
    "cloud_auto",
    "cloud_essd",
    "cloud_essd_entry",
    "cloud_efficiency",
];

/// An instance type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub name: String,
    pub family: String,
    pub cores: u64,
    pub memory_gb: u64,
    pub architecture: &'static str,
    /// How many local disks its servers have.
    pub local_disks: u64,
}

impl Type {
    /// Reads `ecs.g7.large`; `None` if there is no such type.
    pub fn parse(name: &str) -> Option<Self> {
        let (family, size) = name.strip_prefix("ecs.")?.split_once('.')?;
        let letters = family.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        let line = letters.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let memory_of_core = match line {
            "c" | "hfc" | "t" => 2,
            "g" | "hfg" | "u" | "i" => 4,
            "r" | "hfr" => 8,
            _ => return None,
        };
        let cores = match size {
            "large" => 2,
            "xlarge" => 4,
            other => other
                .strip_suffix("xlarge")?
                .parse::<u64>()
                .ok()?
                .checked_mul(4)?,
        };
        let is_arm = family.len() > line.len() + 1 && family.ends_with(['y', 'r']);
        Some(Self {
            name: name.to_owned(),
            family: format!("ecs.{family}"),
            cores,
            memory_gb: cores.checked_mul(memory_of_core)?,
            architecture: if is_arm { ARM } else { X86 },
            local_disks: u64::from(line == "i"),
        })
    }
}

impl EcsFile {
    /// Returns the architecture of its processors.
    pub fn architecture(&self) -> &'static str {
        Type::parse(&self.class).map_or(X86, |kind| kind.architecture)
    }
}

/// Returns whether a zone has none left of a type.
pub(super) fn is_sold_out(context: &RequestContext<'_>, name: &str, zone: &str) -> bool {
    let sold_out = &context.world.file.sold_out;
    sold_out
        .iter()
        .any(|none| none.instance_type == name && none.zone == zone)
}

fn types(wanted: &[String]) -> Vec<Type> {
    let listed = FAMILIES
        .iter()
        .flat_map(|family| SIZES.map(|size| format!("ecs.{family}.{size}")));
    let names: Vec<String> = if wanted.is_empty() {
        listed.collect()
    } else {
        wanted.to_vec()
    };
    names.iter().filter_map(|name| Type::parse(name)).collect()
}

pub(super) fn describe_types(context: &mut RequestContext<'_>) -> Answer {
    let family = context.parameters.filled("InstanceTypeFamily");
    let types: Vec<Value> = types(&context.parameters.list("InstanceTypes"))
        .iter()
        .filter(|kind| family.as_ref().is_none_or(|family| *family == kind.family))
        .map(|kind| {
            json!({
                "InstanceTypeId": kind.name,
                "InstanceTypeFamily": kind.family,
                "CpuCoreCount": kind.cores,
                "MemorySize": kind.memory_gb as f64,
                "CpuArchitecture": if kind.architecture == ARM { "ARM" } else { "X86" },
                "LocalStorageAmount": kind.local_disks,
                "GPUAmount": 0,
                "DiskQuantity": 17,
            })
        })
        .collect();
    Ok(json!({ "InstanceTypes": { "InstanceType": types } }))
}

/// What a zone offers of one kind of thing: its instance types, or its categories of disks.
pub(super) fn describe_available(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let parameters = context.parameters;
    let destination = context.required("DestinationResource")?;
    let wanted: Vec<String> = parameters.filled("InstanceType").into_iter().collect();
    let values = match destination.as_str() {
        "InstanceType" => types(&wanted).into_iter().map(|kind| kind.name).collect(),
        "SystemDisk" | "DataDisk" => DISK_CATEGORIES.map(str::to_owned).to_vec(),
        "Zone" => Vec::new(),
        other => {
            let message =
                format!("The simulated cloud does not simulate the DestinationResource {other}.");
            return Err(Refusal::new(501, "NotSimulated", message));
        }
    };
    let zone = parameters.filled("ZoneId");
    let zones: Vec<Value> = super::region::zones(context, &region)
        .into_iter()
        .filter(|id| zone.as_ref().is_none_or(|zone| zone == id))
        .map(|id| offer(context, &region, &id, &destination, &values))
        .collect();
    Ok(json!({ "AvailableZones": { "AvailableZone": zones } }))
}

fn offer(
    context: &RequestContext<'_>,
    region: &str,
    zone: &str,
    kind: &str,
    values: &[String],
) -> Value {
    let status = |has: bool| {
        if has {
            ("Available", "WithStock")
        } else {
            ("SoldOut", "WithoutStock")
        }
    };
    let mut any = values.is_empty();
    let supported: Vec<Value> = values
        .iter()
        .map(|value| {
            let has = !is_sold_out(context, value, zone);
            any |= has;
            let (status, category) = status(has);
            json!({ "Value": value, "Status": status, "StatusCategory": category })
        })
        .collect();
    let (status, category) = status(any);
    let mut offer =
        json!({ "RegionId": region, "ZoneId": zone, "Status": status, "StatusCategory": category });
    if !values.is_empty() {
        let resource =
            json!({ "Type": kind, "SupportedResources": { "SupportedResource": supported } });
        offer["AvailableResources"] = json!({ "AvailableResource": [resource] });
    }
    offer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_s_size_follows_from_its_name() {
        let size = |name: &str| {
            Type::parse(name).map(|kind| (kind.cores, kind.memory_gb, kind.architecture))
        };
        assert_eq!(size("ecs.g7.large"), Some((2, 8, X86)));
        assert_eq!(size("ecs.r7.4xlarge"), Some((16, 128, X86)));
        assert_eq!(size("ecs.g8y.xlarge"), Some((4, 16, ARM)));
        assert_eq!(size("ecs.u1.large"), Some((2, 8, X86)));
        for wrong in [
            "g7.large",
            "ecs.g7",
            "ecs.z9.large",
            "ecs.g7.huge",
            "ecs.g7.0.large",
        ] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
