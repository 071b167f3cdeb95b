//! The step `copy-image`: copies an image to another region and waits until it can be used there.
//!
//! Taking it back depends on how far it is: a copy under way is cancelled, a finished one is deleted. The snapshots
//! behind it stay then, and are charged: they are made in passing, and taken back after it.

mod take_back;

use rutter_sdk::image;
use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run, undo);

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
    let images = described.items("/Images/Image");
    Ok(Outputs {
        id,
        snapshots: images.first().map(image::snapshots).unwrap_or_default(),
    })
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
            .set("Status", image::EVERY_STATUS)
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
            .passing(image::snapshots_of(&self.inputs.destination_region))
            .passing(image::snapshots_named(
                &self.inputs.destination_region,
                "/ImageId",
            ))
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
