//! What the region has and lacks.

use rutter_sdk::prelude::*;
use rutter_sdk::{Violations, image};

use crate::Inputs;

/// An instance type.
pub(crate) struct Kind {
    pub(crate) cores: i64,
    pub(crate) memory_gb: f64,
    architecture: String,
    pub(crate) local_disks: i64,
}

/// Where the new server is to be.
pub(crate) struct Place<'a> {
    pub(crate) account: &'a Account,
    pub(crate) inputs: &'a Inputs,
}

impl Place<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).region(&self.inputs.region)
    }

    /// The VPC of the security group.
    pub(crate) fn vpc(&self, problems: &mut Violations) -> Result<Option<String>, Fault> {
        let id = &self.inputs.security_group;
        let groups = self
            .api("DescribeSecurityGroups")
            .set("RegionId", &self.inputs.region)
            .set("SecurityGroupId", id);
        let found = self
            .account
            .read(groups)?
            .items("/SecurityGroups/SecurityGroup");
        let Some(group) = found.first() else {
            problems.add(
                format!(
                    "account {} has no security group `{id}` there",
                    self.account.id()
                ),
                "correct the security group or the region",
            );
            return Ok(None);
        };
        let vpc = group.text_if_any("/VpcId").unwrap_or_default();
        if vpc.is_empty() {
            problems.add(
                format!(
                    "the security group `{id}` is one of the classic network, and a new server must be in a VPC"
                ),
                "choose a security group of the VPC",
            );
        }
        Ok(Some(vpc.to_owned()))
    }

    pub(crate) fn kind(&self, problems: &mut Violations) -> Result<Option<Kind>, Fault> {
        let name = &self.inputs.instance_type;
        let mut names = vec![name];
        names.extend(&self.inputs.source_type);
        names.dedup();
        let types = self
            .api("DescribeInstanceTypes")
            .set("InstanceTypes", json!(names));
        let types = self
            .account
            .read(types)?
            .items("/InstanceTypes/InstanceType");
        let find = |name: &str| {
            let mut found = types.iter();
            found.find(|kind| kind.text_if_any("/InstanceTypeId") == Some(name))
        };
        let Some(kind) = find(name).map(kind).transpose()? else {
            problems.add(
                format!("there is no type `{name}`"),
                "choose another type; DescribeInstanceTypes lists them",
            );
            return Ok(None);
        };
        let source = self.inputs.source_type.as_deref().and_then(find);
        if let Some(source) = source.map(self::kind).transpose()?
            && source.architecture != kind.architecture
        {
            problems.add(
                format!(
                    "its processors are {} and those of the source are {}, whose system would not start there",
                    kind.architecture, source.architecture
                ),
                "choose a type with processors of the source's kind",
            );
        }
        Ok(Some(kind))
    }

    /// The zones that have the type left.
    pub(crate) fn zones(&self, problems: &mut Violations) -> Result<Vec<String>, Fault> {
        let mut available = self
            .api("DescribeAvailableResource")
            .set("RegionId", &self.inputs.region)
            .set("DestinationResource", "InstanceType")
            .set("InstanceType", &self.inputs.instance_type);
        if let Some(zone) = &self.inputs.zone {
            available = available.set("ZoneId", zone);
        }
        let found = self
            .account
            .read(available)?
            .items("/AvailableZones/AvailableZone");
        let zones: Vec<String> = found
            .iter()
            .filter(|zone| zone.text_if_any("/Status") == Some("Available"))
            .filter_map(|zone| zone.text_if_any("/ZoneId").map(str::to_owned))
            .collect();
        if zones.is_empty() {
            let place = self.inputs.zone.as_ref().unwrap_or(&self.inputs.region);
            problems.add(
                format!("{place} has none left of it"),
                "choose another type or zone",
            );
        }
        Ok(zones)
    }

    /// Looks whether another server of the VPC has the private address. What else may have it is not seen here.
    pub(crate) fn address(&self, vpc_id: &str, problems: &mut Violations) -> Result<(), Fault> {
        let Some(address) = &self.inputs.private_ip else {
            return Ok(());
        };
        let servers = self
            .api("DescribeInstances")
            .set("RegionId", &self.inputs.region)
            .set("InstanceNetworkType", "vpc")
            .set("VpcId", vpc_id)
            .set("PrivateIpAddresses", json!([address]).to_string());
        let found = self.account.read(servers)?.items("/Instances/Instance");
        if let Some(server) = found.first() {
            problems.add(
                format!(
                    "the private address {address} belongs to `{}`",
                    server.text("/InstanceId")?
                ),
                "choose a free address of the vSwitch, or leave it out",
            );
        }
        Ok(())
    }

    /// Looks whether the name of the image is free.
    pub(crate) fn name(&self, problems: &mut Violations) -> Result<(), Fault> {
        let Some(name) = &self.inputs.image_name else {
            return Ok(());
        };
        let images = self
            .api("DescribeImages")
            .set("RegionId", &self.inputs.region)
            .set("Status", image::EVERY_STATUS)
            .set("ImageOwnerAlias", "self")
            .set("ImageName", name);
        let found = self.account.read(images)?.items("/Images/Image");
        if let Some(image) = found.first() {
            problems.add(
                format!(
                    "an image `{name}` is there already: {}",
                    image.text("/ImageId")?
                ),
                "choose another name, or delete the old image if nobody needs it",
            );
        }
        Ok(())
    }
}

fn kind(shown: &Answer) -> Result<Kind, Fault> {
    let memory_gb = shown.get("/MemorySize").and_then(Value::as_f64);
    Ok(Kind {
        cores: shown.integer("/CpuCoreCount")?,
        memory_gb: memory_gb.unwrap_or_default(),
        architecture: shown
            .text_if_any("/CpuArchitecture")
            .unwrap_or("X86")
            .to_owned(),
        local_disks: shown.integer("/LocalStorageAmount").unwrap_or(0),
    })
}
