//! What a call answered, read by JSON pointer.

use serde_json::Value;

use crate::fault::Fault;

/// The answer of a call. Fields are named by JSON pointers, `/Role/Arn`; a field that is not there,
/// or is of another type, is a fault that names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    label: String,
    value: Value,
}

impl Answer {
    /// Returns `value` as the answer of the call named `label`.
    pub fn new(label: impl Into<String>, value: Value) -> Self {
        Self {
            label: label.into(),
            value,
        }
    }

    pub(crate) fn parse(label: String, text: &str) -> Result<Self, Fault> {
        match serde_json::from_str(text) {
            Ok(value) => Ok(Self { label, value }),
            Err(error) => Err(Fault::unexpected_answer(format!(
                "the answer of {label} is not JSON: {error}"
            ))),
        }
    }

    /// Returns the whole answer, a JSON value as the host gives it: secret fields are placeholders.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// As [`Answer::value`], and takes it out.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Returns a field, if it is there and not null.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Returns a text, which may be empty.
    ///
    /// # Errors
    /// `sdk.answer`, which names the call and the pointer, where it is missing, null or no text.
    pub fn text(&self, pointer: &str) -> Result<&str, Fault> {
        self.get(pointer)
            .and_then(Value::as_str)
            .ok_or_else(|| self.lacks("text", pointer))
    }

    /// Returns a text that may be missing; an empty one counts as missing.
    pub fn text_if_any(&self, pointer: &str) -> Option<&str> {
        self.get(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// Returns whether a text is one of `values`, compared without case as waits and looks compare it: actions of
    /// this cloud spell one state `Synchronizing` and `synchronizing`. What is missing is none of them.
    ///
    /// ```
    /// use rutter_sdk::Answer;
    /// use rutter_sdk::prelude::json;
    ///
    /// let job = Answer::new("SMC:DescribeReplicationJobs", json!({ "Status": "InError" }));
    /// assert!(job.is_one_of("/Status", &["Stopped", "inError"]));
    /// assert!(!job.is_one_of("/BusinessStatus", &["Syncing"]));
    /// ```
    pub fn is_one_of(&self, pointer: &str, values: &[&str]) -> bool {
        self.get(pointer)
            .and_then(Value::as_str)
            .is_some_and(|text| values.iter().any(|one| one.eq_ignore_ascii_case(text)))
    }

    /// Returns a whole number, also where the API writes it as text.
    ///
    /// # Errors
    /// `sdk.answer` where it is missing or no whole number.
    pub fn integer(&self, pointer: &str) -> Result<i64, Fault> {
        let number = self.get(pointer).and_then(|value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        });
        number.ok_or_else(|| self.lacks("whole number", pointer))
    }

    /// Returns a truth value, also where the API writes it as text.
    ///
    /// # Errors
    /// `sdk.answer` where it is missing or neither true nor false.
    pub fn boolean(&self, pointer: &str) -> Result<bool, Fault> {
        let truth = self.get(pointer).and_then(|value| match value {
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            other => other.as_bool(),
        });
        truth.ok_or_else(|| self.lacks("truth value", pointer))
    }

    /// Returns the items of a list, each to be read by pointers of its own; none if it is missing,
    /// since this cloud leaves empty lists out.
    pub fn items(&self, pointer: &str) -> Vec<Self> {
        self.get(pointer)
            .and_then(Value::as_array)
            .map(|items| {
                let item = |item: &Value| Self::new(self.label.as_str(), item.clone());
                items.iter().map(item).collect()
            })
            .unwrap_or_default()
    }

    /// Returns the texts of a list; none if it is missing. Empty ones, and what is no text, are left out.
    ///
    /// ```
    /// use rutter_sdk::Answer;
    /// use rutter_sdk::prelude::json;
    ///
    /// let server = json!({ "PublicIpAddress": { "IpAddress": ["203.0.113.5", ""] } });
    /// let server = Answer::new("ECS:DescribeInstances", server);
    /// assert_eq!(server.texts("/PublicIpAddress/IpAddress"), ["203.0.113.5"]);
    /// ```
    pub fn texts(&self, pointer: &str) -> Vec<&str> {
        let items = self.get(pointer).and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// Returns the parts of a text that holds several, separated by commas, as a whitelist does; none if it is missing.
    ///
    /// ```
    /// use rutter_sdk::Answer;
    /// use rutter_sdk::prelude::json;
    ///
    /// let group = Answer::new("R-kvstore:DescribeSecurityIps", json!({ "SecurityIpList": "10.0.0.1, 10.0.0.2" }));
    /// assert_eq!(group.separated("/SecurityIpList"), ["10.0.0.1", "10.0.0.2"]);
    /// ```
    pub fn separated(&self, pointer: &str) -> Vec<&str> {
        let text = self.text_if_any(pointer).unwrap_or_default();
        let parts = text.split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// Returns the document that a field holds as JSON text, such as a policy.
    ///
    /// # Errors
    /// `sdk.answer` where it is missing or holds no JSON.
    pub fn document(&self, pointer: &str) -> Result<Value, Fault> {
        match self.get(pointer) {
            Some(Value::String(text)) => {
                serde_json::from_str(text).map_err(|_| self.lacks("JSON text", pointer))
            }
            Some(value @ Value::Object(_)) => Ok(value.clone()),
            _ => Err(self.lacks("JSON text", pointer)),
        }
    }

    fn lacks(&self, what: &str, pointer: &str) -> Fault {
        Fault::unexpected_answer(format!(
            "the answer of {} has no {what} at `{pointer}`",
            self.label
        ))
    }
}
