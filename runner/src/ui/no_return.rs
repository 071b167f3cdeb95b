//! The point of no return: said in the same words by `check`, a rehearsal, a run before it is passed,
//! `show`, `list` and `undo`.

use std::collections::BTreeSet;

use rutter_contracts::{Action, labelled};
use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Ask, Change, Question, Run, Shown};

/// `point of no return: ECS:DeleteInstance of step `release` (undo does not bring back what was there
/// before)`.
fn point(label: &str, step: &str) -> String {
    // A manifest writes the product in any case.
    let label = labelled(label).map_or_else(|| one_line(label), Action::label);
    format!(
        "point of no return: {label} of step `{step}` (undo does not bring back what was there before)"
    )
}

/// What a step may call that nothing takes back, as far as its plugin's manifest says.
pub fn possible_no_return(step: &str, action: &str) -> String {
    format!("possible {}", point(action, step))
}

/// Where a run passed it, or a rehearsed one would.
pub fn no_return(run: &Run) -> Option<String> {
    run.point_of_no_return()
        .map(|change| point(&change.call.label(), &change.at.step))
}

/// Where a run passed it.
pub fn passed_no_return(run: &Run) -> Option<String> {
    no_return(run).map(|point| format!("passed the {point}"))
}

/// What a yes lets pass, unless the run passed it before: a line for each action.
pub(super) fn about_to_pass(question: &Question, run: &Run) -> Vec<String> {
    if run.point_of_no_return().is_some() {
        return Vec::new();
    }
    let approval = &question.approval;
    let shown = approval.changes.iter();
    let shown = shown.filter(|shown: &&Shown| shown.because == Ask::Irreversible);
    let labels = shown.map(|shown| shown.label.as_str());
    let covered = approval.covers.iter().map(String::as_str);
    let labels: BTreeSet<&str> = labels
        .chain(covered.filter(|name| destroys(name)))
        .collect();
    labels
        .into_iter()
        .map(|label| format!("a yes passes the {}", point(label, &question.step)))
        .collect()
}

/// Said of a change that is about to be sent and that nobody was asked about.
pub(super) fn passes_by(change: &Change, run: &Run) -> Option<String> {
    let first = run.point_of_no_return()?.number == change.number;
    first.then(|| point(&change.call.label(), &change.at.step))
}

/// Whether an action, `ecs:DeleteImage`, destroys what no other call brings back.
pub fn destroys(name: &str) -> bool {
    labelled(name).is_some_and(Action::may_destroy)
}

/// Whether an action, `dts:ConfigureDtsJob`, does so only where a parameter says it.
pub fn destroys_by_parameter(name: &str) -> bool {
    labelled(name).is_some_and(|action| action.may_destroy() && !action.irreversible)
}
