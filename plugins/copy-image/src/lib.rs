//! The step `copy-image`: copies an image to another region and waits until it can be used there.
//!
//! Taking it back depends on how far it is: a copy under way is cancelled, a finished one is deleted. The snapshots
//! behind it stay then, and are charged: they are made in passing, and taken back after it.

mod take_back;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run, undo);

/// Without it only images that are available are listed.
const EVERY_STATUS: &str = "Creating,Waiting,Available,UnAvailable,CreateFailed";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    if inputs.region == inputs.destination_region {
        let message = format!(
            "the image `{}` is in {} already",
            inputs.image, inputs.region
        );
        return Err(Fault::fail("copy-image.same-region", message)
            .advise("Choose another destination region."));
    }
    let account = host.account()?;
    let wanted = Wanted::new(host, &account, &inputs);
    wanted.check_name()?;
    let copied = account
        .create(wanted.copy())
        .or_adopt(wanted.look())
        .map_err(|fault| wanted.is_taken_meanwhile(fault))?;
    let id = copied.answer.text("/ImageId")?.to_owned();
    let described = account
        .wait_for(wanted.images().set("ImageId", &id))
        .field("/Images/Image/0/Status")
        .until(&["Available"])
        .fail(&["CreateFailed", "UnAvailable", NOT_FOUND])
        .timeout(inputs.wait)
        .wait()?;
    let snapshots = snapshots(&described);
    Ok(Outputs { id, snapshots })
}

fn undo(
    host: &Host,
    inputs: Inputs,
    changes: Vec<MadeChange>,
    outputs: Option<Outputs>,
) -> Result<(), Fault> {
    let account = host.account()?;
    Wanted::new(host, &account, &inputs).take_back(&changes, outputs)
}

fn snapshots(described: &Answer) -> Vec<String> {
    let disks = described.items("/Images/Image/0/DiskDeviceMappings/DiskDeviceMapping");
    let ids = disks
        .iter()
        .filter_map(|disk| disk.text_if_any("/SnapshotId"));
    ids.map(str::to_owned).collect()
}

/// The copy that is wanted.
struct Wanted<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
    /// What marks it as this step's own, in every attempt.
    mark: String,
}

impl<'a> Wanted<'a> {
    fn new(host: &Host, account: &'a Account, inputs: &'a Inputs) -> Self {
        Self {
            account,
            inputs,
            mark: host.mark("copy"),
        }
    }
}

impl Wanted<'_> {
    fn copy(&self) -> Api {
        Api::new("ECS", "CopyImage")
            .in_region(&self.inputs.region)
            .set("ImageId", &self.inputs.image)
            .set("DestinationRegionId", &self.inputs.destination_region)
            .set("DestinationImageName", &self.inputs.name)
            .set("DestinationDescription", &self.mark)
    }

    fn images(&self) -> Api {
        Api::new("ECS", "DescribeImages")
            .in_region(&self.inputs.destination_region)
            .set("Status", EVERY_STATUS)
    }

    fn named(&self) -> Api {
        self.images().set("ImageName", &self.inputs.name)
    }

    /// How the copy is seen: a name belongs to one image, and the mark to this step.
    fn look(&self) -> Find {
        Find::in_list(self.named(), "/Images/Image")
            .equal("/Description", &self.mark)
            .key("/ImageId")
            .answer(json!({ "ImageId": found("/ImageId") }))
            .passing(self.snapshots("/DiskDeviceMappings/DiskDeviceMapping"))
            .passing(
                // The cloud names the snapshots that it makes for an image by the image's id.
                self.snapshots("/Snapshots/Snapshot").read(
                    self.there("DescribeSnapshots")
                        .set("SnapshotName", answer_after("Created_from_", "/ImageId")),
                ),
            )
    }

    /// The snapshots behind the copy, as a list tells of them.
    fn snapshots(&self, list: &str) -> Passing {
        let shown = self
            .there("DescribeSnapshots")
            .set("SnapshotIds", json!([answer("/Id")]));
        let delete = Api::new("ECS", "DeleteSnapshot")
            .region(&self.inputs.destination_region)
            .set("SnapshotId", answer("/Id"));
        Passing::new(
            "snapshot",
            list,
            "/SnapshotId",
            shown,
            "/Snapshots/Snapshot",
        )
        .remove(delete)
    }

    fn there(&self, action: &str) -> Api {
        let region = &self.inputs.destination_region;
        Api::new("ECS", action).in_region(region)
    }

    /// Refuses a name that an image has which this step did not make.
    fn check_name(&self) -> Result<(), Fault> {
        let found = self.account.read(self.named())?.items("/Images/Image");
        match found.first() {
            Some(image) if image.text_if_any("/Description") != Some(&self.mark) => {
                Err(self.name_taken())
            }
            _ => Ok(()),
        }
    }

    /// The cloud says that the name is taken, and it is not by an image of this step.
    fn is_taken_meanwhile(&self, fault: Fault) -> Fault {
        if fault.is_exists() {
            return self.name_taken();
        }
        fault
    }

    fn name_taken(&self) -> Fault {
        let message = format!(
            "there is an image `{}` in {} that this step did not make",
            self.inputs.name, self.inputs.destination_region
        );
        Fault::fail("copy-image.name-taken", message)
            .advise("Choose another name, or delete the old image if nobody needs it.")
    }
}

#[cfg(test)]
rutter_sdk::cases!();
