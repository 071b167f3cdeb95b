//! A checked runbook as the engine's plan, with the steps of the runbooks inside it.

use std::collections::{BTreeMap, BTreeSet};

use rutter_contracts::hex;
use rutter_engine as engine;
use rutter_engine::{
    ForEach, IdPair, Name, Need, Note, OnFailure, Plan, PluginRef, SourceLine, SubRunbook, Uses,
};
use rutter_manifest::IdSide;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::built_in::BuiltIn;
use super::document::Node;
use super::file::{File, Used};
use super::model::Model;
use super::names::parts;
use super::order::Because;
use super::schema::{Accounts, DeclaredAccount, Step};

/// Makes the plan. Only for a model in which no rule found an error.
pub(super) fn plan(model: &Model<'_>) -> Plan {
    let runbook = model.runbook;
    let mut steps = Vec::with_capacity(model.file.steps);
    add_steps(model, None, &mut steps);
    Plan {
        name: runbook.name.clone(),
        title: runbook
            .title
            .clone()
            .unwrap_or_else(|| runbook.name.clone()),
        file: model.file.source.name().to_owned(),
        digest: digest_of_all(model.file),
        inputs: Value::Object(model.inputs.clone()),
        accounts: runbook
            .accounts
            .iter()
            .map(|account| bound(account, model))
            .collect(),
        steps,
        outputs: outputs(model),
        notes: notes(model.file),
    }
}

/// Adds the steps of a runbook; `caller` is the step that runs it, unless it is the plan's own.
fn add_steps(model: &Model<'_>, caller: Option<&engine::Step>, steps: &mut Vec<engine::Step>) {
    let runbook = model.runbook;
    let ids: Vec<Name> = runbook
        .steps
        .iter()
        .map(|step| outer(caller, &step.id.value))
        .collect();
    for (index, step) in runbook.steps.iter().enumerate() {
        let Some(used) = &model.used[index] else {
            continue;
        };
        let inner = model.inner.get(&index);
        let made = engine::Step {
            id: ids[index].clone(),
            caller: caller.map(|caller| caller.id.clone()),
            uses: uses(used, inner),
            accounts: accounts(step, used, caller),
            needs: needs(index, model, caller, &ids),
            line: line(step, model, caller),
            ..as_written(step, caller.is_some())
        };
        steps.push(made.clone());
        if let Some(inner) = inner {
            add_steps(inner, Some(&made), steps);
        }
    }
}

/// The steps that a step waits for, and those inside others.
fn needs(
    index: usize,
    model: &Model<'_>,
    caller: Option<&engine::Step>,
    ids: &[Name],
) -> Vec<Need> {
    let whole = model.needs[index].iter().filter_map(|(need, because)| {
        let because = match because {
            Because::Below => engine::Because::Order,
            Because::Read => engine::Because::Referenced,
            Because::Named => engine::Because::Said,
            Because::Part => return None,
        };
        Some(Need::new(ids[*need].clone(), because))
    });
    let parts = parts(&model.runbook.steps[index]).map(|(step, rest)| {
        let part = outer(caller, &format!("{step}.{rest}"));
        Need::new(part, engine::Because::Said)
    });
    whole.chain(parts).collect()
}

/// The id in the plan of a step with this id in its runbook.
fn outer(caller: Option<&engine::Step>, id: &str) -> Name {
    match caller {
        Some(caller) => format!("{}.{id}", caller.id).into(),
        None => id.into(),
    }
}

/// What a step says by itself.
fn as_written(step: &Step, is_nested: bool) -> engine::Step {
    let unsaid = if is_nested {
        OnFailure::Caller
    } else {
        OnFailure::Stop
    };
    engine::Step {
        id: step.id.value.as_str().into(),
        caller: None,
        title: step.title.clone().unwrap_or_else(|| step.id.value.clone()),
        uses: Uses::Assert,
        accounts: BTreeMap::new(),
        with: step
            .with
            .as_ref()
            .map_or_else(|| Value::Object(Map::new()), plain),
        needs: Vec::new(),
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
        on_failure: step.on_failure.unwrap_or(unsaid),
        confirm: step.confirm.as_ref().map(|confirm| engine::Confirm {
            message: confirm.message.value.clone(),
            people: confirm.people,
            changes: confirm
                .changes
                .iter()
                .map(|name| name.value.clone())
                .collect(),
        }),
        line: SourceLine::default(),
    }
}

fn line(step: &Step, model: &Model<'_>, caller: Option<&engine::Step>) -> SourceLine {
    let source = &model.file.source;
    let start = step.id.span.start;
    let (line, column) = model.file.lines.place(source.text(), start);
    SourceLine {
        file: caller.map(|_| source.name().to_owned()),
        line,
        column,
    }
}

fn outputs(model: &Model<'_>) -> Value {
    let outputs = model.runbook.outputs.iter();
    Value::Object(
        outputs
            .map(|output| (output.key.clone(), plain(&output.value)))
            .collect(),
    )
}

/// The digest of a runbook and of all that it runs, in the order in which they are first used.
fn digest_of_all(file: &File) -> String {
    let mut digests = vec![digest(file.source.text())];
    add_digests(file, &mut BTreeSet::new(), &mut digests);
    match &mut digests[..] {
        [alone] => std::mem::take(alone),
        all => digest(&all.concat()),
    }
}

fn add_digests<'a>(file: &'a File, seen: &mut BTreeSet<&'a str>, digests: &mut Vec<String>) {
    for used in file.used.iter().flatten() {
        if let Used::Runbook(inner) = used
            && seen.insert(inner.source.name())
        {
            digests.push(digest(inner.source.text()));
            add_digests(inner, seen, digests);
        }
    }
}

/// The runbook's own notes, then those of the plugins and runbooks it uses in the order of their first
/// use.
fn notes(file: &File) -> Vec<Note> {
    let own = file.runbook.notes.iter().map(|text| Note {
        from: None,
        text: text.clone(),
    });
    let mut notes: Vec<Note> = own.collect();
    add_notes(file, &mut BTreeSet::new(), &mut notes);
    notes
}

fn add_notes(file: &File, told: &mut BTreeSet<String>, notes: &mut Vec<Note>) {
    for used in file.used.iter().flatten() {
        let (from, texts, inner) = match used {
            Used::Plugin(found) if told.insert(found.digest().to_owned()) => {
                let plugin = &found.manifest().plugin;
                (format!("plugin {}", plugin.name), &plugin.notes, None)
            }
            Used::Runbook(inner) if told.insert(inner.source.name().to_owned()) => {
                let runbook = &inner.runbook;
                (
                    format!("runbook {}", runbook.name),
                    &runbook.notes,
                    Some(inner),
                )
            }
            _ => continue,
        };
        notes.extend(texts.iter().map(|text| Note {
            from: Some(from.clone()),
            text: text.clone(),
        }));
        if let Some(inner) = inner {
            add_notes(inner, told, notes);
        }
    }
}

/// SHA-256 of a text, hex.
pub(super) fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes()))
}

fn plain(node: &Node) -> Value {
    node.to_json(&mut |text, _| text.into())
}

fn uses(used: &Used, inner: Option<&Model<'_>>) -> Uses {
    match used {
        Used::Plugin(found) => Uses::Plugin(PluginRef {
            name: found.manifest().plugin.name.clone(),
            version: found.manifest().plugin.version.clone(),
            digest: found.digest().to_owned(),
            undo: found.manifest().plugin.undo,
            ids: found.manifest().ids.iter().map(id_pair).collect(),
        }),
        Used::BuiltIn(BuiltIn::Approve) => Uses::Approve,
        Used::BuiltIn(BuiltIn::Pause) => Uses::Pause,
        Used::BuiltIn(BuiltIn::Assert) => Uses::Assert,
        Used::Runbook(file) => Uses::Runbook(Box::new(SubRunbook {
            name: file.runbook.name.clone(),
            file: file.source.name().to_owned(),
            inputs: serde_json::to_value(&file.inputs).expect("rules of inputs are plain data"),
            outputs: inner.map_or_else(|| Value::Object(Map::new()), outputs),
        })),
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

/// The plan's account for each that a step's plugin or runbook asks for. Inside a sub-runbook an
/// account goes by the name it has there.
fn accounts(step: &Step, used: &Used, caller: Option<&engine::Step>) -> BTreeMap<String, Name> {
    let ours = |name: &str| match caller {
        Some(caller) => caller.accounts.get(name).cloned().unwrap_or_default(),
        None => name.into(),
    };
    match &step.accounts {
        Accounts::None => BTreeMap::new(),
        Accounts::One(account) => used
            .accounts()
            .into_iter()
            .flatten()
            .map(|name| (name.to_owned(), ours(&account.value)))
            .collect(),
        Accounts::Many(_, names) => names
            .iter()
            .map(|(theirs, account)| (theirs.value.clone(), ours(&account.value)))
            .collect(),
    }
}

fn bound(account: &DeclaredAccount, model: &Model<'_>) -> (Name, engine::Account) {
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
