//! What is known about one action of an API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::parameter::{Parameter, Required};
use crate::wire_names::{pattern_of, walk};

/// How long the cloud is relied upon to remember a client token, in milliseconds: one hour, the
/// shortest time documented.
pub const TOKEN_TTL_MS: u64 = 3_600_000;

/// Whether an action can alter the outside world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// It alters nothing, as its documentation says.
    Read,
    /// It can, or its documentation does not say that it cannot.
    Change,
}

/// Whether a change may be sent a second time although the first may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// A second identical call certainly leaves the same state and does no harm.
    Same,
    /// With the same client token, which the API honours for [`TOKEN_TTL_MS`].
    Token,
    /// Only after a read has shown that it did not happen.
    Look,
    /// Not without a person.
    Never,
}

/// An error that the action's page lists.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct DocumentedError {
    /// The code as the answer's `Code` gives it.
    pub code: String,
    /// The HTTP status, where documented.
    #[serde(default)]
    pub http: Option<u16>,
    /// The message, where documented.
    #[serde(default)]
    pub message: Option<String>,
}

/// How the effect of a change is followed: by which read, and until when.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Poll {
    /// The read, `ECS:DescribeImages`.
    pub action: String,
    /// A JSON pointer into its answer, `/Images/Image/0/Status`.
    pub path: String,
    /// Values that end it well, compared without case; `NOT_FOUND` means that the object is no
    /// longer listed.
    pub until: Vec<String>,
    /// Values that end it badly.
    pub fail: Vec<String>,
}

/// What a read is usually waited for, and how patiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// A JSON pointer into the answer.
    pub path: &'static str,
    /// Values that end the wait well, compared without case.
    pub until: &'static [&'static str],
    /// Values that end it badly.
    pub fail: &'static [&'static str],
    /// Milliseconds between two polls.
    pub every_ms: u64,
    /// Milliseconds until the wait gives up.
    pub timeout_ms: u64,
}

/// How a paged read is asked for its next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// By a page number from 1 and a page size.
    Number {
        /// The parameter with the page's number.
        number: &'static str,
        /// The parameter with the page's size; `None` where the action has none.
        size: Option<&'static str>,
        /// The largest size the API takes; what to ask for.
        size_max: u32,
        /// A JSON pointer to the number of all elements in the answer.
        total: &'static str,
    },
    /// By a mark that the last answer gave.
    Mark {
        /// The parameter that takes the mark.
        mark: &'static str,
        /// The parameter with the page's size.
        size: &'static str,
        /// The largest size the API takes.
        size_max: u32,
        /// A JSON pointer to the next mark in the answer; absent or empty on the last page.
        next: &'static str,
        /// A JSON pointer to whether more follows; `None` where the mark alone says so.
        more: Option<&'static str>,
    },
}

/// How a read delivers a long list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// A JSON pointer to the list in each answer.
    pub list: &'static str,
    /// How to ask for the next page.
    pub page: Page,
}

/// What is known about one action.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The product as the table spells it: `RAM`, `STS`, `DTS`, `SMC`, `ECS`, `R-kvstore`.
    pub product: &'static str,
    /// The API's version, `2015-05-01`.
    pub version: &'static str,
    /// The name, `CreateRole`.
    pub name: String,
    /// One sentence for people.
    pub summary: String,
    /// Whether it can alter anything.
    pub access: Access,
    /// Whether data or money is lost, or a thing is gone.
    pub irreversible: bool,
    /// Whether it starts the billing of an instance or a lasting charge; such a change asks a person.
    pub costs: bool,
    /// Whether it needs no reverse because it goes with the object it belongs to.
    pub covered: bool,
    /// Whether it may be sent again. Always [`Repeat::Same`] for a read.
    pub repeat: Repeat,
    /// Why the three above are as they are; empty for a read.
    pub reason: &'static str,
    /// The parameter that takes a client token.
    pub token_parameter: Option<String>,
    /// All documented parameters, in the documents' order.
    pub parameters: Vec<Parameter>,
    /// The shape of the answer: dotted path (lists marked `[]`) to type.
    pub response: BTreeMap<String, String>,
    /// The wire names of the parameters that hold secrets.
    pub secret_parameters: Vec<String>,
    /// JSON pointers to the secrets in an answer.
    pub secret_answers: Vec<String>,
    /// How the effect of this change is followed.
    pub poll: Option<Poll>,
    /// What this read is usually waited for.
    pub wait: Option<Wait>,
    /// How this read delivers a long list.
    pub paging: Option<Paging>,
    /// The errors its page lists; not complete.
    pub errors: Vec<DocumentedError>,
}

impl Action {
    /// Returns this action as a read; `None` when it is a change. The only way to make a [`Read`].
    pub fn as_read(&'static self) -> Option<Read> {
        match self.access {
            Access::Read => Some(Read(self)),
            Access::Change => None,
        }
    }

    /// Returns the name for people and for the table's own references, `RAM:CreateRole`.
    pub fn label(&self) -> String {
        format!("{}:{}", self.product, self.name)
    }

    /// Returns the name as access policies write it, `ram:CreateRole`; Redis is `kvstore:`.
    pub fn policy_action(&self) -> String {
        let prefix = match self.product {
            "R-kvstore" => "kvstore".to_owned(),
            other => other.to_ascii_lowercase(),
        };
        format!("{prefix}:{}", self.name)
    }

    /// Returns the documented parameter with this wire name: `Tag.2.Key` finds `Tag[].Key`.
    pub fn parameter(&self, wire_name: &str) -> Option<&Parameter> {
        let pattern = pattern_of(wire_name);
        self.parameters
            .iter()
            .find(|parameter| parameter.name == pattern)
    }

    /// Returns JSON pointers to the secrets among the given structured parameters.
    ///
    /// ```
    /// let action = rutter_contracts::action("DTS", "ConfigureDtsJob").expect("in the table");
    /// let given = serde_json::json!({"DtsJobName": "a", "SourceEndpointPassword": "p"});
    /// assert_eq!(action.secret_in(&given), ["/SourceEndpointPassword"]);
    /// ```
    pub fn secret_in(&self, parameters: &Value) -> Vec<String> {
        let mut found = Vec::new();
        walk(parameters, &mut |leaf| {
            let pattern = pattern_of(&leaf.wire_name);
            if self.secret_parameters.contains(&pattern) {
                found.push(leaf.pointer.clone());
            }
        });
        found
    }

    /// Returns the parameters that every call must give.
    pub fn required(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(|parameter| parameter.required == Required::Always)
    }
}

/// An action of which the table knows that it cannot alter the outside world.
///
/// The field is private: only [`Action::as_read`] makes one, and only from the table. What accepts
/// nothing but a `Read` cannot send a change.
///
/// ```compile_fail
/// let action = rutter_contracts::action("RAM", "CreateRole").unwrap();
/// let _ = rutter_contracts::Read(action);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Read(&'static Action);

impl Read {
    /// Returns the action, which is in the table as a read.
    pub fn action(&self) -> &'static Action {
        self.0
    }
}
