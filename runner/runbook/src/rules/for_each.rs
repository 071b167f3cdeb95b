//! `for_each` runs over a list or a table, and its limits belong to it.

use rutter_diagnostic::Span;
use rutter_manifest::FieldKind;

use super::super::codes;
use super::super::document::{Node, NodeKind};
use super::super::items::locals;
use super::super::model::Model;
use super::super::names::TextRole;
use super::super::problems::Problems;
use super::super::referents::type_of;

pub(super) fn check(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    let all = model.runbook.steps.iter().enumerate();
    for (index, step) in all.filter(|(index, _)| steps[*index]) {
        let Some(over) = &step.for_each else {
            let limits = [
                ("max_parallel", &step.max_parallel),
                ("max_failures", &step.max_failures),
            ];
            for (key, limit) in limits {
                if let Some(limit) = limit {
                    let title = format!("`{key}` of step `{}` has no `for_each`", step.id.value);
                    problems.push_at(codes::FOR_EACH, title, limit.span, "", None);
                }
            }
            continue;
        };
        if let NodeKind::List(_) | NodeKind::Table(_) = over.kind {
            continue;
        }
        expression(index, over, model, problems);
    }
}

/// An expression whose value or type is known.
fn expression(index: usize, over: &Node, model: &Model<'_>, problems: &mut Problems<'_>) {
    let texts = model.texts.iter();
    let Some(text) = texts
        .filter(|text| text.step == Some(index))
        .find(|text| text.place == TextRole::ForEach)
    else {
        return;
    };
    let id = &model.runbook.steps[index].id.value;
    let mut report = |what: &str, span: Span| {
        let title = format!("`for_each` of step `{id}` runs over a list or a table, not {what}");
        problems.push_at(codes::FOR_EACH, title, span, "", None);
    };
    match text.template.as_reference() {
        Some(reference) => {
            let kind = type_of(reference, text, model)
                .ok()
                .and_then(|found| found.kind());
            if let Some(kind) = kind
                && !matches!(kind, FieldKind::List | FieldKind::Table)
            {
                return report(&format!("{} `{reference}`", kind.name()), over.span);
            }
        }
        None if text.template.is_text() => return report("text", over.span),
        None => {}
    }
    let value = text
        .template
        .evaluate(&text.text, &|reference| model.known(reference, None));
    if let Ok(value) = value
        && let Err(message) = locals(value)
    {
        let title = format!("`for_each` of step `{id}`: {message}");
        problems.push_at(codes::FOR_EACH, title, over.span, "", None);
    }
}
