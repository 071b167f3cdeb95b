//! Looking for the task: names need not be unique, so what is found must also be the wanted one.

use std::collections::BTreeSet;

use rutter_sdk::prelude::*;

use crate::endpoint::Endpoint;
use crate::{Inputs, target_table_mode};

/// Returns the task of that name as the answer that made it, if there is one and it copies the same.
pub(crate) fn find(account: &Account, inputs: &Inputs) -> Result<Option<Value>, Fault> {
    let mut found: Option<(String, Option<String>)> = None;
    for task in tasks_of_name(account, inputs)? {
        let id = task.text("/DtsJobId")?.to_owned();
        if let Some((first, _)) = &found {
            return Err(several(inputs, first, &id));
        }
        check_same(account, inputs, &id)?;
        let instance = task.text_if_any("/DtsInstanceID").map(str::to_owned);
        found = Some((id, instance));
    }
    Ok(found.map(|(id, instance)| json!({ "DtsJobId": id, "DtsInstanceId": instance })))
}

/// All tasks are listed, since the search would not say whether it looks for a part of a name.
fn tasks_of_name(account: &Account, inputs: &Inputs) -> Result<Vec<Answer>, Fault> {
    let list = Api::new("DTS", "DescribeDtsJobs")
        .region(&inputs.region)
        .set("RegionId", &inputs.region)
        .set("Region", &inputs.region)
        // Without it the cloud lists migrations.
        .set("JobType", "SYNC");
    let mut tasks = account.read_all(list)?.items("/DtsJobList");
    tasks.retain(|task| {
        // What was deleted may still be listed for a while.
        let is_over = task
            .text("/Status")
            .is_ok_and(|status| status.eq_ignore_ascii_case("Finished"));
        task.text_if_any("/DtsJobName") == Some(&inputs.name) && !is_over
    });
    Ok(tasks)
}

fn check_same(account: &Account, inputs: &Inputs, id: &str) -> Result<(), Fault> {
    let task = account.read(
        Api::new("DTS", "DescribeDtsJobDetail")
            .region(&inputs.region)
            .set("RegionId", &inputs.region)
            .set("DtsJobId", id),
    )?;
    let mut differences = Vec::new();
    for endpoint in [
        Endpoint::source(&inputs.source),
        Endpoint::destination(&inputs.destination),
    ] {
        let field = |name: &str| task.text_if_any(&format!("/{}/{name}", endpoint.prefix));
        let wanted = [
            ("InstanceID", Some(endpoint.instance)),
            ("Region", Some(endpoint.region)),
            ("AliyunUid", endpoint.owner),
            ("RoleName", endpoint.role),
        ];
        for (name, wanted) in wanted {
            let found = field(name);
            if wanted.is_some() && found != wanted {
                let found = found.unwrap_or("none");
                let wanted = wanted.unwrap_or("none");
                differences.push(format!(
                    "{}.{name} is {found} instead of {wanted}",
                    endpoint.prefix
                ));
            }
        }
    }
    differences.extend(other_databases(&task, inputs));
    differences.extend(other_mode(&task, inputs));
    if differences.is_empty() {
        return Ok(());
    }
    let (name, what) = (&inputs.name, differences.join(", "));
    let message = format!("there is a task `{name}` already ({id}), and it is another: {what}");
    Err(Fault::fail("configure-dts-task.other-task", message).advise(
        "Choose another task name; or, if it is a left-over, delete it in the DTS console and run again.",
    ))
}

/// Says which databases an existing task copies, if they are others. A form that is not understood is not judged.
fn other_databases(task: &Answer, inputs: &Inputs) -> Option<String> {
    let objects = task.document("/DbObject").ok()?;
    let found: BTreeSet<&str> = objects.as_object()?.keys().map(String::as_str).collect();
    let wanted: Vec<String> = inputs.databases.iter().map(i64::to_string).collect();
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let listed = |set: &BTreeSet<&str>| set.iter().copied().collect::<Vec<_>>().join(" ");
    (found != wanted).then(|| {
        format!(
            "it copies the databases {} instead of {}",
            listed(&found),
            listed(&wanted)
        )
    })
}

/// Says whether an existing task treats the destination's data otherwise: one that overwrites must not be taken for one
/// that refuses.
fn other_mode(task: &Answer, inputs: &Inputs) -> Option<String> {
    let reserved = task.document("/Reserved").ok()?;
    let found = match reserved.get("targetTableMode")? {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let wanted = target_table_mode(inputs);
    (found != wanted).then(|| {
        format!("its targetTableMode is {found} instead of {wanted} (2 overwrites keys of the destination)")
    })
}

fn several(inputs: &Inputs, first: &str, second: &str) -> Fault {
    let message = format!(
        "there are several tasks `{}`: {first} and {second}",
        inputs.name
    );
    Fault::fail("configure-dts-task.several", message).advise(
        "Delete all but one in the DTS console, best one without an instance, then run again.",
    )
}
