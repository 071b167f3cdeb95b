//! What a run left behind: how it looked, who used it, and what was made in passing. It is read once
//! after the change, and again before a reverse destroys it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::find::{Find, Is, Use, document, text};

/// An object that a change made in passing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The number of the change that made it, or of the one that stands for what it is behind.
    pub of: u64,
    /// The kind of object, as the look names it: `snapshot`.
    pub kind: String,
    /// The object's id, as the cloud gave it.
    pub id: String,
}

/// What was seen of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its fields, by JSON pointer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    /// Who uses it, by the kind of use.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uses: BTreeMap<String, Vec<String>>,
}

/// How long a value may be in a message.
const SHOWN_MAX: usize = 60;

impl Seen {
    /// The fields of an element that a look names.
    pub(crate) fn fields_of(find: &Find, element: &Value) -> BTreeMap<String, Value> {
        let tested = find.tests.iter().filter(|test| match test.is {
            Is::Equal(_) | Is::Contains(_) | Is::Json(_) => true,
            Is::OneOf(_) | Is::NoneOf(_) | Is::Absent | Is::Differs(_) => false,
        });
        let named = tested.map(|test| &test.at).chain(&find.fields);
        named
            .map(|at| {
                let field = element.pointer(at).cloned();
                (at.clone(), field.unwrap_or(Value::Null))
            })
            .collect()
    }

    /// What differs now from what was left: by others, since the run's own changes that came after it
    /// are taken back before it.
    pub(crate) fn differences(&self, left: Option<&Self>, uses: &[Use]) -> Vec<String> {
        let mut found = Vec::new();
        let nothing = Self::default();
        let before = left.unwrap_or(&nothing);
        for (at, now) in &self.fields {
            if let Some(then) = before.fields.get(at)
                && document(now) != document(then)
            {
                let field = at.rsplit('/').next().unwrap_or(at);
                found.push(format!("{field} is {} and was {}", short(now), short(then)));
            }
        }
        for kind in uses {
            let (Some(now), then) = (self.uses.get(&kind.what), before.uses.get(&kind.what)) else {
                continue;
            };
            if then.is_none() && !kind.none_at_first {
                continue;
            }
            let known = |user: &&String| then.is_none_or(|then| !then.contains(user));
            let others: Vec<&str> = now.iter().filter(known).map(String::as_str).collect();
            if !others.is_empty() {
                found.push(format!("{} {}", kind.what, others.join(", ")));
            }
        }
        found
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => return "absent".to_owned(),
        other => text(other),
    };
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::Api;
    use crate::call::{Call, Class, Repeat};

    fn uses(none_at_first: bool) -> Vec<Use> {
        vec![Use {
            what: "shared with".to_owned(),
            read: Call {
                account: None,
                target: crate::call::Target::Api(Api {
                    product: "T".to_owned(),
                    action: "List".to_owned(),
                    version: "1".to_owned(),
                    region: None,
                    parameters: json!({}),
                }),
                class: Class::Read,
                repeat: Repeat::Same,
                ask: None,
                covered: false,
                all_pages: false,
            },
            lists: vec![("/List".to_owned(), "/Id".to_owned())],
            none_at_first,
        }]
    }

    fn seen(name: &str, users: &[&str]) -> Seen {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        Seen {
            fields: BTreeMap::from([("/Name".to_owned(), json!(name))]),
            uses: BTreeMap::from([("shared with".to_owned(), users)]),
        }
    }

    #[test]
    fn what_others_did_since_is_named_and_what_was_so_is_not() {
        let left = seen("a", &["1"]);
        let differs = |now: &Seen| now.differences(Some(&left), &uses(true));
        assert!(differs(&left).is_empty());
        assert!(differs(&seen("a", &[])).is_empty(), "one use less");
        assert_eq!(differs(&seen("a", &["1", "2"])), ["shared with 2"]);
        assert_eq!(differs(&seen("b", &[])), ["Name is `b` and was `a`"]);
    }

    #[test]
    fn what_was_never_read_is_compared_with_a_new_object() {
        let now = seen("a", &["1"]);
        assert_eq!(now.differences(None, &uses(true)), ["shared with 1"]);
        assert!(now.differences(None, &uses(false)).is_empty());
    }
}
