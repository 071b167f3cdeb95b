//! Calls that move a job on, change it, or end it.

use serde_json::json;

use super::{Phase, create, held, release, run, source_not_available, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::smc::Scene;

const HOUR_MS: i64 = 3_600_000;

/// Starts what is ready, was stopped, or broke off.
pub(in crate::smc) fn start(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let status = held(scene, &id)?.status(scene.now);
    if !["Ready", "Stopped", "InError"].contains(&status) {
        return Err(wrong_status());
    }
    check_source(scene, &id)?;
    run::begin(
        &mut scene.world,
        &scene.caller.account,
        &id,
        &run::Begin::by_hand(scene.now),
    );
    Ok(json!({}))
}

/// Pauses what copies, or what waits for its next run.
pub(in crate::smc) fn stop(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let now = scene.now;
    let left_ms = match &held(scene, &id)?.phase {
        Phase::Running { stages, .. } if stages.name(now) == "Syncing" => {
            Some(stages.processing.saturating_sub(now))
        }
        Phase::Waiting { .. } => None,
        _ => return Err(wrong_status()),
    };
    if let Some(job) = scene.account_mut().jobs.get_mut(&id) {
        job.phase = Phase::Stopped { left_ms };
    }
    Ok(json!({}))
}

/// Ends a job that repeats, after one last run if that is wanted.
pub(in crate::smc) fn cut_over(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let now = scene.now;
    if held(scene, &id)?.status(now) != "Waiting" {
        return Err(wrong_status());
    }
    let account = scene.caller.account.clone();
    if scene.parameters.is_true("SyncData") {
        check_source(scene, &id)?;
        let begin = run::Begin {
            last: true,
            ..run::Begin::by_hand(now)
        };
        run::begin(&mut scene.world, &account, &id, &begin);
        return Ok(json!({}));
    }
    release(&mut scene.world, &account, &id, now);
    if let Some(job) = scene.account_mut().jobs.get_mut(&id) {
        job.phase = Phase::Finished;
    }
    Ok(json!({}))
}

/// Between two runs only what concerns the next ones can be changed; what runs cannot be changed at all.
pub(in crate::smc) fn modify(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let job = held(scene, &id)?;
    let status = job.status(scene.now);
    if !["Ready", "Stopped", "InError", "Waiting"].contains(&status) {
        return Err(wrong_status());
    }
    let mut options = job.options.clone();
    options.set(scene, job.created_ms)?;
    let is_taken = |other: &super::Job| !other.is_deleting() && other.options.name == options.name;
    let jobs = &scene.account().jobs;
    if jobs
        .iter()
        .any(|(other, job)| *other != id && is_taken(job))
    {
        return Err(create::duplicate());
    }
    if let Some(source) = scene.account().sources.get(&job.source) {
        create::check_disks(&options, source)?;
    }
    let frequency = scene.parameters.integer("Frequency");
    let images = scene.parameters.integer("MaxNumberOfImageToKeep");
    if let Some(job) = scene.account_mut().jobs.get_mut(&id) {
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
pub(in crate::smc) fn delete(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("JobId")?;
    let now = scene.now;
    let Some(job) = scene
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
    remove(scene, &id, now);
    Ok(json!({}))
}

/// Deletes a job, whatever it does.
pub(in crate::smc) fn remove(scene: &mut Scene<'_>, id: &str, now: i64) {
    let account = scene.caller.account.clone();
    release(&mut scene.world, &account, id, now);
    if let Some(job) = scene.account_mut().jobs.get_mut(id) {
        job.phase = Phase::Deleting { at: now };
    }
}

fn check_source(scene: &Scene<'_>, id: &str) -> Result<(), Refusal> {
    let source = &held(scene, id)?.source;
    let source = scene.account().sources.get(source);
    match source {
        Some(source) if source.is_available(scene.now) => Ok(()),
        _ => Err(source_not_available()),
    }
}
