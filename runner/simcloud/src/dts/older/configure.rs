//! `ConfigureSynchronizationJob`: sets up what was bought. It lets DTS into the account's own instances, and starts by itself unless it
//! is told not to.

use serde_json::{Value, json};

use super::act::enter;
use super::endpoint::{DestinationEndpoint, SourceEndpoint, SourceKind};
use super::{Phase, Setup, invalid, named, precheck, succeeded, sync_mut, wrong_status};
use crate::answer::{Answer, Refusal};
use crate::dts::RequestContext;
use crate::dts::settings::number;
use crate::dts::{access, addresses};

/// The whitelist group that DTS makes in an instance.
const GROUP: &str = "dts";

pub(in crate::dts) fn configure(context: &mut RequestContext<'_>) -> Answer {
    let sync = named(context)?;
    if !matches!(sync.phase, Phase::NotStarted | Phase::PrecheckFailed { .. }) {
        return Err(wrong_status(
            sync,
            "it can be configured until it has started",
        ));
    }
    let (id, region) = (sync.id.clone(), sync.region.clone());
    let source_region = sync.source_region.clone();
    let setup = setup(context)?;
    let account = context.caller.account.clone();
    setup
        .source
        .check_access(&context.world, context.now, &account)?;
    access::check_own(&context.world, context.now, &account)?;
    let starts = setup
        .reserve
        .get("autoStartModulesAfterConfig")
        .and_then(Value::as_str)
        != Some("none");
    let name = context.parameters.text_or_empty("SynchronizationJobName");
    if let SourceKind::Instance(source) = &setup.source.kind {
        let_in(context, source, &source_region);
    }
    let_in(context, &setup.destination.instance_id, &region);
    if let Some(sync) = sync_mut(&mut context.world, &account, &id) {
        sync.name = name;
        sync.setup = Some(setup);
        sync.phase = Phase::NotStarted;
    }
    if starts {
        let next = precheck::begin(&context.world, context.now, &account, named(context)?);
        enter(context, &id, next);
    }
    Ok(succeeded())
}

/// Adds what is missing of the region's addresses to the whitelist of an instance of the account. That addresses which may
/// connect already are left out is not documented.
fn let_in(context: &mut RequestContext<'_>, instance: &str, region: &str) {
    let blocks = addresses::of_region(context.world.file, region);
    let instances = context.world.redis.get_mut(&context.caller.account);
    if let Some(redis) = instances.and_then(|instances| instances.get_mut(instance)) {
        redis.whitelist.admit(GROUP, &blocks);
    }
}

fn setup(context: &RequestContext<'_>) -> Result<Setup, Refusal> {
    for name in ["DataInitialization", "StructureInitialization"] {
        if context.parameters.boolean(name) == Some(false) {
            let message =
                format!("{name} must be true: for Redis, full copy and changes are fixed");
            return Err(invalid(&message));
        }
    }
    Ok(Setup {
        source: SourceEndpoint::read(context)?,
        destination: DestinationEndpoint::read(context)?,
        objects: objects(context)?,
        reserve: reserve(context)?,
    })
}

/// Whole databases: a list of `DBName` and `NewDBName`.
fn objects(context: &RequestContext<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let given = context.parameters.document("SynchronizationObjects");
    let list = given.as_ref().and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty()).ok_or_else(|| {
        invalid("SynchronizationObjects must be a JSON list that names at least one database")
    })?;
    list.iter().map(object).collect()
}

fn object(entry: &Value) -> Result<(String, String), Refusal> {
    let name = |field: &str| {
        let name = entry.get(field).and_then(Value::as_str)?;
        name.parse::<u8>().ok().map(|number| number.to_string())
    };
    let no_keys = entry.get("TableIncludes").is_none() && entry.get("TableExcludes").is_none();
    let names = name("DBName").map(|db| (db.clone(), name("NewDBName").unwrap_or(db)));
    names.filter(|_| no_keys).ok_or_else(|| {
        let message =
            format!("SynchronizationObjects: {entry} is no whole Redis database from 0 to 255");
        invalid(&message)
    })
}

fn reserve(context: &RequestContext<'_>) -> Result<Value, Refusal> {
    if context.parameters.filled("MigrationReserved").is_none() {
        return Ok(json!({}));
    }
    let reserve = context
        .parameters
        .document("MigrationReserved")
        .filter(Value::is_object)
        .ok_or_else(|| invalid("MigrationReserved must be a JSON object"))?;
    match number(&reserve, "targetTableMode") {
        None | Some(0 | 2) => Ok(reserve),
        Some(_) => Err(invalid(
            "targetTableMode in MigrationReserved must be 0 or 2",
        )),
    }
}
