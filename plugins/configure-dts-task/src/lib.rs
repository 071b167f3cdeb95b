//! The step `configure-dts-task`: makes a DTS task that copies a Tair/Redis instance and keeps the copy up to date.
//!
//! The task is only configured: its precheck is `precheck-dts-task`'s, and nothing is charged before `buy-dts-instance`.

mod endpoint;
mod existing;

use rutter_sdk::prelude::*;

use crate::endpoint::Endpoint;

rutter_sdk::plugin!(run);

/// A role that was just made may not be seen by DTS yet: how often and how far apart it is tried again.
const SPREAD_ATTEMPTS: u32 = 5;
const SPREAD_PAUSE: Duration = Duration::from_secs(30);

/// How long the list of tasks may take to show a new one.
const SETTLE: Duration = Duration::from_secs(30);

/// Below these, a short disturbance ends the task.
const CONNECTION_RETRY_ADVISED: Duration = Duration::from_mins(30);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    endpoint::check(&inputs)?;
    check_retries(host, &inputs)?;
    let account = host.account()?;
    let task = configure(host, &account, &inputs)?;
    Ok(Outputs {
        id: task.answer.text("/DtsJobId")?.to_owned(),
        instance: task.answer.text_if_any("/DtsInstanceId").map(str::to_owned),
        created: task.made,
    })
}

fn check_retries(host: &Host, inputs: &Inputs) -> Result<(), Fault> {
    if inputs.other_retry >= inputs.connection_retry {
        return Err(Fault::fail(
            "configure-dts-task.retry",
            "`other_retry` must be shorter than `connection_retry`, and is not",
        )
        .advise("Shorten `other_retry` (10m is usual) or lengthen `connection_retry` (12h)."));
    }
    if inputs.connection_retry < CONNECTION_RETRY_ADVISED {
        host.warn(
            "`connection_retry` is below 30 minutes: a short loss of the connection ends the task",
        );
    }
    Ok(())
}

fn configure(host: &Host, account: &Account, inputs: &Inputs) -> Result<Created, Fault> {
    let mut attempt = 1;
    loop {
        let api = request(inputs);
        let region = &inputs.region;
        let delete = Api::new("DTS", "DeleteDtsJob")
            .region(region)
            .set("RegionId", region)
            .set("DtsJobId", answer("/DtsJobId"));
        let result = account
            .create(api)
            .reverse(delete)
            .settle(SETTLE)
            .or_adopt(|| existing::find(account, inputs));
        match result {
            Err(fault) if may_spread_yet(&fault) && attempt < SPREAD_ATTEMPTS => {
                host.info(&format!(
                    "DTS may not see the role yet, trying again: {fault}"
                ));
                host.wait(SPREAD_PAUSE)?;
                attempt += 1;
            }
            other => return other,
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
    let api = Api::new("DTS", "ConfigureDtsJob")
        .region(&inputs.region)
        .set("RegionId", &inputs.region)
        .set("DtsJobName", &inputs.name)
        .set("JobType", "SYNC")
        .set("StructureInitialization", true)
        .set("DataInitialization", true)
        .set("DataSynchronization", true)
        .set("DbList", objects(&inputs.databases))
        .set("Reserve", reserve(inputs));
    let api = Endpoint::source(&inputs.source).add_to(api);
    Endpoint::destination(&inputs.destination).add_to(api)
}

/// Whole databases; keys cannot be chosen.
fn objects(databases: &[i64]) -> Value {
    let entry = |number: &i64| {
        let name = number.to_string();
        (name.clone(), json!({ "name": name, "all": true }))
    };
    Value::Object(databases.iter().map(entry).collect())
}

/// The settings that have no parameter of their own. The documents ask for text, also where it is a number.
fn reserve(inputs: &Inputs) -> Value {
    let mut reserve = json!({
        "targetTableMode": target_table_mode(inputs),
        // Otherwise the precheck would start by itself, in the middle of this step.
        "autoStartModulesAfterConfig": "none",
        "maxRetryTime": inputs.connection_retry.as_secs().to_string(),
        "retry.blind.seconds": inputs.other_retry.as_secs().to_string(),
    });
    // Documented to be set only when both ends are Tair.
    if inputs.source.edition == "enterprise" && inputs.destination.edition == "enterprise" {
        reserve["srcRedisType"] = json!("enterprise");
        reserve["destRedisType"] = json!("enterprise");
    }
    reserve
}

/// 0 lets the precheck fail where the destination holds data, 2 writes over it.
pub(crate) fn target_table_mode(inputs: &Inputs) -> &'static str {
    if inputs.existing_data == "overwrite" {
        "2"
    } else {
        "0"
    }
}

#[cfg(test)]
rutter_sdk::cases!();
