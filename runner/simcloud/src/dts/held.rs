//! Tasks that a world file holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::endpoint::Endpoint;
use super::file::{DtsJobFile, EndFile, JobStatus};
use super::job::{Bought, Job, Phase, Setup};
use super::kinds::{self, Kind};

/// Makes a task that is there when the world begins; an error names a kind of database that there is not.
pub(crate) fn hold(file: DtsJobFile, start_ms: i64) -> Result<Job, String> {
    let is_bought = file.pay_type.is_some() || !matches!(file.status, JobStatus::NotStarted);
    let pay_type = file.pay_type.unwrap_or_else(|| "PostPaid".to_owned());
    let bought = is_bought.then_some(Bought {
        at_ms: start_ms,
        pay_type,
        class: file.class,
        resource_group: String::new(),
        until_ms: None,
    });
    let objects: Map<String, Value> = file
        .databases
        .into_iter()
        .map(|name| (name.clone(), json!({ "name": name, "all": true })))
        .collect();
    let setup = Setup {
        source: end(file.source)?,
        destination: end(file.destination)?,
        structure: true,
        full: true,
        incremental: true,
        objects: Value::Object(objects),
        reserve: json!(file.reserve),
        label: String::new(),
        verification: Value::Null,
    };
    Ok(Job {
        instance_id: file.instance.unwrap_or_else(|| format!("dts{}", file.id)),
        id: file.id,
        name: file.name,
        kind: file.kind.name().to_owned(),
        region: file.region,
        created_ms: start_ms,
        setup: Some(setup),
        bought,
        phase: phase(file.status, start_ms),
        skipped: BTreeSet::new(),
        rules: BTreeMap::new(),
        met: BTreeSet::new(),
    })
}

fn end(file: EndFile) -> Result<Endpoint, String> {
    let kind: &'static Kind = kinds::named(&file.kind).ok_or_else(|| {
        format!(
            "there is no type of database `{}`; there are {}",
            file.kind,
            kinds::names().collect::<Vec<_>>().join(", ")
        )
    })?;
    Ok(Endpoint::held(file, kind))
}

fn phase(status: JobStatus, start_ms: i64) -> Phase {
    let broken = |left_ms| Phase::Broken {
        left_ms,
        message: "DTS-10015: the database cannot be connected to".to_owned(),
    };
    match status {
        JobStatus::NotStarted => Phase::NotStarted,
        JobStatus::Synchronizing => Phase::Running { from: start_ms },
        JobStatus::Suspending => Phase::Suspended { left_ms: None },
        JobStatus::InitializeFailed => broken(Some(0)),
        JobStatus::Failed => broken(None),
        JobStatus::Locked => Phase::Locked,
        JobStatus::Finished => Phase::Finished { at: start_ms },
    }
}
