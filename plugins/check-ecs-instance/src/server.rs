//! A server as the API shows it.

use rutter_sdk::command::ASSISTANT_STATUS;
use rutter_sdk::prelude::*;

/// What is known of a server.
pub(crate) struct Server {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) hostname: String,
    pub(crate) zone: String,
    pub(crate) status: String,
    pub(crate) os: &'static str,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) network: &'static str,
    pub(crate) vpc_id: Option<String>,
    pub(crate) vswitch: Option<String>,
    pub(crate) private_ips: Vec<String>,
    pub(crate) public_ips: Vec<String>,
    pub(crate) security_groups: Vec<String>,
    pub(crate) is_subscription: bool,
    pub(crate) is_protected: bool,
    pub(crate) auto_release: Option<String>,
    /// Why it is locked.
    pub(crate) locks: Vec<String>,
    pub(crate) disks: Vec<Disk>,
    pub(crate) cloud_assistant: bool,
}

/// A disk of a server.
pub(crate) struct Disk {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) category: String,
    pub(crate) size_gb: i64,
}

impl Disk {
    /// It lies in the host of the server, and no snapshot can be made of it.
    pub(crate) fn is_local(&self) -> bool {
        ["local_", "ephemeral", "elastic_ephemeral_disk"]
            .iter()
            .any(|start| self.category.starts_with(start))
    }
}

impl Server {
    pub(crate) fn read(account: &Account, id: &str, region: &str) -> Result<Self, Fault> {
        let api = |action: &str| Api::new("ECS", action).in_region(region);
        let servers = api("DescribeInstances").set("InstanceIds", json!([id]).to_string());
        let found = account.read(servers)?.items("/Instances/Instance");
        let Some(server) = found.first() else {
            return Err(absent(account, id, region));
        };
        let disks = account.read_all(api("DescribeDisks").set("InstanceId", id))?;
        let mut disks = disks
            .items("/Disks/Disk")
            .iter()
            .map(disk)
            .collect::<Result<Vec<_>, _>>()?;
        disks.sort_by_key(|disk| disk.kind != "system");
        let assistant =
            account.read(api("DescribeCloudAssistantStatus").set("InstanceId", json!([id])))?;
        Self::new(id, server, disks, &assistant)
    }

    fn new(id: &str, server: &Answer, disks: Vec<Disk>, assistant: &Answer) -> Result<Self, Fault> {
        let is = |pointer: &str, word: &str| server.is_one_of(pointer, &[word]);
        let mut public_ips = texts(server, "/PublicIpAddress/IpAddress");
        public_ips.extend(filled(server, "/EipAddress/IpAddress"));
        let mut private_ips = texts(server, "/VpcAttributes/PrivateIpAddress/IpAddress");
        private_ips.extend(texts(server, "/InnerIpAddress/IpAddress"));
        let locks = server.items("/OperationLocks/LockReason");
        Ok(Self {
            id: id.to_owned(),
            name: server
                .text_if_any("/InstanceName")
                .unwrap_or_default()
                .to_owned(),
            hostname: server
                .text_if_any("/HostName")
                .unwrap_or_default()
                .to_owned(),
            zone: server.text_if_any("/ZoneId").unwrap_or_default().to_owned(),
            status: server.text("/Status")?.to_owned(),
            os: if is("/OSType", "windows") {
                "windows"
            } else {
                "linux"
            },
            instance_type: server.text("/InstanceType")?.to_owned(),
            image: server
                .text_if_any("/ImageId")
                .unwrap_or_default()
                .to_owned(),
            network: if is("/InstanceNetworkType", "classic") {
                "classic"
            } else {
                "vpc"
            },
            vpc_id: filled(server, "/VpcAttributes/VpcId"),
            vswitch: filled(server, "/VpcAttributes/VSwitchId"),
            private_ips,
            public_ips,
            security_groups: texts(server, "/SecurityGroupIds/SecurityGroupId"),
            is_subscription: is("/InstanceChargeType", "PrePaid"),
            is_protected: server.boolean("/DeletionProtection").unwrap_or(false),
            auto_release: filled(server, "/AutoReleaseTime"),
            locks: locks
                .iter()
                .filter_map(|lock| filled(lock, "/LockReason"))
                .collect(),
            disks,
            cloud_assistant: assistant.is_one_of(ASSISTANT_STATUS, &["true"]),
        })
    }

    pub(crate) fn charge_type(&self) -> &'static str {
        if self.is_subscription {
            "subscription"
        } else {
            "pay-as-you-go"
        }
    }

    /// What other systems may know it by. A copy of it has others.
    pub(crate) fn associations(&self) -> Vec<String> {
        let mut known = vec![format!("the instance id {}", self.id)];
        let mut add = |what: &str, values: &[String]| {
            known.extend(values.iter().map(|value| format!("{what} {value}")));
        };
        add("the private address", &self.private_ips);
        add("the public address", &self.public_ips);
        add("the security group", &self.security_groups);
        add("the VPC", self.vpc_id.as_slice());
        add("the vSwitch", self.vswitch.as_slice());
        if !self.hostname.is_empty() {
            add("the host name", std::slice::from_ref(&self.hostname));
        }
        known
    }
}

fn disk(disk: &Answer) -> Result<Disk, Fault> {
    let is_system = disk.text_if_any("/Type") == Some("system");
    Ok(Disk {
        id: disk.text("/DiskId")?.to_owned(),
        kind: if is_system { "system" } else { "data" },
        category: disk.text("/Category")?.to_owned(),
        size_gb: disk.integer("/Size")?,
    })
}

fn texts(answer: &Answer, pointer: &str) -> Vec<String> {
    let texts = answer.texts(pointer).into_iter();
    texts.map(str::to_owned).collect()
}

fn filled(answer: &Answer, pointer: &str) -> Option<String> {
    answer.text_if_any(pointer).map(str::to_owned)
}

fn absent(account: &Account, id: &str, region: &str) -> Fault {
    Fault::fail(
        "check-ecs-instance.absent",
        format!("account {} has no server `{id}` in {region}", account.id()),
    )
    .advise("Correct the id or the region, or bind the account that owns the server.")
}
