//! A runbook that was read, checked once: held against every rule with the inputs that are known, accepted, and
//! only then are the missing inputs asked for. What is learned then is held against the rules where it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use rutter_diagnostic::{Diagnostic, Severity, Source};
use rutter_plugin::{Origin, Plugin};
use serde_json::Value;

use super::file::{File, Used};
use super::model::Model;
use super::problems::{Problems, in_order, once};
use super::{Checked, Evaluator, Load, SecretInputs, inputs, nested, plan};

/// Checks a runbook and asks for what is missing.
pub(super) fn check(file: &File, load: &Load<'_>) -> Result<Checked, Vec<Diagnostic>> {
    let accounts = file.runbook.accounts.iter();
    let names: Vec<&str> = accounts
        .map(|account| account.name.value.as_str())
        .collect();
    let bindings = load.bind.map(|bind| bind(&names));
    let person = load.inputs.ask.as_deref().filter(|_| bindings.is_some());
    let mut problems = Problems::new(&file.source);
    problems.list.clone_from(&file.problems);
    let given = inputs::gather(&file.runbook, &load.inputs, load.secret, &mut problems);
    if bindings.is_some() && person.is_none() {
        inputs::report(&given.missing, &mut problems);
    }
    let bound = bindings.as_ref();
    let mut model = Model::new(file, given.known, bound);
    model.assumed = given.assumed;
    model.reach = load.reach;
    nested::check(&mut model, &mut problems);
    let warnings = without_errors(problems.list, &file.source)?;
    let mut checked = checked(&model, given.secrets, warnings);
    // Nobody is asked for anything while something is wrong, or nobody has accepted it.
    (load.accept)(&checked)?;
    if let Some(ask) = person
        && !given.missing.is_empty()
    {
        let mut problems = Problems::new(&file.source);
        let (missing, secrets) = (&given.missing, &mut checked.secrets);
        let answers = inputs::ask(missing, ask, load.secret, secrets, &mut problems);
        nested::learn(&mut model, answers, &mut problems);
        let known = replaced(std::mem::take(&mut checked.warnings), problems.list);
        checked.warnings = without_errors(known, &file.source)?;
        checked.plan.inputs = Value::Object(model.inputs);
    }
    Ok(checked)
}

/// A runbook in which no rule found an error.
fn checked(model: &Model<'_>, secrets: SecretInputs, warnings: Vec<Diagnostic>) -> Checked {
    let file = model.file;
    let (mut plugins, mut nested) = (BTreeMap::new(), Vec::new());
    gather(file, &mut plugins, &mut nested);
    let manifests = plugins
        .iter()
        .map(|(digest, plugin): (&String, &Arc<Plugin>)| {
            (digest.clone(), Arc::clone(&plugin.inspected.manifest))
        });
    Checked {
        plan: plan::plan(model),
        inputs: file.inputs.clone(),
        secrets,
        evaluator: Evaluator::new(manifests).with_templates(Arc::clone(model.templates)),
        plugins,
        warnings,
        source: file.source.clone(),
        nested,
    }
}

/// The plugins of a runbook and of those inside it, by the components' digests, and the files of
/// those inside.
fn gather(file: &File, plugins: &mut BTreeMap<String, Arc<Plugin>>, nested: &mut Vec<Source>) {
    for used in file.used.iter().flatten() {
        match used {
            Used::Plugin(found) => {
                let known = plugins
                    .entry(found.digest().to_owned())
                    .or_insert_with(|| found.clone());
                // The same bytes are the same plugin, wherever else they lie.
                if found.origin == Origin::Shipped {
                    known.clone_from(found);
                }
            }
            Used::Runbook(inner) => {
                if !nested.contains(&inner.source) {
                    nested.push(inner.source.clone());
                    gather(inner, plugins, nested);
                }
            }
            Used::BuiltIn(_) => {}
        }
    }
}

/// The warnings among what was found, in order; the errors, if there are any.
fn without_errors(
    found: Vec<Diagnostic>,
    source: &Source,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let mut found = once(in_order(found, source));
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    if !found.iter().any(is_error) {
        return Ok(found);
    }
    // What is unused is mostly a consequence of what is wrong.
    found.retain(is_error);
    Err(found)
}

/// What was found before and now; what is said again of a place takes the place of what was said.
fn replaced(mut before: Vec<Diagnostic>, now: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let place = |one: &Diagnostic| (one.code.clone(), one.source.clone(), one.primary.clone());
    before.retain(|old| !now.iter().any(|new| place(new) == place(old)));
    before.extend(now);
    before
}
