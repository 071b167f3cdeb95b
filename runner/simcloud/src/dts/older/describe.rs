//! Reading synchronisations. The two reads spell the same state differently, as their documents do.

use serde_json::{Map, Value, json};

use super::{Phase, Setup, Sync, named};
use crate::answer::Answer;
use crate::dts::RequestContext;
use crate::dts::file::PrecheckState;
use crate::paging::{Sizes, numbered_by};
use crate::time;

/// `DescribeSynchronizationJobStatus`: states with a small first letter.
pub(in crate::dts) fn status(context: &mut RequestContext<'_>) -> Answer {
    let sync = named(context)?;
    let mut fields = common(sync, context.now);
    fields.insert("Status".to_owned(), json!(sync.status()));
    fields.insert("SynchronizationDirection".to_owned(), json!("Forward"));
    fields.insert("Success".to_owned(), json!("true"));
    fields.insert("ErrCode".to_owned(), json!(""));
    fields.insert("ErrMessage".to_owned(), json!(""));
    fields.insert("TaskId".to_owned(), json!(sync.id));
    if let Some(delay) = delay(sync, context.now) {
        fields.insert("DelayMillis".to_owned(), json!(delay));
        fields.insert("Delay".to_owned(), json!((delay / 1_000).to_string()));
    }
    Ok(Value::Object(fields))
}

/// `DescribeSynchronizationJobs`: states with a capital first letter. It lists those of the region that is asked.
pub(in crate::dts) fn list(context: &mut RequestContext<'_>) -> Answer {
    let wanted = context.parameters.filled("SynchronizationJobName");
    let syncs = context.account().syncs.values().filter(|sync| {
        let in_region = context.region.is_empty() || sync.region == context.region;
        in_region && wanted.as_ref().is_none_or(|name| sync.name.contains(name))
    });
    let listed: Vec<Value> = syncs.map(|sync| entry(sync, context.now)).collect();
    let total = listed.len();
    let sizes = Sizes::new(30, 100);
    let (page, paged) = numbered_by(context.parameters, "PageNum", sizes, listed);
    Ok(json!({
        "SynchronizationInstances": page,
        "PageNumber": paged["PageNumber"],
        "PageRecordCount": page.len(),
        "TotalRecordCount": total,
    }))
}

fn entry(sync: &Sync, now: i64) -> Value {
    let mut fields = common(sync, now);
    let status = sync.status();
    let (first, rest) = status.split_at(1);
    fields.insert(
        "Status".to_owned(),
        json!(format!("{}{rest}", first.to_ascii_uppercase())),
    );
    fields.insert(
        "InstanceCreateTime".to_owned(),
        json!(time::text(sync.bought_ms)),
    );
    if let Some(delay) = delay(sync, now) {
        fields.insert("Delay".to_owned(), json!((delay / 1_000).to_string()));
    }
    Value::Object(fields)
}

fn common(sync: &Sync, now: i64) -> Map<String, Value> {
    let mut fields = json!({
        "SynchronizationJobId": sync.id,
        "SynchronizationJobName": sync.name,
        "SynchronizationJobClass": sync.class,
        "PayType": sync.pay_type,
        "ErrorMessage": error(sync),
        "PrecheckStatus": precheck(sync, now),
        "DataInitializationStatus": copying(sync, now),
    });
    if let Some(setup) = &sync.setup {
        fields["SourceEndpoint"] = setup.source.shown();
        fields["DestinationEndpoint"] = setup.destination.shown();
        fields["DataInitialization"] = json!("true");
        fields["StructureInitialization"] = json!("true");
        fields["SynchronizationObjects"] = json!(objects(setup));
    }
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn objects(setup: &Setup) -> Vec<Value> {
    let of = |(name, new): &(String, String)| json!({ "SchemaName": name, "NewSchemaName": new });
    setup.objects.iter().map(of).collect()
}

fn error(sync: &Sync) -> String {
    match &sync.phase {
        Phase::InitializeFailed { why, .. } => why.clone(),
        _ => String::new(),
    }
}

fn precheck(sync: &Sync, now: i64) -> Value {
    let (status, percent) = match &sync.phase {
        Phase::NotStarted => ("NotStarted", 0),
        Phase::Prechecking { from, until, .. } => ("Checking", time::percent(*from, *until, now)),
        Phase::PrecheckFailed { items } => {
            let good = items
                .iter()
                .filter(|item| item.state == PrecheckState::Success);
            let percent = good.count() * 100 / items.len().max(1);
            ("Failed", i64::try_from(percent).unwrap_or(0))
        }
        _ => ("Success", 100),
    };
    let details = sync.items().iter().map(|item| {
        let state = match item.state {
            PrecheckState::Success => "Success",
            PrecheckState::Warning | PrecheckState::Failed => "Failed",
        };
        let repair = if item.message.is_empty() {
            ""
        } else {
            "Correct what the message says, then start again."
        };
        json!({ "ItemName": item.name, "CheckStatus": state, "ErrorMessage": item.message, "RepairMethod": repair })
    });
    json!({ "Status": status, "Percent": percent.to_string(), "Detail": details.collect::<Vec<_>>() })
}

fn copying(sync: &Sync, now: i64) -> Value {
    let (status, percent) = match &sync.phase {
        Phase::Initializing { from, until, .. } => ("Migrating", time::percent(*from, *until, now)),
        Phase::InitializeFailed { .. } => ("Failed", 0),
        Phase::Synchronizing { .. } | Phase::Suspended { left_ms: None, .. } => ("Finished", 100),
        _ => ("NotStarted", 0),
    };
    json!({ "Status": status, "Percent": percent.to_string(), "Progress": "", "ErrorMessage": error(sync) })
}

/// Returns how far the destination is behind, in milliseconds: it falls within minutes and stays under a second.
fn delay(sync: &Sync, now: i64) -> Option<i64> {
    let Phase::Synchronizing { from, .. } = sync.phase else {
        return None;
    };
    let falling = 5_000_i64.saturating_sub(now.saturating_sub(from) / 10);
    Some(300 + falling.max(0))
}
