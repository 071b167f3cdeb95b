//! The step `check-ecs-instance`: looks at a server before anything is changed, and says everything that would keep it
//! from being copied, imported or released, and what other systems may know it by.

mod rules;
mod server;

use rutter_sdk::prelude::*;

use crate::server::Server;

rutter_sdk::plugin!(run);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let server = Server::read(&account, &inputs.instance, &inputs.region)?;
    let broken = rules::broken(&server, &inputs);
    if !broken.is_empty() {
        let what = format!("the server `{}` will not do", inputs.instance);
        return Err(broken.fault("check-ecs-instance.unfit", &what));
    }
    for warning in rules::warnings(&server, &inputs) {
        host.warn(&warning);
    }
    Ok(outputs(server, inputs))
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
