//! Gates that nobody will be able to pass, seen before anything is begun.

use rutter_diagnostic::Diagnostic;
use rutter_engine::{Plan, Step, Uses, approver};
use rutter_runbook::GATE;
use serde_json::Value;

use crate::settings::Settings;
use crate::user;

/// Who may leave answers to anybody's run.
const ROOT: &str = "root";

/// Warnings about gates that need other or more people than can answer: each user of the system is
/// one person, and without a group only the run's owner (and root) can leave an answer.
pub(super) fn warnings(plan: &Plan, settings: &Settings) -> Vec<Diagnostic> {
    let owner = user::current().name;
    let gates = plan.steps.iter().filter_map(|step| {
        let people = people(step)?;
        let named = approvers(step);
        match settings.inbox_group {
            Some(_) => strangers(step, &named),
            None => alone(step, people, &named, &owner),
        }
    });
    gates.collect()
}

/// Where the owner and root alone can leave answers, their own or signed ones.
fn alone(step: &Step, people: u64, named: &[&str], owner: &str) -> Option<Diagnostic> {
    let may = |name: &&str| named.is_empty() || named.contains(name);
    let users: Vec<&str> = match owner {
        ROOT => [ROOT].into_iter().filter(may).collect(),
        owner => [owner, ROOT].into_iter().filter(may).collect(),
    };
    let keys = named.iter().filter(|name| approver::is_a_key(name)).count();
    if (users.len() + keys) as u64 >= people {
        return None;
    }
    let id = &step.id;
    let title = match (users.as_slice(), keys) {
        ([], 0) => {
            let names: Vec<_> = named.iter().map(|name| approver::name(name)).collect();
            format!(
                "step `{id}` may be answered by {} alone, who cannot",
                names.join(", ")
            )
        }
        (users, 0) => format!(
            "step `{id}` wants {people} people, and nobody but {} can answer",
            users.join(" and ")
        ),
        (users, keys) => format!(
            "step `{id}` wants {people} people, and {} of the approvers can answer",
            users.len() + keys
        ),
    };
    let help = "`group` under `[inbox]` in the settings names a group whose members may answer; or name \
                SSH public keys in `approvers`; one user of the system is one person";
    Some(Diagnostic::warning(GATE, title).help(help))
}

/// Approvers whom this system does not know.
fn strangers(step: &Step, named: &[&str]) -> Option<Diagnostic> {
    let users = named.iter().filter(|name| !approver::is_a_key(name));
    let unknown: Vec<_> = users.filter(|name| user::id_of(name).is_none()).collect();
    let first = unknown.first()?;
    let title = format!("step `{}`: this system has no user `{first}`", step.id);
    let help = "`approvers` names users of this system, or SSH public keys";
    Some(Diagnostic::warning(GATE, title).help(help))
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
