//! Which output is the new counterpart of which input: an id map, said by the manifest.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::field::{Field, FieldKind};
use crate::name::{is_snake_case, nearest};
use crate::shape::SnakeCase;

/// What a target begins with when it is an input as well: a task ties two things that were there.
pub const OF_INPUTS: &str = "inputs.";

/// One thing that the plugin makes, copies or ties, and what it stands for.
///
/// A path is a field's name, or `table.field`. On its way through a list it means each element, so
/// that two lists are paired one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdPair {
    /// What it is, a noun: `image`, `redis_instance`.
    #[serde(deserialize_with = "kind")]
    #[schemars(with = "SnakeCase")]
    pub kind: String,
    /// The path of the old id in the inputs.
    pub source: String,
    /// The path of the new id in the outputs, or in the inputs after [`OF_INPUTS`].
    pub target: String,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let kind = String::deserialize(deserializer)?;
    if is_snake_case(&kind) {
        Ok(kind)
    } else {
        Err(D::Error::custom(format!(
            "a kind is a snake_case noun, such as `redis_instance`, not `{kind}`"
        )))
    }
}

/// Why a path leads to no id, and what to write instead.
pub(crate) type PathProblem = (String, Option<String>);

impl IdPair {
    /// The target's path within the outputs, or within the inputs.
    pub fn target_path(&self) -> (IdSide, &str) {
        match self.target.strip_prefix(OF_INPUTS) {
            Some(path) => (IdSide::Inputs, path),
            None => (IdSide::Outputs, &self.target),
        }
    }

    /// Holds both paths against the fields; the key of the one that is wrong comes with the reason.
    pub(crate) fn check(
        &self,
        inputs: &IndexMap<String, Field>,
        outputs: &IndexMap<String, Field>,
    ) -> Result<(), (&'static str, PathProblem)> {
        leads_to_id(inputs, "input", &self.source).map_err(|problem| ("source", problem))?;
        let (fields, what, path) = match self.target_path() {
            (IdSide::Inputs, path) => (inputs, "input", path),
            (IdSide::Outputs, path) => (outputs, "output", path),
        };
        leads_to_id(fields, what, path).map_err(|problem| ("target", problem))
    }
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdSide {
    /// In the inputs of the step, as they were given.
    Inputs,
    /// In the outputs of the step, once it is done.
    Outputs,
}

fn leads_to_id(
    fields: &IndexMap<String, Field>,
    what: &str,
    path: &str,
) -> Result<(), PathProblem> {
    let mut fields = fields;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let Some(field) = fields.get(name) else {
            let near = nearest(name, fields.keys().map(String::as_str));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            return Err((format!("there is no {what} `{path}`"), help));
        };
        let field = element(field);
        if names.peek().is_some() {
            fields = &field.fields;
        } else if !may_be_id(field.kind) {
            let message = format!(
                "the {what} `{path}` is no id: its type is `{}`",
                field.kind.name()
            );
            return Err((message, Some("name a field that is text".to_owned())));
        }
    }
    Ok(())
}

/// What a list consists of.
fn element(field: &Field) -> &Field {
    match field.items.as_deref() {
        Some(items) if field.kind == FieldKind::List => element(items),
        _ => field,
    }
}

fn may_be_id(kind: FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::String | FieldKind::AccountId | FieldKind::Region
    )
}
