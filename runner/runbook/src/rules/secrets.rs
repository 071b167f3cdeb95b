//! A secret is passed on whole to an input that is a secret too, and to nothing else; and none is
//! written in a runbook.
//!
//! To a plugin a secret is a placeholder, which the host replaces when a call is sent. A piece of
//! one, or one compared, would be a piece of the placeholder.

use rutter_diagnostic::Span;
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
    for (text, reference, span) in model.references(problems) {
        if !type_of(reference, text, model).is_ok_and(|found| found.holds_secret()) {
            continue;
        }
        let plugin = text
            .step
            .is_some_and(|step| !matches!(model.used[step], Some(Used::BuiltIn(_))));
        let why = if text.place != TextRole::With || !plugin {
            "it can only be passed to an input of a plugin"
        } else if reference.inspected {
            "a secret is passed on whole: it cannot be compared or changed"
        } else {
            continue;
        };
        let title = format!("the secret `{reference}` cannot be used here");
        problems.push_at(codes::SECRET, title, span, why, None);
    }
    for (index, step) in model.runbook.steps.iter().enumerate() {
        let (
            Some(used),
            Some(Node {
                kind: NodeKind::Table(with),
                ..
            }),
        ) = (&model.used[index], &step.with)
        else {
            continue;
        };
        for entry in &with.entries {
            if let Some(field) = used.inputs().get(&entry.key) {
                passed(&entry.value, field, &entry.key, index, model, problems);
            }
        }
    }
}

/// Holds what stands in one input of a step against its field.
fn passed(
    node: &Node,
    field: &Field,
    path: &str,
    step: usize,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    match (&node.kind, field.kind) {
        (NodeKind::Text(text), _) => {
            let secret = field.kind == FieldKind::Secret;
            text_passed(
                text,
                node.span,
                field.holds_secret(),
                secret,
                path,
                step,
                model,
                problems,
            );
        }
        (NodeKind::Table(table), FieldKind::Table) => {
            for entry in &table.entries {
                let path = format!("{path}.{}", entry.key);
                if let Some(field) = field.fields.get(&entry.key) {
                    passed(&entry.value, field, &path, step, model, problems);
                }
            }
        }
        (NodeKind::List(items), FieldKind::List) => {
            if let Some(field) = &field.items {
                for (index, item) in items.iter().enumerate() {
                    passed(
                        item,
                        field,
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

#[expect(
    clippy::too_many_arguments,
    reason = "one text with everything that is known of its place"
)]
fn text_passed(
    text: &str,
    span: Span,
    takes_secret: bool,
    wants_secret: bool,
    path: &str,
    step: usize,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    let Ok(template) = model.templates.text(text) else {
        return;
    };
    let whole = Text {
        step: Some(step),
        place: TextRole::With,
        text: text.to_owned(),
        span,
        template,
    };
    if matches!(*whole.template, Template::Literal) {
        if wants_secret {
            let help =
                "declare an input of type `secret` and pass it on: `\"{{ inputs.password }}\"`";
            let title = format!("the secret `{path}` is written in the runbook");
            problems.push_at(
                codes::SECRET,
                title,
                span,
                "anyone who reads the file knows it",
                Some(help.to_owned()),
            );
        }
        return;
    }
    for piece in whole.template.pieces() {
        for reference in piece.expression.references() {
            let Ok(found) = type_of(reference, &whole, model) else {
                continue;
            };
            let at = problems.inside(span, text, piece.place(reference.span));
            if found.holds_secret() && !takes_secret && !reference.inspected {
                let title =
                    format!("the secret `{reference}` is passed to `{path}`, which is no secret");
                let help = "pass it to an input that is declared as a secret";
                problems.push_at(codes::SECRET, title, at, "", Some(help.to_owned()));
            } else if wants_secret
                && reference.root == "inputs"
                && found.kind().is_some()
                && !found.holds_secret()
            {
                let title = format!("`{reference}` is passed to the secret `{path}` and is none");
                let name = reference.name().unwrap_or_default();
                let help = format!("declare it as one: `[inputs.{name}]` with `type = \"secret\"`");
                problems.push_at(
                    codes::SECRET,
                    title,
                    at,
                    "it would be shown and recorded",
                    Some(help),
                );
            }
        }
    }
}
