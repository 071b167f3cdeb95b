//! The step `check-redis-preparation`: looks, before anything is changed, whether an instance can be made ready for DTS,
//! and says everything that stands in the way. That a cluster may have an account with the right to replicate at all
//! cannot be looked at: a support ticket decides it.

mod instance;

use rutter_sdk::prelude::*;
use rutter_sdk::{Violation, Violations};

use crate::instance::Instance;

rutter_sdk::plugin!(run);

/// How many addresses a group of a whitelist can have.
const GROUP_MAX: usize = 1_000;

/// How many accounts an instance can have.
const ACCOUNTS_MAX: usize = 18;

/// The right that a copying account needs.
const REPLICATION: &str = "RoleRepl";

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    let instance = Instance::read(&account, &inputs)?;
    let mut broken = Violations::new();
    network(&mut broken, &instance, &inputs);
    broken.extend(whitelist(&instance, &inputs));
    broken.extend(replication(&instance, &inputs));
    if broken.is_empty() {
        return Ok(outputs(&instance, &inputs));
    }
    let message = format!(
        "`{}` cannot be made ready for DTS: {}",
        inputs.instance,
        broken.reasons()
    );
    Err(Fault::fail("check-redis-preparation.unfit", message)
        .advise(format!("{}. Nothing has been changed.", broken.remedies())))
}

fn network(broken: &mut Violations, instance: &Instance, inputs: &Inputs) {
    broken.add_if(
        instance.vpc.is_none(),
        "it is in no VPC, through which DTS would reach it",
        "switch its network to a VPC (SwitchNetwork)",
    );
    if !inputs.direct || instance.has_endpoint {
        return;
    }
    broken.add_if(
        !instance.is_cluster,
        "it is no cluster, and only a cluster takes a direct endpoint",
        "synchronise it in the newer way, as an instance (redis_cross_account.toml)",
    );
    broken.add_if(
        instance.is_tls_on,
        "its TLS is on, with which it takes no direct endpoint",
        "turn TLS off (ModifyInstanceSSL); it restarts the instance, so choose the moment",
    );
}

fn whitelist(instance: &Instance, inputs: &Inputs) -> Option<Violation> {
    let room = GROUP_MAX.saturating_sub(instance.group_size);
    (instance.shut_out.len() > room).then(|| {
        Violation::new(
            format!(
                "the group `{}` of its whitelist has room for {room} addresses, and DTS comes from {} more",
                inputs.group,
                instance.shut_out.len()
            ),
            "say another group",
        )
    })
}

fn replication(instance: &Instance, inputs: &Inputs) -> Option<Violation> {
    let name = inputs.account.as_ref()?;
    match instance.right_of(name) {
        Some(REPLICATION) => None,
        Some(right) => Some(Violation::new(
            format!("it has an account `{name}` already, with {right} instead of {REPLICATION}"),
            "choose another name for the account; clients may be using this one",
        )),
        None if instance.accounts.len() >= ACCOUNTS_MAX => Some(Violation::new(
            format!(
                "it has {} accounts, and can have no more",
                instance.accounts.len()
            ),
            "delete an account that nobody uses",
        )),
        None => None,
    }
}

fn outputs(instance: &Instance, inputs: &Inputs) -> Outputs {
    let account = inputs.account.as_ref();
    Outputs {
        vpc: instance.vpc.clone().unwrap_or_default(),
        has_endpoint: instance.has_endpoint,
        has_account: account.is_some_and(|name| instance.right_of(name) == Some(REPLICATION)),
        shut_out: instance.shut_out.clone(),
    }
}

#[cfg(test)]
rutter_sdk::cases!();
