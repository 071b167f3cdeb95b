//! What a job is made with, and what is wrong with it before it is.

use rutter_sdk::prelude::*;

use crate::{Inputs, Migration};

/// The first version of the client that can change sizes.
const CLIENT_THAT_RESIZES: [u64; 3] = [2, 8, 0];

pub fn create(migration: &Migration<'_>, source: &str) -> Api {
    let inputs = migration.inputs;
    let is_incremental = inputs.frequency_hours.is_some();
    let api = migration
        .smc("CreateReplicationJob")
        .set("RegionId", &inputs.region)
        .set("SourceId", source)
        .set("Name", &inputs.name)
        .set("Description", migration.description())
        .set("JobType", 0)
        .set("RunOnce", !is_incremental)
        .set("Frequency", inputs.frequency_hours)
        .set("MaxNumberOfImageToKeep", inputs.images_to_keep)
        .set("ScheduledStartTime", &inputs.scheduled_start)
        .set("ValidTime", &inputs.valid_until)
        .set("LaunchTemplateId", &inputs.launch_template)
        .set("LaunchTemplateVersion", &inputs.launch_template_version)
        .set("SystemDiskSize", inputs.system_disk_gb)
        .set("DataDisk", data_disks(inputs))
        .set("VSwitchId", &inputs.vswitch);
    match &inputs.target_instance {
        Some(instance) => api
            .set("TargetType", "TargetInstance")
            .set("InstanceId", instance),
        None => api
            .set("TargetType", "Image")
            .set("ImageName", &inputs.image_name),
    }
}

/// The source counts its data disks from 1.
fn data_disks(inputs: &Inputs) -> Option<Value> {
    let sizes = inputs.data_disks_gb.as_ref()?;
    let disk = |(index, size): (usize, &i64)| json!({ "Index": index + 1, "Size": size });
    Some(sizes.iter().enumerate().map(disk).collect())
}

/// Refuses inputs that do not fit each other.
pub fn check(inputs: &Inputs) -> Result<(), Fault> {
    let pairs = [
        (
            inputs.image_name.is_some() != inputs.target_instance.is_some(),
            "a migration has either an `image_name` or a `target_instance`",
        ),
        (
            (inputs.run_mode == "scheduled") == inputs.scheduled_start.is_some(),
            "`scheduled_start` goes with the run mode `scheduled`, and it with that",
        ),
        (
            inputs.frequency_hours.is_some() == inputs.images_to_keep.is_some(),
            "`frequency_hours` and `images_to_keep` go together",
        ),
        (
            inputs.launch_template.is_none() || inputs.target_instance.is_none(),
            "a launch template goes with an image only",
        ),
    ];
    match pairs.iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, message)) => Err(Fault::fail("start-smc-migration.misfit", *message)
            .advise("Correct the inputs; nothing has been changed.")),
    }
}

/// Refuses other sizes where the client on the source cannot make them.
pub fn check_client(inputs: &Inputs, source: &Answer) -> Result<(), Fault> {
    if inputs.system_disk_gb.is_none() && inputs.data_disks_gb.is_none() {
        return Ok(());
    }
    let version = source.text_if_any("/AgentVersion").unwrap_or("unknown");
    let numbers: Vec<u64> = version
        .split('.')
        .map_while(|number| number.trim().parse().ok())
        .collect();
    if numbers.as_slice() >= CLIENT_THAT_RESIZES.as_slice() {
        return Ok(());
    }
    let message = format!(
        "the SMC client on {} is {version}, and disks get another size only from 2.8.0 on",
        inputs.instance
    );
    Err(Fault::fail("start-smc-migration.client", message)
        .advise("Install a newer client and import the server again, or leave the sizes out."))
}
