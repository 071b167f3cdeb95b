//! `needs` names steps of the runbook, or steps inside those that run runbooks: `caller.step`.

use rutter_manifest::nearest;

use super::super::codes;
use super::super::file::{File, Used};
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for step in &model.runbook.steps {
        for need in step.needs.iter().flatten() {
            if model.ids.contains_key(need.value.as_str()) {
                continue;
            }
            let Err(near) = find(&need.value, model.file) else {
                continue;
            };
            let title = format!(
                "step `{}` needs `{}`, which is no step",
                step.id.value, need.value
            );
            let help = near.map(|near| format!("did you mean `{near}`?"));
            problems.push_at(codes::NEEDS, title, need.span, "", help);
        }
    }
}

/// Looks for a step of a runbook, or of those inside it.
///
/// # Errors
/// The step that was probably meant, when there is none.
fn find(id: &str, file: &File) -> Result<(), Option<String>> {
    let (first, rest) = match id.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (id, None),
    };
    let steps = file.runbook.steps.iter().zip(&file.used);
    let ids = file.runbook.steps.iter().map(|step| &*step.id.value);
    let near = || nearest(first, ids).map(str::to_owned);
    let mut named = steps.filter(|(step, _)| step.id.value == first);
    let (_, used) = named.next().ok_or_else(near)?;
    match (rest, used) {
        // What a step uses that was refused has a message of its own.
        (None, _) | (Some(_), None) => Ok(()),
        (Some(rest), Some(Used::Runbook(inner))) => {
            find(rest, inner).map_err(|near| near.map(|near| format!("{first}.{near}")))
        }
        (Some(_), Some(_)) => Err(Some(first.to_owned())),
    }
}
