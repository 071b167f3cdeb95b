//! What a reference stands for: an input, an account, a step's outputs, the run, or the item of a loop.

use rutter_expression::{Reference, Segment};
use rutter_manifest::{FieldKind, nearest};

use super::input_type;
use super::model::Model;
use super::names::{Text, TextRole};
use super::step_outputs;
use super::types::{Nothing, Type, near, nothing};

const ROOTS: [&str; 7] = ["inputs", "accounts", "steps", "run", "item", "key", "index"];

/// What a reference in a text stands for.
///
/// # Errors
/// When it stands for nothing.
pub(super) fn type_of<'a>(
    reference: &Reference,
    text: &Text,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
    match reference.root.as_str() {
        "inputs" => input_type::type_of(reference, model),
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
                        "an expression reads `inputs.…`, `accounts.…`, `steps.…` or `run.id`; text is written in quotes"
                            .to_owned(),
                    ),
                }
            };
            Err(nothing(format!("`{other}` is not known"), help))
        }
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

fn local<'a>(
    reference: &Reference,
    text: &Text,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
    let root = reference.root.as_str();
    let runs_over = |step: usize| model.runbook.steps[step].for_each.is_some();
    if text.place != TextRole::With || !text.step.is_some_and(runs_over) {
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
