//! `DeleteSourceServer`: a source goes with the jobs that it was made for.

use serde_json::json;

use super::{RequestContext, SourceServer, job};
use crate::answer::{Answer, Refusal};

/// What is being deleted, or is gone, stays so.
pub(super) fn source(context: &mut RequestContext<'_>) -> Answer {
    let id = context.required("SourceId")?;
    let now = context.now;
    let account = context.account();
    if account
        .sources
        .get(&id)
        .is_none_or(SourceServer::is_deleting)
    {
        return Ok(json!({}));
    }
    let related: Vec<String> = account
        .jobs
        .iter()
        .filter(|(_, job)| job.source == id && job.is_unfinished(now))
        .map(|(id, _)| id.clone())
        .collect();
    if !related.is_empty() && !context.parameters.is_true("Force") {
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
        job::remove(context, &job, now);
    }
    let smc = context.account_mut();
    if let Some(source) = smc.sources.get_mut(&id) {
        source.deleting_ms = Some(now);
    }
    Ok(json!({}))
}
