//! Where servers are: switches of VPCs with their addresses, and security groups.
//!
//! Switches have no action of their own here: VPC is a product of its own, of which the procedures use nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::file::{SecurityGroupFile, VSwitchFile};
use super::{RequestContext, region};
use crate::answer::{Answer, Refusal};
use crate::paging::{Sizes, marked};
use crate::time;

/// The first addresses of a switch belong to the system; servers begin here.
const FIRST_ADDRESS: u32 = 10;

#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    pub vswitches: BTreeMap<String, VSwitchFile>,
    pub security_groups: BTreeMap<String, SecurityGroupFile>,
}

impl Network {
    pub fn new(vswitches: Vec<VSwitchFile>, security_groups: Vec<SecurityGroupFile>) -> Self {
        Self {
            vswitches: vswitches
                .into_iter()
                .map(|vswitch| (vswitch.id.clone(), vswitch))
                .collect(),
            security_groups: security_groups
                .into_iter()
                .map(|group| (group.id.clone(), group))
                .collect(),
        }
    }
}

/// The addresses of a switch.
struct Block {
    base: u32,
    mask: u32,
}

impl Block {
    fn parse(cidr: &str) -> Option<Self> {
        let (base, bits) = cidr.split_once('/')?;
        let bits: u32 = bits.parse().ok().filter(|bits| (1..=30).contains(bits))?;
        let mask = u32::MAX << (32 - bits);
        let base = u32::from(base.parse::<Ipv4Addr>().ok()?) & mask;
        Some(Self { base, mask })
    }

    fn holds(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask == self.base
    }

    /// The first free address.
    fn next(&self, used: &BTreeSet<String>) -> Option<String> {
        (FIRST_ADDRESS..!self.mask)
            .map(|number| Ipv4Addr::from(self.base + number).to_string())
            .find(|address| !used.contains(address))
    }
}

/// Returns the address for a new server in a switch: the one that is wanted, or the next that is free.
pub(super) fn address(
    context: &RequestContext<'_>,
    vswitch: &VSwitchFile,
    wanted: Option<&str>,
) -> Result<String, Refusal> {
    let refused = |code: &'static str, message: &'static str| Refusal::new(400, code, message);
    let servers = context.account().instances.values();
    let used: BTreeSet<String> = servers
        .filter(|server| server.vpc == vswitch.vpc)
        .map(|server| server.private_ip.clone())
        .collect();
    let none_left = || {
        refused(
            "QuotaExceeded.PrivateIpAddress",
            "Don't have enough private IPs in this switch",
        )
    };
    let block = Block::parse(&vswitch.cidr).ok_or_else(none_left)?;
    let Some(wanted) = wanted else {
        return block.next(&used).ok_or_else(none_left);
    };
    let Ok(address) = wanted.parse::<Ipv4Addr>() else {
        return Err(refused(
            "InvalidPrivateIpAddress.Malformed",
            "Specified private IP address is malformed.",
        ));
    };
    if !block.holds(address) {
        return Err(refused(
            "InvalidPrivateIpAddress",
            "Specified private IP address is not in the CIDR block of virtual switch.",
        ));
    }
    if used.contains(wanted) {
        return Err(refused(
            "InvalidPrivateIpAddress.Duplicated",
            "Specified private IP address is duplicated.",
        ));
    }
    Ok(wanted.to_owned())
}

pub(super) fn describe_security_groups(context: &mut RequestContext<'_>) -> Answer {
    let region = region(context)?;
    let parameters = context.parameters;
    let mut ids = parameters.list("SecurityGroupIds");
    ids.extend(parameters.filled("SecurityGroupId"));
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let created = time::text(context.settings().start_ms);
    let groups = context.account().network.security_groups.values();
    let found = groups
        .filter(|group| {
            let network = if group.vpc.is_empty() {
                "classic"
            } else {
                "vpc"
            };
            group.region == region
                && (ids.is_empty() || ids.contains(&group.id))
                && is("VpcId", &group.vpc)
                && is("SecurityGroupName", &group.name)
                && is("NetworkType", network)
                && is("SecurityGroupType", "normal")
        })
        .map(|group| shown(group, &created))
        .collect();
    let (page, mut answer) = marked(parameters, Sizes::new(10, 100), found);
    answer["RegionId"] = json!(region);
    answer["SecurityGroups"] = json!({ "SecurityGroup": page });
    Ok(answer)
}

fn shown(group: &SecurityGroupFile, created: &str) -> Value {
    json!({
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.name,
        "SecurityGroupType": "normal",
        "VpcId": group.vpc,
        "Description": "",
        "CreationTime": created,
        "ServiceManaged": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_gives_its_free_addresses_in_order() {
        let block = Block::parse("10.1.2.0/28").unwrap();
        assert_eq!(block.next(&BTreeSet::new()).as_deref(), Some("10.1.2.10"));
        let used: BTreeSet<String> = (10..15).map(|last| format!("10.1.2.{last}")).collect();
        assert_eq!(block.next(&used), None);
        assert!(block.holds("10.1.2.15".parse().unwrap()));
        assert!(!block.holds("10.1.2.16".parse().unwrap()));
        assert!(Block::parse("10.1.2.0").is_none());
        assert!(Block::parse("10.1.2.0/99").is_none());
    }
}
