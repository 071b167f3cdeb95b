//! What is copied, and under which name.

use std::collections::BTreeSet;

use crate::Inputs;

pub(crate) fn broken(inputs: &Inputs) -> Vec<String> {
    let mut broken = Vec::new();
    let kind = &inputs.source.kind;
    let is_redis = kind == "redis";
    let (field, other) = if is_redis {
        ("databases", "objects")
    } else {
        ("objects", "databases")
    };
    let numbers: Vec<String> = inputs.databases.iter().map(i64::to_string).collect();
    let (chosen, misplaced) = if is_redis {
        (&numbers, &inputs.objects)
    } else {
        (&inputs.objects, &numbers)
    };
    if chosen.is_empty() || !misplaced.is_empty() {
        broken.push(format!(
            "what to copy from a source of kind {kind} is said in `{field}`, at least one, and not in `{other}`"
        ));
    }
    let distinct: BTreeSet<&String> = chosen.iter().collect();
    if distinct.len() < chosen.len() {
        broken.push(format!("`{field}` names a database twice"));
    }
    for mapping in &inputs.mappings {
        let (from, to) = (&mapping.from, &mapping.to);
        if !chosen.contains(from) {
            broken.push(format!("`{from}` gets another name and is not copied"));
        }
        if is_redis && to.parse::<u8>().is_err() {
            broken.push(format!("`{to}` is no Redis database from 0 to 255"));
        }
        if from != to && chosen.contains(to) {
            broken.push(format!(
                "`{from}` and `{to}` would both be copied into `{to}`"
            ));
        }
    }
    if inputs.key_expiry.is_some() && inputs.destination.kind != "redis" {
        broken.push(
            "only keys of a Redis expire: `key_expiry` is for no other destination".to_owned(),
        );
    }
    broken
}
