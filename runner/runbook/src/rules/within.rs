//! Silence is no yes: a gate that goes on when nobody answers must not stand before what destroys, buys
//! or is final.

use rutter_contracts::Action;

use super::super::codes;
use super::super::document::NodeKind;
use super::super::file::Used;
use super::super::model::Model;
use super::super::problems::Problems;

pub(super) fn check(model: &Model<'_>, problems: &mut Problems<'_>) {
    for (index, step) in model.runbook.steps.iter().enumerate() {
        if !matches!(model.used[index], Some(Used::BuiltIn(_))) {
            continue;
        }
        let Some(with) = &step.with else { continue };
        let (node, _, found) = with.find_entry("then");
        // What an expression comes to may be that too.
        let goes_on =
            matches!(&node.kind, NodeKind::Text(then) if then == "continue" || then.contains("{{"));
        if !found || !goes_on {
            continue;
        }
        let after = waiting_for(index, model);
        let final_step = after.into_iter().find_map(|later| {
            let action = final_action(model.used[later].as_ref()?)?;
            Some((&model.runbook.steps[later].id.value, action))
        });
        if let Some((id, action)) = final_step {
            let title = format!(
                "silence cannot let step `{id}` begin, which may call `{action}`: that destroys, buys or is final"
            );
            let help = "write `then = \"stop\"` or `then = \"undo\"`, or give it a gate of its own";
            problems.push_at(codes::GATE, title, node.span, "", Some(help.to_owned()));
        }
    }
}

/// The steps that wait for this one, directly or not.
fn waiting_for(gate: usize, model: &Model<'_>) -> Vec<usize> {
    let mut after = vec![false; model.needs.len()];
    after[gate] = true;
    // Steps may need what stands below them: until nothing is added any more.
    loop {
        let before = after.iter().filter(|after| **after).count();
        for (index, needs) in model.needs.iter().enumerate() {
            after[index] |= needs.keys().any(|need| after[*need]);
        }
        if after.iter().filter(|after| **after).count() == before {
            break;
        }
    }
    (0..after.len())
        .filter(|index| after[*index] && *index != gate)
        .collect()
}

/// An action of the step's plugin, or of one inside its runbook, that needs a person's word.
fn final_action(used: &Used) -> Option<String> {
    match used {
        Used::Plugin(found) => found
            .manifest()
            .permissions
            .iter()
            .flat_map(|permission| &permission.call)
            .find(|call| is_final(call))
            .cloned(),
        Used::BuiltIn(_) => None,
        Used::Runbook(file) => file.used.iter().flatten().find_map(final_action),
    }
}

fn is_final(call: &str) -> bool {
    rutter_contracts::labelled(call).is_some_and(Action::may_be_dangerous)
}
