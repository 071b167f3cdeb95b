//! The step `create-instance`: makes a server of an image, in a VPC, and waits until it runs.

mod refusal;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let wanted = Wanted {
        account: &account,
        inputs: &inputs,
        mark: host.mark("instance"),
    };
    let created = account
        .create(wanted.create())
        .reverse(wanted.release())
        .or_adopt(wanted.look())
        .map_err(|fault| refusal::explained(fault, &inputs))?;
    let id = created.answer.text(FIRST)?.to_owned();
    let running = account
        .wait_for(wanted.servers(&id))
        .field("/Instances/Instance/0/Status")
        .until(&["Running"])
        .fail(&["Stopping", "Stopped", NOT_FOUND])
        .timeout(inputs.wait)
        .wait()?;
    wanted.outputs(id, &running)
}

/// The new server's id in the answer.
const FIRST: &str = "/InstanceIdSets/InstanceIdSet/0";

/// The server that is wanted.
struct Wanted<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
    /// What marks it as this step's own, in every attempt.
    mark: String,
}

impl Wanted<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).region(&self.inputs.region)
    }

    fn create(&self) -> Api {
        let inputs = self.inputs;
        let mut disk = json!({ "Category": inputs.system_disk_category });
        if let Some(size) = inputs.system_disk_gb {
            disk["Size"] = json!(size.to_string());
        }
        let mut create = self
            .api("RunInstances")
            .set("RegionId", &inputs.region)
            .set("ImageId", &inputs.image)
            .set("InstanceType", &inputs.instance_type)
            .set("VSwitchId", &inputs.vswitch)
            .set("SecurityGroupId", &inputs.security_group)
            .set("InstanceName", &inputs.name)
            .set("Description", &self.mark)
            .set("InstanceChargeType", "PostPaid")
            .set("Amount", 1)
            .set("SystemDisk", disk)
            .set("DeletionProtection", inputs.deletion_protection);
        if inputs.public_bandwidth_mbps > 0 {
            create = create
                .set("InternetChargeType", "PayByTraffic")
                .set("InternetMaxBandwidthOut", inputs.public_bandwidth_mbps);
        }
        for (name, value) in [
            ("HostName", &inputs.hostname),
            ("PrivateIpAddress", &inputs.private_ip),
            ("KeyPairName", &inputs.key_pair),
        ] {
            if let Some(value) = value {
                create = create.set(name, value);
            }
        }
        if inputs.key_pair.is_none() {
            // Who could log in before can do so again.
            create = create.set("PasswordInherit", true);
        }
        create
    }

    fn release(&self) -> Api {
        self.api("DeleteInstance")
            .set("InstanceId", answer(FIRST))
            .set("Force", true)
    }

    fn servers(&self, id: &str) -> Api {
        self.api("DescribeInstances")
            .set("RegionId", &self.inputs.region)
            .set("InstanceIds", json!([id]).to_string())
    }

    /// How the server is seen: others may have the name, and no other has the mark.
    fn look(&self) -> Find {
        let named = self
            .api("DescribeInstances")
            .set("RegionId", &self.inputs.region)
            .set("InstanceName", &self.inputs.name);
        Find::in_pages(named, "/Instances/Instance")
            .equal("/Description", &self.mark)
            .marked()
            .key("/InstanceId")
            .answer(json!({ "InstanceIdSets": { "InstanceIdSet": [found("/InstanceId")] } }))
    }

    fn outputs(&self, id: String, running: &Answer) -> Result<Outputs, Fault> {
        let disks = self
            .api("DescribeDisks")
            .set("RegionId", &self.inputs.region)
            .set("InstanceId", &id);
        let mut disks = self.account.read_all(disks)?.items("/Disks/Disk");
        disks.sort_by_key(|disk| disk.text_if_any("/Type") != Some("system"));
        let server = "/Instances/Instance/0";
        let text = |field: &str| -> Result<String, Fault> {
            Ok(running.text(&format!("{server}/{field}"))?.to_owned())
        };
        let texts = |field: &str| -> Vec<String> {
            let texts = running.texts(&format!("{server}/{field}"));
            texts.into_iter().map(str::to_owned).collect()
        };
        Ok(Outputs {
            zone: text("ZoneId")?,
            vpc_id: text("VpcAttributes/VpcId")?,
            private_ips: texts("VpcAttributes/PrivateIpAddress/IpAddress"),
            public_ips: texts("PublicIpAddress/IpAddress"),
            disks: disks
                .iter()
                .map(|disk| Ok(disk.text("/DiskId")?.to_owned()))
                .collect::<Result<_, Fault>>()?,
            id,
        })
    }
}

#[cfg(test)]
rutter_sdk::cases!();
