//! Reading migration sources and migration jobs.

use serde_json::{Value, json};

use super::job::{Job, Phase, Run, Target, Transition};
use super::{RequestContext, SourceServer};
use crate::answer::Answer;
use crate::ecs::GIB;
use crate::ecs::Os;
use crate::paging::{Sizes, numbered};
use crate::time;

const HOUR_MS: i64 = 3_600_000;

pub(super) fn sources(context: &mut RequestContext<'_>) -> Answer {
    let parameters = context.parameters;
    let ids = parameters.list("SourceId");
    let delete_ms = context.settings().durations.smc_delete.0;
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let mut found = Vec::new();
    for (id, source) in context.account().sources.named(&ids) {
        let fields = source_fields(context, id, source);
        let fits = source.is_listed(context.now, delete_ms)
            && is("Name", &source.name)
            && is("State", fields["State"].as_str().unwrap_or_default())
            && is("JobId", fields["JobId"].as_str().unwrap_or_default());
        if fits {
            found.push(fields);
        }
    }
    let (page, mut answer) = numbered(parameters, Sizes::new(10, 50), found);
    answer["SourceServers"] = json!({ "SourceServer": page });
    Ok(answer)
}

fn source_fields(context: &RequestContext<'_>, id: &str, source: &SourceServer) -> Value {
    let now = context.now;
    let jobs = &context.account().jobs;
    let job = jobs
        .iter()
        .find(|(_, job)| job.source == id && job.is_unfinished(now));
    let is_used = job.is_some_and(|(_, job)| job.status(now) == "Running");
    let system = source.server.disks.first().map_or(40, |disk| disk.size_gb);
    let disks: Vec<Value> = source
        .server
        .disks
        .iter()
        .enumerate()
        .skip(1)
        .map(|(index, disk)| json!({ "Index": index, "Size": disk.size_gb, "Path": format!("/data{index}") }))
        .collect();
    let hostname = if source.server.hostname.is_empty() {
        &source.server.id
    } else {
        &source.server.hostname
    };
    json!({
        "SourceId": id,
        "Name": source.name,
        "Description": "",
        "State": source.state(now, is_used),
        "StatusInfo": source.status_info(now),
        "ErrorCode": "",
        "JobId": job.map_or("", |(id, _)| id.as_str()),
        "SystemInfo": json!({ "hostname": hostname, "ipv4": [source.server.private_ip], "cores": 2, "memory": 8 * GIB }).to_string(),
        "Platform": match source.server.os { Os::Linux => "Others Linux", Os::Windows => "Windows Server 2022" },
        "Architecture": "x86_64",
        "AgentVersion": context.world.file.client_version,
        "ReplicationDriver": "SMT",
        "HeartbeatRate": 30,
        "KernelLevel": 1,
        "SystemDiskSize": system,
        "DataDisks": { "DataDisk": disks },
        "CreationTime": time::text(source.appears_ms),
    })
}

pub(super) fn jobs(context: &mut RequestContext<'_>) -> Answer {
    let parameters = context.parameters;
    let (ids, sources) = (parameters.list("JobId"), parameters.list("SourceId"));
    let instances = parameters.list("InstanceId");
    let delete_ms = context.settings().durations.smc_delete.0;
    let mut found = Vec::new();
    for (id, job) in context.account().jobs.named(&ids) {
        let fields = job_fields(context, id, job);
        let is = |parameter: &str| {
            let wanted = parameters.filled(parameter);
            wanted.is_none_or(|wanted| fields[parameter].as_str() == Some(&wanted))
        };
        let target = fields["InstanceId"].as_str().unwrap_or_default();
        let fits = job.is_listed(context.now, delete_ms)
            && (sources.is_empty() || sources.contains(&job.source))
            && (instances.is_empty() || instances.iter().any(|id| id == target))
            && is("Name")
            && is("RegionId")
            && is("Status")
            && is("BusinessStatus");
        if fits {
            found.push(fields);
        }
    }
    let (page, mut answer) = numbered(parameters, Sizes::new(10, 50), found);
    answer["ReplicationJobs"] = json!({ "ReplicationJob": page });
    Ok(answer)
}

fn job_fields(context: &RequestContext<'_>, id: &str, job: &Job) -> Value {
    let now = context.now;
    let (business, progress) = match &job.phase {
        Phase::Running { stages, .. } => (
            stages.name(now),
            time::percent(stages.preparing, stages.end, now),
        ),
        Phase::Finished | Phase::Waiting { .. } => ("", 100),
        _ => ("", 0),
    };
    let (kind, image_name, instance) = match &job.options.target {
        Target::Image { name } => ("Image", name.as_str(), ""),
        Target::Instance { id } => ("TargetInstance", "", id.as_str()),
    };
    let error = match &job.phase {
        Phase::Failed { code, .. } => code.as_str(),
        _ => "",
    };
    let instant = |at: Option<i64>| at.map(time::text).unwrap_or_default();
    let mut fields = json!({
        "JobId": id,
        "JobType": 0,
        "Name": job.options.name,
        "Description": job.options.description,
        "SourceId": job.source,
        "RegionId": job.region,
        "TargetType": kind,
        "Status": job.status(now),
        "BusinessStatus": business,
        "Progress": progress,
        "RunOnce": job.repeats.is_none(),
        "ImageId": job.image().unwrap_or_default(),
        "ImageName": image_name,
        "InstanceId": instance,
        "ScheduledStartTime": instant(job.options.scheduled_ms),
        "ValidTime": time::text(job.options.valid_until_ms),
        "CreationTime": time::text(job.created_ms),
        "StartTime": instant(job.runs.last().map(|run| run.from)),
        "EndTime": instant(ended(job)),
        "ErrorCode": error,
        "StatusInfo": "",
        "TransitionInstanceId": match &job.transition {
            Some(Transition::Instance { id }) => id.as_str(),
            _ => "",
        },
        "SystemDiskSize": job.options.system_disk_gb.unwrap_or_else(|| system_disk(context, job)),
        "DataDisks": { "DataDisk": data_disks(job) },
        "ReplicationJobRuns": { "ReplicationJobRun": job.runs.iter().map(run).collect::<Vec<_>>() },
    });
    if let Some(repeats) = job.repeats {
        fields["Frequency"] = json!(repeats.frequency_ms / HOUR_MS);
        fields["MaxNumberOfImageToKeep"] = json!(repeats.images_to_keep);
    }
    for (name, value) in &job.options.shown {
        let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
        fields[name] = match number {
            Some(number) if name == "NetMode" => json!(number),
            _ => value.clone(),
        };
    }
    fields
}

/// When the last run ended, if it has.
fn ended(job: &Job) -> Option<i64> {
    match job.phase {
        Phase::Failed { at, .. } => Some(at),
        _ => job.runs.last().and_then(|run| run.until),
    }
}

fn run(run: &Run) -> Value {
    json!({
        "Type": if run.manual { "Manual" } else { "Schedule" },
        "StartTime": time::text(run.from),
        "EndTime": run.until.map(time::text).unwrap_or_default(),
        "ImageId": run.image.as_deref().unwrap_or_default(),
    })
}

fn system_disk(context: &RequestContext<'_>, job: &Job) -> u64 {
    let source = context.account().sources.get(&job.source);
    let disk = source.and_then(|source| source.server.disks.first());
    disk.map_or(40, |disk| disk.size_gb)
}

fn data_disks(job: &Job) -> Vec<Value> {
    let disks = job.options.data_disks.iter();
    disks
        .map(|(index, size)| json!({ "Index": index, "Size": size }))
        .collect()
}
