//! A step that runs a sub-runbook runs it once and has no attempts of its own: its steps have.

use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (step, used) in model.runbook.steps.iter().zip(model.used) {
        let Some(Used::Runbook(runs)) = used else {
            continue;
        };
        let name = runs.source.name();
        let keys = [
            (
                "for_each",
                step.for_each.as_ref().map(|over| over.span),
                format!(
                    "write one step for each item, or give `{name}` an input of type list and its steps `for_each`"
                ),
            ),
            (
                "retry",
                step.retry.as_ref().map(|retry| retry.span),
                format!("give `retry` to those steps of `{name}` that may be tried again"),
            ),
            (
                "timeout",
                step.timeout_ms.as_ref().map(|timeout| timeout.span),
                format!("give `timeout` to the steps of `{name}`"),
            ),
        ];
        for (key, span, help) in keys {
            if let Some(span) = span {
                let id = &step.id.value;
                let title = format!("`{key}` is not allowed in step `{id}`, which runs a runbook");
                problems.push_at(codes::SUB_RUNBOOK, title, span, "", Some(help));
            }
        }
    }
}
