//! What a reference to an input stands for.

use rutter_expression::Reference;

use super::model::Model;
use super::types::{Nothing, Type, descend, near, nothing};

/// What `inputs.…` stands for.
///
/// # Errors
/// When there is no such input, or nothing of that name below it.
pub(super) fn type_of<'a>(
    reference: &Reference,
    model: &'a Model<'_>,
) -> Result<Type<'a>, Nothing> {
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
