//! Flat names and text back to structured parameters, typed as far as the table knows them.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::action::Action;
use crate::parameter::{Encoding, ParameterKind};
use crate::wire_names::{is_index, pattern_of};

/// A name with more parts than any API has is not taken apart, so that none can exhaust the stack.
const PARTS_MAX: usize = 16;

/// What a prefix of wire names holds. Positions are keys, so that no name can ask for memory.
enum Node {
    Value(Value),
    Structure(BTreeMap<String, Node>),
    List(BTreeMap<u64, Node>),
}

/// Returns the parameters that the pairs stand for, the inverse of [`super::flatten`].
///
/// Names with positions become lists in the order of the positions, dotted names become structures.
/// Text becomes a number, a boolean or decoded JSON where the action documents that and the text is
/// one; everything else stays text. Of two pairs of one name the later counts. A name that
/// contradicts an earlier one (`A` and `A.B`), or has too many parts, stays whole at the top. Never fails: what it makes of
/// nonsense, [`Action::check`] refuses.
pub fn unflatten<'a>(
    action: Option<&Action>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Value {
    let mut root = BTreeMap::new();
    let mut strays = Map::new();
    for (name, text) in pairs {
        let value = typed(action, name, text);
        let segments: Vec<&str> = name.split('.').take(PARTS_MAX + 1).collect();
        let placed = if segments.len() > PARTS_MAX {
            Err(value)
        } else {
            insert(&mut root, &segments, value)
        };
        if let Err(value) = placed {
            strays.insert(name.to_owned(), value);
        }
    }
    let mut members = structure(root);
    members.extend(strays);
    Value::Object(members)
}

/// Puts the value in its place, or gives it back when something else is there.
fn insert(
    members: &mut BTreeMap<String, Node>,
    segments: &[&str],
    value: Value,
) -> Result<(), Value> {
    let (first, rest) = segments.split_first().expect("a split has a first part");
    match members.get_mut(*first) {
        Some(node) => insert_into(node, rest, value),
        None => {
            members.insert((*first).to_owned(), node_for(rest, value));
            Ok(())
        }
    }
}

fn insert_into(node: &mut Node, segments: &[&str], value: Value) -> Result<(), Value> {
    let Some((first, rest)) = segments.split_first() else {
        return match node {
            Node::Value(held) => {
                *held = value;
                Ok(())
            }
            _ => Err(value),
        };
    };
    match (node, position(first)) {
        (Node::List(elements), Some(position)) => match elements.get_mut(&position) {
            Some(element) => insert_into(element, rest, value),
            None => {
                elements.insert(position, node_for(rest, value));
                Ok(())
            }
        },
        (Node::Structure(members), None) => insert(members, segments, value),
        _ => Err(value),
    }
}

/// Builds what the remaining segments of a first name call for.
fn node_for(segments: &[&str], value: Value) -> Node {
    let Some((first, rest)) = segments.split_first() else {
        return Node::Value(value);
    };
    let inner = node_for(rest, value);
    match position(first) {
        Some(position) => Node::List(BTreeMap::from([(position, inner)])),
        None => Node::Structure(BTreeMap::from([((*first).to_owned(), inner)])),
    }
}

/// Returns the position that a segment names, if it names one.
fn position(segment: &str) -> Option<u64> {
    if is_index(segment) {
        segment.parse().ok()
    } else {
        None
    }
}

fn structure(members: BTreeMap<String, Node>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, node)| (name, finish(node)))
        .collect()
}

fn finish(node: Node) -> Value {
    match node {
        Node::Value(value) => value,
        Node::Structure(members) => Value::Object(structure(members)),
        Node::List(elements) => Value::Array(elements.into_values().map(finish).collect()),
    }
}

/// Returns the text as the type that the action documents for the name.
fn typed(action: Option<&Action>, name: &str, text: &str) -> Value {
    let as_text = || Value::String(text.to_owned());
    let Some(action) = action else {
        return as_text();
    };
    let pattern = pattern_of(name);
    let as_list = format!("{pattern}[]");
    let Some(parameter) = action.parameters.iter().find(|parameter| {
        parameter.name == pattern
            || (parameter.name == as_list && parameter.encoding != Encoding::Repeat)
    }) else {
        return as_text();
    };
    match parameter.encoding {
        Encoding::Json => return serde_json::from_str(text).unwrap_or_else(|_| as_text()),
        Encoding::Simple => {
            let elements = text.split(',').filter(|element| !element.is_empty());
            return elements.map(|e| Value::String(e.to_owned())).collect();
        }
        Encoding::Repeat => {}
    }
    scalar(parameter.kind, text).unwrap_or_else(as_text)
}

/// Returns the text as a value of the type, if it is one.
pub(crate) fn scalar(kind: ParameterKind, text: &str) -> Option<Value> {
    match kind {
        ParameterKind::Integer => text.parse::<i64>().ok().map(Value::from),
        ParameterKind::Number => {
            let whole = text.parse::<i64>().ok().map(Value::from);
            let real = || text.parse::<f64>().ok().and_then(Number::from_f64);
            whole.or_else(|| real().map(Value::Number))
        }
        ParameterKind::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
        ParameterKind::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
        _ => None,
    }
}
