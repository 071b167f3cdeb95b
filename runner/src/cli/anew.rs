//! From a run and what the operator says now to the plan that it goes on with: a mended runbook, other
//! inputs, other secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rutter_diagnostic::shell;
use rutter_engine::{Part, Plan, Run, Step, Uses};
use rutter_meaning::placeholder::is_placeholder;
use rutter_plugin::{Catalogue, Plugin};
use rutter_runbook::{Binding, Checked, InputSources, Load, secret_places};
use serde_json::Value;

use super::acceptance::{Acceptance, Manner};
use super::accounts::{AccountFlag, bindings, looked_up};
use super::load::{asking, input_variables, keep_back, vault_failed};
use super::plugins::catalogue;
use super::runs::Seen;
use super::{Context, Failure};
use crate::secrets::{Given, SecretText, Secrets, Vault, made_with};
use crate::settings::Settings;

/// What a run goes on with.
pub(super) struct Anew {
    /// The plan, when it is another one than before.
    pub plan: Option<Plan>,
    /// The values of its secret inputs.
    pub secrets: Secrets,
    /// The plugins that the run has not used yet.
    pub plugins: Vec<Arc<Plugin>>,
}

/// What the operator says now.
pub(super) struct Said<'a> {
    /// The file of the corrected runbook, from `--runbook`.
    pub runbook: Option<&'a Path>,
    /// Inputs from `--set NAME=VALUE`.
    pub set: &'a [(String, String)],
    /// A TOML file of inputs, from `--inputs`.
    pub file: Option<&'a Path>,
    /// Other profiles for accounts, from `--account NAME=PROFILE`.
    pub accounts: &'a [AccountFlag],
}

/// Reads the runbook anew. `part` is what is taken back before the run goes on.
pub(super) fn anew(
    context: &Context,
    settings: &Settings,
    seen: &Seen,
    part: Option<&Part>,
    said: &Said<'_>,
) -> Result<Anew, Failure> {
    let (before, id) = (seen.run.plan(), seen.folder.id());
    let path = match said.runbook {
        Some(path) => path,
        None => still_there(Path::new(&before.file))?,
    };
    let vault = Vault::of_run(&settings.state_dir, id);
    let secrets = Secrets::new(id, Some(vault)).map_err(|error| vault_failed(&error))?;
    // What the run keeps was accepted when it began.
    let mended = said.runbook;
    let acceptance = mended.map(|path| Acceptance::new(context, path, Manner::Run));
    let acceptance = acceptance.transpose()?;
    let catalogue = match &acceptance {
        Some(acceptance) => acceptance.catalogue(),
        None => catalogue(&context.environment),
    };
    let catalogue = with_kept(catalogue, seen, mended.is_some())?;
    let checked = rutter_runbook::load(
        path,
        &Load {
            plugins: &catalogue,
            reach: &settings.reach(),
            inputs: InputSources {
                set: said.set.to_vec(),
                file: said.file.map(Path::to_owned),
                environment: input_variables(),
                before: before.inputs.as_object().cloned().unwrap_or_default(),
                ask: asking(),
            },
            bind: Some(&|names| bound_as_before(settings, before, said.accounts, names)),
            secret: &|path| secrets.placeholder_of_input(path),
            accept: &|checked| match &acceptance {
                Some(acceptance) => acceptance.judge(checked),
                None => Ok(()),
            },
        },
    )
    .map_err(Failure::runbook)?;
    if said.runbook.is_none() && checked.plan.digest != before.digest {
        return Err(Failure::refused(
            format!("`{}` is not what it was when the run began", before.file),
            format!(
                "`--runbook {}` accepts it as it is now",
                shell::path(before.file.as_ref())
            ),
        ));
    }
    context.warn(&checked.warnings);
    let mut plan = pinned(&seen.run, &checked, said.runbook.is_some());
    take_secrets(context, &seen.run, part, &checked, &secrets, &mut plan);
    keep_back(context, &plan, &secrets);
    Ok(Anew {
        plugins: new_plugins(&checked, before, &plan),
        plan: is_another(before, &plan).then_some(plan),
        secrets,
    })
}

fn still_there(path: &Path) -> Result<&Path, Failure> {
    if path.exists() {
        return Ok(path);
    }
    let title = format!(
        "the runbook `{}`, with which the run began, is not there",
        path.display()
    );
    let help = "`--runbook FILE` says where it is";
    Err(Failure::refused(title, help))
}

/// The current plugins, with those that the run began with. If the runbook was corrected, only those that
/// are no longer found elsewhere are added; else all of them are.
fn with_kept(mut catalogue: Catalogue, seen: &Seen, mended: bool) -> Result<Catalogue, Failure> {
    let now: BTreeSet<String> = catalogue.names().map(str::to_owned).collect();
    let mut kept = BTreeSet::new();
    for step in &seen.run.plan().steps {
        let Uses::Plugin(plugin) = &step.uses else {
            continue;
        };
        if (mended && now.contains(&plugin.name)) || !kept.insert(plugin.digest.as_str()) {
            continue;
        }
        catalogue.keep(seen.folder.plugin(&plugin.digest)?);
    }
    Ok(catalogue)
}

/// The accounts stay bound as they are; those that a corrected runbook adds are bound by the settings.
fn bound_as_before(
    settings: &Settings,
    before: &Plan,
    flags: &[AccountFlag],
    names: &[&str],
) -> BTreeMap<String, Binding> {
    let mut bound = bindings(settings, flags, names);
    for name in names {
        if let Some(account) = before.accounts.get(*name) {
            let binding = Binding {
                profile: account.profile.clone(),
                region: account.region.clone(),
                expected_id: account.expected_id.clone(),
                ..Binding::default()
            };
            bound.insert((*name).to_owned(), binding);
        }
    }
    for flag in flags {
        if let Some(binding) = bound.get_mut(&flag.name) {
            binding.profile.clone_from(&flag.profile);
        }
    }
    looked_up(settings, bound)
}

/// The plan with the plugins that the run began with, by their exact bytes. If the runbook was
/// corrected, a step that was not begun uses the current plugin.
fn pinned(run: &Run, checked: &Checked, mended: bool) -> Plan {
    let mut plan = checked.plan.clone();
    for step in &mut plan.steps {
        let begun = run.step(&step.id).is_some_and(|run| run.shape.is_some());
        let known = run.planned(&step.id).filter(|_| begun || !mended);
        if let (
            Uses::Plugin(now),
            Some(Step {
                uses: Uses::Plugin(then),
                ..
            }),
        ) = (&mut step.uses, known)
            && (!mended || now.name == then.name)
        {
            now.clone_from(then);
        }
    }
    plan
}

fn new_plugins(checked: &Checked, before: &Plan, plan: &Plan) -> Vec<Arc<Plugin>> {
    let uses = |plan: &Plan, wanted: &str| {
        let digest =
            |step: &Step| matches!(&step.uses, Uses::Plugin(plugin) if plugin.digest == wanted);
        plan.steps.iter().any(digest)
    };
    let plugins = checked.plugins.values();
    let new =
        plugins.filter(|plugin| uses(plan, plugin.digest()) && !uses(before, plugin.digest()));
    new.cloned().collect()
}

/// Puts for each secret the placeholder that it has from now on: the same as before if the secret is.
fn take_secrets(
    context: &Context,
    run: &Run,
    part: Option<&Part>,
    checked: &Checked,
    secrets: &Secrets,
    plan: &mut Plan,
) {
    let known = secret_places(run.plan(), &|_, text| is_placeholder(text));
    let again = |step: &str| part.is_some_and(|part| part.again(step).is_some());
    for (path, value) in checked.secrets.iter() {
        let first = secrets.placeholder_of_input(path);
        let now = match known.get(path) {
            None => first.clone(),
            Some(before) => {
                let made = || made_with(run, before, again);
                let same = match secrets.compare(before, value) {
                    Given::Same => true,
                    Given::Other => false,
                    // A step that stays is assumed to have had the same secret; one that is run again is not.
                    Given::Unknown => made().is_some_and(|step| {
                        let text = format!(
                            "warning: step `{step}` stays and was made with `{path}`; whether that \
                             was the same is not known any more"
                        );
                        context.printer.note(&text);
                        true
                    }),
                };
                match same {
                    true => before.clone(),
                    false => first.clone(),
                }
            }
        };
        replace(&mut plan.inputs, &first, &now);
        secrets.input_as(path, &now, SecretText::new(value));
    }
}

/// Puts one text in the place of another, wherever it is all of a value.
fn replace(value: &mut Value, text: &str, by: &str) {
    match value {
        Value::String(found) if found == text => by.clone_into(found),
        Value::Array(list) => list.iter_mut().for_each(|value| replace(value, text, by)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, text, by)),
        _ => {}
    }
}

/// Whether the run would go on differently with it.
fn is_another(before: &Plan, now: &Plan) -> bool {
    let known = |plan: &Plan| {
        let mut plan = plan.clone();
        plan.file.clear();
        plan.notes.clear();
        for step in &mut plan.steps {
            step.line = Default::default();
        }
        plan
    };
    known(before) != known(now)
}
