//! No step waits for itself, directly or through others. A cycle is shown whole.

use rutter_diagnostic::{Diagnostic, Span};

use super::super::codes;
use super::super::model::Model;
use super::super::order::{self, Because};
use super::super::problems::Problems;

/// Steps of a cycle that are shown by their lines; the title names all.
const SHOWN_MAX: usize = 8;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    let Some(cycle) = order::cycle(model.needs) else {
        return;
    };
    let id = |index: usize| model.runbook.steps[index].id.value.as_str();
    let mut names: Vec<String> = cycle
        .iter()
        .map(|step| format!("`{}`", id(*step)))
        .collect();
    names.push(names[0].clone());
    let title = match &cycle[..] {
        [own] => format!("step `{}` waits for itself", id(*own)),
        _ => format!("steps wait for each other: {}", names.join(" -> ")),
    };
    let nexts = cycle.iter().cycle().skip(1);
    let mut labels = cycle.iter().zip(nexts).map(|(&step, &next)| {
        let why = match model.needs[step].get(&next) {
            Some(Because::Read) => format!("reads `steps.{}`", id(next)),
            Some(Because::Below) => {
                format!("has no `needs`: waits for all above, `{}` too", id(next))
            }
            Some(Because::Part) => format!("needs a step inside `{}`", id(next)),
            Some(Because::Named) | None => format!("needs `{}`", id(next)),
        };
        (
            place(model, problems, step, next),
            format!("`{}` {why}", id(step)),
        )
    });
    let Some((span, label)) = labels.next() else {
        return;
    };
    let mut problem = Diagnostic::error(codes::CYCLE, title).at(problems.source, span, label);
    for (span, label) in labels.take(SHOWN_MAX - 1) {
        problem = problem.and(span, label);
    }
    problem = problem.help("take one of these out, or give a step `needs` of its own");
    problems.push(problem);
}

/// Where a step says that it waits for another.
fn place(model: &Model<'_>, problems: &Problems<'_>, step: usize, next: usize) -> Span {
    let written = &model.runbook.steps[step];
    match model.needs[step].get(&next) {
        Some(Because::Read) => model
            .references(problems)
            .into_iter()
            .find(|(text, reference, _)| {
                text.step == Some(step) && model.step_read(reference) == Some(next)
            })
            .map_or(written.id.span, |(_, _, span)| span),
        Some(Because::Named | Because::Part) => written
            .needs
            .iter()
            .flatten()
            .find(|need| {
                let whole = need.value.split('.').next().unwrap_or_default();
                model.ids.get(whole) == Some(&next)
            })
            .map_or(written.id.span, |need| need.span),
        _ => written.id.span,
    }
}
