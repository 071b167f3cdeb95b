//! A checked runbook as the engine's plan.

use std::collections::{BTreeMap, BTreeSet};

use rutter_engine as engine;
use rutter_engine::{ForEach, IdPair, Name, Note, Plan, PluginRef, SourceLine, Uses};
use rutter_manifest::IdSide;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::built_in::BuiltIn;
use super::model::Model;
use super::plugins::Used;
use super::schema::{Account, Accounts, Step};
use crate::diagnostic::Source;

/// Makes the plan. Only for a model in which no rule found an error.
pub(super) fn plan(model: &Model<'_>, source: &Source) -> Plan {
    let runbook = model.runbook;
    let ids: Vec<Name> = runbook
        .steps
        .iter()
        .map(|step| step.id.value.as_str().into())
        .collect();
    let lines = Lines::new(source.text());
    let steps = runbook
        .steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| {
            let used = model.used[index].as_ref()?;
            let needs = model.needs[index]
                .keys()
                .map(|need| ids[*need].clone())
                .collect();
            let (line, column) = lines.place(source.text(), step.id.span.start);
            Some(engine::Step {
                id: ids[index].clone(),
                title: step.title.clone().unwrap_or_else(|| step.id.value.clone()),
                uses: uses(used),
                accounts: accounts(step, used),
                with: step
                    .with
                    .as_ref()
                    .map_or_else(|| Value::Object(Map::new()), plain),
                needs,
                when: step.when.as_ref().map(|when| when.value.clone()),
                for_each: step.for_each.as_ref().map(|over| ForEach {
                    over: plain(over),
                    max_parallel: step.max_parallel.as_ref().map_or(0, |most| most.value),
                    max_failures: step.max_failures.as_ref().map_or(0, |most| most.value),
                }),
                retry: step
                    .retry
                    .as_ref()
                    .map_or_else(engine::Retry::default, |retry| retry.value),
                timeout_ms: step.timeout_ms.as_ref().map(|timeout| timeout.value),
                on_failure: step.on_failure,
                confirm: step.confirm.as_ref().map(|confirm| engine::Confirm {
                    message: confirm.message.value.clone(),
                    people: confirm.people,
                }),
                line: SourceLine {
                    file: None,
                    line,
                    column,
                },
            })
        })
        .collect();
    let outputs = runbook
        .outputs
        .iter()
        .map(|output| (output.key.clone(), plain(&output.value)));
    Plan {
        name: runbook.name.clone(),
        title: runbook
            .title
            .clone()
            .unwrap_or_else(|| runbook.name.clone()),
        file: source.name().to_owned(),
        digest: digest(source.text()),
        inputs: Value::Object(model.values.known.clone()),
        accounts: runbook
            .accounts
            .iter()
            .map(|account| bound(account, model))
            .collect(),
        steps,
        outputs: Value::Object(outputs.collect()),
        notes: notes(model),
    }
}

/// The runbook's own notes, then those of the plugins in the order of their first use.
fn notes(model: &Model<'_>) -> Vec<Note> {
    let own = model.runbook.notes.iter().map(|text| Note {
        from: None,
        text: text.clone(),
    });
    let mut notes: Vec<Note> = own.collect();
    let mut told = BTreeSet::new();
    for used in model.used.iter().flatten() {
        if let Used::Plugin(found) = used
            && told.insert(&found.digest)
        {
            let plugin = &found.manifest.plugin;
            notes.extend(plugin.notes.iter().map(|text| Note {
                from: Some(format!("plugin {}", plugin.name)),
                text: text.clone(),
            }));
        }
    }
    notes
}

/// SHA-256 of a text, hex.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn plain(node: &super::document::Node) -> Value {
    node.to_json(&mut |text, _| text.into())
}

fn uses(used: &Used) -> Uses {
    match used {
        Used::Plugin(found) => Uses::Plugin(PluginRef {
            name: found.manifest.plugin.name.clone(),
            version: found.manifest.plugin.version.clone(),
            digest: found.digest.clone(),
            undo: found.manifest.plugin.undo,
            ids: found.manifest.ids.iter().map(id_pair).collect(),
        }),
        Used::BuiltIn(BuiltIn::Approve) => Uses::Approve,
        Used::BuiltIn(BuiltIn::Pause) => Uses::Pause,
        Used::BuiltIn(BuiltIn::Assert) => Uses::Assert,
    }
}

fn id_pair(pair: &rutter_manifest::IdPair) -> IdPair {
    let (side, target) = pair.target_path();
    IdPair {
        kind: pair.kind.clone(),
        source: pair.source.clone(),
        target: target.to_owned(),
        target_is_input: side == IdSide::Inputs,
    }
}

fn accounts(step: &Step, used: &Used) -> BTreeMap<String, Name> {
    match (&step.accounts, used) {
        (Accounts::One(account), Used::Plugin(found)) => found
            .manifest
            .accounts
            .keys()
            .map(|name| (name.clone(), account.value.as_str().into()))
            .collect(),
        (Accounts::Many(_, names), _) => names
            .iter()
            .map(|(theirs, ours)| (theirs.value.clone(), ours.value.as_str().into()))
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn bound(account: &Account, model: &Model<'_>) -> (Name, engine::Account) {
    let name = account.name.value.as_str();
    let binding = model
        .bindings
        .and_then(|bindings| bindings.get(name))
        .cloned()
        .unwrap_or_default();
    let account = engine::Account {
        help: account.help.clone(),
        profile: binding.profile,
        region: binding.region,
        expected_id: binding.expected_id,
    };
    (name.into(), account)
}

/// Where lines start: ten thousand steps are not each counted from the top of the file.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            std::iter::once(0)
                .chain(newlines.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    /// Line and column, from 1.
    fn place(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.0.partition_point(|start| *start <= offset);
        let start = self.0[line - 1];
        let column = text
            .get(start..offset)
            .map_or(0, |before| before.chars().count())
            + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }
}
