//! What a runbook's plugins may do, as commands show it.

use rutter_engine::Uses;
use rutter_plugin::in_short;
use rutter_runbook::Checked;
use serde_json::{Value, json};

use crate::lock::{Accepted, Entry, may, used};

/// Plugins with what each may do, line by line.
pub(super) fn lines<'a>(plugins: impl Iterator<Item = &'a Accepted>) -> Vec<String> {
    plugins.flat_map(Accepted::lines).collect()
}

/// All that is to be accepted of a runbook.
pub(super) fn page(entry: &Entry, checked: &Checked) -> String {
    let mut all = vec![entry.file.clone()];
    let nested = entry.nested.iter();
    all.extend(nested.map(|one| format!("  runbook `{}`, {}", one.file, one.digest)));
    let plugins = lines(entry.plugin.iter());
    all.extend(plugins.into_iter().map(|line| format!("  {line}")));
    all.push("  in all".to_owned());
    all.extend(in_all(checked).into_iter().map(|may| format!("    {may}")));
    all.iter().map(|line| format!("{line}\n")).collect()
}

/// What a runbook grants, each thing once.
pub(super) fn in_all(checked: &Checked) -> Vec<String> {
    let used = used(checked);
    let granted = used.iter().map(|(found, bound)| (found.manifest(), bound));
    let said = rutter_plugin::in_all(granted);
    match said.is_empty() {
        true => vec!["nothing: no plugin calls anything".to_owned()],
        false => said,
    }
}

/// What each plugin may do and what the runbook grants in all, for scripts.
pub(super) fn json(checked: &Checked) -> (Vec<Value>, Vec<String>) {
    let used = used(checked);
    let plugins = used.iter().map(|(found, bound)| {
        let plugin = &found.manifest().plugin;
        json!({
            "plugin": plugin.name,
            "version": plugin.version,
            "digest": found.digest(),
            "steps": steps(checked, found.digest()),
            "may": may(found.manifest(), bound),
        })
    });
    (plugins.collect(), in_all(checked))
}

/// The steps that use a component.
fn steps<'a>(checked: &'a Checked, digest: &str) -> Vec<&'a str> {
    let uses = |uses: &Uses| matches!(uses, Uses::Plugin(plugin) if plugin.digest == digest);
    let steps = checked.plan.steps.iter();
    steps
        .filter(|step| uses(&step.uses))
        .map(|step| &*step.id)
        .collect()
}

/// The same for people, below a runbook that was checked: a line for each plugin, and what that is in all.
pub(super) fn block(checked: &Checked) -> String {
    let used = used(checked);
    let mut lines: Vec<String> = used
        .iter()
        .map(|(found, bound)| {
            let name = &found.manifest().plugin.name;
            format!("  {name}: {}", in_short(found.manifest(), bound))
        })
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    lines.sort();
    lines.push("  in all".to_owned());
    lines.extend(in_all(checked).iter().map(|may| format!("    {may}")));
    format!("What the plugins may do\n{}\n", lines.join("\n"))
}
