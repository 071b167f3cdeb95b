//! The step `create-image`: makes an image of a server and waits until it can be used.
//!
//! Taking it back needs more than a reverse: the snapshots behind an image stay when it is deleted.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run, undo);

/// Without it only images that are available are listed.
const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let wanted = Wanted {
        account: &account,
        inputs: &inputs,
        mark: mark(host),
    };
    if wanted.find()?.is_none() {
        wanted.check_server()?;
    }
    let created = account.create(wanted.create()).or_adopt(|| wanted.find())?;
    let id = created.answer.text("/ImageId")?.to_owned();
    let described = account
        .wait_for(images(&inputs).set("ImageId", &id))
        .field("/Images/Image/0/Status")
        .until(&["Available"])
        .fail(&["CreateFailed", "UnAvailable"])
        .timeout(inputs.wait)
        .wait()?;
    let snapshots = snapshots(&described);
    Ok(Outputs { id, snapshots })
}

fn undo(
    host: &Host,
    inputs: Inputs,
    _changes: Vec<MadeChange>,
    _outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let account = host.account()?;
    let wanted = Wanted {
        account: &account,
        inputs: &inputs,
        mark: mark(host),
    };
    let Some(found) = wanted.find()? else {
        return Ok(());
    };
    let id = found["ImageId"].as_str().unwrap_or_default().to_owned();
    // What is being made cannot be deleted.
    let described = account
        .wait_for(images(&inputs).set("ImageId", &id))
        .field("/Images/Image/0/Status")
        .until(&["Available", "CreateFailed", "UnAvailable", "NOT_FOUND"])
        .timeout(inputs.wait)
        .wait()?;
    let here = |api: Api| api.region(&inputs.region);
    let image = here(Api::new("ECS", "DeleteImage"))
        .set("RegionId", &inputs.region)
        .set("ImageId", &id);
    account.change(image).send().or_absent()?;
    for snapshot in snapshots(&described) {
        let snapshot = here(Api::new("ECS", "DeleteSnapshot")).set("SnapshotId", &snapshot);
        account.change(snapshot).send().or_absent()?;
    }
    Ok(())
}

/// What marks an image as this step's own, in every attempt.
fn mark(host: &Host) -> String {
    let token = host.token("image");
    format!("rutter {}", &token[..token.len().min(16)])
}

fn images(inputs: &Inputs) -> Api {
    Api::new("ECS", "DescribeImages")
        .region(&inputs.region)
        .set("RegionId", &inputs.region)
        .set("Status", EVERY_STATUS)
}

fn snapshots(described: &Answer) -> Vec<String> {
    let disks = described.items("/Images/Image/0/DiskDeviceMappings/DiskDeviceMapping");
    let ids = disks
        .iter()
        .filter_map(|disk| disk.text_if_any("/SnapshotId"));
    ids.map(str::to_owned).collect()
}

/// The image that is wanted.
struct Wanted<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
    mark: String,
}

impl Wanted<'_> {
    fn create(&self) -> Api {
        Api::new("ECS", "CreateImage")
            .region(&self.inputs.region)
            .set("RegionId", &self.inputs.region)
            .set("InstanceId", &self.inputs.instance)
            .set("ImageName", &self.inputs.name)
            .set("Description", &self.mark)
    }

    /// The image of that name, if this step made it.
    fn find(&self) -> Result<Option<Value>, Fault> {
        let named = images(self.inputs).set("ImageName", &self.inputs.name);
        let found = self.account.read(named)?.items("/Images/Image");
        let Some(image) = found.first() else {
            return Ok(None);
        };
        if image.text_if_any("/Description") == Some(&self.mark) {
            return Ok(Some(json!({ "ImageId": image.text("/ImageId")? })));
        }
        let message = format!(
            "there is an image `{}` in {} that this step did not make",
            self.inputs.name, self.inputs.region
        );
        Err(Fault::fail("create-image.name-taken", message)
            .advise("Choose another name, or delete the old image if nobody needs it."))
    }

    /// Refuses what the cloud would refuse, and says why in the operator's words.
    fn check_server(&self) -> Result<(), Fault> {
        let Inputs {
            instance, region, ..
        } = self.inputs;
        let servers = Api::new("ECS", "DescribeInstances")
            .region(region)
            .set("RegionId", region)
            .set("InstanceIds", json!([instance]).to_string());
        let found = self.account.read(servers)?.items("/Instances/Instance");
        let Some(server) = found.first() else {
            return Err(self
                .refused(
                    "absent",
                    format!("there is no server `{instance}` in {region}"),
                )
                .advise("Check the id, the region and the account."));
        };
        let status = server.text("/Status")?;
        if !["Running", "Stopped"].contains(&status) {
            return Err(self
                .refused("status", format!("the server `{instance}` is `{status}`"))
                .advise("Wait until it is running or stopped, then run the step again."));
        }
        let disks = Api::new("ECS", "DescribeDisks")
            .region(region)
            .set("RegionId", region)
            .set("InstanceId", instance);
        let disks = self.account.read_all(disks)?.items("/Disks/Disk");
        let category = |disk: &Answer| disk.text_if_any("/Category").unwrap_or_default().to_owned();
        let local = |category: &String| {
            let kinds = ["local_", "ephemeral", "elastic_ephemeral_disk"];
            kinds.iter().any(|kind| category.starts_with(kind))
        };
        match disks.iter().map(category).find(local) {
            None => Ok(()),
            Some(category) => Err(self
                .refused(
                    "local-disk",
                    format!("the server `{instance}` has a local disk (`{category}`)"),
                )
                .advise(
                    "No snapshot can be made of a local disk: move its data to a cloud disk first.",
                )),
        }
    }

    fn refused(&self, code: &str, message: String) -> Fault {
        Fault::fail(format!("create-image.{code}"), message)
    }
}

#[cfg(test)]
rutter_sdk::cases!();
