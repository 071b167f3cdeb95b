//! The step `delete-snapshot`: deletes a snapshot that nothing uses.
//!
//! The published procedure deletes the snapshots before the image made of them. The API refuses that
//! (`SnapshotCreatedImage`), so a runbook deletes the image first.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let api = |action: &str| Api::new("ECS", action).region(&inputs.region);
    let described = || {
        api("DescribeSnapshots")
            .set("RegionId", &inputs.region)
            .set("SnapshotIds", json!([inputs.snapshot]).to_string())
    };
    let found = account.read(described())?.items("/Snapshots/Snapshot");
    if let Some(snapshot) = found.first() {
        check(&inputs, snapshot)?;
        let delete = api("DeleteSnapshot").set("SnapshotId", &inputs.snapshot);
        account
            .create(delete)
            .or_adopt(Find::in_list(described(), "/Snapshots/Snapshot").gone())
            .or_absent()?;
    } else {
        host.info(&format!("`{}` is gone already", inputs.snapshot));
    }
    Ok(Outputs {
        snapshot: inputs.snapshot,
    })
}

fn check(inputs: &Inputs, snapshot: &Answer) -> Result<(), Fault> {
    let (user, advice) = match snapshot.text_if_any("/Usage").unwrap_or_default() {
        "image" | "image_disk" => (
            "an image is made of it",
            "Delete the image first; the cloud refuses the other order.",
        ),
        "disk" => (
            "disks were made of it",
            "Keep it while those disks may have to be re-initialised, or delete it in the console by force.",
        ),
        _ => return Ok(()),
    };
    let message = format!(
        "the snapshot `{}` in {} cannot be deleted: {user}",
        inputs.snapshot, inputs.region
    );
    Err(Fault::fail("delete-snapshot.used", message).advise(advice))
}

#[cfg(test)]
rutter_sdk::cases!();
