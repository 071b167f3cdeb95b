//! What a derived schema says too much of: TOML has no null, and the sizes of numbers are no formats.

use serde_json::{Map, Value};

/// The dialect that editors and validators have in common.
pub(super) const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// Returns a derived schema in plain words, under this title.
pub(super) fn plain(title: &str, schema: schemars::Schema) -> Value {
    let mut schema = schema.to_value();
    tidy(&mut schema);
    if let Value::Object(root) = &mut schema {
        root.insert("$schema".to_owned(), DIALECT.into());
        root.insert("title".to_owned(), title.into());
    }
    schema
}

/// Takes away nulls, formats and the titles that types have in the program.
pub(super) fn tidy(schema: &mut Value) {
    let Value::Object(keys) = schema else {
        return;
    };
    keys.remove("format");
    if keys.get("default").is_some_and(Value::is_null) {
        keys.remove("default");
    }
    without_null(keys);
    for (key, value) in keys.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "patternProperties" | "definitions", Value::Object(inner)) => {
                inner.values_mut().for_each(tidy);
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(inner)) => {
                inner.iter_mut().for_each(tidy);
            }
            ("items" | "additionalProperties" | "not" | "if" | "then", inner) => tidy(inner),
            _ => {}
        }
    }
}

fn without_null(keys: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = keys.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            keys.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = keys.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(choices)) = keys.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        keys.remove("anyOf");
        // What stands beside a reference does not count.
        match only.contains_key("$ref") && !keys.is_empty() {
            true => drop(keys.insert("allOf".to_owned(), Value::Array(vec![Value::Object(only)]))),
            false => only.into_iter().for_each(|(key, value)| {
                keys.entry(key).or_insert(value);
            }),
        }
    }
}
