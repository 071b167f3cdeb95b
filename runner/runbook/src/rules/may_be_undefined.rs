//! What reads a step that may be skipped, may fail and go on, or may not give an output, says what
//! to use instead: `default(…)`.

use rutter_diagnostic::Diagnostic;
use rutter_engine::OnFailure;

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::referents::type_of;
use super::super::types::Type;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (text, reference, span) in model.references(problems) {
        let Some(read) = model.step_read(reference) else {
            continue;
        };
        if reference.guarded {
            continue;
        }
        let step = &model.runbook.steps[read];
        let (why, place) = if let Some(when) = &step.when {
            (
                format!("step `{}` may be skipped", step.id.value),
                when.span,
            )
        } else if step.on_failure == Some(OnFailure::Continue) {
            (
                format!("step `{}` may fail and the run go on", step.id.value),
                step.id.span,
            )
        } else if let Some(most) = &step.max_failures
            && most.value > 0
            && reference.path.len() > 1
        {
            (
                format!("items of step `{}` may fail", step.id.value),
                most.span,
            )
        } else if let Ok(Type::Field(field)) = type_of(reference, text, model)
            && field.optional
        {
            (format!("`{reference}` is an optional output"), step.id.span)
        } else {
            continue;
        };
        let problem = Diagnostic::error(
            codes::MAY_BE_UNDEFINED,
            format!("`{reference}` may have no value"),
        )
        .at(problems.source, span, "needs `default(…)`")
        .and(place, why)
        .help(format!(
            "write `{reference} | default(…)`, with what to use instead"
        ));
        problems.push(problem);
    }
}
