//! What was expected held against what came.

use serde_json::Value;

/// Says where `actual` is not as `expected`: each key that `expected` names must be there and agree,
/// tables likewise; anything else must be equal.
pub(super) fn differences(path: &str, expected: &Value, actual: &Value) -> Vec<String> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .flat_map(|(key, expected)| {
                let path = format!("{path}.{key}");
                match actual.get(key) {
                    Some(actual) => differences(&path, expected, actual),
                    None => vec![format!("{path} is missing, expected {expected}")],
                }
            })
            .collect(),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            expected
                .iter()
                .zip(actual)
                .enumerate()
                .flat_map(|(index, (expected, actual))| {
                    differences(&format!("{path}[{index}]"), expected, actual)
                })
                .collect()
        }
        (expected, actual) if expected == actual => Vec::new(),
        (expected, actual) => vec![format!("{path} is {actual}, expected {expected}")],
    }
}

/// Puts fields of a change's answer where a reverse asks for them.
pub(super) fn resolve(parameters: &Value, answer: &Value) -> Value {
    match parameters {
        Value::Object(object) => match object.get("$answer").and_then(Value::as_str) {
            Some(pointer) if object.len() == 1 => {
                answer.pointer(pointer).cloned().unwrap_or(Value::Null)
            }
            _ if object.len() == 1 && object.contains_key("$text") => {
                let parts = object["$text"].as_array().into_iter().flatten();
                let texts = parts.map(|part| resolve(part, answer));
                let texts = texts.filter_map(|part| part.as_str().map(str::to_owned));
                texts.collect::<String>().into()
            }
            _ => object
                .iter()
                .map(|(key, value)| (key.clone(), resolve(value, answer)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        },
        Value::Array(items) => items.iter().map(|item| resolve(item, answer)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_are_not_named_may_be_anything() {
        let actual = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        assert!(differences("x", &json!({"a": {"b": 1}, "d": [1, 2]}), &actual).is_empty());
        assert_eq!(
            differences("x", &json!({"a": {"b": 3, "e": 1}, "d": [1]}), &actual),
            [
                "x.a.b is 1, expected 3",
                "x.a.e is missing, expected 1",
                "x.d is [1,2], expected [1]"
            ]
        );
    }

    #[test]
    fn a_reverse_is_filled_from_the_answer() {
        let reverse = json!({"Ids": [{"$answer": "/Id"}], "Force": true});
        assert_eq!(
            resolve(&reverse, &json!({"Id": "x"})),
            json!({"Ids": ["x"], "Force": true})
        );
    }
}
