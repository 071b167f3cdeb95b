//! The step `configure-sync-job`: configures a synchronisation that was bought, from a Redis of another account into an
//! instance. Full copy and changes are fixed. DTS lets itself into the destination's whitelist meanwhile.
//!
//! It is only configured: starting, with the precheck, is `start-sync-job`'s.

mod endpoint;
mod existing;

use rutter_sdk::prelude::*;

use crate::existing::{Seen, look};

rutter_sdk::plugin!(run);

/// A role that was just made may not be seen by DTS yet: how often and how far apart it is tried again.
const SPREAD_ATTEMPTS: u32 = 5;
const SPREAD_PAUSE: Duration = Duration::from_secs(30);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let account = host.account()?;
    endpoint::check(&inputs, &account.id())?;
    let api = request(&inputs);
    let configured = match look(&account, &inputs)? {
        Seen::Same { started: true } => {
            host.warn(&format!(
                "`{}` runs already, from this source into this destination; what it does with existing data is not shown",
                inputs.job
            ));
            account.create(api).or_adopt(existing::find(&inputs))?.made
        }
        // Nobody knows what else stands in a configuration that is not this step's own.
        Seen::Same { started: false } | Seen::Nothing => {
            configure(host, &account, &inputs, &api)?;
            true
        }
    };
    Ok(Outputs {
        job: inputs.job,
        configured,
    })
}

fn configure(host: &Host, account: &Account, inputs: &Inputs, api: &Api) -> Result<(), Fault> {
    let mut attempt = 1;
    loop {
        let result = account
            .change(api.clone())
            .find(existing::find(inputs))
            .send();
        match result {
            Err(fault) if may_spread_yet(&fault) && attempt < SPREAD_ATTEMPTS => {
                host.info(&format!(
                    "DTS may not see the role yet, trying again: {fault}"
                ));
                host.wait(SPREAD_PAUSE)?;
                attempt += 1;
            }
            other => return other.map(|_| ()),
        }
    }
}

/// Whether the cloud's refusal may come from a role or grant that is on its way. A malformed name is not.
fn may_spread_yet(fault: &Fault) -> bool {
    match fault.code.as_str() {
        "AssumeRoleFail" => !fault.message.contains("Invalid role arn"),
        "NoPermission" => true,
        _ => false,
    }
}

fn request(inputs: &Inputs) -> Api {
    Api::new("DTS", "ConfigureSynchronizationJob")
        .in_region(&inputs.region)
        .set("SynchronizationJobId", &inputs.job)
        .set("SynchronizationJobName", &inputs.name)
        .set("StructureInitialization", true)
        .set("DataInitialization", true)
        .set("SourceEndpoint", endpoint::source(inputs))
        .set("DestinationEndpoint", endpoint::destination(inputs))
        .set("SynchronizationObjects", objects(&inputs.databases))
        .set("MigrationReserved", reserved(inputs))
}

/// Whole databases, under their own names.
fn objects(databases: &[i64]) -> Value {
    let entry =
        |number: &i64| json!({ "DBName": number.to_string(), "NewDBName": number.to_string() });
    databases.iter().map(entry).collect()
}

/// The settings that have no parameter of their own. The documents ask for text, also where it is a number.
fn reserved(inputs: &Inputs) -> Value {
    let overwrites = inputs.existing_data == "overwrite";
    let mut reserved = json!({
        // 0 lets the precheck fail where the destination holds data, 2 writes over it.
        "targetTableMode": if overwrites { "2" } else { "0" },
        // Otherwise it would start by itself, in the middle of this step.
        "autoStartModulesAfterConfig": "none",
    });
    // Documented to be set only when both ends are Tair.
    if inputs.source.edition == "enterprise" && inputs.destination.edition == "enterprise" {
        reserved["srcRedisType"] = json!("enterprise");
        reserved["destRedisType"] = json!("enterprise");
    }
    reserved
}

#[cfg(test)]
rutter_sdk::cases!();
