//! Calls with places left open for what an answer holds.

use serde_json::Value;

use crate::call::{Call, Target};

/// A call with the fields of an answer put in: `{"$answer": "/ImageId"}` stands for a field, and
/// `{"$text": ["Created_from_", …]}` for a text made of several parts. The error is the pointer to what
/// the answer lacks.
pub(crate) fn filled(call: &Call, answer: Option<&Value>) -> Result<Call, String> {
    let mut call = call.clone();
    if let Target::Api(api) = &mut call.target {
        fill(&mut api.parameters, answer)?;
    }
    Ok(call)
}

fn fill(value: &mut Value, answer: Option<&Value>) -> Result<(), String> {
    if let Some(pointer) = only(value, "$answer").and_then(Value::as_str) {
        let found = answer.and_then(|answer| answer.pointer(pointer)).cloned();
        *value = found.ok_or_else(|| pointer.to_owned())?;
        return Ok(());
    }
    if let Some(parts) = only(value, "$text").and_then(Value::as_array) {
        let mut text = String::new();
        for mut part in parts.clone() {
            fill(&mut part, answer)?;
            text.push_str(part.as_str().unwrap_or_default());
        }
        *value = Value::String(text);
        return Ok(());
    }
    match value {
        Value::Array(list) => list.iter_mut().try_for_each(|value| fill(value, answer)),
        Value::Object(map) => map.values_mut().try_for_each(|value| fill(value, answer)),
        _ => Ok(()),
    }
}

/// The one member of an object, if it has this name.
fn only<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.get(name)
}
