//! A typed field as a schema: what may be written for it.

use indexmap::IndexMap;
use rutter_manifest::{Field, FieldKind, duration_text, shape};
use serde_json::{Map, Value, json};

/// Text with an expression in it.
pub(super) const EXPRESSION: &str = "\\{\\{";

/// Where a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a runbook: an expression may stand for it, and a secret is always one.
    Runbook,
    /// In a file of inputs: it is written out.
    Inputs,
}

/// The schema of a table of fields. `what` says what the fields belong to.
pub(super) fn table(fields: &IndexMap<String, Field>, place: Place, what: &str) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, inner)| (name.clone(), field(inner, place, what)))
        .collect();
    let required: Vec<&String> = fields
        .iter()
        .filter(|(_, field)| !may_be_left_out(field, place))
        .map(|(name, _)| name)
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Whether a field may be left out where it is written: in a file of inputs a secret may, which comes another way.
fn may_be_left_out(field: &Field, place: Place) -> bool {
    let all_may = || field.fields.values().all(Field::may_be_absent);
    field.may_be_absent()
        || (field.kind == FieldKind::Table && !field.fields.is_empty() && all_may())
        || (place == Place::Inputs && field.holds_secret())
}

/// The schema of one field.
pub(super) fn field(field: &Field, place: Place, what: &str) -> Value {
    let description = description(field, what);
    let written = written(field, place, what);
    let mut schema = match place {
        Place::Runbook if field.kind == FieldKind::Secret => expression(),
        Place::Runbook => or_expression(field, written, &description),
        Place::Inputs => written,
    };
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    if let Some(default) = &field.default {
        schema["default"] = as_written(field, default);
    }
    schema
}

fn expression() -> Value {
    json!({ "type": "string", "pattern": EXPRESSION })
}

/// What is written out, or text with an expression. As long as the rules of the two concern different types, one
/// schema has both: an editor then knows one value and not a choice of two.
fn or_expression(field: &Field, mut written: Value, description: &str) -> Value {
    let rules = ["enum", "minLength", "maxLength", "allOf"];
    let choice =
        field.kind != FieldKind::Duration && rules.iter().any(|rule| written.get(rule).is_some());
    if choice {
        let mut choices = [written, expression()];
        if !description.is_empty() {
            choices
                .iter_mut()
                .for_each(|choice| choice["description"] = description.into());
        }
        return json!({ "anyOf": choices });
    }
    if written["type"] != "string" {
        written["type"] = json!([written["type"], "string"]);
        written["pattern"] = EXPRESSION.into();
    } else if let Some(pattern) = written.get("pattern").and_then(Value::as_str) {
        written["pattern"] = format!("(?:{pattern})|{EXPRESSION}").into();
    }
    written
}

/// What an editor shows of it.
fn description(field: &Field, what: &str) -> String {
    let help = field.help.as_deref().unwrap_or_default();
    match (what, help) {
        ("", help) => help.to_owned(),
        (what, "") => what.to_owned(),
        (what, help) => format!("{help} ({what})"),
    }
}

/// The value as it is written out.
fn written(field: &Field, place: Place, what: &str) -> Value {
    let mut schema = match field.kind {
        FieldKind::String => json!({ "type": "string" }),
        FieldKind::Integer => json!({ "type": "integer" }),
        FieldKind::Number => json!({ "type": "number" }),
        FieldKind::Boolean => json!({ "type": "boolean" }),
        FieldKind::Duration => {
            json!({ "type": "string", "pattern": shape::DURATION, "minLength": 2 })
        }
        FieldKind::List => match &field.items {
            Some(items) => json!({ "type": "array", "items": self::field(items, place, what) }),
            None => json!({ "type": "array" }),
        },
        FieldKind::Table if field.fields.is_empty() => json!({ "type": "object" }),
        FieldKind::Table => table(&field.fields, place, what),
        FieldKind::Secret => json!({ "type": "string" }),
        FieldKind::AccountId => json!({ "type": "string", "pattern": shape::ACCOUNT_ID }),
        FieldKind::Region => json!({ "type": "string", "pattern": shape::REGION }),
    };
    if !field.one_of.is_empty() {
        let values: Vec<Value> = field
            .one_of
            .iter()
            .map(|value| as_written(field, value))
            .collect();
        if field.kind != FieldKind::Duration {
            schema["enum"] = values.into();
        }
    }
    bounds(field, &mut schema);
    if let Some(pattern) = field
        .pattern
        .as_deref()
        .filter(|pattern| is_common(pattern))
    {
        match schema.get("pattern") {
            None => schema["pattern"] = pattern.into(),
            Some(_) => schema["allOf"] = json!([{ "pattern": pattern }]),
        }
    }
    schema
}

fn bounds(field: &Field, schema: &mut Value) {
    let keys = match field.kind {
        FieldKind::String => ["minLength", "maxLength"],
        FieldKind::List => ["minItems", "maxItems"],
        FieldKind::Integer | FieldKind::Number => ["minimum", "maximum"],
        _ => return,
    };
    for (key, bound) in keys.into_iter().zip([field.min, field.max]) {
        if let Some(bound) = bound {
            schema[key] = number(bound);
        }
    }
}

/// A number without a fraction where it has none.
fn number(bound: f64) -> Value {
    match bound.fract() == 0.0 && bound.abs() < 9e15 {
        true => json!(bound as i64),
        false => json!(bound),
    }
}

/// A value as somebody would write it.
fn as_written(field: &Field, value: &Value) -> Value {
    match (field.kind, value.as_u64()) {
        (FieldKind::Duration, Some(duration_ms)) => duration_text(duration_ms).into(),
        _ => value.clone(),
    }
}

/// Whether a pattern means the same in every dialect of regular expressions: no flags, no classes by name, no
/// escapes but those of letters and signs that all have.
fn is_common(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, next) {
            ('\\', Some(next)) if "dDsSwWntr\\/^$.*+?()[]{}|".contains(next) => {
                characters.next();
            }
            ('\\', _) | ('(', Some('?')) | ('[', Some('[' | ':')) | ('&', Some('&')) => {
                return false;
            }
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_one_dialect_are_left_to_the_reader() {
        assert!(is_common("^r-[a-z0-9]+$") && is_common("^[^/]{1,3}\\.x$"));
        assert!(!is_common("(?i)a") && !is_common("[[:alpha:]]") && !is_common("\\p{L}"));
    }

    #[test]
    fn an_expression_may_stand_for_a_number_and_always_stands_for_a_secret() {
        let number = field(&Field::new(FieldKind::Integer), Place::Runbook, "");
        let both = json!({ "type": ["integer", "string"], "pattern": EXPRESSION });
        assert_eq!(number, both);
        let secret = field(&Field::new(FieldKind::Secret), Place::Runbook, "");
        assert_eq!(secret["pattern"], EXPRESSION);
        let written = field(&Field::new(FieldKind::Integer), Place::Inputs, "");
        assert_eq!(written, json!({ "type": "integer" }));
    }
}
