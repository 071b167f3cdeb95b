//! The step `configure-dts-task`: makes a DTS task that copies a database and keeps the copy up to date.
//!
//! The task is only configured: its precheck is `precheck-dts-task`'s, and nothing is charged before `buy-dts-instance`.

mod endpoint;
mod existing;
mod kinds;
mod objects;
mod reserve;

use rutter_sdk::prelude::*;

use crate::endpoint::Endpoint;

rutter_sdk::plugin!(run);

/// A role that was just made may not be seen by DTS yet: how often and how far apart it is tried again.
const SPREAD_ATTEMPTS: u32 = 5;
const SPREAD_PAUSE: Duration = Duration::from_secs(30);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    reserve::warn(host, &inputs);
    let account = host.account()?;
    existing::check_name(host, &account, &inputs)?;
    let task = configure(host, &account, &inputs)?;
    if !task.made {
        existing::check_same(&account, &inputs, task.answer.text("/DtsJobId")?)?;
    }
    Ok(Outputs {
        id: task.answer.text("/DtsJobId")?.to_owned(),
        instance: task.answer.text_if_any("/DtsInstanceId").map(str::to_owned),
        created: task.made,
    })
}

fn configure(host: &Host, account: &Account, inputs: &Inputs) -> Result<Created, Fault> {
    let mut attempt = 1;
    loop {
        let api = request(inputs);
        let region = &inputs.region;
        let delete = Api::new("DTS", "DeleteDtsJob")
            .in_region(region)
            .set("DtsJobId", answer("/DtsJobId"));
        let result = account
            .create(api)
            .reverse(delete)
            .or_adopt(existing::look(inputs));
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
        .in_region(&inputs.region)
        .set("DtsJobName", &inputs.name)
        .set("JobType", "SYNC")
        .set("StructureInitialization", true)
        .set("DataInitialization", true)
        .set("DataSynchronization", true)
        .set("DbList", objects::list(inputs))
        .set("Reserve", reserve::reserve(inputs))
        .set("DataCheckConfigure", reserve::verification(inputs))
        .set("DtsBisLabel", inputs.environment.as_deref());
    let api = Endpoint::from(&inputs.source).add_to(api);
    Endpoint::from(&inputs.destination).add_to(api)
}

#[cfg(test)]
rutter_sdk::cases!();
