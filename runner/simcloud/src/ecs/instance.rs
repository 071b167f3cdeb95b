//! Servers and their disks, to be looked at.

use serde_json::{Value, json};

use super::file::{EcsFile, Os};
use super::stock::Type;
use super::{RequestContext, region};
use crate::answer::{Answer, Refusal};
use crate::identifier::digest;
use crate::network::Network;
use crate::paging::{Sizes, marked, numbered};
use crate::time;

pub(super) fn describe(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let parameters = context.parameters;
    let ids = parameters.list("InstanceIds");
    let addresses = parameters.list("PrivateIpAddresses");
    let name = parameters.filled("InstanceName");
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let wanted = |instance: &&EcsFile| {
        instance.region == region
            && (ids.is_empty() || ids.contains(&instance.id))
            && (addresses.is_empty() || addresses.contains(&instance.private_ip))
            && name
                .as_ref()
                .is_none_or(|name| matches_name(name, &instance.name))
            && is("Status", &instance.status)
            && is("VpcId", &instance.vpc)
            && is(
                "InstanceNetworkType",
                if instance.network == Network::Vpc {
                    "vpc"
                } else {
                    "classic"
                },
            )
            && is("VSwitchId", &instance.vswitch)
            && is("ZoneId", &instance.zone)
            && is("ImageId", &instance.image)
            && parameters
                .filled("SecurityGroupId")
                .is_none_or(|id| instance.security_groups.contains(&id))
    };
    let found = context
        .account()
        .instances
        .values()
        .filter(wanted)
        .map(|instance| fields(instance, &created(context, &instance.id)))
        .collect();
    let (page, mut answer) = marked(parameters, Sizes::new(10, 100), found);
    answer["Instances"] = json!({ "Instance": page });
    Ok(answer)
}

/// What the world has from its beginning was made when it begins.
fn created(context: &RequestContext<'_>, id: &str) -> String {
    let life = context.account().lives.get(id);
    let made = life.and_then(|life| life.created_ms);
    time::text(made.unwrap_or(context.settings().start_ms))
}

/// A name may end in a star.
fn matches_name(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start.trim_start_matches('*')),
        None => wanted == name,
    }
}

fn fields(instance: &EcsFile, created: &str) -> Value {
    let is_vpc = instance.network == Network::Vpc;
    let size = Type::parse(&instance.class);
    let in_vpc = |text: &str| {
        if is_vpc {
            text.to_owned()
        } else {
            String::new()
        }
    };
    // The classic network has an intranet of its own.
    let (private, intranet) = if is_vpc {
        (address(&instance.private_ip), Vec::new())
    } else {
        (Vec::new(), address(&instance.private_ip))
    };
    json!({
        "InstanceId": instance.id,
        "InstanceName": instance.name,
        "HostName": instance.hostname,
        "Status": instance.status,
        "RegionId": instance.region,
        "ZoneId": instance.zone,
        "ImageId": instance.image,
        "InstanceType": instance.class,
        "Cpu": size.as_ref().map_or(0, |size| size.cores),
        "Memory": size.as_ref().map_or(0, |size| size.memory_gb * 1024),
        "InstanceNetworkType": if is_vpc { "vpc" } else { "classic" },
        "InstanceChargeType": if instance.subscription { "PrePaid" } else { "PostPaid" },
        "OSType": os_name(instance.os),
        "OSName": os_name(instance.os),
        "CreationTime": created,
        "VpcAttributes": {
            "VpcId": in_vpc(&instance.vpc),
            "VSwitchId": in_vpc(&instance.vswitch),
            "PrivateIpAddress": { "IpAddress": private },
        },
        "PublicIpAddress": { "IpAddress": address(&instance.public_ip) },
        "InnerIpAddress": { "IpAddress": intranet },
        "EipAddress": eip(&instance.eip),
        "SecurityGroupIds": { "SecurityGroupId": instance.security_groups },
        "Description": instance.description,
        "DeletionProtection": instance.deletion_protection,
        "AutoReleaseTime": instance.auto_release.map(|at| time::text(at.0)).unwrap_or_default(),
        "OperationLocks": { "LockReason": locks(&instance.lock) },
    })
}

/// An address that is not bound is shown with empty fields.
fn eip(address: &str) -> Value {
    let id = if address.is_empty() {
        String::new()
    } else {
        format!("eip-sim{}", &digest(&["eip", address])[..14])
    };
    json!({ "IpAddress": address, "AllocationId": id })
}

fn locks(reason: &str) -> Vec<Value> {
    if reason.is_empty() {
        return Vec::new();
    }
    vec![json!({ "LockReason": reason })]
}

fn address(address: &str) -> Vec<&str> {
    if address.is_empty() {
        Vec::new()
    } else {
        vec![address]
    }
}

pub(crate) fn os_name(os: Os) -> &'static str {
    match os {
        Os::Linux => "linux",
        Os::Windows => "windows",
    }
}

pub(super) fn describe_status(context: &mut RequestContext<'_>) -> Answer {
    let found = chosen(context)?
        .into_iter()
        .map(|instance| json!({ "InstanceId": instance.id, "Status": instance.status }))
        .collect();
    let (page, mut answer) = numbered(context.parameters, Sizes::new(10, 50), found);
    answer["InstanceStatuses"] = json!({ "InstanceStatus": page });
    Ok(answer)
}

/// The status is text, `true` or `false`.
pub(super) fn describe_assistant(context: &mut RequestContext<'_>) -> Answer {
    let chosen = chosen(context)?;
    let ids = context.parameters.list("InstanceId");
    if ids
        .iter()
        .any(|id| !chosen.iter().any(|instance| instance.id == *id))
    {
        return Err(Refusal::new(
            404,
            "InvalidInstance.NotFound",
            "The specified instance does not exist.",
        ));
    }
    let now = time::text(context.now);
    let of = |instance: &EcsFile| {
        let is_alive = has_agent(instance);
        json!({
            "InstanceId": instance.id,
            "CloudAssistantStatus": is_alive.to_string(),
            "CloudAssistantVersion": if is_alive { "2.2.3.857" } else { "" },
            "LastHeartbeatTime": if is_alive { now.as_str() } else { "" },
            "OSType": match instance.os { Os::Linux => "Linux", Os::Windows => "Windows" },
            "ActiveTaskCount": 0,
            "InvocationCount": 0,
            "SupportSessionManager": true,
        })
    };
    let found = chosen.into_iter().map(of).collect();
    let (page, mut answer) = marked(context.parameters, Sizes::new(10, 50), found);
    answer["InstanceCloudAssistantStatusSet"] = json!({ "InstanceCloudAssistantStatus": page });
    Ok(answer)
}

/// Returns whether the agent of Cloud Assistant answers.
pub(super) fn has_agent(instance: &EcsFile) -> bool {
    instance.cloud_assistant && instance.status == "Running"
}

/// Returns the servers of the region that `InstanceId` names, or all.
fn chosen<'a>(context: &'a RequestContext<'_>) -> Result<Vec<&'a EcsFile>, Refusal> {
    let region = region(context)?;
    let ids = context.parameters.list("InstanceId");
    let instances = context.account().instances.named(&ids);
    Ok(instances
        .map(|(_, instance)| instance)
        .filter(|instance| instance.region == region)
        .collect())
}

pub(super) fn describe_disks(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let parameters = context.parameters;
    let ids = parameters.list("DiskIds");
    let instance_id = parameters.filled("InstanceId");
    let kind = parameters.filled("DiskType").filter(|kind| kind != "all");
    let name = parameters.filled("DiskName");
    let mut found = Vec::new();
    for instance in context
        .account()
        .instances
        .values()
        .filter(|instance| instance.region == region)
    {
        for (position, disk) in instance.disks.iter().enumerate() {
            let disk_kind = disk_kind(position);
            let fits = (ids.is_empty() || ids.contains(&disk.id))
                && instance_id.as_ref().is_none_or(|id| *id == instance.id)
                && kind.as_ref().is_none_or(|kind| kind == disk_kind)
                && name.as_ref().is_none_or(|name| *name == disk.name);
            if fits {
                found.push(json!({
                    "DiskId": disk.id,
                    "DiskName": disk.name,
                    "InstanceId": instance.id,
                    "RegionId": instance.region,
                    "ZoneId": instance.zone,
                    "Type": disk_kind,
                    "Category": disk.category,
                    "Size": disk.size_gb,
                    "Status": "In_use",
                    "Device": device(position),
                    "DeleteWithInstance": true,
                    "DeleteAutoSnapshot": disk.delete_auto_snapshot,
                    "SourceSnapshotId": disk.snapshot.as_deref().unwrap_or_default(),
                    "Portable": position > 0,
                }));
            }
        }
    }
    let (page, mut answer) = marked(parameters, Sizes::new(10, 500), found);
    answer["Disks"] = json!({ "Disk": page });
    Ok(answer)
}

/// The first disk of a server is its system disk.
pub(super) fn disk_kind(position: usize) -> &'static str {
    if position == 0 { "system" } else { "data" }
}

pub(super) fn device(position: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(position.min(25)).unwrap_or(25));
    format!("/dev/xvd{letter}")
}
