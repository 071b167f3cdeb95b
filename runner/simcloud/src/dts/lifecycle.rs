//! Buying, starting, pausing, ending and deleting tasks.

use serde_json::json;

use super::check_item::passed;
use super::job::{Bought, Job, Phase};
use super::settle::{initializing, resumed};
use super::{RequestContext, held, held_mut, named, precheck, succeeded, wrong_status};
use crate::answer::{Answer, Refusal};

/// `CreateDtsInstance`: with `JobId` it buys for a task that passed its precheck (the console's order), else it buys first.
pub(super) fn buy(context: &mut RequestContext<'_>) -> Answer {
    let pay_type = context.required("PayType")?;
    let until_ms = match pay_type.eq_ignore_ascii_case("PrePaid") {
        true => Some(context.now.saturating_add(period_ms(context)?)),
        false => None,
    };
    let text = |name: &str, default: &str| {
        context
            .parameters
            .filled(name)
            .unwrap_or_else(|| default.to_owned())
    };
    let bought = Bought {
        at_ms: context.now,
        class: text("InstanceClass", "small"),
        resource_group: text("ResourceGroupId", ""),
        pay_type,
        until_ms,
    };
    let id = match context.parameters.filled("JobId") {
        Some(id) => buy_for(context, id, bought)?,
        None => buy_first(context, bought)?,
    };
    let job = held(context, &id);
    Ok(
        json!({ "InstanceId": job.instance_id, "JobId": job.id, "Success": "true", "ErrCode": "", "ErrMessage": "" }),
    )
}

fn buy_for(
    context: &mut RequestContext<'_>,
    id: String,
    bought: Bought,
) -> Result<String, Refusal> {
    let now = context.now;
    let auto_start = context.parameters.is_true("AutoStart");
    let Some(job) = context
        .account()
        .jobs
        .get(&id)
        .filter(|job| !job.is_deleted())
    else {
        return Err(Refusal::enveloped(
            "InvalidJobId",
            "The specified JobId does not exist.",
        ));
    };
    if job.bought.is_some() {
        return Err(Refusal::new(
            400,
            "InvalidParameter",
            format!("The specified JobId is not valid: {id} has an instance already."),
        ));
    }
    if !matches!(&job.phase, Phase::Prechecked { items, .. } if passed(items)) {
        return Err(wrong_status(
            job,
            "an instance can be bought once the precheck passed with 100 %",
        ));
    }
    let phase = if auto_start {
        initializing(&context.world, &context.caller.account, job, now)
    } else {
        Phase::NotStarted
    };
    let job = held_mut(context, &id);
    job.bought = Some(bought);
    job.phase = phase;
    Ok(id)
}

fn buy_first(context: &mut RequestContext<'_>, bought: Bought) -> Result<String, Refusal> {
    for name in [
        "SourceRegion",
        "DestinationRegion",
        "SourceEndpointEngineName",
        "DestinationEndpointEngineName",
    ] {
        context.required(name)?;
    }
    let kind = context.required("Type")?.to_ascii_uppercase();
    let region = context.required("DestinationRegion")?;
    let mut job = Job::new(context, &kind, region);
    job.bought = Some(bought);
    let id = job.id.clone();
    context.account_mut().jobs.insert(id.clone(), job);
    Ok(id)
}

/// A subscription is for 1 to 9 months or for 1, 2, 3 or 5 years. Months have thirty days here.
pub(super) fn period_ms(context: &RequestContext<'_>) -> Result<i64, Refusal> {
    const DAY_MS: i64 = 86_400_000;
    let period = context.required("Period")?;
    context.required("UsedTime")?;
    let used = context.parameters.integer("UsedTime").unwrap_or_default();
    let (fits, days) = if period.eq_ignore_ascii_case("Year") {
        ([1, 2, 3, 5].contains(&used), 365)
    } else {
        ((1..=9).contains(&used), 30)
    };
    if fits {
        return Ok(used * days * DAY_MS);
    }
    Err(Refusal::new(
        400,
        "InvalidParameter",
        format!(
            "The specified parameter is not valid: UsedTime {used} does not fit Period {period}."
        ),
    ))
}

/// `StartDtsJob`: what has not started is checked first; what is paused goes on.
pub(super) fn start(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let now = context.now;
    let job = held(context, &id);
    let is_bought = job.bought.is_some();
    let next = match &job.phase {
        Phase::NotStarted => None,
        Phase::Prechecked { items, .. } if !passed(items) => None,
        Phase::Prechecked { .. } if is_bought => Some(initializing(
            &context.world,
            &context.caller.account,
            job,
            now,
        )),
        Phase::Prechecked { .. } => {
            return Err(wrong_status(job, "it has no instance; buy one first"));
        }
        Phase::Suspended { left_ms } | Phase::Broken { left_ms, .. } => {
            Some(resumed(*left_ms, now))
        }
        _ => {
            return Err(wrong_status(
                job,
                "it can be started when it is configured, failed or paused",
            ));
        }
    };
    match next {
        Some(phase) => held_mut(context, &id).phase = phase,
        None => precheck::begin(context, &id),
    }
    Ok(succeeded())
}

pub(super) fn suspend(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let now = context.now;
    let job = held(context, &id);
    let left_ms = match &job.phase {
        Phase::Running { .. } => None,
        Phase::Initializing { until, .. } => Some(until.saturating_sub(now).max(0)),
        Phase::Retrying(retrying) => retrying.left_ms,
        _ => return Err(wrong_status(job, "only a running task can be paused")),
    };
    held_mut(context, &id).phase = Phase::Suspended { left_ms };
    Ok(succeeded())
}

pub(super) fn stop(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let now = context.now;
    let job = held(context, &id);
    if matches!(
        job.phase,
        Phase::NotConfigured | Phase::Finished { .. } | Phase::Deleted { .. }
    ) {
        return Err(wrong_status(job, "there is nothing to end"));
    }
    held_mut(context, &id).phase = Phase::Finished { at: now };
    Ok(succeeded())
}

/// `DeleteDtsJob`: what is deleted already, and can still be read, stays as it is.
pub(super) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let now = context.now;
    let job: &mut Job = held_mut(context, &id);
    if !job.is_deleted() {
        job.phase = Phase::Deleted { at: now };
    }
    Ok(succeeded())
}
