//! `ConfigureDtsJob`: makes a task, or sets up one that was bought first.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::endpoint::{DESTINATION, Endpoint, SOURCE};
use super::{Job, Phase, Setup, held, held_mut, lifecycle, named, precheck};
use crate::answer::{Answer, Refusal};
use crate::scene::Scene;

pub(super) fn configure(scene: &mut Scene<'_>) -> Answer {
    let name = scene.required("DtsJobName")?;
    let kind = scene.required("JobType")?.to_ascii_uppercase();
    let setup = setup(scene)?;
    let account = scene.caller.account.clone();
    setup
        .source
        .check_access(scene.world, scene.now, &account)?;
    setup
        .destination
        .check_access(scene.world, scene.now, &account)?;
    let starts = setup
        .reserve
        .get("autoStartModulesAfterConfig")
        .and_then(Value::as_str)
        != Some("none");
    let id = match is_named(scene) {
        true => configurable(scene)?,
        false => create(scene, &kind),
    };
    let job = held_mut(scene, &id);
    job.name = name;
    job.kind = kind;
    job.setup = Some(setup);
    job.phase = Phase::NotStarted;
    job.skipped.clear();
    if starts {
        lifecycle::begin_precheck(scene, &id);
    }
    let job = held(scene, &id);
    Ok(json!({
        "DtsJobId": job.id,
        "DtsInstanceId": job.instance_id,
        "Success": "true",
        "HttpStatusCode": "200",
        "ErrCode": "",
        "ErrMessage": "",
    }))
}

fn is_named(scene: &Scene<'_>) -> bool {
    scene.parameters.filled("DtsJobId").is_some()
        || scene.parameters.filled("DtsInstanceId").is_some()
}

/// Returns the named task if it has not started.
fn configurable(scene: &Scene<'_>) -> Result<String, Refusal> {
    let id = named(scene)?;
    let job = held(scene, &id);
    let untouched = match &job.phase {
        Phase::NotConfigured | Phase::NotStarted => true,
        Phase::Prechecked { items, .. } => job.bought.is_none() || !precheck::passed(items),
        _ => false,
    };
    if untouched {
        return Ok(id);
    }
    let message = "The operation is not permitted due to Dts job status is init.";
    Err(Refusal::new(
        403,
        "DTS.Msg.UpdateJob.OperationDenied.InitStatus",
        message,
    ))
}

fn create(scene: &mut Scene<'_>, kind: &str) -> String {
    let region = if scene.region.is_empty() {
        scene.parameters.text_or_empty("DestinationEndpointRegion")
    } else {
        scene.region.clone()
    };
    let job = new_job(scene, kind, region);
    let id = job.id.clone();
    scene.account_mut().dts.insert(id.clone(), job);
    id
}

/// Returns a task that nobody configured or bought yet.
pub(super) fn new_job(scene: &mut Scene<'_>, kind: &str, region: String) -> Job {
    Job {
        id: scene.new_id("l", "dts-job"),
        instance_id: scene.new_id("dts", "dts-instance"),
        name: String::new(),
        kind: kind.to_owned(),
        region,
        created_ms: scene.now,
        setup: None,
        bought: None,
        phase: Phase::NotConfigured,
        skipped: BTreeSet::new(),
    }
}

fn setup(scene: &Scene<'_>) -> Result<Setup, Refusal> {
    let objects = scene.parameters.document("DbList").filter(|objects| {
        objects
            .as_object()
            .is_some_and(|objects| !objects.is_empty())
    });
    let objects =
        objects.ok_or_else(|| invalid("DbList must be JSON that names at least one database"))?;
    check_databases(&objects)?;
    Ok(Setup {
        source: Endpoint::read(scene, SOURCE)?,
        destination: Endpoint::read(scene, DESTINATION)?,
        structure: scene
            .parameters
            .boolean("StructureInitialization")
            .unwrap_or(true),
        full: scene
            .parameters
            .boolean("DataInitialization")
            .unwrap_or(true),
        incremental: scene.parameters.is_true("DataSynchronization"),
        objects,
        reserve: reserve(scene)?,
    })
}

/// Redis has databases 0 to 255, and only whole ones can be chosen.
fn check_databases(objects: &Value) -> Result<(), Refusal> {
    let names = objects
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name);
    for name in names {
        if name.parse::<u8>().is_err() {
            return Err(invalid(&format!(
                "DbList names `{name}`, which is no Redis database from 0 to 255"
            )));
        }
    }
    Ok(())
}

fn reserve(scene: &Scene<'_>) -> Result<Value, Refusal> {
    if scene.parameters.filled("Reserve").is_none() {
        return Ok(json!({}));
    }
    let reserve = scene
        .parameters
        .document("Reserve")
        .filter(Value::is_object)
        .ok_or_else(|| invalid("Reserve must be a JSON object"))?;
    let seconds = |name: &str, default: i64, least: i64| {
        let given = number(&reserve, name).unwrap_or(default);
        if (least..=86_400).contains(&given) {
            Ok(given)
        } else {
            Err(invalid(&format!(
                "{name} in Reserve must be {least} to 86400 seconds"
            )))
        }
    };
    let connection = seconds("maxRetryTime", 43_200, 600)?;
    let other = seconds("retry.blind.seconds", 600, 60)?;
    if other >= connection && reserve.get("retry.blind.seconds").is_some() {
        return Err(invalid(
            "retry.blind.seconds in Reserve must be smaller than maxRetryTime",
        ));
    }
    match number(&reserve, "targetTableMode") {
        None | Some(0 | 2) => Ok(reserve),
        Some(_) => Err(invalid("targetTableMode in Reserve must be 0 or 2")),
    }
}

/// Reads a number of `Reserve`, where documents ask for text and tools also send numbers. What is there and no number is -1.
pub(super) fn number(reserve: &Value, name: &str) -> Option<i64> {
    match reserve.get(name)? {
        Value::Number(number) => Some(number.as_i64().unwrap_or(-1)),
        Value::String(text) => Some(text.parse().unwrap_or(-1)),
        _ => Some(-1),
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(
        400,
        "InvalidParameter",
        format!("The specified parameter is not valid: {message}."),
    )
}
