//! Reading tasks. The two reads spell the same state differently, as their documents do.

use serde_json::{Value, json};

use super::job::{Job, Phase, Retrying};
use super::{RequestContext, held, named, progress};
use crate::answer::Answer;
use crate::paging::{Sizes, numbered};
use crate::time;

pub(super) fn detail(context: &mut RequestContext<'_>) -> Answer {
    let id = named(context)?;
    let job = held(context, &id);
    let mut fields = fields(context, job, Some(&context.caller.account));
    // This read documents the running state with a small s, the list with a capital one.
    if job.status() == "Synchronizing" {
        fields["Status"] = json!("synchronizing");
    }
    fields["FinishTime"] = json!(finished(job));
    fields["Success"] = json!(true);
    fields["HttpStatusCode"] = json!(200);
    fields["Code"] = json!(200);
    fields["SubSyncJob"] = json!([]);
    Ok(fields)
}

/// Lists tasks of one type, and of type `MIGRATION` if none is given. What was deleted is not listed.
pub(super) fn list(context: &mut RequestContext<'_>) -> Answer {
    let parameters = context.parameters;
    let kind = parameters
        .filled("JobType")
        .unwrap_or_else(|| "MIGRATION".to_owned());
    let region = parameters
        .filled("Region")
        .or_else(|| parameters.filled("RegionId"));
    let search = parameters.filled("Params");
    let by = parameters.filled("Type");
    let is = |name: &str, value: &str| {
        parameters
            .filled(name)
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let matches = |job: &&Job| {
        let found = search.as_ref().is_none_or(|text| match by.as_deref() {
            Some("name") => job.name.contains(text),
            Some("instance") => job.id == *text || job.instance_id == *text,
            _ => job.is_about(text),
        });
        found
            && job.kind.eq_ignore_ascii_case(&kind)
            && region.as_ref().is_none_or(|region| *region == job.region)
            && is("DtsJobId", &job.id)
            && is("DtsInstanceId", &job.instance_id)
            && is("Status", job.status())
            && parameters
                .filled("InstanceId")
                .is_none_or(|id| job.is_about(&id))
            && !job.is_deleted()
    };
    let jobs: Vec<&Job> = context.account().jobs.values().filter(matches).collect();
    let total = jobs.len();
    let (page, mut answer) = numbered(parameters, Sizes::new(20, 100), jobs);
    answer["PageRecordCount"] = json!(page.len());
    answer["TotalRecordCount"] = json!(total);
    // What is not on the page is not written out.
    let page: Vec<Value> = page.into_iter().map(|job| listed(context, job)).collect();
    answer["DtsJobList"] = json!(page);
    answer["Success"] = json!(true);
    answer["HttpStatusCode"] = json!(200);
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("TotalCount");
        fields.remove("PageSize");
    }
    Ok(answer)
}

fn listed(context: &RequestContext<'_>, job: &Job) -> Value {
    let mut fields = fields(context, job, None);
    fields["PrecheckStatus"] = progress::summary(job, context.now);
    fields["DataInitializationStatus"] = copying(job, context.now);
    fields
}

/// Returns what both reads tell; the list tells nothing of owners and roles.
fn fields(context: &RequestContext<'_>, job: &Job, owners_of: Option<&str>) -> Value {
    let bought = job.bought.as_ref();
    let mut fields = json!({
        "DtsJobId": job.id,
        "DtsInstanceID": job.instance_id,
        "DtsJobName": job.name,
        "DtsJobDirection": "Forward",
        "JobType": job.kind,
        "Status": job.status(),
        "CreateTime": time::text(job.created_ms),
        "PayType": bought.map_or("", |bought| bought.pay_type.as_str()),
        "DtsJobClass": bought.map_or("", |bought| bought.class.as_str()),
        "ResourceGroupId": bought.map_or("", |bought| bought.resource_group.as_str()),
        "ExpireTime": bought.and_then(|bought| bought.until_ms).map(time::text).unwrap_or_default(),
        "Delay": delay(job, context.now),
        "ErrorMessage": error(job),
        "DataSynchronizationStatus": { "Status": progress::state(job, "04"), "Percent": "", "Progress": "" },
    });
    if let Phase::Retrying(retrying) = &job.phase {
        fields["RetryState"] = retry_state(job, retrying, context.now);
    }
    if let Some(setup) = &job.setup {
        fields["SourceEndpoint"] = setup.source.shown(owners_of);
        fields["DestinationEndpoint"] = setup.destination.shown(owners_of);
        fields["DbObject"] = json!(setup.objects.to_string());
        fields["Reserved"] = json!(setup.reserve.to_string());
        fields["DtsBisLabel"] = json!(setup.label);
        fields["MigrationMode"] = json!({
            "StructureInitialization": setup.structure,
            "DataInitialization": setup.full,
            "DataSynchronization": setup.incremental,
        });
    }
    fields
}

fn retry_state(job: &Job, retrying: &Retrying, now: i64) -> Value {
    /// Between two tries; not documented.
    const PAUSE_MS: i64 = 10_000;
    let passed = now.saturating_sub(retrying.from).max(0);
    json!({
        "Retrying": true,
        "JobId": job.id,
        "Module": if retrying.left_ms.is_some() { "03" } else { "07" },
        "RetryTarget": retrying.target,
        "RetryCount": passed / PAUSE_MS,
        "RetryTime": passed / 1000,
        "MaxRetryTime": retrying.gives_up.saturating_sub(retrying.from) / 1000,
        "ErrMessage": retrying.message,
    })
}

fn finished(job: &Job) -> String {
    match job.phase {
        Phase::Finished { at } | Phase::Deleted { at } => time::text(at),
        _ => String::new(),
    }
}

fn error(job: &Job) -> String {
    match &job.phase {
        Phase::Prechecked { items, .. } => {
            let failed = items
                .iter()
                .filter(|item| !item.message.is_empty() && !item.is_skipped);
            failed
                .map(|item| format!("{}: {}", item.name, item.message))
                .collect::<Vec<_>>()
                .join("; ")
        }
        Phase::Broken { message, .. } => message.clone(),
        Phase::Retrying(retrying) => retrying.message.clone(),
        _ => String::new(),
    }
}

fn copying(job: &Job, now: i64) -> Value {
    let percent = match &job.phase {
        Phase::Initializing { from, until } => time::percent(*from, *until, now),
        _ if progress::state(job, "03") == "Finished" => 100,
        _ => 0,
    };
    json!({ "Status": progress::state(job, "03"), "Percent": percent.to_string(), "Progress": "", "ErrorMessage": "" })
}

/// Returns how far the destination is behind, in milliseconds: it falls within minutes and stays under a second.
fn delay(job: &Job, now: i64) -> i64 {
    match job.phase {
        Phase::Running { from } => {
            300 + 5_000_i64
                .saturating_sub(now.saturating_sub(from) / 10)
                .max(0)
        }
        _ => -1,
    }
}
