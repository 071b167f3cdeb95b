//! How the object or the state that a change makes is seen: data, recorded with the change, so that a
//! lost answer and a reverse can be looked after without the plugin, months later.

mod passing;
mod uses;

pub use passing::Passing;
pub use uses::Use;
pub(crate) use uses::ids;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Condition};

/// A look at what a change makes.
///
/// It is made before the change is intended, to know what was there; after a doubt, to know whether it
/// happened; and after its reverse, to know whether it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Find {
    /// Polled before the read: what is on its way does not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Box<Rest>>,
    /// The read. An answer that the object does not exist is an empty list.
    pub read: Call,
    /// A JSON pointer to the list in the answer; empty where the answer itself is the one object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub list: String,
    /// What an element of the list must fulfil to be the one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
    /// A JSON pointer into the element: what tells it from others; the whole element when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Whether it is there once the change happened, or gone.
    #[serde(default, skip_serializing_if = "Shows::is_there")]
    pub shows: Shows,
    /// What is so already is taken as it is, and nothing is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub take: bool,
    /// What is seen is a record of what happened, which nothing takes away: an undo does not look at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stays: bool,
    /// No object of anybody else fulfils the tests: they hold a name or a mark that is this step's alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
    /// Polled before what was made is compared and taken back: what is on its way cannot be. Fields of the
    /// change's answer stand in the read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_back: Option<Box<Rest>>,
    /// JSON pointers to further fields of the element that nobody should have edited when a reverse
    /// destroys it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What tells who uses it, by the contracts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    /// What is made in passing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passing: Vec<Passing>,
    /// How long a read may take to show what a change made, in milliseconds.
    pub settle_ms: u64,
    /// What the answer would have held: `{"$found": "/ImageId"}` stands for a field of the element.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub answer: Value,
}

/// What is waited for before the read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// The read that is polled.
    pub read: Call,
    /// What an answer must hold for the wait to end, and what makes it fail.
    pub condition: Condition,
}

/// What a look sees of a change that happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// An element of the list.
    #[default]
    There,
    /// No element of the list: it was deleted, or has another state.
    Gone,
}

impl Shows {
    fn is_there(&self) -> bool {
        *self == Self::There
    }
}

/// A condition on a field of an element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// A JSON pointer into the element.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// What must hold of what is there.
    pub is: Is,
}

/// What must hold of a field. A number and its text are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// It is equal to this.
    Equal(Value),
    /// It is one of these, compared without case.
    OneOf(Vec<Value>),
    /// It is none of these, compared without case; absent counts.
    NoneOf(Vec<Value>),
    /// A text with this in it, or a list with this element.
    Contains(Value),
    /// It is not there, null or empty.
    Absent,
    /// It is there and not this: what was recorded before the change.
    Differs(Value),
    /// JSON, perhaps inside a text, that says the same as this.
    Json(Value),
}

/// What a look says about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It happened, and its answer would have held this.
    Happened(Value),
    /// It did not happen, or is gone.
    Not,
    /// Several objects may be it: their keys.
    Several(Vec<String>),
}

/// What became of an object that a change made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Own<'a> {
    /// It is this.
    Is(&'a Value),
    /// It is gone, and another has its place: the other's key.
    Another(String),
    /// It is gone, or cannot be told from others.
    Gone,
}

impl Find {
    /// The elements of an answer that fulfil the tests. No answer: the object does not exist.
    fn elements<'a>(&self, answer: Option<&'a Value>) -> Vec<&'a Value> {
        let fits = |element: &&Value| self.tests.iter().all(|test| test.holds(element));
        self.listed(answer).into_iter().filter(fits).collect()
    }

    /// All elements of an answer.
    fn listed<'a>(&self, answer: Option<&'a Value>) -> Vec<&'a Value> {
        match answer.and_then(|answer| answer.pointer(&self.list)) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) if !self.list.is_empty() => list.iter().collect(),
            Some(one) => vec![one],
        }
    }

    /// The keys of what is seen, to be recorded before a change.
    pub fn keys(&self, answer: Option<&Value>) -> Vec<String> {
        let elements = self.elements(answer);
        elements
            .iter()
            .map(|element| self.key_of(element))
            .collect()
    }

    /// What is there that was not there before: `before` are the keys that were seen then.
    pub(crate) fn sight(&self, answer: Option<&Value>, before: &[String]) -> Sight {
        let mut elements = self.elements(answer);
        if self.shows == Shows::Gone {
            return match elements.is_empty() {
                true => Sight::Happened(filled(&self.answer, &Value::Null)),
                false => Sight::Not,
            };
        }
        elements.retain(|element| !before.contains(&self.key_of(element)));
        match elements.as_slice() {
            [] => Sight::Not,
            [one] => Sight::Happened(filled(&self.answer, one)),
            several => Sight::Several(several.iter().map(|one| self.key_of(one)).collect()),
        }
    }

    /// Whether what is new shows whose it is. A state shows itself, one element of a list is this step's only
    /// where it bears its mark: somebody else may have made an equal one in the same moment.
    pub(crate) fn proves(&self) -> bool {
        self.marked || self.list.is_empty() || self.shows == Shows::Gone
    }

    /// What is so already, where that is taken as it is.
    pub fn taken(&self, answer: Option<&Value>) -> Option<Value> {
        let elements = self.elements(answer);
        match (self.take, self.shows) {
            (true, Shows::There) => elements.first().map(|one| filled(&self.answer, one)),
            (true, Shows::Gone) if elements.is_empty() => Some(filled(&self.answer, &Value::Null)),
            _ => None,
        }
    }

    /// The key of what is so already.
    pub(crate) fn taken_key(&self, answer: Option<&Value>) -> Option<String> {
        key(self.elements(answer).first()?, &self.key)
    }

    /// Whether what a change made shows: `made` is its answer, if it is known, and `before` the keys
    /// that were seen before it. Others of its kind may be there.
    pub(crate) fn still_shows(
        &self,
        answer: Option<&Value>,
        before: &[String],
        made: Option<&Value>,
    ) -> bool {
        let elements = self.elements(answer);
        if self.shows == Shows::Gone {
            return elements.is_empty();
        }
        let key = made.and_then(|made| self.key_in(&self.answer, made));
        elements.into_iter().any(|element| {
            let own = self.key_of(element);
            match &key {
                Some(key) => own == *key,
                None => !before.contains(&own),
            }
        })
    }

    /// What a change made, whatever became of its fields: by its key where that is known, else the one
    /// element that was not there before.
    pub(crate) fn own<'a>(
        &self,
        answer: Option<&'a Value>,
        before: &[String],
        made: Option<&Value>,
    ) -> Own<'a> {
        let Some(key) = made.and_then(|made| self.key_in(&self.answer, made)) else {
            let mut elements = self.elements(answer);
            elements.retain(|element| !before.contains(&self.key_of(element)));
            return match elements.as_slice() {
                [one] => Own::Is(one),
                _ => Own::Gone,
            };
        };
        let all = self.listed(answer);
        match all.iter().find(|element| self.key_of(element) == key) {
            Some(one) => Own::Is(one),
            None => match all.first().filter(|_| self.list.is_empty()) {
                Some(other) => Own::Another(self.key_of(other)),
                None => Own::Gone,
            },
        }
    }

    /// The key in an answer, where the template says that it holds it.
    fn key_in(&self, template: &Value, made: &Value) -> Option<String> {
        match template {
            _ if self.key.is_empty() => None,
            Value::Object(map) => match map.get("$found").and_then(Value::as_str) {
                Some(pointer) => (pointer == self.key && !made.is_null()).then(|| text(made)),
                None => map
                    .iter()
                    .find_map(|(name, template)| self.key_in(template, made.get(name)?)),
            },
            Value::Array(list) => {
                let mut members = list.iter().enumerate();
                members.find_map(|(place, template)| self.key_in(template, made.get(place)?))
            }
            _ => None,
        }
    }

    fn key_of(&self, element: &Value) -> String {
        match element.pointer(&self.key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => element.to_string(),
        }
    }
}

impl Test {
    fn holds(&self, element: &Value) -> bool {
        let field = element.pointer(&self.at).filter(|field| !is_empty(field));
        let is = |wanted: &Value| field.is_some_and(|field| same(field, wanted));
        let alike = |wanted: &Value| {
            field.is_some_and(|field| text(field).eq_ignore_ascii_case(&text(wanted)))
        };
        match &self.is {
            Is::Equal(wanted) => is(wanted),
            Is::OneOf(wanted) => wanted.iter().any(alike),
            Is::NoneOf(wanted) => !wanted.iter().any(alike),
            Is::Contains(wanted) => field.is_some_and(|field| contains(field, wanted)),
            Is::Absent => field.is_none(),
            Is::Differs(before) => field.is_some() && !is(before),
            Is::Json(wanted) => field.is_some_and(|field| document(field) == document(wanted)),
        }
    }
}

/// The key of an element, by a pointer into it; none where nothing tells it from others.
pub(crate) fn key(element: &Value, pointer: &str) -> Option<String> {
    match element.pointer(pointer).filter(|_| !pointer.is_empty())? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn same(one: &Value, other: &Value) -> bool {
    let scalars = !one.is_object() && !one.is_array() && !other.is_object() && !other.is_array();
    one == other || (scalars && text(one) == text(other))
}

fn contains(field: &Value, wanted: &Value) -> bool {
    match field {
        Value::Array(list) => list.iter().any(|element| same(element, wanted)),
        other => text(other).contains(&text(wanted)),
    }
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a text says, if it is JSON.
pub(crate) fn document(value: &Value) -> Value {
    let parsed = value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or_else(|| value.clone())
}

/// A template with the fields of an element put in. What the element lacks becomes null.
fn filled(template: &Value, element: &Value) -> Value {
    match template {
        Value::Null => Value::Object(serde_json::Map::new()),
        Value::Object(map) => match (map.len(), map.get("$found").and_then(Value::as_str)) {
            (1, Some(pointer)) => element.pointer(pointer).cloned().unwrap_or(Value::Null),
            _ => {
                let members = map.iter();
                members
                    .map(|(name, value)| (name.clone(), part(value, element)))
                    .collect()
            }
        },
        other => part(other, element),
    }
}

fn part(template: &Value, element: &Value) -> Value {
    match template {
        Value::Object(_) => filled(template, element),
        Value::Array(list) => list.iter().map(|value| part(value, element)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Api;
    use crate::call::{Class, Repeat, Target};
    use serde_json::json;

    fn find(list: &str, tests: Vec<Test>) -> Find {
        Find {
            rest: None,
            read: Call {
                account: None,
                target: Target::Api(Api {
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
            list: list.to_owned(),
            tests,
            key: "/Id".to_owned(),
            shows: Shows::There,
            take: false,
            stays: false,
            marked: false,
            before_back: None,
            fields: Vec::new(),
            uses: Vec::new(),
            passing: Vec::new(),
            settle_ms: 0,
            answer: json!({ "Ids": [{ "$found": "/Id" }] }),
        }
    }

    fn test(at: &str, is: Is) -> Test {
        Test {
            at: at.to_owned(),
            is,
        }
    }

    #[test]
    fn one_new_element_is_the_object_and_several_are_a_question() {
        let find = find("/List", vec![test("/Name", Is::Equal(json!("x")))]);
        let answer = json!({ "List": [
            { "Id": "1", "Name": "x" }, { "Id": "2", "Name": "x" }, { "Id": "3", "Name": "y" }
        ] });
        let before = find.keys(Some(&answer));
        assert_eq!(before, ["1", "2"]);
        assert_eq!(find.sight(Some(&answer), &before), Sight::Not);
        let one = find.sight(Some(&answer), &before[..1]);
        assert_eq!(one, Sight::Happened(json!({ "Ids": ["2"] })));
        assert_eq!(find.sight(Some(&answer), &[]), Sight::Several(before));
        assert_eq!(find.sight(None, &[]), Sight::Not);
    }

    #[test]
    fn what_others_made_since_is_not_taken_for_what_still_stands() {
        let find = find("/List", Vec::new());
        let made = json!({ "Ids": ["2"] });
        let shows = |ids: &[&str], made: Option<&Value>| {
            let list: Vec<_> = ids.iter().map(|id| json!({ "Id": id })).collect();
            let before = ["1".to_owned()];
            find.still_shows(Some(&json!({ "List": list })), &before, made)
        };
        assert!(shows(&["1", "2", "3"], Some(&made)));
        assert!(!shows(&["1", "3", "4"], Some(&made)));
        assert!(shows(&["1", "3"], None), "what was made is not known");
        assert!(!shows(&["1"], None));
    }

    #[test]
    fn what_was_deleted_is_seen_by_its_absence() {
        let mut find = find("/List", Vec::new());
        find.shows = Shows::Gone;
        find.answer = Value::Null;
        assert_eq!(find.sight(None, &[]), Sight::Happened(json!({})));
        let there = json!({ "List": [{ "Id": "1" }] });
        assert_eq!(find.sight(Some(&there), &[]), Sight::Not);
        assert_eq!(find.taken(None), None);
        find.take = true;
        assert_eq!(find.taken(None), Some(json!({})));
    }

    #[test]
    fn fields_are_tested_as_people_would() {
        let element = json!({
            "State": "running", "Port": 80, "Empty": "", "List": ["a"],
            "Document": r#"{"b": 1, "a": [2]}"#
        });
        let holds = |at: &str, is: Is| test(at, is).holds(&element);
        assert!(holds("/Port", Is::Equal(json!("80"))));
        assert!(holds("/State", Is::OneOf(vec![json!("Running")])));
        assert!(!holds("/State", Is::NoneOf(vec![json!("Running")])));
        assert!(holds("/Gone", Is::NoneOf(vec![json!("Running")])));
        assert!(holds("/List", Is::Contains(json!("a"))));
        assert!(holds("/State", Is::Contains(json!("run"))));
        assert!(holds("/Empty", Is::Absent) && holds("/None", Is::Absent));
        assert!(holds("/Port", Is::Differs(json!(81))) && !holds("/Port", Is::Differs(json!(80))));
        assert!(!holds("/None", Is::Differs(json!(80))));
        assert!(holds("/Document", Is::Json(json!({ "a": [2], "b": 1 }))));
    }
}
