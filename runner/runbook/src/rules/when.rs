//! `when` is true or false. Checked where its value, or its type, is known before the run.

use rutter_expression::{EvaluationError, kind};
use rutter_manifest::FieldKind;

use super::super::codes;
use super::super::model::Model;
use super::super::names::TextRole;
use super::super::problems::Problems;
use super::super::referents::type_of;

pub(super) fn check(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    for text in model
        .texts
        .iter()
        .filter(|text| text.place == TextRole::When)
    {
        let Some(step) = text.step.filter(|step| steps[*step]) else {
            continue;
        };
        let id = &model.runbook.steps[step].id.value;
        let value = text
            .template
            .evaluate(&text.text, &|reference| model.known(reference, None));
        let what = match value {
            Ok(value) if value.is_boolean() => None,
            Ok(value) => Some(kind(&value).to_owned()),
            Err(error) if error.error == EvaluationError::NotYet => text
                .template
                .as_reference()
                .and_then(|reference| type_of(reference, text, model).ok()?.kind())
                .filter(|kind| *kind != FieldKind::Boolean)
                .map(|kind| format!("of type {}", kind.name())),
            // An unknown reference has its own message.
            Err(error) if matches!(error.error, EvaluationError::Undefined(_)) => None,
            Err(error) => {
                let title = format!("`when` of step `{id}` has no value, {error}");
                problems.push_at(codes::EXPRESSION, title, text.span, "", None);
                None
            }
        };
        if let Some(what) = what {
            let title = format!("`when` of step `{id}` is {what}, not true or false");
            let help = "write a comparison, such as `inputs.count > 0`".to_owned();
            problems.push_at(codes::TYPE, title, text.span, "", Some(help));
        }
    }
}
