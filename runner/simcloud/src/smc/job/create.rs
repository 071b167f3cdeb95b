//! `CreateReplicationJob`.

use serde_json::json;

use super::{Job, Options, Phase, Repeats, Target, source_not_available};
use crate::answer::{Answer, Refusal};
use crate::smc::RequestContext;
use crate::smc::{SourceServer, unknown};

/// How many jobs an account may have.
const JOBS_MAX: usize = 1000;

const HOUR_MS: i64 = 3_600_000;

pub(in crate::smc) fn create(context: &mut RequestContext<'_>) -> Answer {
    let source_id = context.required("SourceId")?;
    let region = context.required("RegionId")?;
    let now = context.now;
    let source = context.account().sources.get(&source_id);
    let source = source.ok_or_else(|| unknown("SourceId"))?;
    if !source.is_available(now) {
        return Err(source_not_available());
    }
    let name = String::new();
    let mut options = Options::new(String::new(), Target::Image { name }, now);
    options.set(context, now)?;
    check_disks(&options, source)?;
    let repeats = repeats(context)?;
    check_others(context, &source_id, &options.name)?;
    let id = context.new_id("j-", "replication-job");
    if options.name.is_empty() {
        options.name.clone_from(&id);
    }
    let job = Job {
        source: source_id,
        region,
        options,
        repeats,
        created_ms: now,
        phase: Phase::Ready,
        runs: Vec::new(),
        transition: None,
        paid: Vec::new(),
    };
    context.account_mut().jobs.insert(id.clone(), job);
    Ok(json!({ "JobId": id }))
}

/// Refuses sizes for disks that the source does not have.
pub(super) fn check_disks(options: &Options, source: &SourceServer) -> Result<(), Refusal> {
    let is_there = |index: &i64| {
        let index = usize::try_from(*index).ok();
        index.is_some_and(|index| index > 0 && index < source.server.disks.len())
    };
    if options.data_disks.keys().all(is_there) {
        return Ok(());
    }
    let message =
        "The specified replication job contains data disk index not found in source server.";
    Err(Refusal::new(
        400,
        "ReplicationJobDataDiskIndex.Invalid",
        message,
    ))
}

fn repeats(context: &RequestContext<'_>) -> Result<Option<Repeats>, Refusal> {
    if context.parameters.boolean("RunOnce") != Some(false) {
        return Ok(None);
    }
    let number = |name: &str| -> Result<i64, Refusal> {
        context.required(name)?;
        Ok(context.parameters.integer(name).unwrap_or(1).max(1))
    };
    Ok(Some(Repeats {
        frequency_ms: number("Frequency")?.saturating_mul(HOUR_MS),
        images_to_keep: usize::try_from(number("MaxNumberOfImageToKeep")?).unwrap_or(1),
    }))
}

fn check_others(context: &RequestContext<'_>, source: &str, name: &str) -> Result<(), Refusal> {
    let jobs = &context.account().jobs;
    let others = || jobs.values().filter(|job| !job.is_deleting());
    let is_full = jobs.len() >= JOBS_MAX
        || others().any(|job| job.source == source && job.is_unfinished(context.now));
    if is_full {
        let message = "The maximum number of replication jobs is exceeded. Please submit a ticket to raise the quota.";
        return Err(Refusal::new(400, "QuotaExceeded.ReplicationJob", message));
    }
    if !name.is_empty() && others().any(|job| job.options.name == name) {
        return Err(duplicate());
    }
    Ok(())
}

pub(super) fn duplicate() -> Refusal {
    Refusal::new(
        400,
        "ReplicationJobName.Duplicate",
        "The specified replication job name already exists.",
    )
}
