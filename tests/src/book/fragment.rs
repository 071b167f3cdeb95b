//! A part of a file, put into the file.

use toml::{Table, Value};

/// The file with the part in it: tables are merged, elements of a list of tables are known by their `id`, `name` or
/// `url` and merged or added, and everything else is replaced.
pub(super) fn put_into(file: &mut Table, part: Table) {
    for (key, value) in part {
        match (file.get_mut(&key), value) {
            (Some(Value::Table(there)), Value::Table(part)) => put_into(there, part),
            (Some(Value::Array(there)), Value::Array(part)) if of_tables(&part) => {
                for element in part {
                    put_element(there, element);
                }
            }
            (_, value) => {
                file.insert(key, value);
            }
        }
    }
}

fn of_tables(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(Value::is_table)
}

fn put_element(list: &mut Vec<Value>, element: Value) {
    let same = list
        .iter_mut()
        .find(|other| identity(other).is_some() && identity(other) == identity(&element));
    match (same, element) {
        (Some(Value::Table(there)), Value::Table(part)) => put_into(there, part),
        (_, element) => list.push(element),
    }
}

fn identity(element: &Value) -> Option<&Value> {
    ["id", "name", "url"]
        .iter()
        .find_map(|key| element.get(key))
}
