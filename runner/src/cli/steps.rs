//! The steps of a runbook that was checked, as commands show them.

use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Plan, Step, Uses};
use serde_json::{Value, json};

use crate::ui::{Align, Table};

/// A line for each step: its id, what it uses and in which accounts, and its title.
pub(super) fn block(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return String::new();
    }
    let mut table = Table::new([("", Align::Left); 4]);
    for step in &plan.steps {
        let each = match &step.for_each {
            Some(_) => ", for each item",
            None => "",
        };
        let accounts: Vec<&str> = step.accounts.values().map(|name| &**name).collect();
        table.row([
            step.id.to_string(),
            format!("{}{each}", uses(step)),
            accounts.join(", "),
            title(step).unwrap_or_default(),
        ]);
    }
    format!("Steps{}", table.render())
}

/// The same for scripts.
pub(super) fn json(plan: &Plan) -> Vec<Value> {
    let steps = plan.steps.iter().map(|step| {
        json!({
            "step": step.id,
            "uses": uses(step),
            "accounts": step.accounts,
            "title": step.title,
            "for_each": step.for_each.is_some(),
        })
    });
    steps.collect()
}

/// What a step uses, as `uses` in a runbook says it.
fn uses(step: &Step) -> &str {
    match &step.uses {
        Uses::Plugin(plugin) => &plugin.name,
        Uses::Approve => "approve",
        Uses::Pause => "pause",
        Uses::Assert => "assert",
        Uses::Runbook(runbook) => &runbook.file,
    }
}

fn title(step: &Step) -> Option<String> {
    (step.title != *step.id).then(|| one_line(&step.title))
}
