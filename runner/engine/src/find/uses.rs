//! How it is seen who uses what a change makes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::find::text;

/// A read that tells who uses an object. `{"$answer": "/ImageId"}` in its parameters stands for a field
/// of the change's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// What a use is, for people, `shared with`.
    pub what: String,
    /// The read whose answer lists the users.
    pub read: Call,
    /// Lists in its answer, each with a pointer to the user's name in an element.
    pub lists: Vec<(String, String)>,
    /// Whether an object has no such use when it is made.
    pub none_at_first: bool,
}

impl Use {
    /// Who uses it, by the answer of the read.
    pub(crate) fn users(&self, answer: &Value) -> Vec<String> {
        let mut users: Vec<String> = self
            .lists
            .iter()
            .flat_map(|(list, id)| ids(answer, list, id))
            .collect();
        users.sort();
        users.dedup();
        users
    }
}

/// The ids in the elements of a list, or of the one object at its place.
pub(crate) fn ids(answer: &Value, list: &str, id: &str) -> Vec<String> {
    let elements = match answer.pointer(list) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    };
    let found = elements.iter().filter_map(|element| element.pointer(id));
    let known = found.filter(|id| !id.is_null()).map(text);
    known.filter(|id| !id.is_empty()).collect()
}
