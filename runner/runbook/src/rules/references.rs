//! Every reference stands for something: an input, an account, the output of a step.

use super::super::codes;
use super::super::model::Model;
use super::super::problems::Problems;
use super::super::referents::type_of;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (text, reference, span) in model.references(problems) {
        if let Err(nothing) = type_of(reference, text, model) {
            problems.push_at(codes::REFERENCE, nothing.title, span, "", nothing.help);
        }
    }
}
