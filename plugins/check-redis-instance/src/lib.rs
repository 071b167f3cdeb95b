//! The step `check-redis-instance`: looks at a Tair/Redis instance before anything is changed, and says everything that
//! would keep DTS from using it, so that nobody has to find out one precheck at a time.

mod instance;
mod rules;

use rutter_sdk::prelude::*;

use crate::instance::Instance;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let instance = Instance::read(host, &account, &inputs.instance, &inputs.region)?;
    let broken = if inputs.side == "source" {
        rules::for_source(&instance, &inputs)
    } else {
        rules::for_destination(&instance, &inputs)
    };
    if !broken.is_empty() {
        let what = format!("`{}` cannot be the {}", inputs.instance, inputs.side);
        return Err(broken.fault("check-redis-instance.unfit", &what));
    }
    for warning in rules::warnings(&instance, &inputs) {
        host.warn(&warning);
    }
    Ok(outputs(instance, inputs))
}

fn outputs(instance: Instance, inputs: Inputs) -> Outputs {
    Outputs {
        edition: instance.edition().to_owned(),
        // A full instance is the worst that can be, and what depends on the value stays safe.
        used_mb: instance.used_mb.unwrap_or(instance.capacity_mb),
        instance: inputs.instance,
        region: inputs.region,
        zone: instance.zone,
        engine_version: instance.engine_version,
        architecture: instance.architecture,
        cloud_native: instance.cloud_native,
        class: instance.class,
        capacity_mb: instance.capacity_mb,
        vpc_id: instance.vpc_id,
        maxmemory_policy: instance.maxmemory_policy,
    }
}

#[cfg(test)]
rutter_sdk::cases!();
