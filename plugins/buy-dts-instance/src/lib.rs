//! The step `buy-dts-instance`: buys the instance that a task runs on. It does not start the task.
//!
//! A purchase takes no token. What keeps a second call from buying twice is that the instance is bought for the task:
//! the task says whether it has one, and is asked before every purchase.
//!
//! What releases the instance deletes the task as well. So only the task of this run is taken back in that way; for
//! another's the purchase stays.

use rutter_sdk::prelude::*;

rutter_sdk::plugin!(run);

/// States in which nothing can be bought, as the precheck has not passed.
const UNCHECKED: [&str; 4] = [
    "NotConfigured",
    "NotStarted",
    "Prechecking",
    "PrecheckFailed",
];

/// How long the task may take to show a purchase. Generous: money is at stake.
const SETTLE: Duration = Duration::from_mins(2);

fn run(host: &Host, inputs: Inputs) -> Result<Outputs, Fault> {
    let period = period(&inputs);
    let account = host.account()?;
    let task = |action: &str| Api::new("DTS", action).in_region(&inputs.region);
    let buy = task("CreateDtsInstance")
        .set("JobId", &inputs.task)
        .set(
            "PayType",
            if period.is_some() {
                "PrePaid"
            } else {
                "PostPaid"
            },
        )
        .set("Period", period.map(|(unit, _)| unit))
        .set("UsedTime", period.map(|(_, count)| count))
        .set("InstanceClass", &inputs.instance_class)
        .set("ResourceGroupId", inputs.resource_group.as_deref())
        // Starting is a step of its own, with its own wait.
        .set("AutoStart", false);
    let detail = task("DescribeDtsJobDetail").set("DtsJobId", &inputs.task);
    check(&account, detail.clone(), &inputs)?;
    let mut purchase = account.create(buy);
    if inputs.own {
        purchase = purchase.reverse(task("DeleteDtsJob").set("DtsJobId", &inputs.task));
    }
    let bought = purchase.or_adopt(look(detail, &inputs))?;
    Ok(Outputs {
        instance: bought.answer.text("/InstanceId")?.to_owned(),
        bought: bought.made,
    })
}

/// Unit and length of a subscription; `None` for pay-as-you-go.
fn period(inputs: &Inputs) -> Option<(&'static str, i64)> {
    let months = inputs.months.map(|months| ("Month", months));
    months.or(inputs.years.map(|years| ("Year", years)))
}

/// The instance of the task. Every task shows an id for its instance; that one is paid for is what says that there is
/// one. A task that was deleted may still show that it was paid.
fn look(detail: Api, inputs: &Inputs) -> Find {
    Find::one(detail)
        .differs("/PayType", "")
        .none_of("/Status", &["Finished"])
        .key("/DtsInstanceID")
        .settle(SETTLE)
        .answer(json!({ "InstanceId": found("/DtsInstanceID"), "JobId": inputs.task }))
}

/// Refuses a task that is gone, or whose precheck has not passed.
fn check(account: &Account, detail: Api, inputs: &Inputs) -> Result<(), Fault> {
    let Some(task) = account.find(detail)? else {
        let message = format!("there is no task `{}` in {}", inputs.task, inputs.region);
        return Err(Fault::fail("buy-dts-instance.absent", message)
            .advise("It was deleted, or is another account's: configure it again."));
    };
    if task.text_if_any("/PayType").is_some() {
        return Ok(());
    }
    let status = task.text("/Status")?;
    if task.is_one_of("/Status", &UNCHECKED) {
        let message = format!(
            "the task `{}` is `{status}`: its precheck has not passed",
            inputs.task
        );
        return Err(Fault::fail("buy-dts-instance.unchecked", message)
            .advise("Let the step `precheck-dts-task` pass first. Nothing was bought."));
    }
    Ok(())
}

#[cfg(test)]
rutter_sdk::cases!();
