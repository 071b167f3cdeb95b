//! Typed look-up in a call's parameters, after the contract has been checked.

use serde_json::Value;

/// The parameters of one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a>(pub &'a Value);

impl Parameters<'_> {
    /// Returns a text; numbers, booleans and structured values as the text they would be on the wire.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Returns a text, empty if the parameter is left out.
    pub fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// Returns a text unless it is left out or empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::String(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.boolean(name).unwrap_or(false)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns a list of texts: `[]` if left out, one element if it is no list, the elements of a JSON list given as text.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.iter().map(plain).collect(),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Array(items)) => items.iter().map(plain).collect(),
                _ => text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(str::to_owned)
                    .collect(),
            },
            Some(other) => vec![plain(other)],
        }
    }

    /// Returns a JSON document that is given as text or structured; `None` if it is left out or no JSON.
    pub fn document(&self, name: &str) -> Option<Value> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
