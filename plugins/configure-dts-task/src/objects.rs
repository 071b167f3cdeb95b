//! What is copied: whole databases, one of which may get another name.

use std::collections::BTreeMap;

use rutter_sdk::prelude::*;

use crate::Inputs;

/// Databases by name, each with its name in the destination.
pub(crate) fn wanted(inputs: &Inputs) -> BTreeMap<String, String> {
    let numbers = inputs.databases.iter().map(i64::to_string);
    let names = numbers.chain(inputs.objects.iter().cloned());
    let mut wanted: BTreeMap<String, String> = names.map(|name| (name.clone(), name)).collect();
    for mapping in &inputs.mappings {
        wanted.insert(mapping.from.clone(), mapping.to.clone());
    }
    wanted
}

/// The parameter `DbList`.
pub(crate) fn list(inputs: &Inputs) -> Value {
    let entry = |(name, target)| (name, json!({ "name": target, "all": true }));
    Value::Object(wanted(inputs).into_iter().map(entry).collect())
}

/// Refuses what is no database of the source, or two databases in one.
pub(crate) fn check(inputs: &Inputs) -> Result<(), Fault> {
    let is_redis = inputs.source.kind == "redis";
    let (given, other) = if is_redis {
        (inputs.databases.is_empty(), !inputs.objects.is_empty())
    } else {
        (inputs.objects.is_empty(), !inputs.databases.is_empty())
    };
    if given || other {
        let field = if is_redis { "databases" } else { "objects" };
        let message = format!(
            "a source of kind {} takes what to copy from `{field}`, and from nothing else",
            inputs.source.kind
        );
        return Err(fault(message, "Name at least one database there"));
    }
    for mapping in &inputs.mappings {
        let is_chosen = inputs.objects.contains(&mapping.from)
            || inputs
                .databases
                .iter()
                .any(|number| number.to_string() == mapping.from);
        if !is_chosen {
            let message = format!("`{}` gets another name and is not copied", mapping.from);
            return Err(fault(
                message,
                "Name it among what is copied, or leave the mapping out",
            ));
        }
        if is_redis && mapping.to.parse::<u8>().is_err() {
            let message = format!("`{}` is no Redis database from 0 to 255", mapping.to);
            return Err(fault(message, "Give a number from 0 to 255"));
        }
    }
    let wanted = wanted(inputs);
    for (name, target) in &wanted {
        if name != target && wanted.values().filter(|other| *other == target).count() > 1 {
            let message = format!("`{name}` and another database would be copied into `{target}`");
            return Err(fault(
                message,
                "Give it a name that no other has in the destination",
            ));
        }
    }
    Ok(())
}

fn fault(message: String, advice: &str) -> Fault {
    Fault::fail("configure-dts-task.objects", message)
        .advise(format!("{advice}. Nothing was called."))
}
