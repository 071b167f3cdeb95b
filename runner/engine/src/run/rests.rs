//! Which change was made of what another one made: taking the older one back would destroy the newer
//! one's object, or leave it without what it needs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::call::{Ask, Target};
use crate::run::Change;

/// Parameters that say where or how, and never what.
const NOT_IDS: [&str; 3] = ["RegionId", "ClientToken", "RequestId"];

impl Change {
    /// Whether it stays without its object staying: what was destroyed needs nothing any more.
    pub(crate) fn destroys(&self) -> bool {
        self.call.ask == Some(Ask::Irreversible)
    }

    /// What its object is known by: what its reverse is given of its answer, or is called with. Nothing
    /// where it has none of its own.
    pub(crate) fn made(&self) -> Vec<String> {
        let (mut answered, mut named) = (Vec::new(), Vec::new());
        match self.reverse.as_ref().map(|reverse| &reverse.target) {
            Some(Target::Api(api)) => {
                self.collect(&api.parameters, None, &mut answered, &mut named);
            }
            Some(_) => {}
            None if self.call.covered => {}
            None => ids_in(self.answer(), &mut answered),
        }
        if answered.is_empty() { named } else { answered }
    }

    fn collect(
        &self,
        value: &Value,
        key: Option<&str>,
        answered: &mut Vec<String>,
        named: &mut Vec<String>,
    ) {
        match value {
            Value::Object(map) => {
                if let Some(pointer) = map.get("$answer").and_then(Value::as_str) {
                    let found = self.answer().and_then(|answer| answer.pointer(pointer));
                    answered.extend(found.and_then(Value::as_str).map(str::to_owned));
                    return;
                }
                for (key, value) in map {
                    self.collect(value, Some(key), answered, named);
                }
            }
            Value::Array(list) => {
                for value in list {
                    self.collect(value, key, answered, named);
                }
            }
            Value::String(text) if !key.is_some_and(|key| NOT_IDS.contains(&key)) => {
                named.push(text.clone());
            }
            _ => {}
        }
    }

    /// All that it names: the texts of its call and its reverse, and the words in them, as those of an
    /// ARN or of JSON inside a text.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for call in std::iter::once(&self.call).chain(&self.reverse) {
            if let Target::Api(api) = &call.target {
                names_in(&api.parameters, &mut names);
            }
        }
        names
    }
}

/// The ids that an answer gives at its top.
fn ids_in(answer: Option<&Value>, found: &mut Vec<String>) {
    for (key, value) in answer.and_then(Value::as_object).into_iter().flatten() {
        if key.ends_with("Id") && !NOT_IDS.contains(&key.as_str()) {
            found.extend(value.as_str().map(str::to_owned));
        }
    }
}

fn names_in<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            names.insert(text);
            let part_of_a_name = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
            names.extend(text.split(|letter| !part_of_a_name(letter)));
        }
        Value::Array(list) => list.iter().for_each(|value| names_in(value, names)),
        Value::Object(map) => map.values().for_each(|value| names_in(value, names)),
        _ => {}
    }
}
