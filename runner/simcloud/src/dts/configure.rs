//! `ConfigureDtsJob`: makes a task, or sets up one that was bought first.

use serde_json::{Value, json};

use super::check_item::passed;
use super::endpoint::{DESTINATION, Endpoint, SOURCE};
use super::job::{Job, Phase, Setup};
use super::{RequestContext, access, held, held_mut, monitor, named, precheck, settings};
use crate::answer::{Answer, Refusal};

pub(super) fn configure(context: &mut RequestContext<'_>) -> Answer {
    let name = context.required("DtsJobName")?;
    let kind = context.required("JobType")?.to_ascii_uppercase();
    let setup = setup(context)?;
    let account = context.caller.account.clone();
    for (side, endpoint) in [(SOURCE, &setup.source), (DESTINATION, &setup.destination)] {
        access::check(endpoint, side, &context.world, context.now, &account)?;
    }
    let rules = monitor::configured(context)?;
    let starts = setup
        .reserve
        .get("autoStartModulesAfterConfig")
        .and_then(Value::as_str)
        != Some("none");
    let id = match is_named(context) {
        true => configurable(context)?,
        false => create(context, &kind),
    };
    let job = held_mut(context, &id);
    job.name = name;
    job.kind = kind;
    job.setup = Some(setup);
    job.phase = Phase::NotStarted;
    job.skipped.clear();
    job.rules.extend(rules);
    if starts {
        precheck::begin(context, &id);
    }
    let job = held(context, &id);
    Ok(json!({
        "DtsJobId": job.id,
        "DtsInstanceId": job.instance_id,
        "Success": "true",
        "HttpStatusCode": "200",
        "ErrCode": "",
        "ErrMessage": "",
    }))
}

fn is_named(context: &RequestContext<'_>) -> bool {
    context.parameters.filled("DtsJobId").is_some()
        || context.parameters.filled("DtsInstanceId").is_some()
}

/// Returns the named task if it has not started.
fn configurable(context: &RequestContext<'_>) -> Result<String, Refusal> {
    let id = named(context)?;
    let job = held(context, &id);
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

fn create(context: &mut RequestContext<'_>, kind: &str) -> String {
    let region = if context.region.is_empty() {
        context
            .parameters
            .text_or_empty("DestinationEndpointRegion")
    } else {
        context.region.clone()
    };
    let job = Job::new(context, kind, region);
    let id = job.id.clone();
    context.account_mut().jobs.insert(id.clone(), job);
    id
}

fn setup(context: &RequestContext<'_>) -> Result<Setup, Refusal> {
    let flag = |name: &str| context.parameters.boolean(name);
    let source = Endpoint::read(context, SOURCE)?;
    let destination = Endpoint::read(context, DESTINATION)?;
    check_infrastructure(&source, &destination)?;
    Ok(Setup {
        objects: settings::objects(context, &source)?,
        source,
        destination,
        structure: flag("StructureInitialization").unwrap_or(true),
        full: flag("DataInitialization").unwrap_or(true),
        incremental: context.parameters.is_true("DataSynchronization"),
        reserve: settings::reserve(context)?,
        label: context.parameters.text_or_empty("DtsBisLabel"),
        verification: settings::verification(context)?,
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
