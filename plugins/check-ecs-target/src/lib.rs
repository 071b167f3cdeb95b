//! The step `check-ecs-target`: looks whether a new server can be made before an image is made for it, which takes hours.
//!
//! What it cannot look at is the vSwitch: the VPC is a product of its own. Whether that fits is known when the server is made.

mod place;

use rutter_sdk::prelude::*;
use rutter_sdk::{Violation, Violations};

use crate::place::Place;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let place = Place {
        account: &account,
        inputs: &inputs,
    };
    let mut problems = Violations::new();
    let vpc_id = place.vpc(&mut problems)?;
    let kind = place.kind(&mut problems)?;
    let zones = match &kind {
        Some(_) => place.zones(&mut problems)?,
        None => Vec::new(),
    };
    if let Some(vpc_id) = &vpc_id {
        place.address(vpc_id, &mut problems)?;
    }
    place.name(&mut problems)?;
    problems.extend(too_small(&inputs));
    let (Some(vpc_id), Some(kind), true) = (vpc_id, kind, problems.is_empty()) else {
        return Err(unfit(&inputs, &problems));
    };
    if kind.local_disks > 0 {
        host.warn(&format!(
            "`{}` has local disks: no image can be made of its servers later",
            inputs.instance_type
        ));
    }
    Ok(Outputs {
        region: inputs.region,
        instance_type: inputs.instance_type,
        vpc_id,
        zones,
        cores: kind.cores,
        memory_gb: kind.memory_gb,
    })
}

fn too_small(inputs: &Inputs) -> Option<Violation> {
    let (size, least) = (inputs.system_disk_gb?, inputs.source_system_gb?);
    (size < least).then(|| {
        Violation::new(
            format!("a system disk of {size} GiB is smaller than the source's of {least} GiB"),
            "choose a larger system disk, or leave its size out",
        )
    })
}

/// One fault for everything, so that it can be mended in one go.
fn unfit(inputs: &Inputs, problems: &Violations) -> Fault {
    let message = format!(
        "no `{}` can be made in {}: {}",
        inputs.instance_type,
        inputs.region,
        problems.reasons()
    );
    Fault::fail("check-ecs-target.unfit", message).advise(format!(
        "{}. Nothing has been changed; run it again afterwards.",
        problems.remedies()
    ))
}

#[cfg(test)]
rutter_sdk::cases!();
