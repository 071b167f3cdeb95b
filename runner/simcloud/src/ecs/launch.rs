//! `RunInstances`: new servers of an image, in a VPC.

use serde_json::json;

use super::content::Content;
use super::file::{DiskFile, EcsFile, VSwitchFile};
use super::image::{self, Image};
use super::stock::{self, Type};
use super::{GIB, RequestContext, network, refuse_dry_run, region};
use crate::answer::{Answer, Refusal};
use crate::network::Network;
use crate::scalars::Instant;
use crate::time;

pub(super) fn run(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let wanted = Wanted::read(context, &region)?;
    let amount = context.parameters.integer("Amount").unwrap_or(1).max(1);
    // Before anything is made: an address that is wanted can be had only once.
    let wanted_address = context.parameters.filled("PrivateIpAddress");
    network::address(context, &wanted.vswitch, wanted_address.as_deref())?;
    refuse_dry_run(context)?;
    let mut ids = Vec::new();
    for _ in 0..amount {
        let address = network::address(context, &wanted.vswitch, wanted_address.as_deref())?;
        ids.push(wanted.make(context, address));
    }
    Ok(json!({ "InstanceIdSets": { "InstanceIdSet": ids } }))
}

/// What every server of a call has in common.
struct Wanted {
    image_id: String,
    image: Image,
    kind: Type,
    vswitch: VSwitchFile,
    security_groups: Vec<String>,
    system_gb: Option<u64>,
    system_category: String,
    auto_release: Option<Instant>,
}

impl Wanted {
    fn read(context: &RequestContext<'_>, region: &str) -> Result<Self, Refusal> {
        let image_id = context.required("ImageId")?;
        let image = image::held(context, region, &image_id)?.clone();
        if image.status(context.now) != "Available" {
            let message = "The specified Image is disabled or is deleted.";
            return Err(Refusal::new(403, "OperationDenied.ImageNotValid", message));
        }
        let vswitch = vswitch(context, region)?;
        let security_groups = security_groups(context, &vswitch)?;
        let kind = kind(context, &vswitch, &image)?;
        let disk = context
            .parameters
            .document("SystemDisk")
            .unwrap_or_default();
        let system_gb = match &disk["Size"] {
            serde_json::Value::Number(size) => size.as_u64(),
            size => size.as_str().and_then(|size| size.parse().ok()),
        };
        if system_gb.is_some_and(|size| size < system_gb_of(context, &image)) {
            let message = "The specified parameter SystemDisk.Size is less than the image size.";
            return Err(Refusal::new(
                404,
                "InvalidSystemDiskSize.LessThanImageSize",
                message,
            ));
        }
        Ok(Self {
            image_id,
            image,
            kind,
            vswitch,
            security_groups,
            system_gb,
            system_category: disk["Category"].as_str().unwrap_or("cloud_essd").to_owned(),
            auto_release: auto_release(context)?,
        })
    }

    fn make(&self, context: &mut RequestContext<'_>, private_ip: String) -> String {
        let id = context.new_id("i-", "instance");
        let parameters = context.parameters;
        let disks = self.disks(context);
        let has_bandwidth = parameters.integer("InternetMaxBandwidthOut").unwrap_or(0) > 0;
        let name = parameters
            .filled("InstanceName")
            .unwrap_or_else(|| id.clone());
        let server = EcsFile {
            id: id.clone(),
            region: self.vswitch.region.clone(),
            hostname: parameters
                .filled("HostName")
                .unwrap_or_else(|| name.clone()),
            name,
            status: "Pending".to_owned(),
            os: self.image.os,
            cloud_assistant: true,
            network: Network::Vpc,
            public_ip: if has_bandwidth {
                public_address(context)
            } else {
                String::new()
            },
            private_ip,
            eip: String::new(),
            security_groups: self.security_groups.clone(),
            description: parameters.text_or_empty("Description"),
            image: self.image_id.clone(),
            class: self.kind.name.clone(),
            zone: self.vswitch.zone.clone(),
            vpc: self.vswitch.vpc.clone(),
            vswitch: self.vswitch.id.clone(),
            subscription: parameters.filled("InstanceChargeType").as_deref() == Some("PrePaid"),
            deletion_protection: parameters.is_true("DeletionProtection"),
            auto_release: self.auto_release,
            lock: String::new(),
            disks,
            content: self.image.content.clone(),
            differs_when_copied: Content::default(),
        };
        let now = context.now;
        let takes = context.settings().durations.instance_start.0;
        let stages = vec![
            (now.saturating_add(takes / 4), "Starting"),
            (now.saturating_add(takes), "Running"),
        ];
        let ecs = context.account_mut();
        ecs.instances.insert(id.clone(), server);
        ecs.pass(&id, "Pending", stages);
        ecs.life_mut(&id).created_ms = Some(now);
        id
    }

    /// A disk of every snapshot behind the image; an image without any has its system disk.
    fn disks(&self, context: &mut RequestContext<'_>) -> Vec<DiskFile> {
        let snapshots = &context.account().snapshots;
        let mut disks: Vec<DiskFile> = self
            .image
            .snapshots
            .iter()
            .filter_map(|id| Some((id, snapshots.get(id)?)))
            .map(|(id, snapshot)| DiskFile {
                id: String::new(),
                name: String::new(),
                delete_auto_snapshot: true,
                size_gb: snapshot.size_gb,
                used_gb: Some(snapshot.bytes.div_ceil(GIB)),
                category: "cloud_essd".to_owned(),
                snapshot: Some(id.clone()),
            })
            .collect();
        if disks.is_empty() {
            disks.push(DiskFile {
                id: String::new(),
                name: String::new(),
                delete_auto_snapshot: true,
                size_gb: self.image.size_gb,
                used_gb: Some(self.image.bytes.div_ceil(GIB)),
                category: "cloud_essd".to_owned(),
                snapshot: None,
            });
        }
        self.system_category.clone_into(&mut disks[0].category);
        disks[0].size_gb = self.system_gb.unwrap_or(disks[0].size_gb);
        for disk in &mut disks {
            disk.id = context.new_id("d-", "disk");
        }
        disks
    }
}

fn vswitch(context: &RequestContext<'_>, region: &str) -> Result<VSwitchFile, Refusal> {
    let Some(id) = context.parameters.filled("VSwitchId") else {
        let message = "The input parameter \"VSwitchId\" that is mandatory for processing this request is not supplied.";
        return Err(Refusal::new(400, "MissingParameter", message));
    };
    let found = context.account().network.vswitches.get(&id);
    let Some(vswitch) = found.filter(|vswitch| vswitch.region == region) else {
        return Err(Refusal::new(
            404,
            "InvalidVSwitchId.NotFound",
            "Specified virtual switch does not exist.",
        ));
    };
    let zone = context.parameters.filled("ZoneId");
    if zone.is_some_and(|zone| zone != vswitch.zone) {
        let message = "Specified virtual switch is not in the specified zone.";
        return Err(Refusal::new(400, "InvalidParameter.Mismatch", message));
    }
    Ok(vswitch.clone())
}

fn security_groups(
    context: &RequestContext<'_>,
    vswitch: &VSwitchFile,
) -> Result<Vec<String>, Refusal> {
    let mut ids = context.parameters.list("SecurityGroupIds");
    ids.extend(context.parameters.filled("SecurityGroupId"));
    if ids.is_empty() {
        let message = "The input parameter \"SecurityGroupId\" that is mandatory for processing this request is not supplied.";
        return Err(Refusal::new(400, "MissingParameter", message));
    }
    for id in &ids {
        let found = context.account().network.security_groups.get(id);
        let Some(group) = found.filter(|group| group.region == vswitch.region) else {
            let message = "The SecurityGroupId provided does not exist in our records.";
            return Err(Refusal::new(
                400,
                "InvalidSecurityGroupId.NotFound",
                message,
            ));
        };
        if group.vpc != vswitch.vpc {
            let message = "Specified security group and virtual switch are not in the same VPC.";
            return Err(Refusal::new(400, "InvalidParameter.Mismatch", message));
        }
    }
    Ok(ids)
}

fn kind(
    context: &RequestContext<'_>,
    vswitch: &VSwitchFile,
    image: &Image,
) -> Result<Type, Refusal> {
    let name = context.required("InstanceType")?;
    let Some(kind) = Type::parse(&name) else {
        let message = "The specified InstanceType does not exist or beyond the permitted range.";
        return Err(Refusal::new(
            400,
            "InvalidInstanceType.ValueNotSupported",
            message,
        ));
    };
    if kind.architecture != image.architecture {
        let message = "The specified image does not support the specified InstanceType.";
        return Err(Refusal::new(403, "ImageNotSupportInstanceType", message));
    }
    if stock::is_sold_out(context, &name, &vswitch.zone) {
        let message = "The requested resource is sold out in the specified zone; try other types of resources or other regions and zones.";
        return Err(Refusal::new(403, "OperationDenied.NoStock", message));
    }
    Ok(kind)
}

fn system_gb_of(context: &RequestContext<'_>, image: &Image) -> u64 {
    let snapshots = &context.account().snapshots;
    let first = image.snapshots.first().and_then(|id| snapshots.get(id));
    first.map_or(image.size_gb, |snapshot| snapshot.size_gb)
}

fn auto_release(context: &RequestContext<'_>) -> Result<Option<Instant>, Refusal> {
    let Some(text) = context.parameters.filled("AutoReleaseTime") else {
        return Ok(None);
    };
    let malformed = || {
        let message = "The specified parameter AutoReleaseTime is not valid.";
        Refusal::new(400, "InvalidAutoReleaseTime.Malformed", message)
    };
    Ok(Some(Instant(time::parse(&text).ok_or_else(malformed)?)))
}

/// Addresses that no network has.
fn public_address(context: &mut RequestContext<'_>) -> String {
    let account = context.caller.account.clone();
    let number = context.counters.count(&account, "public-address");
    format!("198.51.100.{}", number % 254 + 1)
}
