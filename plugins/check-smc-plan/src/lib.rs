//! The step `check-smc-plan`: says everything about the parameters of a migration that cannot be, whatever the accounts
//! hold. It calls nothing, so that `rutter check` asks it too.

mod rules;

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

fn run(_host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let broken = rules::broken(&inputs);
    if !broken.is_empty() {
        return Err(Fault::fail("check-smc-plan.misfit", broken.join("; "))
            .advise("Correct the inputs; nothing has been changed."));
    }
    let becomes = inputs.servers.iter().map(|server| becomes(server, &inputs));
    let is_resized = |server: &InputsServersItem| {
        server.system_disk_gb.is_some() || server.data_disks_gb.is_some()
    };
    let migrates = inputs.drill != "only";
    Ok(Outputs {
        summary: becomes.collect::<Vec<_>>().join(", "),
        migrates,
        starts: migrates && inputs.run_mode != "create_only",
        resizes: inputs.servers.iter().any(is_resized),
    })
}

fn becomes(server: &InputsServersItem, inputs: &Inputs) -> String {
    let (instance, region) = (&server.instance, &inputs.destination_region);
    match (&server.image_name, &server.target_instance) {
        (Some(image), _) => format!("{instance} becomes the image `{image}` in {region}"),
        (None, Some(target)) => format!("{instance} replaces the system of {target} in {region}"),
        (None, None) => instance.clone(),
    }
}

#[cfg(test)]
rutter_sdk::cases!();
