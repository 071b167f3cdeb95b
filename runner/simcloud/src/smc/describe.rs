//! Reading migration jobs.

use serde_json::{Value, json};

use super::job::{Job, Phase, Target};
use crate::answer::Answer;
use crate::paging::{Sizes, numbered};
use crate::scene::Scene;
use crate::time;

pub(super) fn jobs(scene: &mut Scene<'_>) -> Answer {
    let parameters = scene.parameters;
    let (ids, sources) = (parameters.list("JobId"), parameters.list("SourceId"));
    let delete_ms = scene.settings().durations.smc_delete.0;
    let is = |parameter: &str, value: &str| {
        parameters
            .filled(parameter)
            .is_none_or(|wanted| wanted == value)
    };
    let mut found = Vec::new();
    for (id, job) in &scene.account().smc.jobs {
        let fields = fields(scene, id, job);
        let fits = job.is_listed(scene.now, delete_ms)
            && (ids.is_empty() || ids.contains(id))
            && (sources.is_empty() || sources.contains(&job.source))
            && is("Name", &job.name)
            && is("RegionId", &job.region)
            && is("Status", fields["Status"].as_str().unwrap_or_default())
            && is(
                "BusinessStatus",
                fields["BusinessStatus"].as_str().unwrap_or_default(),
            );
        if fits {
            found.push(fields);
        }
    }
    let (page, mut answer) = numbered(
        parameters,
        Sizes {
            default: 10,
            most: 50,
        },
        found,
    );
    answer["ReplicationJobs"] = json!({ "ReplicationJob": page });
    Ok(answer)
}

fn fields(scene: &Scene<'_>, id: &str, job: &Job) -> Value {
    let now = scene.now;
    let (business, progress) = match &job.phase {
        Phase::Running { stages } => (
            stages.name(now),
            time::percent(stages.preparing, stages.end, now),
        ),
        Phase::Finished { .. } => ("", 100),
        _ => ("", 0),
    };
    let (start, end) = match &job.phase {
        Phase::Running { stages } => (time::text(stages.preparing), String::new()),
        Phase::Finished { stages } => (time::text(stages.preparing), time::text(stages.end)),
        Phase::Failed { at } => (String::new(), time::text(*at)),
        _ => (String::new(), String::new()),
    };
    let is_finished = matches!(job.phase, Phase::Finished { .. });
    let (kind, image, image_name, instance) = match &job.target {
        Target::Image { name } => ("Image", job.image_id.as_str(), name.as_str(), ""),
        Target::Instance { id } => ("TargetInstance", "", "", id.as_str()),
    };
    json!({
        "JobId": id,
        "Name": job.name,
        "Description": job.description,
        "SourceId": job.source,
        "RegionId": job.region,
        "TargetType": kind,
        "Status": job.status(now),
        "BusinessStatus": business,
        "Progress": progress,
        "RunOnce": true,
        "ImageId": if is_finished { image } else { "" },
        "ImageName": image_name,
        "InstanceId": instance,
        "ScheduledStartTime": job.scheduled_ms.map(time::text).unwrap_or_default(),
        "ValidTime": time::text(job.valid_until_ms),
        "CreationTime": time::text(job.created_ms),
        "StartTime": start,
        "EndTime": end,
        "ErrorCode": if matches!(job.phase, Phase::Failed { .. }) { "Connect to Server Failed" } else { "" },
        "StatusInfo": "",
    })
}
