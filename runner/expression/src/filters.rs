//! The filters of expressions: a short list, over plain values, each with a bounded result.

use std::collections::HashSet;

use rutter_manifest::nearest;
use serde_json::Value;

/// Bytes of the text that an expression may give.
pub(crate) const TEXT_BYTES_MAX: usize = 1 << 20;

/// A filter's work: the value before the bar, absent where it is undefined, and the arguments.
type Work = fn(Option<&Value>, &[Value]) -> Result<Option<Value>, String>;

/// One filter.
pub(super) struct Filter {
    pub name: &'static str,
    /// How many arguments it takes, from and to.
    pub arguments: (usize, usize),
    pub work: Work,
}

/// All filters, in the order of the alphabet.
pub(super) const FILTERS: [Filter; 14] = [
    filter("collect", (1, 1), collect),
    filter(DEFAULT, (1, 1), |value, arguments| {
        let given = value.filter(|value| !value.is_null());
        Ok(Some(given.unwrap_or(&arguments[0]).clone()))
    }),
    filter("first", (0, 0), |value, _| {
        Ok(list(value)?.first().cloned())
    }),
    filter("int", (0, 0), int),
    filter("join", (0, 1), join),
    filter("last", (0, 0), |value, _| Ok(list(value)?.last().cloned())),
    filter("length", (0, 0), length),
    filter("lower", (0, 0), |value, _| {
        Ok(Some(text(value)?.to_lowercase().into()))
    }),
    filter("replace", (2, 2), replace),
    filter("split", (1, 1), split),
    filter("tojson", (0, 0), |value, _| {
        bounded(defined(value)?.to_string())
    }),
    filter("trim", (0, 0), |value, _| {
        Ok(Some(text(value)?.trim().into()))
    }),
    filter("unique", (0, 0), unique),
    filter("upper", (0, 0), |value, _| {
        Ok(Some(text(value)?.to_uppercase().into()))
    }),
];

/// The filter that stands in for what is undefined or absent.
pub(super) const DEFAULT: &str = "default";

const fn filter(name: &'static str, arguments: (usize, usize), work: Work) -> Filter {
    Filter {
        name,
        arguments,
        work,
    }
}

/// The filter with this name, or the nearest name.
pub(super) fn find(name: &str) -> Result<&'static Filter, Option<&'static str>> {
    FILTERS
        .iter()
        .find(|filter| filter.name == name)
        .ok_or_else(|| nearest(name, FILTERS.iter().map(|filter| filter.name)))
}

/// A value as it stands in longer text.
///
/// # Errors
/// When it is absent, a list or a table.
pub(crate) fn formatted(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Err("a value that is absent cannot stand in text".to_owned()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) => Err("a list cannot stand in text: use `| join(\", \")`".to_owned()),
        Value::Object(_) => Err("a table cannot stand in text: use `| tojson`".to_owned()),
    }
}

/// One field of each table of a list, or of a table: what a step gives for each of its items. An item that failed
/// gives nothing and is left out; a table without the field is a mistake.
fn collect(value: Option<&Value>, arguments: &[Value]) -> Result<Option<Value>, String> {
    let name = text(arguments.first())?;
    let items: Vec<&Value> = match defined(value)? {
        Value::Array(items) => items.iter().collect(),
        Value::Object(entries) => entries.values().collect(),
        other => return Err(format!("expected a list or a table, got {}", kind(other))),
    };
    let given = items.into_iter().filter(|item| !item.is_null());
    let fields = given.map(|item| match item {
        Value::Object(fields) => fields
            .get(name)
            .cloned()
            .ok_or_else(|| format!("an item has no `{name}`")),
        other => Err(format!("an item is {}, not a table", kind(other))),
    });
    fields.collect::<Result<Value, _>>().map(Some)
}

/// The whole number that a text writes; absent where it writes none.
fn int(value: Option<&Value>, _: &[Value]) -> Result<Option<Value>, String> {
    let number = text(value)?.parse::<i64>();
    Ok(Some(number.map_or(Value::Null, Value::from)))
}

fn join(value: Option<&Value>, arguments: &[Value]) -> Result<Option<Value>, String> {
    let between = match arguments.first() {
        Some(between) => text(Some(between))?,
        None => "",
    };
    let items: Result<Vec<String>, String> = list(value)?.iter().map(formatted).collect();
    bounded(items?.join(between))
}

fn length(value: Option<&Value>, _: &[Value]) -> Result<Option<Value>, String> {
    match defined(value)? {
        Value::String(text) => Ok(Some(text.chars().count().into())),
        Value::Array(items) => Ok(Some(items.len().into())),
        Value::Object(entries) => Ok(Some(entries.len().into())),
        other => Err(format!("{} has no length", kind(other))),
    }
}

fn replace(value: Option<&Value>, arguments: &[Value]) -> Result<Option<Value>, String> {
    let (old, new) = (text(arguments.first())?, text(arguments.get(1))?);
    let text = text(value)?;
    // Counted before it is made: a few of these in a row could fill the memory.
    let bytes = text
        .len()
        .saturating_add(text.matches(old).count().saturating_mul(new.len()));
    if bytes > TEXT_BYTES_MAX {
        return Err("the text is longer than 1 MiB".to_owned());
    }
    bounded(text.replace(old, new))
}

fn split(value: Option<&Value>, arguments: &[Value]) -> Result<Option<Value>, String> {
    let between = text(arguments.first())?;
    if between.is_empty() {
        return Err("`split` needs a text to split at".to_owned());
    }
    Ok(Some(text(value)?.split(between).map(Value::from).collect()))
}

/// The items of a list, each once, where it stands first.
fn unique(value: Option<&Value>, _: &[Value]) -> Result<Option<Value>, String> {
    let mut seen = HashSet::new();
    let items = list(value)?.iter();
    Ok(Some(
        items.filter(|item| seen.insert(*item)).cloned().collect(),
    ))
}

fn bounded(text: String) -> Result<Option<Value>, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err("the text is longer than 1 MiB".to_owned());
    }
    Ok(Some(text.into()))
}

fn defined(value: Option<&Value>) -> Result<&Value, String> {
    value.ok_or_else(|| "the value before the bar is undefined".to_owned())
}

fn text(value: Option<&Value>) -> Result<&str, String> {
    let value = defined(value)?;
    value
        .as_str()
        .ok_or_else(|| format!("expected text, got {}", kind(value)))
}

fn list(value: Option<&Value>) -> Result<&[Value], String> {
    let value = defined(value)?;
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("expected a list, got {}", kind(value)))
}

/// What a value is, for people.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}
