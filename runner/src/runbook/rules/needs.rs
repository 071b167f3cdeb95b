//! `needs` names steps of the runbook.

use rutter_manifest::nearest;

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for step in &model.runbook.steps {
        for need in step.needs.iter().flatten() {
            if model.ids.contains_key(need.value.as_str()) {
                continue;
            }
            let ids = model
                .runbook
                .steps
                .iter()
                .map(|step| step.id.value.as_str());
            let help = nearest(&need.value, ids).map(|near| format!("did you mean `{near}`?"));
            let title = format!(
                "step `{}` needs `{}`, which is no step",
                step.id.value, need.value
            );
            problems.push_at(codes::NEEDS, title, need.span, "", help);
        }
    }
}
