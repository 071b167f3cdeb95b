//! A resource that a call takes for granted, in the terms of a world file. `presume.rs` finds them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A resource that a call takes for granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Presumed {
    /// The table of an account that holds it: `ecs`, `databases`, `roles`.
    pub table: &'static str,
    /// Its id, or its name where it has no id. Empty where the call is about any of them: then the keys are those that one
    /// in this region should have.
    pub id: String,
    /// Where it is; empty for what is in no region.
    pub region: String,
    /// The id of the account that owns it; the caller's if absent.
    pub owner: Option<String>,
    /// Its other keys with their values as JSON text, so that it has an order.
    pub keys: BTreeMap<&'static str, String>,
}

impl Presumed {
    pub(crate) fn new(table: &'static str, id: &str, region: &str) -> Self {
        Self {
            table,
            id: id.to_owned(),
            region: region.to_owned(),
            owner: None,
            keys: BTreeMap::new(),
        }
    }

    pub(crate) fn with(mut self, key: &'static str, value: Option<Value>) -> Self {
        if let Some(value) = value {
            self.keys.insert(key, value.to_string());
        }
        self
    }
}

/// The forms of ids, by their beginning, and the table of what has them.
const FORMS: &[(&str, &str)] = &[
    ("i-", "ecs"),
    ("r-", "redis"),
    ("vsw-", "vswitches"),
    ("sg-", "security_groups"),
    ("m-", "images"),
    ("s-", "snapshots"),
];

/// The table of what has an id of this form.
pub(crate) fn table_of(id: &str) -> Option<&'static str> {
    let is_plain = |rest: &str| {
        !rest.is_empty()
            && rest
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '-')
    };
    FORMS
        .iter()
        .find(|(start, _)| id.strip_prefix(start).is_some_and(is_plain))
        .map(|(_, table)| *table)
}
