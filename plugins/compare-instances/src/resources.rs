//! What the API says of two servers.

use rutter_sdk::command::System;
use rutter_sdk::prelude::*;

use crate::Inputs;
use crate::difference::Difference;

/// Two servers as the API shows them.
pub(crate) struct Pair {
    pub(crate) source: Server,
    pub(crate) target: Server,
}

pub(crate) struct Server {
    shown: Answer,
    disks: Vec<Disk>,
    pub(crate) system: System,
}

struct Disk {
    size_gb: i64,
    category: String,
}

/// What is named, where it stands, and whether it may differ. A copy has an id, a place and addresses of its own.
const TEXTS: [(&str, &str, bool); 10] = [
    ("instance id", "/InstanceId", true),
    ("name", "/InstanceName", true),
    ("host name", "/HostName", true),
    ("region", "/RegionId", true),
    ("zone", "/ZoneId", true),
    ("image", "/ImageId", true),
    ("instance type", "/InstanceType", true),
    ("VPC", "/VpcAttributes/VpcId", true),
    ("vSwitch", "/VpcAttributes/VSwitchId", true),
    ("operating system", "/OSType", false),
];

const LISTS: [(&str, &[&str]); 3] = [
    (
        "private addresses",
        &[
            "/VpcAttributes/PrivateIpAddress/IpAddress",
            "/InnerIpAddress/IpAddress",
        ],
    ),
    ("public addresses", &["/PublicIpAddress/IpAddress"]),
    ("security groups", &["/SecurityGroupIds/SecurityGroupId"]),
];

impl Pair {
    pub(crate) fn read(account: &Account, inputs: &Inputs) -> Result<Self, Fault> {
        Ok(Self {
            source: Server::read(account, &inputs.source.instance, &inputs.source.region)?,
            target: Server::read(account, &inputs.target.instance, &inputs.target.region)?,
        })
    }

    /// What differs, the expected first.
    pub(crate) fn differences(&self) -> Vec<Difference> {
        let (source, target) = (&self.source, &self.target);
        let mut found: Vec<Difference> = TEXTS
            .iter()
            .filter_map(|(what, pointer, expected)| {
                let text = |server: &Server| server.text(pointer).to_owned();
                Difference::between(what, &text(source), &text(target), *expected)
            })
            .collect();
        found.extend(LISTS.iter().filter_map(|(what, pointers)| {
            Difference::between(what, &source.list(pointers), &target.list(pointers), true)
        }));
        found.extend(self.network());
        found.extend(self.disks());
        found.sort_by_key(|one| !one.expected);
        found
    }

    /// The source may be in the classic network, the target may not.
    fn network(&self) -> Option<Difference> {
        let network = |server: &Server| server.text("/InstanceNetworkType").to_lowercase();
        let (source, target) = (network(&self.source), network(&self.target));
        let is_vpc = target == "vpc";
        Difference::between("network", &source, &target, is_vpc)
    }

    fn disks(&self) -> Vec<Difference> {
        let (source, target) = (&self.source.disks, &self.target.disks);
        let mut found = Vec::new();
        found.extend(Difference::between(
            "number of disks",
            &source.len().to_string(),
            &target.len().to_string(),
            false,
        ));
        for (position, (one, other)) in source.iter().zip(target).enumerate() {
            let name = match position {
                0 => "system disk".to_owned(),
                data => format!("data disk {data}"),
            };
            let gb = |disk: &Disk| format!("{} GiB", disk.size_gb);
            // Larger is a choice, smaller is a loss.
            let fits = other.size_gb >= one.size_gb;
            found.extend(Difference::between(
                &format!("size of the {name}"),
                &gb(one),
                &gb(other),
                fits,
            ));
            found.extend(Difference::between(
                &format!("category of the {name}"),
                &one.category,
                &other.category,
                true,
            ));
        }
        found
    }
}

impl Server {
    fn read(account: &Account, id: &str, region: &str) -> Result<Self, Fault> {
        let api = |action: &str| Api::new("ECS", action).in_region(region);
        let servers = api("DescribeInstances").set("InstanceIds", json!([id]).to_string());
        let found = account.read(servers)?.items("/Instances/Instance");
        let Some(shown) = found.into_iter().next() else {
            let message = format!("account {} has no server `{id}` in {region}", account.id());
            return Err(Fault::fail("compare-instances.absent", message).advise(
                "Correct the id or the region, or bind the account that owns the server.",
            ));
        };
        let disks = account.read_all(api("DescribeDisks").set("InstanceId", id))?;
        let mut disks = disks.items("/Disks/Disk");
        disks.sort_by_key(|disk| {
            let device = disk.text_if_any("/Device").unwrap_or_default().to_owned();
            (disk.text_if_any("/Type") != Some("system"), device)
        });
        let disks = disks.iter().map(disk).collect::<Result<_, _>>()?;
        Ok(Self {
            system: System::of(&shown),
            shown,
            disks,
        })
    }

    fn text(&self, pointer: &str) -> &str {
        self.shown.text_if_any(pointer).unwrap_or_default()
    }

    fn list(&self, pointers: &[&str]) -> String {
        let texts = pointers.iter().map(|pointer| self.shown.texts(pointer));
        texts.collect::<Vec<_>>().concat().join(", ")
    }
}

fn disk(disk: &Answer) -> Result<Disk, Fault> {
    Ok(Disk {
        size_gb: disk.integer("/Size")?,
        category: disk.text_if_any("/Category").unwrap_or_default().to_owned(),
    })
}
