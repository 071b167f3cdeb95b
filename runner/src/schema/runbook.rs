//! A runbook, with the `with` of every known plugin.

use std::sync::Arc;

use rutter_manifest::shape::SNAKE_CASE;
use rutter_plugin::Plugin;
use rutter_runbook::form::{self, Form, Shape};
use serde_json::{Map, Value, json};

use super::field::EXPRESSION;
use super::plain::{DIALECT, tidy};
use super::step::{Usable, any_with, step};

/// What an editor shows of a key: table, key, description.
const DESCRIPTIONS: &[(&str, &str, &str)] = &[
    ("", "schema", "The format of the file: 1"),
    (
        "",
        "runbook",
        "What the runbook is called, and what its operator must read",
    ),
    (
        "",
        "inputs",
        "What the runbook is given, by name: typed, and checked before anything runs",
    ),
    (
        "",
        "accounts",
        "The accounts that it works in, by name; the operator binds each to a credential profile",
    ),
    (
        "",
        "steps",
        "What is done; a step waits for those above it unless `needs` says otherwise",
    ),
    (
        "",
        "outputs",
        "What the runbook gives, by name: expressions",
    ),
    ("runbook", "name", "What it is called"),
    (
        "runbook",
        "title",
        "What it does, in a few words; plain text",
    ),
    (
        "runbook",
        "notes",
        "What its operator must read before it is run",
    ),
    ("account", "help", "Which account that is, for people"),
    (
        "step",
        "id",
        "Its name in expressions and commands, snake_case",
    ),
    ("step", "title", "What it does, in a few words; plain text"),
    (
        "step",
        "uses",
        "A plugin by name or by file, a built-in step (`approve`, `pause`, `assert`), or another runbook's file",
    ),
    (
        "step",
        "account",
        "The only account that the step can reach",
    ),
    (
        "step",
        "accounts",
        "The accounts of a plugin or runbook that needs several: its names and this runbook's",
    ),
    (
        "step",
        "with",
        "What the plugin is given; what it may be depends on `uses`",
    ),
    (
        "step",
        "needs",
        "The steps that must be done first, instead of all above",
    ),
    (
        "step",
        "when",
        "A condition: the step is skipped where it is false",
    ),
    (
        "step",
        "for_each",
        "A list or a table, or an expression that gives one: the step runs once for each item",
    ),
    (
        "step",
        "max_parallel",
        "How many items run at the same time",
    ),
    (
        "step",
        "max_failures",
        "How many items may fail before no further one begins",
    ),
    (
        "step",
        "retry",
        "How often an attempt that failed is repeated",
    ),
    ("step", "timeout", "How long one attempt may take: `10m`"),
    (
        "step",
        "on_failure",
        "What becomes of the run if the step fails",
    ),
    ("step", "confirm", "What a person is asked before the step"),
    ("confirm", "message", "What the person is asked"),
    ("confirm", "people", "How many people must say yes"),
    (
        "confirm",
        "changes",
        "The actions whose changes a yes covers: `ecs:DeleteImage`",
    ),
    ("retry", "attempts", "How often the step is tried in all"),
    (
        "retry",
        "delay",
        "How long to wait before the second attempt",
    ),
    (
        "retry",
        "max_delay",
        "The longest wait, which doubles from attempt to attempt",
    ),
];

/// The form of a runbook whose steps may use these plugins. `others` says whether there may be plugins beside them,
/// whose inputs are not known.
pub(crate) fn runbook(plugins: &[Arc<Plugin>], others: bool) -> Value {
    let forms = form::forms();
    let mut usable: Vec<Usable<'_>> = form::built_ins()
        .map(|(name, inputs)| Usable {
            name,
            inputs,
            manifest: None,
        })
        .collect();
    usable.extend(plugins.iter().map(|plugin| {
        let manifest = plugin.manifest();
        Usable {
            name: &manifest.plugin.name,
            inputs: &manifest.inputs,
            manifest: Some(manifest),
        }
    }));

    let mut definitions = Map::new();
    let declaration = declarations(&mut definitions);
    let mut common = table("step", &forms.step);
    common["properties"]["id"]["pattern"] = SNAKE_CASE.into();
    common["properties"]["title"]["not"] = json!({ "pattern": EXPRESSION });
    lay(&mut common, "uses", uses(&usable, others));
    lay(&mut common, "with", any_with(&usable));
    lay(
        &mut common,
        "accounts",
        json!({ "type": "object", "additionalProperties": { "type": "string" } }),
    );
    lay(
        &mut common,
        "for_each",
        json!({ "anyOf": [
        { "type": "array" }, { "type": "object" }, { "type": "string", "pattern": EXPRESSION },
    ] }),
    );
    lay(&mut common, "retry", table("retry", &forms.retry));
    lay(
        &mut common,
        "confirm",
        json!({ "anyOf": [{ "type": "string" }, table("confirm", &forms.confirm)] }),
    );
    definitions.insert("step".to_owned(), common);
    for one in &usable {
        definitions.insert(one.definition(), one.with());
    }

    let mut head = table("runbook", &forms.head);
    head["properties"]["title"]["not"] = json!({ "pattern": EXPRESSION });
    head["properties"]["notes"]["items"]["pattern"] = rutter_manifest::shape::NOT_BLANK.into();
    head["properties"]["notes"]["maxItems"] = rutter_manifest::NOTES_MAX.into();
    let mut root = table("", &forms.root);
    root["properties"]["schema"]["maximum"] = json!(1);
    lay(&mut root, "runbook", head);
    lay(&mut root, "inputs", named(declaration));
    lay(
        &mut root,
        "accounts",
        named(table("account", &forms.account)),
    );
    lay(&mut root, "outputs", named(json!({})));
    lay(
        &mut root,
        "steps",
        json!({ "type": "array", "minItems": 1, "items": step(&usable) }),
    );
    root["$schema"] = DIALECT.into();
    root["title"] = "A runbook".into();
    root["definitions"] = definitions.into();
    root
}

/// A table whose keys are names.
fn named(value: Value) -> Value {
    json!({ "type": "object", "patternProperties": { SNAKE_CASE: value }, "additionalProperties": false })
}

/// How an input is declared: on its own, or like a plugin's.
fn declarations(definitions: &mut Map<String, Value>) -> Value {
    let (choices, referred) = form::declarations();
    for (name, mut schema) in referred {
        tidy(&mut schema);
        definitions.insert(name, schema);
    }
    json!({ "anyOf": choices.map(schemars::Schema::to_value) })
}

/// What a step may use.
fn uses(usable: &[Usable<'_>], others: bool) -> Value {
    let names: Vec<&str> = usable.iter().map(|one| one.name).collect();
    let plugins: Vec<&str> = usable
        .iter()
        .filter(|one| one.manifest.is_some())
        .map(|one| one.name)
        .collect();
    let mut choices = vec![
        json!({ "enum": names }),
        json!({ "pattern": format!("^({})@[^{{}}]+$", plugins.join("|")) }),
        json!({ "pattern": "^[^{}:]+[.](toml|wasm)$" }),
    ];
    if others {
        choices.push(json!({ "pattern": "^[a-z][a-z0-9-]*(@[^{}]+)?$" }));
    }
    json!({ "type": "string", "anyOf": choices })
}

/// Puts what a key's value is beside its description.
fn lay(table: &mut Value, key: &str, value: Value) {
    let description = table["properties"][key]["description"].take();
    table["properties"][key] = value;
    table["properties"][key]["description"] = description;
}

/// The schema of a table with these keys.
fn table(name: &str, form: &Form) -> Value {
    let properties: Map<String, Value> = form
        .keys
        .iter()
        .map(|(key, shape)| {
            let mut value = value(shape);
            value["description"] = description(name, key).into();
            ((*key).to_owned(), value)
        })
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !form.required.is_empty() {
        schema["required"] = json!(form.required);
    }
    schema
}

fn description(table: &str, key: &str) -> &'static str {
    let mut all = DESCRIPTIONS.iter();
    let found = all.find(|(of, name, _)| (*of, *name) == (table, key));
    found.map_or("", |(_, _, description)| description)
}

fn value(shape: &Shape) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Integer(min, i64::MAX) => json!({ "type": "integer", "minimum": min }),
        Shape::Integer(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Duration => {
            json!({ "type": "string", "pattern": rutter_manifest::shape::DURATION, "minLength": 2 })
        }
        Shape::Words(words) => json!({ "enum": words }),
        Shape::Table => json!({ "type": "object" }),
        Shape::List => json!({ "type": "array" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_read_has_a_description_and_no_other_has_one() {
        let forms = form::forms();
        let tables = [
            ("", &forms.root),
            ("runbook", &forms.head),
            ("account", &forms.account),
            ("step", &forms.step),
            ("confirm", &forms.confirm),
            ("retry", &forms.retry),
        ];
        let mut read: Vec<(&str, &str)> = tables
            .into_iter()
            .flat_map(|(table, form)| form.keys.keys().map(move |key| (table, *key)))
            .collect();
        let mut described: Vec<_> = DESCRIPTIONS
            .iter()
            .map(|(table, key, _)| (*table, *key))
            .collect();
        read.sort_unstable();
        described.sort_unstable();
        assert_eq!(read, described);
    }
}
