//! What an expression gives is of the type that the input takes which it is given to, as far as its type is
//! known and its value is not: values are held against the fields by `with.rs`.

use rutter_expression::Template;
use rutter_manifest::{Field, FieldKind};

use super::super::codes;
use super::super::document::{Node, NodeKind};
use super::super::file::Used;
use super::super::model::Model;
use super::super::names::{Text, TextRole};
use super::super::problems::Problems;
use super::super::referents::type_of;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (index, step) in model.runbook.steps.iter().enumerate() {
        let Some(used) = &model.used[index] else {
            continue;
        };
        if matches!(used, Used::Runbook(file) if !file.knows_its_inputs()) {
            continue;
        }
        let Some(Node {
            kind: NodeKind::Table(with),
            ..
        }) = &step.with
        else {
            continue;
        };
        for entry in &with.entries {
            if let Some(field) = used.inputs().get(&entry.key) {
                types(&entry.value, field, &entry.key, index, model, problems);
            }
        }
    }
}

/// Holds the types of references against the fields, where values are not known yet.
fn types(
    node: &Node,
    field: &Field,
    path: &str,
    step: usize,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    match (&node.kind, field.kind) {
        (NodeKind::Text(text), _) => {
            let Ok(template) = model.templates.text(text) else {
                return;
            };
            let text = Text {
                step: Some(step),
                place: TextRole::With,
                text: text.clone(),
                span: node.span,
                template,
            };
            one_type(&text, field, path, model, problems);
        }
        (NodeKind::Table(table), FieldKind::Table) => {
            for entry in &table.entries {
                if let Some(inner) = field.fields.get(&entry.key) {
                    types(
                        &entry.value,
                        inner,
                        &format!("{path}.{}", entry.key),
                        step,
                        model,
                        problems,
                    );
                }
            }
        }
        (NodeKind::List(items), FieldKind::List) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(inner) = &field.items {
                    types(
                        item,
                        inner,
                        &format!("{path}[{index}]"),
                        step,
                        model,
                        problems,
                    );
                }
            }
        }
        _ => {}
    }
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
