//! Tests of the whole language, and the plugins they pretend to have.

mod asked;
mod fuzz;
mod inputs;
mod likes;
mod messages;
mod nested;
mod plans;
mod plugins;
mod regions;
mod rules;
mod runs;
mod windows;

use std::collections::BTreeMap;
use std::path::Path;

use rutter_diagnostic::neutral::Style;
use rutter_diagnostic::{Diagnostic, Source, render_all};

use super::{Binding, Checked, InputSources, Load, load_text};

/// Loads a text as a runbook called `x.toml`, with every account bound, ready to run.
fn load(text: &str, set: &[(&str, &str)]) -> Result<Checked, Vec<Diagnostic>> {
    let inputs = InputSources {
        set: set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..InputSources::default()
    };
    load_with(text, inputs, Some(bindings(&["source", "destination"])))
}

fn load_with(
    text: &str,
    inputs: InputSources<'_>,
    bindings: Option<BTreeMap<String, Binding>>,
) -> Result<Checked, Vec<Diagnostic>> {
    let bind = |names: &[&str]| known(bindings.clone().unwrap_or_default(), names);
    let load = Load {
        plugins: &plugins::Pretended,
        reach: &crate::Reach::default(),
        inputs,
        bind: bindings.is_some().then_some(&bind),
        secret: &|path| format!("placeholder-{path}"),
        accept: &|_| Ok(()),
    };
    load_text(&Source::new("x.toml", text), Path::new(""), &load)
}

/// As on the command line, where the settings may hold accounts of other runbooks.
fn known(mut bindings: BTreeMap<String, Binding>, names: &[&str]) -> BTreeMap<String, Binding> {
    bindings.retain(|name, _| names.contains(&name.as_str()));
    bindings
}

fn bindings(names: &[&str]) -> BTreeMap<String, Binding> {
    let binding = |name: &&str| {
        let binding = Binding {
            profile: format!("profile-{name}"),
            region: "cn-hangzhou".to_owned(),
            ..Binding::default()
        };
        ((*name).to_owned(), binding)
    };
    names.iter().map(binding).collect()
}

#[track_caller]
fn loaded(text: &str, set: &[(&str, &str)]) -> Checked {
    match load(text, set) {
        Ok(checked) => checked,
        Err(problems) => panic!("{}", render_all(&problems, Style::Plain)),
    }
}

#[track_caller]
fn codes(result: Result<Checked, Vec<Diagnostic>>) -> Vec<String> {
    let problems = match result {
        Ok(checked) => checked.warnings,
        Err(problems) => problems,
    };
    problems
        .iter()
        .map(|problem| problem.code.to_string())
        .collect()
}

/// A runbook with most of the language in it.
const GOOD: &str = r#"
schema = 1

[runbook]
name = "redis_cross_account"
title = "One-way sync"

[inputs.source_instance]
type = "string"
pattern = "^r-[a-z0-9]+$"

[inputs.source_password]
type = "secret"
optional = true

[inputs.regions]
type = "list"
items = { type = "region" }
default = ["cn-hangzhou", "cn-beijing"]

[inputs.dry]
type = "boolean"
default = false

[accounts.source]
help = "Account A"

[accounts.destination]
help = "Account B"

[[steps]]
id = "role"
uses = "create-role"
account = "source"
with.name = "ram-for-dts"
with.trusted_account = "{{ accounts.destination.id }}"

[[steps]]
id = "copies"
uses = "copy-image"
accounts = { from = "source", to = "destination" }
for_each = "{{ inputs.regions }}"
max_parallel = 2
with.region = "{{ item }}"
with.name = "copy-{{ index }}-{{ key }}"
needs = []

[[steps]]
id = "task"
uses = "configure-task@0.1"
account = "destination"
when = "not inputs.dry"
timeout = "12h"
retry = { attempts = 3, delay = "5s" }
on_failure = "undo"
confirm = "Configure {{ inputs.source_instance }}?"
with.source.role = "{{ steps.role.name }}"
with.source.instance = "{{ inputs.source_instance }}"
with.source.password = "{{ inputs.source_password }}"
with.images = ["{{ steps.copies[0].image }}"]

[[steps]]
id = "cutover"
uses = "approve"
with.message = "Have clients stopped writing to {{ inputs.source_instance }}?"
with.evidence = ["ticket"]

[[steps]]
id = "settle"
uses = "pause"
with.for = "5m"

[[steps]]
id = "sure"
uses = "assert"
with.that = "{{ steps.task.state | default('none') != 'failed' }}"
with.message = "the task failed"

[outputs]
task = "{{ steps.task.id | default(none) }}"
ticket = "{{ steps.cutover.evidence.ticket }}"
"#;
