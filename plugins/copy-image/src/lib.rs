//! The step `copy-image`: copies an image to another region and waits until it can be used there.
//!
//! Taking it back depends on how far it is: a copy under way is cancelled, a finished one is deleted
//! with the snapshots behind it.

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
    let wanted = Wanted {
        account: &account,
        inputs: &inputs,
        mark: mark(host),
    };
    let copied = account
        .create(wanted.copy())
        .or_adopt(|| wanted.find_copy())?;
    let id = copied.answer.text("/ImageId")?.to_owned();
    account
        .wait_for(wanted.images().set("ImageId", &id))
        .field("/Images/Image/0/Status")
        .until(&["Available"])
        .fail(&["CreateFailed", "UnAvailable", "NOT_FOUND"])
        .timeout(inputs.wait)
        .wait()?;
    Ok(Outputs { id })
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
    let Some(image) = wanted.find()? else {
        return Ok(());
    };
    let settled = ["Available", "CreateFailed", "UnAvailable"];
    let there = |action: &str| Api::new("ECS", action).region(&inputs.destination_region);
    let of_image = |action: &str| -> Result<Api, Fault> {
        let id = image.text("/ImageId")?;
        Ok(there(action)
            .set("RegionId", &inputs.destination_region)
            .set("ImageId", id))
    };
    if !settled.contains(&image.text("/Status")?) {
        account
            .change(of_image("CancelCopyImage")?)
            .send()
            .or_absent()?;
        return Ok(());
    }
    account
        .change(of_image("DeleteImage")?)
        .send()
        .or_absent()?;
    for disk in image.items("/DiskDeviceMappings/DiskDeviceMapping") {
        if let Some(snapshot) = disk.text_if_any("/SnapshotId") {
            let snapshot = there("DeleteSnapshot").set("SnapshotId", snapshot);
            account.change(snapshot).send().or_absent()?;
        }
    }
    Ok(())
}

/// What marks a copy as this step's own, in every attempt.
fn mark(host: &Host) -> String {
    let token = host.token("copy");
    format!("rutter {}", &token[..token.len().min(16)])
}

/// The copy that is wanted.
struct Wanted<'a> {
    account: &'a Account,
    inputs: &'a Inputs,
    mark: String,
}

impl Wanted<'_> {
    fn copy(&self) -> Api {
        Api::new("ECS", "CopyImage")
            .region(&self.inputs.region)
            .set("RegionId", &self.inputs.region)
            .set("ImageId", &self.inputs.image)
            .set("DestinationRegionId", &self.inputs.destination_region)
            .set("DestinationImageName", &self.inputs.name)
            .set("DestinationDescription", &self.mark)
    }

    fn images(&self) -> Api {
        Api::new("ECS", "DescribeImages")
            .region(&self.inputs.destination_region)
            .set("RegionId", &self.inputs.destination_region)
            .set("Status", EVERY_STATUS)
    }

    fn find_copy(&self) -> Result<Option<Value>, Fault> {
        let found = self.find()?;
        found
            .map(|image| Ok(json!({ "ImageId": image.text("/ImageId")? })))
            .transpose()
    }

    /// The image of that name in the destination region, if this step made it.
    fn find(&self) -> Result<Option<Answer>, Fault> {
        let named = self.images().set("ImageName", &self.inputs.name);
        let found = self
            .account
            .read(named)?
            .items("/Images/Image")
            .into_iter()
            .next();
        match found {
            None => Ok(None),
            Some(image) if image.text_if_any("/Description") == Some(&self.mark) => Ok(Some(image)),
            Some(_) => {
                let message = format!(
                    "there is an image `{}` in {} that this step did not make",
                    self.inputs.name, self.inputs.destination_region
                );
                Err(Fault::fail("copy-image.name-taken", message)
                    .advise("Choose another name, or delete the old image if nobody needs it."))
            }
        }
    }
}

#[cfg(test)]
rutter_sdk::cases!();
