//! A secret is passed on whole to an input that is a secret too, and to nothing else; and none is
//! written in a runbook.
//!
//! To a plugin a secret is a placeholder, which the host replaces when a call is sent. A piece of
//! one, or one compared, would be a piece of the placeholder.

use rutter_expression::Template;
use rutter_manifest::{Field, FieldKind};

use super::super::codes;
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
    model.given(&mut |text, field, path| passed(text, field, path, model, problems));
}

/// Holds a text that a field takes against the field.
fn passed(text: &Text, field: &Field, path: &str, model: &Model<'_>, problems: &mut Problems<'_>) {
    let (span, takes_secret) = (text.span, field.holds_secret());
    let wants_secret = field.kind == FieldKind::Secret;
    if matches!(*text.template, Template::Literal) {
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
    for piece in text.template.pieces() {
        for reference in piece.expression.references() {
            let Ok(found) = type_of(reference, text, model) else {
                continue;
            };
            let at = problems.inside(span, &text.text, piece.place(reference.span));
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
