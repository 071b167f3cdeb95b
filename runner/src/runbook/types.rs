//! What a reference stands for, as far as inputs and manifests say.

use rutter_manifest::{Field, FieldKind, nearest};

use super::expression::{Reference, Segment};
use super::model::{Model, Place, Text};
use super::step_outputs;

/// The type of a reference.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type<'a> {
    Field(&'a Field),
    Kind(FieldKind),
    /// Nothing says.
    Any,
}

/// Why a reference stands for nothing.
#[derive(Clone, Debug)]
pub(super) struct Nothing {
    pub title: String,
    pub help: Option<String>,
}

impl Type<'_> {
    /// Its kind, if something says.
    pub fn kind(self) -> Option<FieldKind> {
        match self {
            Self::Field(field) => Some(field.kind),
            Self::Kind(kind) => Some(kind),
            Self::Any => None,
        }
    }

    /// Whether it is a secret or holds one.
    pub fn holds_secret(self) -> bool {
        match self {
            Self::Field(field) => field.holds_secret(),
            Self::Kind(kind) => kind == FieldKind::Secret,
            Self::Any => false,
        }
    }

    /// Whether a value of this type can be one of `wanted`.
    pub fn fits(self, wanted: FieldKind) -> bool {
        use FieldKind as K;
        let Some(given) = self.kind() else {
            return true;
        };
        given == wanted
            || matches!(
                (given, wanted),
                (K::Integer, K::Number | K::Duration)
                    | (K::Number, K::Integer)
                    | (K::AccountId | K::Region | K::Secret, K::String)
                    | (
                        K::String,
                        K::AccountId | K::Region | K::Duration | K::Secret
                    )
                    | (K::Duration, K::Integer | K::Number)
            )
    }
}

const ROOTS: [&str; 7] = ["inputs", "accounts", "steps", "run", "item", "key", "index"];

/// What a reference in a text stands for.
///
/// # Errors
/// When it stands for nothing.
pub(super) fn type_of<'a>(
    reference: &Reference,
    text: &Text<'_>,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
    match reference.root.as_str() {
        "inputs" => input(reference, model),
        "accounts" => account(reference, model),
        "steps" => step_outputs::type_of(reference, model),
        "run" => match (reference.name(), reference.path.len()) {
            (Some("id"), 1) => Ok(Type::Kind(FieldKind::String)),
            _ => Err(nothing("of the run only `run.id` can be read", None)),
        },
        "item" | "key" | "index" => local(reference, text, model),
        other => {
            let inputs = model
                .runbook
                .inputs
                .iter()
                .map(|input| input.name.value.as_str());
            let help = if inputs.clone().any(|input| input == other) {
                Some(format!("did you mean `inputs.{reference}`?"))
            } else if model.ids.contains_key(other) {
                Some(format!("did you mean `steps.{reference}`?"))
            } else {
                match nearest(other, ROOTS) {
                    Some(near) => Some(format!("did you mean `{near}`?")),
                    None => Some(
                        "an expression reads `inputs.…`, `accounts.…`, `steps.…` or `run.id`; text stands in quotes"
                            .to_owned(),
                    ),
                }
            };
            Err(nothing(format!("`{other}` is not known"), help))
        }
    }
}

pub(super) fn nothing(title: impl Into<String>, help: Option<String>) -> Nothing {
    Nothing {
        title: title.into(),
        help,
    }
}

/// The name that was probably meant, or those there are.
pub(super) fn near<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    none: &str,
) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<String> = known.take(20).map(|name| format!("`{name}`")).collect();
            if names.is_empty() {
                none.to_owned()
            } else {
                format!("there is {}", names.join(", "))
            }
        }
    }
}

fn input<'a>(reference: &Reference, model: &'a Model<'_>) -> Result<Type<'a>, Nothing> {
    let Some(name) = reference.name() else {
        return Err(nothing(
            "`inputs` is followed by the name of an input",
            None,
        ));
    };
    let inputs = &model.runbook.inputs;
    let Some(input) = inputs.iter().find(|input| input.name.value == name) else {
        let names = inputs.iter().map(|input| input.name.value.as_str());
        let help = near(name, names, &format!("declare it: `[inputs.{name}]`"));
        return Err(nothing(
            format!("the runbook has no input `{name}`"),
            Some(help),
        ));
    };
    match &input.field {
        Some(field) => descend(field, &reference.path[1..], &format!("inputs.{name}")),
        None => Ok(Type::Any),
    }
}

fn account<'a>(reference: &Reference, model: &'a Model<'_>) -> Result<Type<'a>, Nothing> {
    let Some(name) = reference.name() else {
        return Err(nothing(
            "`accounts` is followed by the name of an account",
            None,
        ));
    };
    let accounts = &model.runbook.accounts;
    if accounts.iter().all(|account| account.name.value != name) {
        let names = accounts.iter().map(|account| account.name.value.as_str());
        let help = near(name, names, &format!("declare it: `[accounts.{name}]`"));
        return Err(nothing(
            format!("the runbook has no account `{name}`"),
            Some(help),
        ));
    }
    match &reference.path[1..] {
        [Segment::Name(part)] if part == "id" => Ok(Type::Kind(FieldKind::AccountId)),
        [Segment::Name(part)] if part == "region" => Ok(Type::Kind(FieldKind::Region)),
        _ => Err(nothing(
            "of an account only `id` and `region` can be read",
            Some(format!(
                "write `accounts.{name}.id` or `accounts.{name}.region`"
            )),
        )),
    }
}

/// What stands below a field.
pub(super) fn descend<'a>(
    field: &'a Field,
    path: &[Segment],
    place: &str,
) -> Result<Type<'a>, Nothing> {
    let Some((segment, rest)) = path.split_first() else {
        return Ok(Type::Field(field));
    };
    match (field.kind, segment) {
        (FieldKind::Table, Segment::Name(_)) if field.fields.is_empty() => Ok(Type::Any),
        (FieldKind::Table, Segment::Name(name)) => match field.fields.get(name) {
            Some(inner) => descend(inner, rest, &format!("{place}.{name}")),
            None => {
                let help = near(name, field.fields.keys().map(String::as_str), "");
                Err(nothing(
                    format!("`{place}` has no field `{name}`"),
                    Some(help),
                ))
            }
        },
        (FieldKind::List, Segment::Index(index)) => match &field.items {
            Some(items) => descend(items, rest, &format!("{place}[{index}]")),
            None => Ok(Type::Any),
        },
        (kind, _) => Err(nothing(
            format!("`{place}` is of type {}", kind.name()),
            Some(format!("nothing can follow it: write `{place}`")),
        )),
    }
}

fn local<'a>(
    reference: &Reference,
    text: &Text<'_>,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
    let root = reference.root.as_str();
    let runs_over = |step: usize| model.runbook.steps[step].for_each.is_some();
    if text.place != Place::With || !text.step.is_some_and(runs_over) {
        return Err(nothing(
            format!("`{root}` exists only in `with` of a step that has `for_each`"),
            None,
        ));
    }
    match (root, reference.path.is_empty()) {
        ("key", true) => Ok(Type::Kind(FieldKind::String)),
        ("index", true) => Ok(Type::Kind(FieldKind::Integer)),
        ("item", _) => Ok(Type::Any),
        _ => Err(nothing(format!("nothing can follow `{root}`"), None)),
    }
}
