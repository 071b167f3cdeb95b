//! The changes that a `confirm` answers for are changes that its step makes: a name that fits none would
//! let a person believe that they had been asked.

use rutter_manifest::{Manifest, nearest};

use super::super::codes;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::schema::Step;
use super::super::spanned::Spanned;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (step, used) in model.runbook.steps.iter().zip(model.used) {
        let changes = step.confirm.iter().flat_map(|confirm| &confirm.changes);
        for change in changes {
            match used {
                Some(Used::Plugin(found)) => of_plugin(step, change, found.manifest(), problems),
                Some(Used::Runbook(runs)) => {
                    let id = &step.id.value;
                    let title = format!("step `{id}` runs a runbook and changes nothing itself");
                    let name = runs.source.name();
                    let help =
                        format!("give `confirm` to those steps of `{name}` that make changes");
                    problems.push_at(codes::CONFIRM, title, change.span, "", Some(help));
                }
                // What is built in takes no `confirm`, which is said already.
                Some(Used::BuiltIn(_)) | None => {}
            }
        }
    }
}

fn of_plugin(
    step: &Step,
    change: &Spanned<String>,
    manifest: &Manifest,
    problems: &mut Problems<'_>,
) {
    let parts = change.value.split_once(':');
    let called = parts.is_some_and(|(product, action)| {
        let mut permissions = manifest.permissions.iter();
        permissions.any(|permission| permission.allows(product, action))
    });
    if called && !is_read(&change.value) {
        return;
    }
    let (id, name) = (&step.id.value, &change.value);
    let title = match called {
        true => format!("`{name}` changes nothing, so it asks nobody"),
        false => format!("step `{id}` never calls `{name}`"),
    };
    let calls: Vec<&str> = manifest
        .permissions
        .iter()
        .flat_map(|permission| permission.call.iter().map(String::as_str))
        .filter(|call| !is_read(call))
        .collect();
    let help = match nearest(name, calls.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if calls.is_empty() => "its plugin makes no change of the cloud's API".to_owned(),
        None => format!("its changes are {}", calls.join(", ")),
    };
    problems.push_at(codes::CONFIRM, title, change.span, "", Some(help));
}

fn is_read(call: &str) -> bool {
    rutter_contracts::labelled(call).is_some_and(|action| action.as_read().is_some())
}
