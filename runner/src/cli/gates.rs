//! Gates that nobody will be able to pass, seen before anything is begun.

use rutter_engine::{Plan, Step, Uses};
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::settings::Settings;
use crate::user;

/// What to say about gates that want more people than can answer: one user of the system is one
/// person, and without a group nobody but the run's owner (and root) can leave an answer.
pub(super) fn warnings(plan: &Plan, settings: &Settings) -> Vec<Diagnostic> {
    if settings.inbox_group.is_some() {
        return Vec::new();
    }
    let owner = user::current();
    let too_many = plan.steps.iter().filter_map(|step| {
        let people = people(step)?;
        (people > 1).then(|| {
            format!(
                "step `{}` wants {people} people, and nobody but {} (and root) can answer",
                step.id, owner.name
            )
        })
    });
    let strangers = plan.steps.iter().filter_map(|step| {
        let named = approvers(step);
        let may = named.is_empty() || named.contains(&owner.name.as_str());
        (!may).then(|| {
            format!(
                "step `{}` may be answered by {} alone, who cannot",
                step.id,
                named.join(", ")
            )
        })
    });
    let help = "`group` under `[inbox]` in the settings names a group whose members may answer";
    let warn = |title| Diagnostic::warning("gate", title).help(help);
    too_many.chain(strangers).map(warn).collect()
}

/// How many people a step asks, as far as the runbook says it.
fn people(step: &Step) -> Option<u64> {
    match (&step.confirm, &step.uses) {
        (Some(confirm), _) => Some(u64::from(confirm.people)),
        (None, Uses::Approve) => step.with.get("people").and_then(Value::as_u64),
        _ => None,
    }
}

fn approvers(step: &Step) -> Vec<&str> {
    let named = step
        .with
        .get("approvers")
        .filter(|_| step.uses == Uses::Approve);
    let named = named.and_then(Value::as_array);
    named
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
