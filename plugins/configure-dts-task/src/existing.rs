//! Looking for the task: names need not be unique, so what is found must also be the wanted one.

use std::collections::BTreeMap;

use rutter_sdk::prelude::*;

use crate::endpoint::Endpoint;
use crate::reserve::target_table_mode;
use crate::{Inputs, objects};

/// How long the list of tasks may take to show a new one.
const SETTLE: Duration = Duration::from_secs(30);

/// What was deleted may still be listed for a while.
const ENDED: &str = "Finished";

/// Refuses a name that several tasks have, and warns of what others have in common with this one.
pub(crate) fn check_name(host: &Host, account: &Account, inputs: &Inputs) -> Result<(), Fault> {
    let mut tasks = account.read_all(list(inputs))?.items("/DtsJobList");
    tasks.retain(|task| !task.is_one_of("/Status", &[ENDED]));
    let is_named = |task: &Answer| task.text_if_any("/DtsJobName") == Some(&inputs.name);
    let (named, others): (Vec<Answer>, Vec<Answer>) = tasks.into_iter().partition(is_named);
    warn_of_shared_retry_times(host, &others, inputs);
    match named.as_slice() {
        [first, second, ..] => Err(several(
            inputs,
            first.text("/DtsJobId")?,
            second.text("/DtsJobId")?,
        )),
        _ => Ok(()),
    }
}

/// The task of that name, in the form of the answer that makes one.
pub(crate) fn look(inputs: &Inputs) -> Find {
    Find::in_pages(list(inputs), "/DtsJobList")
        .equal("/DtsJobName", &inputs.name)
        .none_of("/Status", &[ENDED])
        .key("/DtsJobId")
        .settle(SETTLE)
        .answer(json!({
            "DtsJobId": found("/DtsJobId"),
            "DtsInstanceId": found("/DtsInstanceID"),
        }))
}

/// All tasks are listed, since the search would not say whether it looks for a part of a name.
fn list(inputs: &Inputs) -> Api {
    Api::new("DTS", "DescribeDtsJobs")
        .in_region(&inputs.region)
        .set("Region", &inputs.region)
        // Without it the cloud lists migrations.
        .set("JobType", "SYNC")
}

/// Of tasks that share a database, the shortest time counts, whatever is asked for here.
fn warn_of_shared_retry_times(host: &Host, others: &[Answer], inputs: &Inputs) {
    let wanted = inputs.connection_retry.as_secs();
    for task in others {
        let shared = ["SourceEndpoint", "DestinationEndpoint"]
            .iter()
            .find_map(|end| {
                let instance = task.text_if_any(&format!("/{end}/InstanceID"))?;
                [&inputs.source.instance, &inputs.destination.instance]
                    .into_iter()
                    .find(|wanted| *wanted == instance)
            });
        let Some(shared) = shared else { continue };
        let reserved = task.document("/Reserved").unwrap_or_default();
        let time = match &reserved["maxRetryTime"] {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        };
        if let Some(seconds) = time.filter(|seconds| *seconds != wanted) {
            let id = task.text_if_any("/DtsJobId").unwrap_or("another task");
            host.warn(&format!(
                "`{id}` uses `{shared}` too and tries again for {seconds} s, not {wanted} s: the shorter time counts for both"
            ));
        }
    }
}

/// Refuses a task of that name that copies something else.
pub(crate) fn check_same(account: &Account, inputs: &Inputs, id: &str) -> Result<(), Fault> {
    let task = account.read(
        Api::new("DTS", "DescribeDtsJobDetail")
            .in_region(&inputs.region)
            .set("DtsJobId", id),
    )?;
    let mut differences = Vec::new();
    for endpoint in [
        Endpoint::from(&inputs.source),
        Endpoint::from(&inputs.destination),
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

/// Says what an existing task copies, if it is something else. A form that is not understood is not judged.
fn other_databases(task: &Answer, inputs: &Inputs) -> Option<String> {
    let objects = task.document("/DbObject").ok()?;
    let found = objects::named(&objects)?;
    let wanted = objects::named(&objects::list(inputs))?;
    (found != wanted).then(|| {
        format!(
            "it copies the objects {} instead of {}",
            listed(&found),
            listed(&wanted)
        )
    })
}

/// `0 255`, and `0→5` for one that gets another name.
fn listed(databases: &BTreeMap<String, String>) -> String {
    let one = |(name, target): (&String, &String)| {
        if name == target {
            name.clone()
        } else {
            format!("{name}\u{2192}{target}")
        }
    };
    databases.iter().map(one).collect::<Vec<_>>().join(" ")
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
