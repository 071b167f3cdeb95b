//! What `for_each` runs over: the items of a list or a table, and what people call them.

use std::collections::BTreeSet;

use rutter_engine::Shape;
use rutter_expression::kind;
use serde_json::Value;

use super::resolve::Local;

/// Items of one `for_each` step.
const ITEMS_MAX: usize = 10_000;

/// A longer value names no item.
const NAME_MAX: usize = 80;

/// The items of a list or a table.
///
/// # Errors
/// A fragment fit to follow a colon, for anything else and for too many.
pub(super) fn locals(over: Value) -> Result<(Shape, Vec<Local>), String> {
    let (shape, pairs): (Shape, Vec<(String, Value)>) = match over {
        Value::Array(items) => {
            let numbered = items.into_iter().enumerate();
            let keyed = numbered.map(|(index, item)| (index.to_string(), item));
            (Shape::List, keyed.collect())
        }
        Value::Object(entries) => (Shape::Table, entries.into_iter().collect()),
        other => return Err(format!("expected a list or a table, got {}", kind(&other))),
    };
    if pairs.len() > ITEMS_MAX {
        return Err(format!("{} items are more than {ITEMS_MAX}", pairs.len()));
    }
    let mut names = match shape {
        Shape::List => names_of(pairs.iter().map(|(_, item)| item)),
        _ => None,
    };
    let local = |(index, (key, item))| Local {
        item,
        key,
        name: names
            .as_mut()
            .map(|names| std::mem::take(&mut names[index])),
        index,
    };
    Ok((shape, pairs.into_iter().enumerate().map(local).collect()))
}

/// What people call the items of a list: what each is, or its `id` or `name`, where that is short and
/// tells all of them apart.
fn names_of<'a>(items: impl Iterator<Item = &'a Value>) -> Option<Vec<String>> {
    let names: Vec<String> = items.map(name_of).collect::<Option<_>>()?;
    let different: BTreeSet<&String> = names.iter().collect();
    (different.len() == names.len()).then_some(names)
}

fn name_of(item: &Value) -> Option<String> {
    let text = match item {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(fields) => {
            let field = fields.get("id").or_else(|| fields.get("name"))?;
            field.as_str()?.to_owned()
        }
        _ => return None,
    };
    let fits = !text.trim().is_empty() && text.chars().count() <= NAME_MAX;
    (fits && !text.chars().any(char::is_control)).then_some(text)
}
