//! The steps of a runbook: which keys go with what a step uses.
//!
//! An editor completes from every branch of a schema, whatever the values beside it are; a validator takes the
//! branch that the value of `uses` chooses. So there is one list of what `with` may be, which refuses nothing, and
//! beside it a condition for each plugin.

use indexmap::IndexMap;
use rutter_manifest::{Field, Manifest};
use serde_json::{Map, Value, json};

use super::field::{Place, table};

/// One thing that a step may use.
pub(super) struct Usable<'a> {
    pub name: &'a str,
    pub inputs: &'a IndexMap<String, Field>,
    /// None for what is built in.
    pub manifest: Option<&'a Manifest>,
}

impl Usable<'_> {
    /// The name of the definition of its `with`.
    pub fn definition(&self) -> String {
        format!("with-{}", self.name)
    }

    /// What its `with` may be.
    pub fn with(&self) -> Value {
        let mut schema = table(
            self.inputs,
            Place::Runbook,
            &format!("input of `{}`", self.name),
        );
        if let Some(manifest) = self.manifest {
            schema["description"] = manifest.plugin.summary.as_str().into();
        }
        schema
    }

    fn reference(&self) -> Value {
        json!({ "$ref": format!("#/definitions/{}", self.definition()) })
    }

    /// What holds for a step that uses it.
    fn condition(&self) -> Value {
        // A name may be followed by a version.
        let uses = match self.manifest {
            Some(_) => json!({ "pattern": format!("^{}(@.*)?$", self.name) }),
            None => json!({ "enum": [self.name] }),
        };
        let mut then = json!({ "properties": { "with": self.reference() } });
        if self.with().get("required").is_some() {
            then["required"] = json!(["with"]);
        }
        let accounts = match self.manifest {
            Some(manifest) => accounts(manifest),
            None => none_of(&[
                "account", "accounts", "for_each", "retry", "timeout", "confirm",
            ]),
        };
        then["allOf"] = json!([accounts]);
        json!({ "if": { "properties": { "uses": uses }, "required": ["uses"] }, "then": then })
    }
}

/// How a step names the accounts that its plugin asks for.
fn accounts(manifest: &Manifest) -> Value {
    let names: Vec<&String> = manifest.accounts.keys().collect();
    let properties: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).clone(), json!({ "type": "string" })))
        .collect();
    let all = json!({
        "required": ["accounts"],
        "properties": { "accounts": {
            "type": "object", "properties": properties, "required": names, "additionalProperties": false,
        } },
    });
    match names.len() {
        0 => none_of(&["account"]),
        1 => json!({ "anyOf": [{ "required": ["account"] }, all] }),
        _ => all,
    }
}

/// None of these keys is there.
fn none_of(keys: &[&str]) -> Value {
    let each: Vec<Value> = keys
        .iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    json!({ "not": { "anyOf": each } })
}

/// What `with` may be, for editors: one of these, or anything.
pub(super) fn any_with(usable: &[Usable<'_>]) -> Value {
    let mut choices = vec![json!({ "type": "object" })];
    choices.extend(usable.iter().map(Usable::reference));
    json!({ "type": "object", "anyOf": choices })
}

/// A step: what all have in common, and a condition for each thing that it may use.
pub(super) fn step(usable: &[Usable<'_>]) -> Value {
    let mut all = vec![json!({ "$ref": "#/definitions/step" })];
    all.push(json!({ "not": { "required": ["account", "accounts"] } }));
    all.push(json!({
        "if": { "properties": { "uses": { "pattern": "[.]toml$" } }, "required": ["uses"] },
        "then": none_of(&["for_each", "retry", "timeout"]),
    }));
    all.extend(usable.iter().map(Usable::condition));
    json!({ "allOf": all })
}
