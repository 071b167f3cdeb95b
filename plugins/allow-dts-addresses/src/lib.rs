//! The step `allow-dts-addresses`: lets the DTS servers of a region into the whitelist of an instance.
//!
//! Only what may not connect yet is added, and it is appended: a call that says nothing would cover the group and shut
//! out its clients. So rollback can take out exactly what was put in.

mod blocks;

use rutter_sdk::prelude::*;

use crate::blocks::Block;

rutter_sdk::plugin!(run);

/// How many addresses a group can have.
const GROUP_MAX: usize = 1_000;

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let whitelist = Whitelist {
        account: &account,
        inputs: &inputs,
    };
    let addresses = whitelist.dts_addresses()?;
    let groups = whitelist.groups()?;
    let missing = missing(&addresses, &groups);
    if missing.is_empty() {
        host.info(&format!("DTS may connect to `{}` already", inputs.instance));
        return Ok(Outputs {
            addresses,
            added: Vec::new(),
        });
    }
    whitelist.check_room(&groups, missing.len())?;
    account
        .wait_for(whitelist.api("DescribeInstanceAttribute"))
        .wait()?;
    let made = account
        .create(whitelist.modify("Append", &missing))
        .reverse(whitelist.modify("Delete", &missing))
        .or_adopt(whitelist.look(&missing, &groups))?;
    Ok(Outputs {
        addresses,
        added: if made.made { missing } else { Vec::new() },
    })
}

/// A group of the whitelist: its name and its addresses.
type Group = (String, Vec<String>);

/// The instance's whitelist.
struct Whitelist<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Whitelist<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("R-kvstore", action)
            .region(&self.inputs.region)
            .set("InstanceId", &self.inputs.instance)
    }

    fn modify(&self, mode: &str, addresses: &[String]) -> Api {
        self.api("ModifySecurityIps")
            .set("ModifyMode", mode)
            .set("SecurityIpGroupName", &self.inputs.group)
            .set("SecurityIps", addresses.join(","))
    }

    /// Asks where DTS comes from. The answer stands in a field that elsewhere is part of errors.
    fn dts_addresses(&self) -> Result<Vec<String>, Fault> {
        let region = &self.inputs.region;
        let ask = Api::new("DTS", "DescribeDTSIP")
            .in_region(region)
            .set("SourceEndpointRegion", region);
        let answer = self.account.read(ask)?;
        let addresses = answer.separated("/DynamicMessage").into_iter();
        let addresses: Vec<String> = addresses.map(str::to_owned).collect();
        let wrong = addresses.iter().find(|one| Block::read(one).is_none());
        if addresses.is_empty() || wrong.is_some() {
            let what = wrong.map_or("none", String::as_str);
            let message =
                format!("DTS names no addresses for {region} that a whitelist takes: {what}");
            return Err(Fault::fail("allow-dts-addresses.unknown", message).advise(
                "Look the addresses up in the documents of DTS (CIDR blocks of DTS servers), add them to the whitelist by \
                 hand, and run the step again.",
            ));
        }
        Ok(addresses)
    }

    fn groups(&self) -> Result<Vec<Group>, Fault> {
        let found = self.account.find(self.api("DescribeSecurityIps"))?;
        let Some(answer) = found else {
            let message = format!(
                "there is no instance `{}` in {}",
                self.inputs.instance, self.inputs.region
            );
            return Err(Fault::fail("allow-dts-addresses.absent", message).advise(
                "Correct the id or the region, or bind the account that owns the instance.",
            ));
        };
        let group = |group: Answer| {
            let name = group.text_if_any("/SecurityIpGroupName");
            let addresses = group.separated("/SecurityIpList").into_iter();
            (
                name.unwrap_or_default().to_owned(),
                addresses.map(str::to_owned).collect(),
            )
        };
        let groups = answer.items("/SecurityIpGroups/SecurityIpGroup");
        Ok(groups.into_iter().map(group).collect())
    }

    /// The group with all of them in it. They come and go together, so those suffice that are no part of another
    /// address of the group, as `1.1.1.1` is of `1.1.1.10`.
    fn look(&self, addresses: &[String], groups: &[Group]) -> Find {
        let of_group = groups.iter().find(|(name, _)| *name == self.inputs.group);
        let held = of_group.map_or(&[][..], |(_, held)| held);
        let is_clear = |one: &&String| !held.iter().any(|held| held.contains(one.as_str()));
        let list = "/SecurityIpGroups/SecurityIpGroup";
        let group = Find::in_list(self.api("DescribeSecurityIps"), list)
            .at_rest(self.api("DescribeInstanceAttribute"))
            .equal("/SecurityIpGroupName", &self.inputs.group)
            .key("/SecurityIpGroupName");
        addresses
            .iter()
            .filter(is_clear)
            .fold(group, |group, one| group.contains("/SecurityIpList", one))
    }

    fn check_room(&self, groups: &[Group], more: usize) -> Result<(), Fault> {
        let of_group = groups.iter().find(|(name, _)| *name == self.inputs.group);
        let held = of_group.map_or(0, |(_, held)| held.len());
        if held + more <= GROUP_MAX {
            return Ok(());
        }
        let message = format!(
            "the group `{}` of `{}` holds {held} addresses, and {more} more are over the limit of {GROUP_MAX}",
            self.inputs.group, self.inputs.instance
        );
        Err(Fault::fail("allow-dts-addresses.full", message).advise("Say another group."))
    }
}

/// Returns those that no address of the whitelist covers.
fn missing(addresses: &[String], groups: &[Group]) -> Vec<String> {
    let held = groups.iter().flat_map(|(_, addresses)| addresses);
    let held: Vec<Block> = held.filter_map(|one| Block::read(one)).collect();
    let is_missing = |one: &&String| {
        Block::read(one).is_some_and(|block| !held.iter().any(|held| held.covers(block)))
    };
    addresses.iter().filter(is_missing).cloned().collect()
}

#[cfg(test)]
rutter_sdk::cases!();
