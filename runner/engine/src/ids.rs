//! The map of old ids and new ones: what the done steps of a run made, and what each stands for.

use serde_json::Value;

use crate::plan::{IdPair, Name, Uses};
use crate::run::{Back, ItemRun, ItemState, Run};

/// A new id and the old one that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewId {
    /// What it is: `image`.
    pub kind: String,
    /// The id that stood for it before: an input of the step, or a text in one.
    pub source: String,
    /// The id that stands for it now: an output of the step, or what the plugin's manifest names
    /// instead.
    pub target: String,
    /// The step that made it.
    pub step: Name,
    /// The item of the step, when it has several.
    pub item: Option<Name>,
}

impl Run {
    /// The ids that done items made, in the order of the steps. What was taken back, even in part,
    /// stands for nothing any more.
    pub fn new_ids(&self) -> Vec<NewId> {
        let mut all = Vec::new();
        for (step, state) in self.steps() {
            let Uses::Plugin(plugin) = &step.uses else {
                continue;
            };
            for (key, item) in &state.items {
                if let ItemState::Done(outputs) = &item.state
                    && !self.was_taken_back(item)
                {
                    let made = plugin.ids.iter().flat_map(|pair| pair.of(item, outputs));
                    all.extend(made.map(|(kind, source, target)| NewId {
                        kind,
                        source,
                        target,
                        step: step.id.clone(),
                        item: key.clone(),
                    }));
                }
            }
        }
        all
    }

    fn was_taken_back(&self, item: &ItemRun) -> bool {
        let mut changes = item
            .changes
            .iter()
            .filter_map(|number| self.change(*number));
        changes.any(|change| change.back == Back::Done)
    }
}

impl IdPair {
    /// Kind, source and target. Two lists are paired one by one; a single id stands beside each of
    /// several; what an optional field left out makes no pair.
    fn of(&self, item: &ItemRun, outputs: &Value) -> Vec<(String, String, String)> {
        let sources = ids(&item.inputs, &self.source);
        let target_side = if self.target_is_input {
            &item.inputs
        } else {
            outputs
        };
        let targets = ids(target_side, &self.target);
        let at = |list: &[String], index: usize| match list {
            [only] => Some(only.clone()),
            list => list.get(index).cloned(),
        };
        let pair = |index| {
            let (source, target) = (at(&sources, index)?, at(&targets, index)?);
            Some((self.kind.clone(), source, target))
        };
        (0..sources.len().max(targets.len()))
            .filter_map(pair)
            .collect()
    }
}

/// The texts at the end of a path, through lists.
fn ids(value: &Value, path: &str) -> Vec<String> {
    let mut found = vec![value];
    for name in path.split('.') {
        found = found
            .into_iter()
            .flat_map(elements)
            .filter_map(|value| value.get(name))
            .collect();
    }
    let ends = found.into_iter().flat_map(elements);
    ends.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(elements).collect(),
        other => vec![other],
    }
}
