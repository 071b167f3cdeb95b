//! An input as it is declared, written as a runbook would.

use rutter_manifest::{Field, FieldKind, duration_text};
use toml::{Table, Value};

/// `[inputs.NAME]` with all that is known of it, in TOML.
pub fn input_declared(name: &str, field: &Field) -> String {
    let inputs = Table::from_iter([(name.to_owned(), Value::Table(table(field)))]);
    let root = Table::from_iter([("inputs".to_owned(), Value::Table(inputs))]);
    root.to_string()
}

fn table(field: &Field) -> Table {
    // A field holds what TOML can hold: it was read from there.
    let mut table = Table::try_from(field).unwrap_or_default();
    if field.kind == FieldKind::Duration {
        for key in ["default", "min", "max"] {
            if let Some(value) = table.get_mut(key) {
                with_unit(value);
            }
        }
        if let Some(Value::Array(values)) = table.get_mut("one_of") {
            values.iter_mut().for_each(with_unit);
        }
    }
    if let Some(items) = &field.items {
        table.insert("items".to_owned(), Value::Table(self::table(items)));
    }
    if !field.fields.is_empty() {
        let fields = field.fields.iter();
        let fields = fields.map(|(name, field)| (name.clone(), Value::Table(self::table(field))));
        table.insert("fields".to_owned(), Value::Table(fields.collect()));
    }
    table
}

/// Milliseconds as people write them.
fn with_unit(value: &mut Value) {
    let ms = match value {
        Value::Integer(ms) => u64::try_from(*ms).ok(),
        Value::Float(ms) if *ms >= 0.0 => Some(*ms as u64),
        _ => None,
    };
    if let Some(ms) = ms {
        *value = Value::String(duration_text(ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_it_would_be_written() {
        let text = "[inputs.wait]\ntype = \"duration\"\ndefault = \"12h\"\nmin = \"10m\"\nhelp = \"how long\"\n";
        let inputs: Table = text.parse().unwrap();
        let field: Field = inputs["inputs"]["wait"].clone().try_into().unwrap();
        assert_eq!(input_declared("wait", &field), text);
        let list: Field =
            toml::from_str("type = \"list\"\nitems = { type = \"integer\", min = 1 }").unwrap();
        let again: Table = input_declared("many", &list).parse().unwrap();
        assert_eq!(
            again["inputs"]["many"].clone().try_into::<Field>().unwrap(),
            list
        );
    }
}
