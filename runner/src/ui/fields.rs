//! The inputs and outputs of a plugin or a built-in step, for people who fill them in.

use indexmap::IndexMap;
use rutter_manifest::{Field, FieldKind, duration_text};
use serde_json::Value;

use super::{Align, Table};

/// A table of fields below a title, with the fields of tables and the rules that values keep; nothing when
/// there are none.
pub fn fields(title: &str, fields: &IndexMap<String, Field>) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]);
    rows("", fields, &mut table);
    format!("\n{title}{}", table.render())
}

/// `within` is what comes before the names: `limit.`, `mappings[].`.
fn rows(within: &str, fields: &IndexMap<String, Field>, table: &mut Table) {
    for (name, field) in fields {
        let need = match (&field.default, field.optional) {
            (Some(default), _) => format!(" = {}", written(field.kind, default)),
            (None, true) => " optional".to_owned(),
            (None, false) => String::new(),
        };
        let rules = rules(field);
        let help = field.help.clone().unwrap_or_default();
        let about = match (help.is_empty(), rules.is_empty()) {
            (_, true) => help,
            (true, false) => rules,
            (false, false) => format!("{help} ({rules})"),
        };
        let name = format!("{within}{name}");
        table.row([name.clone(), format!("{}{need}", kind(field)), about]);
        match &field.items {
            Some(items) => rows(&format!("{name}[]."), &items.fields, table),
            None => rows(&format!("{name}."), &field.fields, table),
        }
    }
}

/// `list of integer`, `table`.
fn kind(field: &Field) -> String {
    match &field.items {
        Some(items) => format!("{} of {}", field.kind.name(), kind(items)),
        None => field.kind.name().to_owned(),
    }
}

/// What its values must be beside their type: `one of "test", "production"`, `10m to 24h`.
fn rules(field: &Field) -> String {
    let mut rules = Vec::new();
    if !field.one_of.is_empty() {
        let values = field.one_of.iter();
        let values: Vec<_> = values.map(|value| written(field.kind, value)).collect();
        rules.push(format!("one of {}", values.join(", ")));
    }
    rules.extend(bounds(field));
    if let Some(pattern) = &field.pattern {
        rules.push(format!("matches {pattern}"));
    }
    if let Some(items) = &field.items {
        let of_items = self::rules(items);
        if !of_items.is_empty() {
            rules.push(format!("each {of_items}"));
        }
    }
    rules.join("; ")
}

/// A value as it stands in a file.
fn written(kind: FieldKind, value: &Value) -> String {
    match (kind, value.as_u64()) {
        (FieldKind::Duration, Some(ms)) => duration_text(ms),
        _ => value.to_string(),
    }
}

/// `10m to 1d`, `at least 1 character`: of a text or a list it counts characters or items.
fn bounds(field: &Field) -> Option<String> {
    let text = |bound: f64| match field.kind {
        // A manifest's bounds of durations are whole milliseconds from 0.
        FieldKind::Duration if bound >= 0.0 => duration_text(bound as u64),
        _ => bound.to_string(),
    };
    let (range, last) = match (field.min, field.max) {
        (Some(min), Some(max)) => (format!("{} to {}", text(min), text(max)), max),
        (Some(min), None) => (format!("at least {}", text(min)), min),
        (None, Some(max)) => (format!("at most {}", text(max)), max),
        (None, None) => return None,
    };
    let unit = match field.kind {
        FieldKind::String | FieldKind::Secret => " character",
        FieldKind::List => " item",
        _ => return Some(range),
    };
    let plural = if last == 1.0 { "" } else { "s" };
    Some(format!("{range}{unit}{plural}"))
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use rutter_manifest::Field;

    use super::fields;

    #[test]
    fn fields_of_tables_are_shown_and_rules_as_people_write_them() {
        let text = r#"
            [wait]
            type = "duration"
            default = "30m"
            min = "10m"
            max = "24h"
            help = "how long it may take"
            [limit]
            type = "table"
            optional = true
            help = "throttles it"
            [limit.fields.rows]
            type = "integer"
            min = 1
            help = "rows a second"
            [modes]
            type = "list"
            items = { type = "string", one_of = ["full", "changes"] }
        "#;
        let all: IndexMap<String, Field> = toml::from_str(text).unwrap();
        insta::assert_snapshot!(fields("inputs", &all), @r#"

        inputs
        wait        duration = 30m  how long it may take (10m to 1d)
        limit       table optional  throttles it
        limit.rows  integer         rows a second (at least 1)
        modes       list of string  each one of "full", "changes"
        "#);
    }
}
