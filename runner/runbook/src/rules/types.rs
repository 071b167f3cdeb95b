//! What an expression gives is of the type that the input takes which it is given to, as far as its type is
//! known and its value is not: values are held against the fields by `with.rs`.

use rutter_expression::Template;
use rutter_manifest::{Field, FieldKind};

use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::names::Text;
use super::super::problems::Problems;
use super::super::referents::type_of;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    model.given(&mut |text, field, path| {
        let used = text.step.and_then(|step| model.used[step].as_ref());
        if !matches!(used, Some(Used::Runbook(file)) if !file.knows_its_inputs()) {
            one_type(text, field, path, model, problems);
        }
    });
}

fn one_type(
    text: &Text,
    field: &Field,
    path: &str,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    let given = match &*text.template {
        Template::Literal => return,
        Template::Text(_) => Some(FieldKind::String),
        Template::Whole(_) => {
            let Some(reference) = text.template.as_reference() else {
                return;
            };
            // What is known was held against the field by its value.
            if model.known(reference, None).is_ok() {
                return;
            }
            match type_of(reference, text, model) {
                Ok(found) if !found.fits(field.kind) => found.kind(),
                _ => None,
            }
        }
    };
    let textual = [
        FieldKind::String,
        FieldKind::Secret,
        FieldKind::AccountId,
        FieldKind::Region,
        FieldKind::Duration,
    ];
    let Some(given) = given else { return };
    if matches!(*text.template, Template::Text(_))
        && (textual.contains(&field.kind) || model.evaluate(&text.text, None).is_ok())
    {
        return;
    }
    let help = (given == FieldKind::String && matches!(*text.template, Template::Text(_)))
        .then(|| "only a text that is one whole `{{ … }}` keeps its value's type".to_owned());
    let title = format!(
        "`{path}` is of type {}, this is of type {}",
        field.kind.name(),
        given.name()
    );
    problems.push_at(codes::WITH, title, text.span, "", help);
}
