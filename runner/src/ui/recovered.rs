//! What is said about a run whose journal was damaged, wherever it is spoken of.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Recovery, Run, RunStatus};

/// What happened to a run that is not taken back yet: it does not go on.
pub(super) fn happened(run: &Run, standing: &RunStatus) -> Option<String> {
    let over = matches!(standing, RunStatus::Ended(_) | RunStatus::UndoFailed);
    run.recovery().filter(|_| !over).map(|_| {
        format!(
            "run {} was recovered from a damaged journal: it can be shown and taken back, and does not go on",
            run.id()
        )
    })
}

/// The damage, and what is not known because of it.
pub(super) fn lines(run: &Run) -> Vec<String> {
    let Some(recovery) = run.recovery() else {
        return Vec::new();
    };
    let lost = match recovery.reached {
        Some(reached) if reached > recovery.sound => format!(
            "records {} to {reached} are lost, and more may be",
            recovery.sound + 1
        ),
        Some(_) => "every record that is known of was sound".to_owned(),
        None => format!(
            "nobody knows how many records came after {}",
            recovery.sound
        ),
    };
    vec![
        format!("the damage: {}", one_line(&recovery.damage)),
        format!(
            "{lost}; the damaged files are in {}",
            one_line(&recovery.kept)
        ),
    ]
}

/// What to do beside taking back what is known.
pub(super) fn help(run: &Run) -> Option<String> {
    lost(run).map(|recovery| {
        format!(
            "compare the accounts with the runbook: what the run did after record {} is not known, is not taken back, \
             and may be charged",
            recovery.sound
        )
    })
}

/// What becomes of the claim that nothing stands.
pub(super) fn no_change_stands(run: &Run) -> &'static str {
    match lost(run) {
        Some(_) => "no known change is still in place",
        None => "no change stands",
    }
}

fn lost(run: &Run) -> Option<&Recovery> {
    run.recovery().filter(|recovery| recovery.lost_records())
}
