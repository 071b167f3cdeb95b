//! The step `check-redis-preparation`: looks, before anything is changed, whether an instance can be made ready for DTS,
//! and says everything that stands in the way. That a cluster may have an account with the right to replicate at all
//! cannot be looked at: a support ticket decides it.

mod instance;

use rutter_sdk::prelude::*;

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
    let mut broken = Vec::new();
    broken.extend(network(&instance, &inputs));
    broken.extend(whitelist(&instance, &inputs));
    broken.extend(replication(&instance, &inputs));
    if broken.is_empty() {
        return Ok(outputs(&instance, &inputs));
    }
    let listed = |of: fn(&Broken) -> &str| {
        let all: Vec<&str> = broken.iter().map(of).collect();
        all.join("; ")
    };
    let message = format!(
        "`{}` cannot be made ready for DTS: {}",
        inputs.instance,
        listed(|rule| &rule.reason)
    );
    Err(
        Fault::fail("check-redis-preparation.unfit", message).advise(format!(
            "{}. Nothing has been changed.",
            listed(|rule| rule.remedy)
        )),
    )
}

/// What stands in the way, and what to do about it.
struct Broken {
    reason: String,
    remedy: &'static str,
}

fn network(instance: &Instance, inputs: &Inputs) -> Vec<Broken> {
    let mut broken = Vec::new();
    if instance.vpc.is_none() {
        broken.push(Broken {
            reason: "it is in no VPC, through which DTS would reach it".to_owned(),
            remedy: "switch its network to a VPC (SwitchNetwork)",
        });
    }
    if !inputs.direct || instance.has_endpoint {
        return broken;
    }
    if !instance.is_cluster {
        broken.push(Broken {
            reason: "it is no cluster, and only a cluster takes a direct endpoint".to_owned(),
            remedy: "synchronise it in the newer way, as an instance (redis_cross_account.toml)",
        });
    }
    if instance.is_tls_on {
        broken.push(Broken {
            reason: "its TLS is on, with which it takes no direct endpoint".to_owned(),
            remedy: "turn TLS off (ModifyInstanceSSL); it restarts the instance, so choose the moment",
        });
    }
    broken
}

fn whitelist(instance: &Instance, inputs: &Inputs) -> Option<Broken> {
    let room = GROUP_MAX.saturating_sub(instance.group_size);
    (instance.shut_out.len() > room).then(|| Broken {
        reason: format!(
            "the group `{}` of its whitelist has room for {room} addresses, and DTS comes from {} more",
            inputs.group,
            instance.shut_out.len()
        ),
        remedy: "say another group",
    })
}

fn replication(instance: &Instance, inputs: &Inputs) -> Option<Broken> {
    let name = inputs.account.as_ref()?;
    match instance.right_of(name) {
        Some(REPLICATION) => None,
        Some(right) => Some(Broken {
            reason: format!(
                "it has an account `{name}` already, with {right} instead of {REPLICATION}"
            ),
            remedy: "choose another name for the account; clients may be using this one",
        }),
        None if instance.accounts.len() >= ACCOUNTS_MAX => Some(Broken {
            reason: format!(
                "it has {} accounts, and can have no more",
                instance.accounts.len()
            ),
            remedy: "delete an account that nobody uses",
        }),
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
