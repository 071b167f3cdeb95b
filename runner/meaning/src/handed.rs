//! The placeholders that a guest was handed: it may send those, and no others, and only to where a secret
//! belongs.
//!
//! Handed are those in secret fields of the step's inputs, in secret fields of answers to its own calls, and to
//! an undo those of the changes and the outputs that it takes back.

use std::collections::BTreeSet;

use rutter_contracts::Action;
use rutter_engine::{Api, HostCall, Target, UndoRequest};
use rutter_manifest::{Field, FieldKind, Manifest};
use serde_json::Value;

use crate::class::known;
use crate::placeholder::placeholders;
use crate::plain::each_secret;
use crate::pointer::each_at;

/// The placeholders that a guest was handed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handed(BTreeSet<String>);

impl Handed {
    /// What a guest is handed when it starts.
    pub fn at_start(manifest: &Manifest, inputs: &Value, undo: Option<&UndoRequest>) -> Self {
        let mut handed = Self::default();
        handed.fields(manifest.inputs.iter(), inputs);
        for change in undo.into_iter().flat_map(|undo| &undo.changes) {
            let Target::Api(api) = &change.call.target else {
                continue;
            };
            // They were judged before the change was recorded.
            handed.all(&api.parameters);
            if let (Some(awaited), Some(answer)) = (Awaited::of_api(api, ""), &change.answer) {
                handed.take(&awaited, answer);
            }
        }
        if let Some(outputs) = undo.and_then(|undo| undo.outputs.as_ref()) {
            handed.fields(manifest.outputs.iter(), outputs);
        }
        handed
    }

    /// What it was told of a call of its own.
    pub fn take(&mut self, awaited: &Awaited, told: &Value) {
        let mut answer = told.get(awaited.within).unwrap_or(told).clone();
        match &awaited.places {
            Places::Api(pointers) => pointers.iter().for_each(|pointer| {
                each_at(&mut answer, pointer, &mut |value| self.all(value));
            }),
            Places::Http(places) => {
                each_secret(&mut answer, places, &mut |_, value| self.all(value));
            }
        }
    }

    /// Whether this placeholder is among them.
    pub fn holds(&self, placeholder: &str) -> bool {
        self.0.contains(placeholder)
    }

    fn fields<'a>(
        &mut self,
        fields: impl Iterator<Item = (&'a String, &'a Field)>,
        values: &Value,
    ) {
        for (name, field) in fields {
            if let Some(value) = values.get(name) {
                self.field(field, value);
            }
        }
    }

    fn field(&mut self, field: &Field, value: &Value) {
        match (field.kind, value) {
            (FieldKind::Secret, value) => self.all(value),
            (FieldKind::Table, values) => self.fields(field.fields.iter(), values),
            (FieldKind::List, Value::Array(items)) => {
                let inner = field.items.as_deref();
                for (inner, item) in inner.into_iter().cycle().zip(items) {
                    self.field(inner, item);
                }
            }
            _ => {}
        }
    }

    /// Every placeholder in a value.
    fn all(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let found = placeholders(text).map(|place| text[place].to_owned());
                self.0.extend(found);
            }
            Value::Array(items) => items.iter().for_each(|item| self.all(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.all(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Where the answer that a guest waits for holds secrets.
#[derive(Debug)]
pub struct Awaited {
    places: Places,
    /// In which field of what it is told the answer is; in none where it is told the answer alone.
    within: &'static str,
}

#[derive(Debug)]
enum Places {
    Api(&'static [String]),
    Http(Vec<String>),
}

impl Awaited {
    /// The answer that a guest waits for with a call, where it holds secrets.
    pub fn of(call: &HostCall) -> Option<Self> {
        let (call, within) = match call {
            HostCall::Call { call, find, .. } if find.is_some() => (call, "answer"),
            HostCall::Call { call, .. } | HostCall::WaitFor { call, .. } => (call, ""),
            HostCall::Sleep { .. } => return None,
        };
        match &call.target {
            Target::Api(api) => Self::of_api(api, within),
            Target::Http(request) => {
                let places = request.secret_answers.clone();
                let places = Places::Http(places);
                (!request.secret_answers.is_empty()).then_some(Self { places, within })
            }
            Target::AssumeRole { .. } => None,
        }
    }

    fn of_api(api: &Api, within: &'static str) -> Option<Self> {
        let pointers = &*known(api)?.secret_answers;
        let places = Places::Api(pointers);
        (!pointers.is_empty()).then_some(Self { places, within })
    }
}

/// Pointers to what an action's answer holds of secrets; `*` stands for every element of a list.
pub(crate) fn secret_answers(action: &Action) -> impl Iterator<Item = &str> {
    action.secret_answers.iter().map(String::as_str)
}
