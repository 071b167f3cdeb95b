//! The step `release-instance`: stops a server, so that it ends in order, and releases it with its disks.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// The list of servers in the answer.
const SERVER: &str = "/Instances/Instance";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let release = Release {
        account: &account,
        inputs: &inputs,
    };
    // A server that is gone was released before.
    let Some(server) = release.server()? else {
        host.info(&format!("`{}` is gone already", inputs.instance));
        return Ok(Outputs {
            instance: inputs.instance,
            snapshots_left: Vec::new(),
        });
    };
    release.check(&server)?;
    let snapshots_left = release.snapshots(host)?;
    release.stop()?;
    let gone = Find::in_list(release.servers(), SERVER).gone();
    account
        .create(release.delete())
        .or_adopt(gone)
        .or_absent()?;
    account
        .wait_for(release.servers())
        .field("/Instances/Instance/0/Status")
        .until(&[NOT_FOUND])
        .timeout(inputs.wait)
        .wait()?;
    Ok(Outputs {
        instance: inputs.instance,
        snapshots_left,
    })
}

/// The server that is to go.
struct Release<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
}

impl Release<'_> {
    fn api(&self, action: &str) -> Api {
        Api::new("ECS", action).region(&self.inputs.region)
    }

    fn change(&self, action: &str) -> Api {
        self.api(action).set("InstanceId", &self.inputs.instance)
    }

    fn delete(&self) -> Api {
        self.change("DeleteInstance")
    }

    fn servers(&self) -> Api {
        self.api("DescribeInstances")
            .set("RegionId", &self.inputs.region)
            .set("InstanceIds", json!([self.inputs.instance]).to_string())
    }

    fn server(&self) -> Result<Option<Answer>, Fault> {
        let found = self.account.read(self.servers())?;
        Ok(found.items(SERVER).into_iter().next())
    }

    /// Refuses what the cloud would refuse, and says what to do.
    fn check(&self, server: &Answer) -> Result<(), Fault> {
        let id = &self.inputs.instance;
        let refused = |code: &str, what: &str| {
            let message = format!("the server `{id}` {what}");
            Fault::fail(format!("release-instance.{code}"), message)
        };
        if server.text_if_any("/InstanceChargeType") == Some("PrePaid") {
            return Err(refused(
                "subscription",
                "is a subscription, which cannot be released",
            )
            .advise("Let it end, or turn it into pay-as-you-go, then run the step again."));
        }
        if server.boolean("/DeletionProtection").unwrap_or(false) {
            return Err(refused("protected", "is protected from being released")
                .advise("Ask who protected it; take the protection off in the console if it may go, then run the step again."));
        }
        let status = server.text("/Status")?;
        if !["Running", "Stopping", "Stopped"].contains(&status) {
            return Err(refused("status", &format!("is `{status}`"))
                .advise("Wait until it is running or stopped, then run the step again."));
        }
        Ok(())
    }

    /// The snapshots of its disks, which stay. Disks that stay as well are told.
    fn snapshots(&self, host: &Host) -> Result<Vec<String>, Fault> {
        let here = |action: &str| self.api(action).set("RegionId", &self.inputs.region);
        let disks = here("DescribeDisks").set("InstanceId", &self.inputs.instance);
        let mut left = Vec::new();
        for disk in self.account.read_all(disks)?.items("/Disks/Disk") {
            let id = disk.text("/DiskId")?;
            if !disk.boolean("/DeleteWithInstance").unwrap_or(true) {
                host.warn(&format!(
                    "the disk `{id}` stays when the server is released, and is charged"
                ));
            }
            let snapshots = self
                .account
                .read_all(here("DescribeSnapshots").set("DiskId", id))?;
            for snapshot in snapshots.items("/Snapshots/Snapshot") {
                let goes_with_disk = snapshot.text_if_any("/SnapshotType") == Some("auto")
                    && disk.boolean("/DeleteAutoSnapshot").unwrap_or(false);
                if !goes_with_disk {
                    left.push(snapshot.text("/SnapshotId")?.to_owned());
                }
            }
        }
        Ok(left)
    }

    fn stop(&self) -> Result<(), Fault> {
        let ends = Find::in_list(self.servers(), SERVER)
            .one_of("/Status", &["Stopping", "Stopped"])
            .key("/InstanceId");
        self.account
            .create(self.change("StopInstance"))
            .reverse(self.change("StartInstance"))
            .or_adopt(ends)
            .or_absent()?;
        self.account
            .wait_for(self.servers())
            .field("/Instances/Instance/0/Status")
            .until(&["Stopped", NOT_FOUND])
            .timeout(self.inputs.wait)
            .wait()?;
        Ok(())
    }
}

#[cfg(test)]
rutter_sdk::cases!();
