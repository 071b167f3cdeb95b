//! The step `check-ecs-target`: looks whether a new server can be made before an image is made for it, which takes hours.
//!
//! What it cannot look at is the vSwitch: the VPC is a product of its own. Whether that fits is known when the server is made.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let place = Place {
        account: &account,
        inputs: &inputs,
    };
    let mut problems = Vec::new();
    let vpc_id = place.vpc(&mut problems)?;
    let kind = place.kind(&mut problems)?;
    let zones = match &kind {
        Some(_) => place.zones(&mut problems)?,
        None => Vec::new(),
    };
    let (Some(vpc_id), Some(kind), true) = (vpc_id, kind, problems.is_empty()) else {
        return Err(unfit(&inputs, &problems));
    };
    if kind.local_disks > 0 {
        host.warn(&format!(
            "`{}` has local disks: no image can be made of its servers later",
            inputs.instance_type
        ));
    }
    Ok(Outputs {
        region: inputs.region,
        instance_type: inputs.instance_type,
        vpc_id,
        zones,
        cores: kind.cores,
        memory_gb: kind.memory_gb,
    })
}

/// What is wrong, and what to do.
struct Problem {
    reason: String,
    remedy: &'static str,
}

/// One fault for everything, so that it can be mended in one go.
fn unfit(inputs: &Inputs, problems: &[Problem]) -> Fault {
    let reasons: Vec<&str> = problems.iter().map(|one| one.reason.as_str()).collect();
    let remedies: Vec<&str> = problems.iter().map(|one| one.remedy).collect();
    let message = format!(
        "no `{}` can be made in {}: {}",
        inputs.instance_type,
        inputs.region,
        reasons.join("; ")
    );
    Fault::fail("check-ecs-target.unfit", message).advise(format!(
        "{}. Nothing has been changed; run it again afterwards.",
        remedies.join("; ")
    ))
}

/// An instance type.
struct Kind {
    cores: i64,
    memory_gb: f64,
    architecture: String,
    local_disks: i64,
}

/// Where the new server is to be.
struct Place<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Place<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).region(&self.inputs.region)
    }

    /// The VPC of the security group.
    fn vpc(&self, problems: &mut Vec<Problem>) -> Result<Option<String>, Fault> {
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
            problems.push(Problem {
                reason: format!(
                    "account {} has no security group `{id}` there",
                    self.account.id()
                ),
                remedy: "correct the security group or the region",
            });
            return Ok(None);
        };
        let vpc = group.text_if_any("/VpcId").unwrap_or_default();
        if vpc.is_empty() {
            problems.push(Problem {
                reason: format!(
                    "the security group `{id}` is one of the classic network, and a new server must be in a VPC"
                ),
                remedy: "choose a security group of the VPC",
            });
        }
        Ok(Some(vpc.to_owned()))
    }

    fn kind(&self, problems: &mut Vec<Problem>) -> Result<Option<Kind>, Fault> {
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
            problems.push(Problem {
                reason: format!("there is no type `{name}`"),
                remedy: "choose another type; DescribeInstanceTypes lists them",
            });
            return Ok(None);
        };
        let source = self.inputs.source_type.as_deref().and_then(find);
        if let Some(source) = source.map(self::kind).transpose()?
            && source.architecture != kind.architecture
        {
            problems.push(Problem {
                reason: format!(
                    "its processors are {} and those of the source are {}, whose system would not start there",
                    kind.architecture, source.architecture
                ),
                remedy: "choose a type with processors of the source's kind",
            });
        }
        Ok(Some(kind))
    }

    /// The zones that have the type left.
    fn zones(&self, problems: &mut Vec<Problem>) -> Result<Vec<String>, Fault> {
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
            problems.push(Problem {
                reason: format!("{place} has none left of it"),
                remedy: "choose another type or zone",
            });
        }
        Ok(zones)
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

#[cfg(test)]
rutter_sdk::cases!();
