//! JSON pointers in which `*` means every element of a list: where the contracts say that an answer holds secrets.

use serde_json::Value;

/// Calls `found` with every value at a JSON pointer in which `*` means every element of a list.
pub fn each_at(value: &mut Value, pointer: &str, found: &mut impl FnMut(&mut Value)) {
    let Some(rest) = pointer.strip_prefix('/') else {
        return found(value);
    };
    let (segment, rest) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    match value {
        Value::Array(items) if segment == "*" => {
            for item in items {
                each_at(item, rest, found);
            }
        }
        Value::Array(items) => {
            if let Some(item) = segment.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                each_at(item, rest, found);
            }
        }
        Value::Object(fields) => {
            let key = segment.replace("~1", "/").replace("~0", "~");
            if let Some(field) = fields.get_mut(&key) {
                each_at(field, rest, found);
            }
        }
        _ => {}
    }
}
