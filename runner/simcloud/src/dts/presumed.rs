//! The databases that a call takes for granted, as an end of a task.

use std::collections::BTreeSet;

use serde_json::Value;

use super::endpoint::{DESTINATION, SOURCE, Side};
use super::file::Access;
use super::kinds;
use crate::parameters::Parameters;
use crate::presumed::{Presumed, table_of};

/// Returns the databases and tasks that a call takes for granted.
pub(crate) fn presumed(action: &str, parameters: Parameters<'_>) -> BTreeSet<Presumed> {
    let mut found = BTreeSet::new();
    // A copy is rehearsed with something to copy.
    let source = end(SOURCE, parameters).map(|end| end.with("data_mb", Some(512.into())));
    found.extend(source);
    found.extend(end(DESTINATION, parameters));
    for side in [SOURCE, DESTINATION] {
        found.extend(older_end(side, parameters));
    }
    if let Some(job) = parameters
        .filled("DtsJobId")
        .filter(|_| action != "ConfigureDtsJob")
    {
        let region = parameters.text_or_empty("RegionId");
        let status = Value::from("not-started");
        found.insert(Presumed::new("dts_jobs", &job, &region).with("status", Some(status)));
    }
    found
}

fn end(side: Side, parameters: Parameters<'_>) -> Option<Presumed> {
    let text = |suffix: &str| parameters.filled(&side.named(suffix));
    let access = kinds::access_of(&text("InstanceType")?);
    let kind = kinds::of_engine(&text("EngineName").unwrap_or_else(|| "MYSQL".to_owned()))?;
    let region = text("Region")?;
    let leads = text("InstanceID").unwrap_or_default();
    let mut presumed = match access {
        Access::CloudInstance if kind.name == "redis" => Presumed::new("redis", &leads, &region),
        Access::CloudInstance => Presumed::new("databases", &leads, &region),
        _ => {
            let id = format!("{}-behind-{}", kind.name, non_empty(&leads, "address"));
            let way = kinds::access_name(access);
            let through = (!leads.is_empty()).then(|| leads.into());
            let port = text("Port").and_then(|port| port.parse::<u16>().ok());
            Presumed::new("databases", &id, &region)
                .with("access", Some(way.into()))
                .with("through", through)
                .with("ip", text("IP").map(Value::from))
                .with("port", port.map(Value::from))
        }
    };
    if presumed.table == "databases" {
        presumed = presumed.with("type", Some(kind.name.into()));
        if access == Access::CloudInstance {
            // A configuration that names an address means the one that the database has.
            let port = text("Port").and_then(|port| port.parse::<u16>().ok());
            presumed = presumed
                .with("ip", text("IP").map(Value::from))
                .with("port", port.map(Value::from));
        }
    }
    presumed.owner = text("OwnerID");
    Some(presumed)
}

/// An end as the older family names it: always an instance, known by the form of its id.
fn older_end(side: Side, parameters: Parameters<'_>) -> Option<Presumed> {
    let id = parameters.filled(&side.named(".InstanceId"))?;
    let table = table_of(&id)?;
    let region = parameters.filled("RegionId").unwrap_or_default();
    Some(Presumed::new(table, &id, &region))
}

fn non_empty<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
