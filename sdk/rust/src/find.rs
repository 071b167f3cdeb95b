//! How what a change makes is seen: data that the host records with the change. The host looks before it
//! sends, after a lost answer, and after the change was taken back; the plugin never has to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{Api, IntoParameter};

/// How long this cloud may take until a read shows what a change made.
const SETTLE: Duration = Duration::from_secs(5);

/// A look at what a change makes.
///
/// An object is the one if it fulfils every condition. They must tell the step's own object from others:
/// by a name that is unique, or by a mark (see [`Host::mark`](crate::Host::mark) and [`Find::marked`]).
/// Where nothing does, the host takes what is there now and was not before, and asks if it costs money.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a look is part of a change"]
pub struct Find {
    pub(crate) rest: Option<Rest>,
    pub(crate) read: Api,
    pub(crate) all_pages: bool,
    pub(crate) list: String,
    pub(crate) tests: Vec<(String, Check)>,
    pub(crate) key: String,
    pub(crate) gone: bool,
    pub(crate) stays: bool,
    pub(crate) marked: bool,
    pub(crate) before_back: Option<Rest>,
    pub(crate) fields: Vec<String>,
    pub(crate) passing: Vec<Passing>,
    pub(crate) settle: Duration,
    pub(crate) answer: Value,
}

/// A kind of object that a change makes in passing, as the snapshots behind an image. The host names each,
/// and takes it back after the change.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "what is made in passing is part of a look"]
pub struct Passing {
    pub(crate) kind: String,
    pub(crate) behind: Option<u32>,
    pub(crate) read: Option<Api>,
    pub(crate) list: String,
    pub(crate) id: String,
    pub(crate) remove: Option<Api>,
    pub(crate) look: Api,
    pub(crate) look_list: String,
}

impl Passing {
    /// What the object that the look finds tells of: `kind` for people, a JSON pointer to the list (or to the
    /// only one), and one to the id in an element. `look` shows one of them, with `answer("/Id")` for its id,
    /// in the list at `look_list`.
    pub fn new(kind: &str, list: &str, id: &str, look: Api, look_list: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            behind: None,
            read: None,
            list: list.to_owned(),
            id: id.to_owned(),
            remove: None,
            look,
            look_list: look_list.to_owned(),
        }
    }

    /// A read tells of it, with fields of the change's answer; or, for what is behind something else, with
    /// that one's `answer("/Id")`.
    pub fn read(mut self, read: Api) -> Self {
        self.read = Some(read);
        self
    }

    /// It is behind what has this place in the look's list of what is made in passing.
    pub fn behind(mut self, place: u32) -> Self {
        self.behind = Some(place);
        self
    }

    /// The call that takes one away, with `answer("/Id")`. Without it, one goes with what it is behind.
    pub fn remove(mut self, remove: Api) -> Self {
        self.remove = Some(remove);
        self
    }
}

/// What is polled before the look; what is empty or absent is the contract's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rest {
    pub(crate) read: Api,
    pub(crate) path: String,
    pub(crate) until: Vec<String>,
    pub(crate) fail: Vec<String>,
    pub(crate) timeout: Option<Duration>,
}

/// What must hold of a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Check {
    Equal(Value),
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
    Contains(Value),
    Absent,
    Differs(Value),
    Json(Value),
}

impl Find {
    /// The object that a read describes; an answer that it does not exist means that it is not there.
    pub fn one(read: Api) -> Self {
        Self {
            rest: None,
            read,
            all_pages: false,
            list: String::new(),
            tests: Vec::new(),
            key: String::new(),
            gone: false,
            stays: false,
            marked: false,
            before_back: None,
            fields: Vec::new(),
            passing: Vec::new(),
            settle: SETTLE,
            answer: Value::Null,
        }
    }

    /// An element of the list at a JSON pointer into the answer of a read, which has one page.
    pub fn in_list(read: Api, list: &str) -> Self {
        let list = list.to_owned();
        Self {
            list,
            ..Self::one(read)
        }
    }

    /// As [`Find::in_list`], for a read that is made to its last page.
    pub fn in_pages(read: Api, list: &str) -> Self {
        Self {
            all_pages: true,
            ..Self::in_list(read, list)
        }
    }

    /// The field at a JSON pointer is this. A number and its text are the same.
    pub fn equal(self, field: &str, value: impl IntoParameter) -> Self {
        let value = value.into_parameter().unwrap_or_default();
        self.check(field, Check::Equal(value))
    }

    /// The field is one of these, compared without case.
    pub fn one_of(self, field: &str, values: &[&str]) -> Self {
        self.check(field, Check::OneOf(texts(values)))
    }

    /// The field is none of these, compared without case; absent counts.
    pub fn none_of(self, field: &str, values: &[&str]) -> Self {
        self.check(field, Check::NoneOf(texts(values)))
    }

    /// The field is a text with this in it, or a list with this element.
    pub fn contains(self, field: &str, value: impl IntoParameter) -> Self {
        let value = value.into_parameter().unwrap_or_default();
        self.check(field, Check::Contains(value))
    }

    /// The field is not there, null or empty.
    pub fn absent(self, field: &str) -> Self {
        self.check(field, Check::Absent)
    }

    /// The field is there and is not this, which it was before the change.
    pub fn differs(self, field: &str, before: impl IntoParameter) -> Self {
        let before = before.into_parameter().unwrap_or_default();
        self.check(field, Check::Differs(before))
    }

    /// The field is JSON, perhaps inside a text, that says the same as this.
    pub fn json(self, field: &str, document: Value) -> Self {
        self.check(field, Check::Json(document))
    }

    fn check(mut self, field: &str, check: Check) -> Self {
        self.tests.push((field.to_owned(), check));
        self
    }

    /// The field that tells an object from others, by JSON pointer: its id.
    pub fn key(mut self, field: &str) -> Self {
        self.key = field.to_owned();
        self
    }

    /// The change happened when nothing of this is there any more: a deletion, or the end of a state.
    pub fn gone(mut self) -> Self {
        self.gone = true;
        self
    }

    /// What is seen is a record of what happened, which nothing takes away, as of a command that ran: an
    /// undo does not look at it.
    pub fn stays(mut self) -> Self {
        self.stays = true;
        self
    }

    /// The conditions hold a name or a mark that is this step's alone, so that no object of anybody else
    /// fulfils them. Without this, and where the change costs money, one new object in a list is a question
    /// to a person after a lost answer: somebody else may have bought an equal one in the same moment.
    pub fn marked(mut self) -> Self {
        self.marked = true;
        self
    }

    /// How long a read may take to show the change; five seconds unless said.
    pub fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Polls a read until its object is at rest before it looks: what is on its way does not show. The
    /// field and its values are the contract's.
    pub fn at_rest(mut self, read: Api) -> Self {
        self.rest = Some(Rest {
            read,
            path: String::new(),
            until: Vec::new(),
            fail: Vec::new(),
            timeout: None,
        });
        self
    }

    /// As [`Find::at_rest`], with the field and its values.
    pub fn at_rest_when(mut self, read: Api, field: &str, until: &[&str]) -> Self {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        self.rest = Some(Rest {
            read,
            path: field.to_owned(),
            until: texts(until),
            fail: Vec::new(),
            timeout: None,
        });
        self
    }

    /// How long it may take to come to rest.
    pub fn rest_timeout(mut self, timeout: Duration) -> Self {
        if let Some(rest) = &mut self.rest {
            rest.timeout = Some(timeout);
        }
        self
    }

    /// Polls a read until a field has one of the values, before what was made is compared and taken back.
    /// [`crate::answer`] stands for fields of the change's answer.
    pub fn before_back(
        mut self,
        read: Api,
        field: &str,
        until: &[&str],
        timeout: Duration,
    ) -> Self {
        self.before_back = Some(Rest {
            read,
            path: field.to_owned(),
            until: until.iter().map(|value| (*value).to_owned()).collect(),
            fail: Vec::new(),
            timeout: Some(timeout),
        });
        self
    }

    /// A field, by JSON pointer, that is compared before the object is destroyed: where somebody edited it
    /// since, a person is asked. The fields of the conditions are compared anyway.
    pub fn keeps(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// What the change makes in passing.
    pub fn passing(mut self, passing: Passing) -> Self {
        self.passing.push(passing);
        self
    }

    /// What the change's answer would have held; [`found`] stands for fields of the object. Needed where
    /// the plugin or the reverse reads the answer.
    pub fn answer(mut self, answer: Value) -> Self {
        self.answer = answer;
        self
    }
}

/// Inside [`Find::answer`]: stands for a field of the object that was found, by JSON pointer; the whole
/// object when empty.
pub fn found(pointer: &str) -> Value {
    json!({ "$found": pointer })
}

fn texts(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| Value::from(*value)).collect()
}
