//! The step `create-image`: makes an image of a server and waits until it can be used.
//!
//! The snapshots behind an image stay when it is deleted, and are charged: they are made in passing, and taken back
//! after it.

use rutter_sdk::image;
use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

const STATUS: &str = "/Images/Image/0/Status";

/// What an image is when nothing of it is under way: what is being made cannot be deleted.
const SETTLED: [&str; 4] = ["Available", "CreateFailed", "UnAvailable", NOT_FOUND];

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let wanted = Wanted::new(host, &account, &inputs);
    if wanted.is_free()? {
        wanted.check_server()?;
    }
    let created = account
        .create(wanted.create())
        .reverse(
            wanted
                .here("DeleteImage")
                .set("ImageId", answer("/ImageId")),
        )
        .or_adopt(wanted.look())
        .map_err(|fault| wanted.is_taken_meanwhile(fault))?;
    let id = created.answer.text("/ImageId")?.to_owned();
    let described = account
        .wait_for(wanted.images().set("ImageId", &id))
        .field(STATUS)
        .until(&["Available"])
        .fail(&["CreateFailed", "UnAvailable"])
        .timeout(inputs.wait)
        .wait()?;
    let images = described.items("/Images/Image");
    Ok(Outputs {
        id,
        snapshots: images.first().map(image::snapshots).unwrap_or_default(),
    })
}

/// The image that is wanted.
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
            mark: host.mark("image"),
        }
    }
}

impl Wanted<'_> {
    fn images(&self) -> Api {
        Api::new("ECS", "DescribeImages")
            .in_region(&self.inputs.region)
            .set("Status", image::EVERY_STATUS)
    }

    fn named(&self) -> Api {
        self.images().set("ImageName", &self.inputs.name)
    }

    fn create(&self) -> Api {
        Api::new("ECS", "CreateImage")
            .in_region(&self.inputs.region)
            .set("InstanceId", &self.inputs.instance)
            .set("ImageName", &self.inputs.name)
            .set("Description", &self.mark)
    }

    fn here(&self, action: &str) -> Api {
        let region = &self.inputs.region;
        Api::new("ECS", action).in_region(region)
    }

    /// How the image is seen: a name belongs to one image, and the mark to this step.
    fn look(&self) -> Find {
        let id = || answer("/ImageId");
        Find::in_list(self.named(), "/Images/Image")
            .equal("/Description", &self.mark)
            .key("/ImageId")
            .answer(json!({ "ImageId": found("/ImageId") }))
            .before_back(
                self.images().set("ImageId", id()),
                STATUS,
                &SETTLED,
                self.inputs.wait,
            )
            .passing(image::snapshots_of(&self.inputs.region))
            .passing(image::snapshots_named(&self.inputs.region, "/ImageId"))
    }

    /// Whether no image has the name; refuses one that this step did not make.
    fn is_free(&self) -> Result<bool, Fault> {
        let found = self.account.read(self.named())?.items("/Images/Image");
        match found.first() {
            None => Ok(true),
            Some(image) if image.text_if_any("/Description") == Some(&self.mark) => Ok(false),
            Some(_) => Err(self.name_taken()),
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
            self.inputs.name, self.inputs.region
        );
        self.refused("name-taken", message)
            .advise("Choose another name, or delete the old image if nobody needs it.")
    }

    /// Refuses what the cloud would refuse, and says why in the operator's words.
    fn check_server(&self) -> Result<(), Fault> {
        let Inputs {
            instance, region, ..
        } = self.inputs;
        let servers = Api::new("ECS", "DescribeInstances")
            .in_region(region)
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
            .in_region(region)
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
