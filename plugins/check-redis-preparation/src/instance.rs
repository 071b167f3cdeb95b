//! What there is to know about the instance.

use rutter_sdk::prelude::*;

use crate::Inputs;

/// An instance as the API shows it.
pub(crate) struct Instance {
    pub(crate) is_cluster: bool,
    pub(crate) is_tls_on: bool,
    pub(crate) vpc: Option<String>,
    pub(crate) has_endpoint: bool,
    /// How many addresses are in the group.
    pub(crate) group_size: usize,
    /// Addresses of DTS that stand in no group as they are. A block that covers them is not looked for here.
    pub(crate) shut_out: Vec<String>,
    /// Names and rights.
    pub(crate) accounts: Vec<(String, String)>,
}

impl Instance {
    /// Reads everything that the rules look at.
    pub(crate) fn read(account: &Account, inputs: &Inputs) -> Result<Self, Fault> {
        let api = |action: &str| {
            Api::new("R-kvstore", action)
                .region(&inputs.region)
                .set("InstanceId", &inputs.instance)
        };
        let found = account.find(api("DescribeInstanceAttribute"))?;
        let shown = found.and_then(|answer| {
            answer
                .items("/Instances/DBInstanceAttribute")
                .into_iter()
                .next()
        });
        let Some(shown) = shown else {
            return Err(absent(account, inputs));
        };
        let endpoints = account.read(api("DescribeDBInstanceNetInfo"))?;
        let is_direct = |item: &Answer| {
            item.integer("/DirectConnection")
                .is_ok_and(|direct| direct == 1)
        };
        let groups = account.read(api("DescribeSecurityIps"))?;
        let groups = groups.items("/SecurityIpGroups/SecurityIpGroup");
        let mut held: Vec<&str> = Vec::new();
        let mut group_size = 0;
        for group in &groups {
            let addresses = group.separated("/SecurityIpList");
            if group.text_if_any("/SecurityIpGroupName") == Some(&inputs.group) {
                group_size = addresses.len();
            }
            held.extend(addresses);
        }
        let mut shut_out = dts_addresses(account, &inputs.region)?;
        shut_out.retain(|address| !held.contains(&address.as_str()));
        let accounts = account
            .read_all(api("DescribeAccounts"))?
            .items("/Accounts/Account");
        Ok(Self {
            is_cluster: shown.is_one_of("/ArchitectureType", &["cluster"]),
            is_tls_on: account
                .read(api("DescribeInstanceSSL"))?
                .is_one_of("/SSLEnabled", &["Enable"]),
            vpc: shown.text_if_any("/VpcId").map(str::to_owned),
            has_endpoint: endpoints
                .items("/NetInfoItems/InstanceNetInfo")
                .iter()
                .any(is_direct),
            group_size,
            shut_out,
            accounts: accounts.iter().map(name_and_right).collect(),
        })
    }

    /// The right of an account, if there is one of this name.
    pub(crate) fn right_of(&self, name: &str) -> Option<&str> {
        let found = self.accounts.iter().find(|(held, _)| held == name);
        found.map(|(_, right)| right.as_str())
    }
}

fn dts_addresses(account: &Account, region: &str) -> Result<Vec<String>, Fault> {
    let ask = Api::new("DTS", "DescribeDTSIP")
        .in_region(region)
        .set("SourceEndpointRegion", region);
    let answer = account.read(ask)?;
    let addresses = answer.separated("/DynamicMessage").into_iter();
    Ok(addresses.map(str::to_owned).collect())
}

fn name_and_right(account: &Answer) -> (String, String) {
    let text = |pointer| account.text_if_any(pointer).unwrap_or_default().to_owned();
    let right = "/DatabasePrivileges/DatabasePrivilege/0/AccountPrivilege";
    (text("/AccountName"), text(right))
}

fn absent(account: &Account, inputs: &Inputs) -> Fault {
    let message = format!(
        "account {} has no instance `{}` in {}",
        account.id(),
        inputs.instance,
        inputs.region
    );
    Fault::fail("check-redis-preparation.absent", message)
        .advise("Correct the id or the region, or bind the account that owns the instance.")
}
