//! The step `delete-image`: deletes an image that nothing uses. The snapshots behind it stay.

use rutter_sdk::image;
use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let here = |action: &str| {
        Api::new("ECS", action)
            .in_region(&inputs.region)
            .set("ImageId", &inputs.image)
    };
    let described = || here("DescribeImages").set("Status", image::EVERY_STATUS);
    let found = account.read(described())?.items("/Images/Image");
    let mut snapshots = Vec::new();
    if let Some(found) = found.first() {
        check(&inputs, found)?;
        snapshots = image::snapshots(found);
        account
            .create(here("DeleteImage"))
            .or_adopt(Find::in_list(described(), "/Images/Image").gone())
            .or_absent()?;
    } else {
        host.info(&format!("`{}` is gone already", inputs.image));
    }
    Ok(Outputs {
        image: inputs.image,
        snapshots,
    })
}

fn check(inputs: &Inputs, image: &Answer) -> Result<(), Fault> {
    let refused = |code: &str, what: &str| {
        let message = format!("the image `{}` in {} {what}", inputs.image, inputs.region);
        Fault::fail(format!("delete-image.{code}"), message)
    };
    if image.text_if_any("/ImageOwnerAlias") != Some("self") {
        return Err(refused("not-own", "is not the account's own")
            .advise("Only its owner can delete it: bind that account, or leave it."));
    }
    if image.text_if_any("/Usage") == Some("instance") {
        return Err(refused("used", "is used by servers that were made of it").advise(
            "Release those servers first, or keep the image: they could not be re-initialised without it.",
        ));
    }
    if image.text("/Status")? == "Creating" {
        return Err(refused("status", "is being made")
            .advise("Wait until it is available, then run the step again."));
    }
    Ok(())
}

#[cfg(test)]
rutter_sdk::cases!();
