//! Sub-runbooks where they are run: with the inputs that the step gives them, as far as those are
//! known, held against the same rules as a runbook by itself.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use rutter_manifest::check_known;
use serde_json::{Map, Value};

use super::document::{Node, NodeKind};
use super::file::{File, Used};
use super::files::by_way_of;
use super::model::Model;
use super::not_yet::{NOT_YET, is_not_yet};
use super::problems::{Problems, in_order};
use super::rules;
use super::schema::Step;

/// Holds a runbook and all that it runs against every rule.
pub(super) fn check(model: &mut Model<'_>, problems: &mut Problems<'_>) {
    rules::check(model, problems);
    let (file, source) = (model.file, problems.source);
    for (index, (step, used)) in file.runbook.steps.iter().zip(&file.used).enumerate() {
        let Some(Used::Runbook(runs)) = used else {
            continue;
        };
        let mut found = Problems::new(&runs.source);
        let known = known_inputs(runs, step, model);
        let mut inner = Model::new(runs, known, None);
        inner.assumed = assumed_inputs(runs, step, model);
        inner.reach = model.reach;
        check(&mut inner, &mut found);
        let found = in_order(found.list, &runs.source).into_iter();
        let through = found.map(|problem| by_way_of(problem, step, source));
        problems.list.extend(through);
        model.inner.insert(index, inner);
    }
}

/// Takes in values of inputs that became known after the check, and holds them against the rules where they
/// are read. Nothing is assumed any more.
pub(super) fn learn(
    model: &mut Model<'_>,
    values: Map<String, Value>,
    problems: &mut Problems<'_>,
) {
    take_in(model, values, BTreeSet::new(), problems);
}

fn take_in(
    model: &mut Model<'_>,
    values: Map<String, Value>,
    assumed: BTreeSet<String>,
    problems: &mut Problems<'_>,
) {
    let before = std::mem::replace(&mut model.assumed, assumed);
    let mut learned: BTreeSet<String> = values.keys().cloned().collect();
    learned.extend(before.difference(&model.assumed).cloned());
    model.inputs.extend(values);
    if learned.is_empty() {
        return;
    }
    let reads: Vec<bool> = (0..model.runbook.steps.len())
        .map(|step| model.reads(step, &learned))
        .collect();
    rules::check_values(model, &reads, problems);
    let (file, source) = (model.file, problems.source);
    let mut callers = std::mem::take(&mut model.inner);
    for (index, inner) in callers.iter_mut().filter(|(index, _)| reads[**index]) {
        let (step, runs) = (&file.runbook.steps[*index], inner.file);
        let mut known = known_inputs(runs, step, model);
        known.retain(|name, value| inner.inputs.get(name) != Some(value));
        let assumed = assumed_inputs(runs, step, model);
        let mut found = Problems::new(&runs.source);
        take_in(inner, known, assumed, &mut found);
        let found = in_order(found.list, &runs.source).into_iter();
        let through = found.map(|problem| by_way_of(problem, step, source));
        problems.list.extend(through);
    }
    model.inner = callers;
}

/// The values of a sub-runbook's inputs that are known before the run. What is wrong with them is
/// reported at the step.
fn known_inputs(runs: &File, step: &Step, model: &Model<'_>) -> Map<String, Value> {
    let mut known = Map::new();
    for (name, field) in &runs.inputs {
        let given = given(name, step);
        let with = given.map(|node| (name.clone(), evaluated(node, model)));
        let with = Value::Object(with.into_iter().collect());
        let alone = IndexMap::from([(name.clone(), field.clone())]);
        let Ok(Value::Object(mut checked)) = check_known(&alone, &with, &is_not_yet) else {
            continue;
        };
        // What may be left out and is has no value, like an input of a runbook by itself.
        let value = checked.remove(name).unwrap_or_default();
        if !holds_not_yet(&value) {
            known.insert(name.clone(), value);
        }
    }
    known
}

/// The inputs of a sub-runbook that are made of values which are only assumed.
fn assumed_inputs(runs: &File, step: &Step, model: &Model<'_>) -> BTreeSet<String> {
    let names = runs.inputs.keys();
    let assumed = names.filter(|name| given(name, step).is_some_and(|node| model.assumes_in(node)));
    assumed.cloned().collect()
}

fn given<'a>(name: &str, step: &'a Step) -> Option<&'a Node> {
    match &step.with.as_ref()?.kind {
        NodeKind::Table(with) => with.get(name).map(|entry| &entry.value),
        _ => None,
    }
}

fn evaluated(node: &Node, model: &Model<'_>) -> Value {
    node.to_json(&mut |text, _| {
        model
            .evaluate(text, None)
            .unwrap_or_else(|_| NOT_YET.into())
    })
}

fn holds_not_yet(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_not_yet),
        Value::Object(entries) => entries.values().any(holds_not_yet),
        value => is_not_yet(value),
    }
}
