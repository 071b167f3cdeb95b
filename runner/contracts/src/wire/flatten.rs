//! Structured parameters to flat names and text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::action::Action;
use crate::parameter::{Encoding, Parameter, ParameterKind, ParameterLocation};
use crate::wire_names::{pattern_of, walk};

/// The one member of the structure that is sent as the Base64 of its value.
pub(crate) const BASE64_MARK: &str = "$base64";

/// A call's parameters as they travel, each list in the order of the given structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    /// Names and values of the query string, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Names and values of the form body, not yet encoded.
    pub form: Vec<(String, String)>,
}

/// Why parameters have no wire form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The parameters are not a JSON object.
    #[error("parameters must be a table of names and values")]
    NotATable,
    /// A structure stands where the API takes elements separated by commas.
    #[error("`{parameter}` takes a list of plain values")]
    NotAPlainList {
        /// The parameter's wire name.
        parameter: String,
    },
}

/// Returns the parameters as they travel.
///
/// # Errors
///
/// They are not a table, or one that is sent as a comma-separated list holds structures.
///
/// ```
/// let action = rutter_contracts::action("ECS", "DescribeInstances").expect("in the table");
/// let given = serde_json::json!({"PageSize": 10, "Tag": [{"Key": "env", "Value": ""}]});
/// let wire = rutter_contracts::wire::flatten(action, &given).expect("a table");
/// assert_eq!(wire.query[2], ("Tag.1.Value".to_owned(), String::new()));
/// ```
pub fn flatten(action: &Action, parameters: &Value) -> Result<Wire, WireError> {
    let Value::Object(members) = parameters else {
        return Err(WireError::NotATable);
    };
    let mut wire = Wire::default();
    for (name, value) in members {
        flatten_value(action, name, value, &mut wire)?;
    }
    Ok(wire)
}

/// Returns the parameters as they travel, of an action that the table may not know: then everything goes into
/// the query.
///
/// # Errors
///
/// As [`flatten`].
pub fn encoded(action: Option<&Action>, parameters: &Value) -> Result<Wire, WireError> {
    if let Some(action) = action {
        return flatten(action, parameters);
    }
    if !parameters.is_object() {
        return Err(WireError::NotATable);
    }
    let mut wire = Wire::default();
    walk(parameters, &mut |leaf| {
        if !leaf.value.is_null() {
            let pair = (leaf.wire_name.clone(), plain_text(leaf.value));
            wire.query.push(pair);
        }
    });
    Ok(wire)
}

fn flatten_value(
    action: &Action,
    name: &str,
    value: &Value,
    wire: &mut Wire,
) -> Result<(), WireError> {
    let whole = whole_parameter(action, name);
    if let Some(text) = whole_text(whole, name, value)? {
        push(action, name, text, wire);
        return Ok(());
    }
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                flatten_value(action, &format!("{name}.{}", position + 1), element, wire)?;
            }
        }
        Value::Object(members) => {
            for (member, inner) in members {
                flatten_value(action, &format!("{name}.{member}"), inner, wire)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Returns the text of a value that travels as one parameter; `None` means that it has parts that
/// travel by themselves, or is null.
fn whole_text(
    parameter: Option<&Parameter>,
    name: &str,
    value: &Value,
) -> Result<Option<String>, WireError> {
    let structured = match value {
        Value::Null => return Ok(None),
        Value::Array(_) => value,
        Value::Object(members) => match base64_of(members) {
            Some(text) => return Ok(Some(text)),
            None => value,
        },
        plain => return Ok(Some(plain_text(plain))),
    };
    let Some(parameter) = parameter else {
        return Ok(None);
    };
    match parameter.encoding {
        Encoding::Json => Ok(Some(structured.to_string())),
        Encoding::Simple => comma_separated(name, structured).map(Some),
        Encoding::Repeat => {
            let is_json_text = parameter.kind == ParameterKind::String;
            Ok(is_json_text.then(|| structured.to_string()))
        }
    }
}

/// Returns the parameter that the name stands for, be it a whole list (`Tag` for `Tag[]`) or one value.
fn whole_parameter<'a>(action: &'a Action, name: &str) -> Option<&'a Parameter> {
    let pattern = pattern_of(name);
    let as_list = format!("{pattern}[]");
    action.parameters.iter().find(|parameter| {
        parameter.name == pattern
            || (parameter.name == as_list && parameter.encoding != Encoding::Repeat)
    })
}

fn base64_of(members: &Map<String, Value>) -> Option<String> {
    if members.len() != 1 {
        return None;
    }
    let inner = members.get(BASE64_MARK)?;
    Some(STANDARD.encode(plain_text(inner)))
}

/// Returns a value as text: strings bare, numbers decimal, everything else as compact JSON.
pub(crate) fn plain_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => return text.clone(),
        other => other.to_string(),
    };
    // JSON writes 1e-7, which no page of the cloud documents for a parameter.
    match value.as_f64() {
        Some(number) if text.contains(['e', 'E']) => number.to_string(),
        _ => text,
    }
}

fn comma_separated(name: &str, value: &Value) -> Result<String, WireError> {
    let refusal = || WireError::NotAPlainList {
        parameter: name.to_owned(),
    };
    let elements = value.as_array().ok_or_else(refusal)?;
    if elements.iter().any(|e| e.is_array() || e.is_object()) {
        return Err(refusal());
    }
    let texts: Vec<String> = elements
        .iter()
        .filter(|element| !element.is_null())
        .map(plain_text)
        .collect();
    Ok(texts.join(","))
}

fn push(action: &Action, name: &str, text: String, wire: &mut Wire) {
    let place = whole_parameter(action, name).map(|parameter| parameter.place);
    let pairs = match place {
        Some(ParameterLocation::Body) => &mut wire.form,
        _ => &mut wire.query,
    };
    pairs.push((name.to_owned(), text));
}
