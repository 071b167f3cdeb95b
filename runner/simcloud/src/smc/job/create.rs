//! `CreateReplicationJob`.

use serde_json::json;

use super::{Job, Phase, Target, source_not_available};
use crate::answer::{Answer, Refusal};
use crate::scene::Scene;
use crate::smc::unknown;
use crate::time;

/// How long a job that is not started stays valid, unless it says otherwise.
const VALID_MS: i64 = 30 * 86_400_000;

/// How many jobs an account may have.
const JOBS_MAX: usize = 1000;

pub(in crate::smc) fn create(scene: &mut Scene<'_>) -> Answer {
    let source_id = scene.required("SourceId")?;
    let region = scene.required("RegionId")?;
    let now = scene.now;
    let source = scene
        .account()
        .smc
        .sources
        .get(&source_id)
        .ok_or_else(|| unknown("SourceId"))?;
    if !source.is_available(now) {
        return Err(source_not_available());
    }
    let target = target(scene)?;
    let scheduled_ms = instant(scene, "ScheduledStartTime")?;
    let valid_until_ms = instant(scene, "ValidTime")?.unwrap_or(now.saturating_add(VALID_MS));
    check_conditions(scene)?;
    check_others(scene, &source_id)?;
    let id = scene.new_id("j-", "replication-job");
    let image_id = scene.new_id("m-", "image");
    let job = Job {
        name: scene
            .parameters
            .filled("Name")
            .unwrap_or_else(|| id.clone()),
        description: scene.parameters.text_or_empty("Description"),
        source: source_id,
        region,
        target,
        created_ms: now,
        valid_until_ms,
        scheduled_ms,
        image_id,
        phase: Phase::Ready,
        paid: Vec::new(),
    };
    scene.account_mut().smc.jobs.insert(id.clone(), job);
    Ok(json!({ "JobId": id }))
}

fn target(scene: &Scene<'_>) -> Result<Target, Refusal> {
    let kind = scene
        .parameters
        .filled("TargetType")
        .unwrap_or_else(|| "Image".to_owned());
    match kind.to_ascii_lowercase().as_str() {
        "image" => Ok(Target::Image {
            name: scene.parameters.text_or_empty("ImageName"),
        }),
        "targetinstance" => {
            let id = scene.required("InstanceId")?;
            if !scene.account().ecs.instances.contains_key(&id) {
                return Err(unknown("InstanceId"));
            }
            Ok(Target::Instance { id })
        }
        _ => Err(not_simulated(&format!("jobs with the target type {kind}"))),
    }
}

fn check_conditions(scene: &Scene<'_>) -> Result<(), Refusal> {
    if scene.parameters.boolean("RunOnce") == Some(false) {
        scene.required("Frequency")?;
        scene.required("MaxNumberOfImageToKeep")?;
        return Err(not_simulated("jobs that run more than once"));
    }
    if scene.parameters.integer("NetMode") == Some(2) {
        scene.required("VSwitchId")?;
    }
    Ok(())
}

fn check_others(scene: &Scene<'_>, source: &str) -> Result<(), Refusal> {
    let jobs = &scene.account().smc.jobs;
    let mut others = jobs.values().filter(|job| !job.is_deleting());
    let is_full = jobs.len() >= JOBS_MAX
        || others
            .clone()
            .any(|job| job.source == source && job.is_unfinished(scene.now));
    if is_full {
        let message = "The maximum number of replication jobs is exceeded. Please submit a ticket to raise the quota.";
        return Err(Refusal::new(400, "QuotaExceeded.ReplicationJob", message));
    }
    let name = scene.parameters.filled("Name");
    if name.is_some_and(|name| others.any(|job| job.name == name)) {
        return Err(Refusal::new(
            400,
            "ReplicationJobName.Duplicate",
            "The specified replication job name already exists.",
        ));
    }
    Ok(())
}

fn instant(scene: &Scene<'_>, parameter: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = scene.parameters.filled(parameter) else {
        return Ok(None);
    };
    let instant = time::parse(&text).filter(|instant| *instant >= scene.now);
    let wrong = || {
        Refusal::new(
            400,
            "InvalidParameter",
            format!("The specified parameter {parameter} is no instant to come."),
        )
    };
    instant.map(Some).ok_or_else(wrong)
}

fn not_simulated(what: &str) -> Refusal {
    Refusal::new(
        501,
        "NotSimulated",
        format!("SMC:CreateReplicationJob: the simulated cloud does not simulate {what}."),
    )
}
