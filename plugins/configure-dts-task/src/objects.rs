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
