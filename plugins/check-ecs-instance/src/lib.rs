//! The step `check-ecs-instance`: looks at a server before anything is changed, and says everything that would keep it
//! from being copied, imported or released, and what other systems may know it by.

mod rules;
mod server;

use rutter_sdk::prelude::*;

use crate::rules::Broken;
use crate::server::Server;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let server = Server::read(&account, &inputs.instance, &inputs.region)?;
    let broken = rules::broken(&server, &inputs);
    if !broken.is_empty() {
        return Err(unfit(&inputs.instance, &broken));
    }
    for warning in rules::warnings(&server, &inputs) {
        host.warn(&warning);
    }
    Ok(outputs(server, inputs))
}

/// One fault for all rules, so that they can be mended in one go.
fn unfit(instance: &str, broken: &[Broken]) -> Fault {
    let reasons = listed(broken.iter().map(|rule| rule.reason.as_str()));
    let remedies = listed(broken.iter().map(|rule| rule.remedy.as_str()));
    Fault::fail(
        "check-ecs-instance.unfit",
        format!("the server `{instance}` will not do: {reasons}"),
    )
    .advise(format!(
        "{remedies}. Nothing has been changed; run it again afterwards."
    ))
}

/// `first` alone; several with their numbers, by which reasons and remedies are matched.
fn listed<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    if texts.len() == 1 {
        return texts.map(str::to_owned).collect();
    }
    let numbered = texts
        .enumerate()
        .map(|(index, text)| format!("({}) {text}", index + 1));
    numbered.collect::<Vec<_>>().join("; ")
}

fn outputs(server: Server, inputs: Inputs) -> Outputs {
    let size_gb = |disk: &server::Disk| disk.size_gb;
    let system = server.disks.iter().find(|disk| disk.kind == "system");
    Outputs {
        associations: server.associations(),
        instance: inputs.instance,
        region: inputs.region,
        system_gb: system.map_or(0, size_gb),
        data_gb: server.disks.iter().map(size_gb).sum(),
        cloud_assistant: server.cloud_assistant,
        charge_type: server.charge_type().to_owned(),
        deletion_protection: server.is_protected,
        zone: server.zone,
        name: server.name,
        hostname: server.hostname,
        status: server.status,
        os: server.os.to_owned(),
        instance_type: server.instance_type,
        image: server.image,
        network: server.network.to_owned(),
        vpc_id: server.vpc_id,
        vswitch: server.vswitch,
        private_ips: server.private_ips,
        public_ips: server.public_ips,
        security_groups: server.security_groups,
        disk_ids: server.disks.iter().map(|disk| disk.id.clone()).collect(),
        disks: server.disks.into_iter().map(disk).collect(),
    }
}

fn disk(disk: server::Disk) -> OutputsDisksItem {
    OutputsDisksItem {
        id: disk.id,
        kind: disk.kind.to_owned(),
        category: disk.category,
        size_gb: disk.size_gb,
    }
}

#[cfg(test)]
rutter_sdk::cases!();
