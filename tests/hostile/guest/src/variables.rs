//! What the actor knows: inputs, and what its operations gave. In a script `$NAME` stands for one, and
//! `$NAME/pointer` for a part of it; inside a longer text `{$NAME/pointer}`.

use std::collections::BTreeMap;

use serde_json::Value;

#[derive(Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// A value with the variables in it put in.
    pub fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(path) => self.look(path),
                None => Value::from(self.text(text)),
            },
            Value::Array(list) => list.iter().map(|value| self.fill(value)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (self.text(name), self.fill(value)))
                .collect(),
            other => other.clone(),
        }
    }

    /// A text with the variables in it put in.
    pub fn text(&self, text: &str) -> String {
        if let Some(path) = text.strip_prefix('$') {
            return plain(&self.look(path));
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{$") {
            let Some((path, after)) = after.split_once('}') else {
                break;
            };
            filled.push_str(before);
            filled.push_str(&plain(&self.look(path)));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn look(&self, path: &str) -> Value {
        let (name, pointer) = path.split_at(path.find('/').unwrap_or(path.len()));
        let value = self.0.get(name).and_then(|value| value.pointer(pointer));
        value.cloned().unwrap_or_default()
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
