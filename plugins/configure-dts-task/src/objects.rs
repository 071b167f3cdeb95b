//! What is copied: whole databases, one of which may get another name, and tables of others.

use std::collections::BTreeMap;

use rutter_sdk::prelude::*;
use rutter_sdk::serde_json::Map;

use crate::Inputs;

/// The parameter `DbList`, as "Objects of DTS tasks" of the DTS documents defines it.
pub(crate) fn list(inputs: &Inputs) -> Value {
    let mut list: Map<String, Value> = whole(inputs)
        .into_iter()
        .map(|(name, target)| (name, json!({ "name": target, "all": true })))
        .collect();
    for table in &inputs.tables {
        let database = &table.database;
        let whole = || json!({ "name": database });
        let entry = list.entry(database.clone()).or_insert_with(whole);
        entry["all"] = json!(false);
        let to = table.to.as_ref().unwrap_or(&table.table);
        let mut wanted = json!({ "name": to, "all": true });
        if let Some(filter) = &table.filter {
            wanted["filter"] = json!(filter);
        }
        entry["Table"][&table.table] = wanted;
    }
    choose_operations(inputs, &mut list);
    Value::Object(list)
}

/// Whole databases by name, each with its name in the destination.
fn whole(inputs: &Inputs) -> BTreeMap<String, String> {
    let numbers = inputs.databases.iter().map(i64::to_string);
    let names = numbers.chain(inputs.objects.iter().cloned());
    let mut wanted: BTreeMap<String, String> = names.map(|name| (name.clone(), name)).collect();
    for mapping in &inputs.mappings {
        wanted.insert(mapping.from.clone(), mapping.to.clone());
    }
    wanted
}

/// Each object says by itself which changes of it are copied.
fn choose_operations(inputs: &Inputs, list: &mut Map<String, Value>) {
    let Some(operations) = &inputs.operations else {
        return;
    };
    let chosen = [("dml_op", &operations.dml), ("ddl_op", &operations.ddl)];
    for (key, wanted) in chosen {
        let Some(wanted) = wanted else { continue };
        for database in list.values_mut() {
            match database["Table"].as_object_mut() {
                Some(tables) => tables
                    .values_mut()
                    .for_each(|table| table[key] = json!(wanted)),
                None => database[key] = json!(wanted),
            }
        }
    }
}

/// What a list of objects names, a database as `shop` and a table as `shop.orders`, each with what it is called in
/// the destination. Nothing for a form that is not understood.
pub(crate) fn named(list: &Value) -> Option<BTreeMap<String, String>> {
    let target = |name: &str, entry: &Value| entry["name"].as_str().unwrap_or(name).to_owned();
    let mut named = BTreeMap::new();
    for (database, entry) in list.as_object()? {
        let to = target(database, entry);
        match entry["Table"].as_object() {
            None => {
                named.insert(database.clone(), to);
            }
            Some(tables) => named.extend(tables.iter().map(|(table, entry)| {
                let there = target(table, entry);
                (format!("{database}.{table}"), format!("{to}.{there}"))
            })),
        }
    }
    Some(named)
}
