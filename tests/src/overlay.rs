//! Example files with something else in them: values laid over a TOML table by dotted paths.

use toml::{Table, Value};

/// Sets the value at a dotted path; numbers count the entries of lists, from 0, and a number one past
/// the end adds one. Tables on the way are made.
///
/// # Panics
/// When the path leads through something that holds no others: the test is wrong then.
pub fn set(table: &mut Table, path: &str, value: Value) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    if rest.is_empty() {
        table.insert(first.to_owned(), value);
        return;
    }
    let inner = table
        .entry(first)
        .or_insert_with(|| Value::Table(Table::new()));
    set_in(inner, rest, value, path);
}

fn set_in(target: &mut Value, path: &str, value: Value, whole: &str) {
    match target {
        Value::Table(table) => set(table, path, value),
        Value::Array(list) => {
            let (index, rest) = path.split_once('.').unwrap_or((path, ""));
            let index: usize = index
                .parse()
                .unwrap_or_else(|_| panic!("{whole}: a number"));
            if index == list.len() {
                list.push(Value::Table(Table::new()));
            }
            let entry = list.get_mut(index);
            let entry = entry.unwrap_or_else(|| panic!("{whole}: no entry {index}"));
            if rest.is_empty() {
                *entry = value;
            } else {
                set_in(entry, rest, value, whole);
            }
        }
        _ => panic!("{whole} leads through a plain value"),
    }
}

/// Takes away what is at a dotted path.
///
/// # Panics
/// When nothing is there: the test would show nothing.
pub fn remove(table: &mut Table, path: &str) {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut target: Option<&mut Value> = None;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        let next = match target {
            None => table.get_mut(part),
            Some(Value::Table(table)) => table.get_mut(part),
            Some(Value::Array(list)) => part.parse().ok().and_then(|at: usize| list.get_mut(at)),
            Some(_) => None,
        };
        target = Some(next.unwrap_or_else(|| panic!("{path}: nothing at {part}")));
    }
    let removed = match target {
        None => table.remove(last),
        Some(Value::Table(table)) => table.remove(last),
        Some(Value::Array(list)) => last.parse().ok().map(|at: usize| list.remove(at)),
        Some(_) => None,
    };
    assert!(removed.is_some(), "{path}: nothing is there");
}

#[cfg(test)]
mod tests {
    use super::{remove, set};

    #[test]
    fn values_are_set_and_taken_away_at_any_depth() {
        let mut table: toml::Table = toml::from_str("[[a.list]]\nx = 1\ny = 2\n").unwrap();
        set(&mut table, "a.list.0.x", 5.into());
        set(&mut table, "a.list.1.x", 6.into());
        set(&mut table, "b.c", "new".into());
        remove(&mut table, "a.list.0.y");
        let expected = "[[a.list]]\nx = 5\n[[a.list]]\nx = 6\n[b]\nc = \"new\"\n";
        assert_eq!(table, toml::from_str(expected).unwrap());
    }
}
