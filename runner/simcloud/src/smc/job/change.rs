//! Calls that move a job on, change it, or end it.

use serde_json::json;

use super::{Phase, create, held, release, run, source_not_available, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::smc::RequestContext;

const HOUR_MS: i64 = 3_600_000;

/// Starts what is ready, was stopped, or broke off.
pub(in crate::smc) fn start(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("JobId")?;
    let status = held(context, &id)?.status(context.now);
    if !["Ready", "Stopped", "InError"].contains(&status) {
        return Err(wrong_status());
    }
    check_source(context, &id)?;
    run::begin(
        &mut context.world,
        &context.caller.account,
        &id,
        &run::Begin::by_hand(context.now),
    );
    Ok(json!({}))
}

/// Pauses what copies, or what waits for its next run.
pub(in crate::smc) fn stop(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("JobId")?;
    let now = context.now;
    let left_ms = match &held(context, &id)?.phase {
        Phase::Running { stages, .. } if stages.name(now) == "Syncing" => {
            Some(stages.processing.saturating_sub(now))
        }
        Phase::Waiting { .. } => None,
        _ => return Err(wrong_status()),
    };
    if let Some(job) = context.account_mut().jobs.get_mut(&id) {
        job.phase = Phase::Stopped { left_ms };
    }
    Ok(json!({}))
}

/// Ends a job that repeats, after one last run if that is wanted.
pub(in crate::smc) fn cut_over(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("JobId")?;
    let now = context.now;
    if held(context, &id)?.status(now) != "Waiting" {
        return Err(wrong_status());
    }
    let account = context.caller.account.clone();
    if context.parameters.is_true("SyncData") {
        check_source(context, &id)?;
        let begin = run::Begin {
            last: true,
            ..run::Begin::by_hand(now)
        };
        run::begin(&mut context.world, &account, &id, &begin);
        return Ok(json!({}));
    }
    release(&mut context.world, &account, &id, now);
    if let Some(job) = context.account_mut().jobs.get_mut(&id) {
        job.phase = Phase::Finished;
    }
    Ok(json!({}))
}

/// Between two runs only what concerns the next ones can be changed; what runs cannot be changed at all.
pub(in crate::smc) fn modify(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("JobId")?;
    let job = held(context, &id)?;
    let status = job.status(context.now);
    if !["Ready", "Stopped", "InError", "Waiting"].contains(&status) {
        return Err(wrong_status());
    }
    let mut options = job.options.clone();
    options.set(context, job.created_ms)?;
    let is_taken = |other: &super::Job| !other.is_deleting() && other.options.name == options.name;
    let jobs = &context.account().jobs;
    if jobs
        .iter()
        .any(|(other, job)| *other != id && is_taken(job))
    {
        return Err(create::duplicate());
    }
    if let Some(source) = context.account().sources.get(&job.source) {
        create::check_disks(&options, source)?;
    }
    let frequency = context.parameters.integer("Frequency");
    let images = context.parameters.integer("MaxNumberOfImageToKeep");
    if let Some(job) = context.account_mut().jobs.get_mut(&id) {
        job.options = options;
        if let Some(repeats) = &mut job.repeats {
            if let Some(hours) = frequency {
                repeats.frequency_ms = hours.max(1).saturating_mul(HOUR_MS);
            }
            if let Some(images) = images {
                repeats.images_to_keep = usize::try_from(images.max(1)).unwrap_or(1);
            }
        }
    }
    Ok(json!({}))
}

/// What is being deleted, or is gone, stays so. The intermediate instance or disk goes with the job.
pub(in crate::smc) fn delete(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("JobId")?;
    let now = context.now;
    let Some(job) = context
        .account()
        .jobs
        .get(&id)
        .filter(|job| !job.is_deleting())
    else {
        return Ok(json!({}));
    };
    if matches!(job.phase, Phase::Running { .. }) {
        return Err(wrong_status());
    }
    remove(context, &id, now);
    Ok(json!({}))
}

/// Deletes a job, whatever it does.
pub(in crate::smc) fn remove(context: &mut RequestContext<'_>, id: &str, now: i64) {
    let account = context.caller.account.clone();
    release(&mut context.world, &account, id, now);
    if let Some(job) = context.account_mut().jobs.get_mut(id) {
        job.phase = Phase::Deleting { at: now };
    }
}

fn check_source(context: &RequestContext<'_>, id: &str) -> Result<(), Refusal> {
    let source = &held(context, id)?.source;
    let source = context.account().sources.get(source);
    match source {
        Some(source) if source.is_available(context.now) => Ok(()),
        _ => Err(source_not_available()),
    }
}
