//! `DeleteSourceServer`: a source goes with the jobs that it was made for.

use serde_json::json;

use super::{Scene, Source, job};
use crate::answer::{Answer, Refusal};

/// What is being deleted, or is gone, stays so.
pub(super) fn source(scene: &mut Scene<'_>) -> Answer {
    let id = scene.required("SourceId")?;
    let now = scene.now;
    let account = scene.account();
    if account.sources.get(&id).is_none_or(Source::is_deleting) {
        return Ok(json!({}));
    }
    let related: Vec<String> = account
        .jobs
        .iter()
        .filter(|(_, job)| job.source == id && job.is_unfinished(now))
        .map(|(id, _)| id.clone())
        .collect();
    if !related.is_empty() && !scene.parameters.is_true("Force") {
        let is_running = related
            .iter()
            .any(|job| account.jobs[job].status(now) == "Running");
        return Err(if is_running {
            Refusal::new(
                400,
                "SourceServer.WithRunningReplicationJob",
                "The specified source server has related replication jobs that are running.",
            )
        } else {
            Refusal::new(
                400,
                "ReplicationJob.Related",
                "The specified source server has related replication jobs.",
            )
        });
    }
    for job in related {
        job::remove(scene, &job, now);
    }
    let smc = scene.account_mut();
    if let Some(source) = smc.sources.get_mut(&id) {
        source.deleting_ms = Some(now);
    }
    Ok(json!({}))
}
