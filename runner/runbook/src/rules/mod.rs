//! The checks of a runbook, one a file, each of which reports everything it finds.
//!
//! A new check is a file with its documentation, a line in [`RULES`] or [`VALUE_RULES`] and a pair of files under
//! `tests/runbooks/invalid`. A rule stays silent about what another reports: a step whose plugin was
//! not found has no wrong inputs.

mod accounts;
mod bindings;
mod built_in;
mod confirm;
mod cycle;
mod for_each;
mod may_be_undefined;
mod names;
mod needs;
mod outputs;
mod references;
mod regions;
mod secrets;
mod sub_runbook;
mod types;
mod unused;
mod when;
mod windows;
mod with;
mod within;

use super::model::Model;
use super::problems::Problems;

/// One check.
type Rule = fn(&Model<'_>, &mut Problems<'_>);

/// One check of values, of the steps that are `true`: made again of those for which a value becomes known.
type ValueRule = fn(&Model<'_>, &[bool], &mut Problems<'_>);

/// The checks of what is written. Their order does not matter: problems are sorted by place.
const RULES: [Rule; 16] = [
    names::check,
    needs::check,
    cycle::check,
    accounts::check,
    bindings::check,
    regions::of_accounts,
    built_in::check,
    confirm::check,
    sub_runbook::check,
    references::check,
    may_be_undefined::check,
    within::check,
    types::check,
    secrets::check,
    unused::check,
    outputs::check,
];

/// The checks that evaluate something.
const VALUE_RULES: [ValueRule; 5] = [
    for_each::check,
    when::check,
    windows::check,
    with::check,
    regions::check,
];

/// Holds a runbook against every rule.
pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    tracing::debug!(path = %model.file.source.name(), "checked");
    for rule in RULES {
        rule(model, problems);
    }
    check_values(model, &vec![true; model.runbook.steps.len()], problems);
}

/// Holds the values of some steps against the rules.
pub(super) fn check_values(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    for rule in VALUE_RULES {
        rule(model, steps, problems);
    }
}
