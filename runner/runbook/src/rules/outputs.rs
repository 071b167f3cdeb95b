//! Outputs that are known before the run are made before it: one without a value would show only when all is done.

use super::with::unevaluated;
use crate::model::Model;
use crate::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for output in &model.runbook.outputs {
        output.value.to_json(&mut |text, span| {
            if let Err(error) = model.evaluate(text, None) {
                unevaluated(text, span, &error, problems);
            }
            serde_json::Value::Null
        });
    }
}
