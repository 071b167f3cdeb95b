//! `ConfigureDtsJob`: makes a task, or sets up one that was bought first.

use serde_json::{Value, json};

use super::check_item::passed;
use super::endpoint::{DESTINATION, Endpoint, SOURCE};
use super::job::{Job, Phase, Setup};
use super::{Scene, access, held, held_mut, monitor, named, precheck, settings};
use crate::answer::{Answer, Refusal};

pub(super) fn configure(scene: &mut Scene<'_>) -> Answer {
    let name = scene.required("DtsJobName")?;
    let kind = scene.required("JobType")?.to_ascii_uppercase();
    let setup = setup(scene)?;
    let account = scene.caller.account.clone();
    for (side, endpoint) in [(SOURCE, &setup.source), (DESTINATION, &setup.destination)] {
        access::check(endpoint, side, &scene.world, scene.now, &account)?;
    }
    let rules = monitor::configured(scene)?;
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
    job.rules.extend(rules);
    if starts {
        precheck::begin(scene, &id);
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
        Phase::Prechecked { items, .. } => job.bought.is_none() || !passed(items),
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
    let job = Job::new(scene, kind, region);
    let id = job.id.clone();
    scene.account_mut().jobs.insert(id.clone(), job);
    id
}

fn setup(scene: &Scene<'_>) -> Result<Setup, Refusal> {
    let flag = |name: &str| scene.parameters.boolean(name);
    let source = Endpoint::read(scene, SOURCE)?;
    let destination = Endpoint::read(scene, DESTINATION)?;
    check_infrastructure(&source, &destination)?;
    Ok(Setup {
        objects: settings::objects(scene, &source)?,
        source,
        destination,
        structure: flag("StructureInitialization").unwrap_or(true),
        full: flag("DataInitialization").unwrap_or(true),
        incremental: scene.parameters.is_true("DataSynchronization"),
        reserve: settings::reserve(scene)?,
        label: scene.parameters.text_or_empty("DtsBisLabel"),
        verification: settings::verification(scene)?,
    })
}

/// Finance Cloud, Gov Cloud and the public cloud do not reach each other. The code is not documented.
fn check_infrastructure(source: &Endpoint, destination: &Endpoint) -> Result<(), Refusal> {
    let of = |region: &str| {
        let marks = ["-finance", "-gov"];
        marks.into_iter().find(|mark| region.contains(mark))
    };
    if of(&source.region) == of(&destination.region) {
        return Ok(());
    }
    Err(settings::invalid(&format!(
        "{} and {} belong to different infrastructures",
        source.region, destination.region
    )))
}
