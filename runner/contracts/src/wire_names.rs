//! The flat names that values of structured parameters have on the wire: `DataDisk.1.Size`, of the pattern
//! `DataDisk[].Size` that the table knows.

use serde_json::Value;

/// One value of structured parameters, as a walk meets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf<'a> {
    /// The wire name, `Tag.1.Key`.
    pub wire_name: String,
    /// The JSON pointer, `/Tag/0/Key`.
    pub pointer: String,
    /// The value: neither list nor structure.
    pub value: &'a Value,
}

/// Returns the pattern of a wire name: `DataDisk.1.Part.2.Size` is `DataDisk[].Part[].Size`.
pub fn pattern_of(wire_name: &str) -> String {
    let mut pattern = String::with_capacity(wire_name.len());
    for (position, segment) in wire_name.split('.').enumerate() {
        if position > 0 && is_index(segment) {
            pattern.push_str("[]");
            continue;
        }
        if position > 0 {
            pattern.push('.');
        }
        pattern.push_str(segment);
    }
    pattern
}

/// Returns whether a segment of a wire name is a position in a list.
pub(crate) fn is_index(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// Calls the visitor for every value of structured parameters that is neither list nor structure.
pub(crate) fn walk<'a>(parameters: &'a Value, visit: &mut impl FnMut(&Leaf<'a>)) {
    if let Value::Object(members) = parameters {
        for (name, value) in members {
            walk_value(name.clone(), format!("/{}", escape(name)), value, visit);
        }
    }
}

fn walk_value<'a>(
    wire_name: String,
    pointer: String,
    value: &'a Value,
    visit: &mut impl FnMut(&Leaf<'a>),
) {
    match value {
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                let name = format!("{wire_name}.{}", position + 1);
                walk_value(name, format!("{pointer}/{position}"), element, visit);
            }
        }
        Value::Object(members) => {
            for (member, inner) in members {
                let name = format!("{wire_name}.{member}");
                let below = format!("{pointer}/{}", escape(member));
                walk_value(name, below, inner, visit);
            }
        }
        plain => visit(&Leaf {
            wire_name,
            pointer,
            value: plain,
        }),
    }
}

/// Returns a name as a JSON pointer writes it.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
