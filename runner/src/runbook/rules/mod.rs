//! The checks of a runbook, one a file, each of which reports everything it finds.
//!
//! A new check is a file with its documentation, a line in [`RULES`] and a pair of files under
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
mod references;
mod secrets;
mod sub_runbook;
mod unused;
mod when;
mod windows;
mod with;
mod within;

use super::model::Model;
use super::problems::Problems;

/// One check.
type Rule = fn(&Model<'_>, &mut Problems<'_>);

/// Every check. Their order does not matter: problems are sorted by place.
const RULES: [Rule; 17] = [
    names::check,
    needs::check,
    cycle::check,
    accounts::check,
    bindings::check,
    built_in::check,
    confirm::check,
    sub_runbook::check,
    for_each::check,
    references::check,
    may_be_undefined::check,
    when::check,
    windows::check,
    within::check,
    with::check,
    secrets::check,
    unused::check,
];

/// Holds a runbook against every rule.
pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for rule in RULES {
        rule(model, problems);
    }
}
