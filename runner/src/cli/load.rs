//! From a runbook's file and the operator's flags to what a session needs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rutter_diagnostic::Diagnostic;
use rutter_diagnostic::neutral::one_line;
use rutter_engine::{Plan, Run};
use rutter_manifest::Field;
use rutter_meaning::placeholder::is_placeholder;
use rutter_plugin::Plugin;
use rutter_runbook::{Ask, Bind, Checked, ENVIRONMENT_PREFIX, InputSources, Load, secret_places};
use serde_json::Value;

use super::acceptance::{Acceptance, Manner};
use super::accounts::{bindings, looked_up};
use super::flags::Inputs;
use super::{Context, Failure, driving};
use crate::secrets::{Given, SecretText, Secrets, Vault, made_with};
use crate::session::{Preflight, Refusal};
use crate::settings::Settings;
use crate::ui::Prompt;

/// The region of an account in a rehearsal, if none was given.
const REHEARSAL_REGION: &str = "cn-hangzhou";

/// The value of a secret in a rehearsal, if none was given. It need not be the real one, and
/// it is long enough to be told apart from other text.
const REHEARSAL_SECRET: &str = "Rehearsal-Stand-In-1";

/// A runbook without errors and everything it uses.
pub(super) struct Loaded {
    /// The plan and what belongs to it.
    pub checked: Checked,
    /// The values of its secret inputs.
    pub secrets: Secrets,
}

/// Checks a runbook. With `--account`, also that nothing is missing for a run; `locked`, that it is what was
/// accepted.
pub(super) fn check(
    context: &Context,
    settings: &Settings,
    path: &Path,
    inputs: &Inputs,
    locked: bool,
) -> Result<Loaded, Failure> {
    let manner = match locked {
        true => Manner::CheckLocked,
        false => Manner::Check,
    };
    let acceptance = Acceptance::new(context, path, manner)?;
    let bind = |names: &[&str]| looked_up(settings, bindings(settings, &inputs.accounts, names));
    let bind: Option<&Bind<'_>> = match inputs.accounts.is_empty() {
        true => None,
        false => Some(&bind),
    };
    let secrets = Secrets::new("check", None).map_err(|error| vault_failed(&error))?;
    load(acceptance, settings, inputs, bind, None, secrets)
}

/// Loads a runbook for the run `id`; asks the person at the terminal for what is missing.
pub(super) fn for_run(
    context: &Context,
    settings: &Settings,
    path: &Path,
    inputs: &Inputs,
    id: &str,
) -> Result<Loaded, Failure> {
    let acceptance = Acceptance::new(context, path, Manner::Run)?;
    let bind = |names: &[&str]| looked_up(settings, bindings(settings, &inputs.accounts, names));
    let vault = Vault::of_run(&settings.state_dir, id);
    let secrets = Secrets::new(id, Some(vault)).map_err(|error| vault_failed(&error))?;
    let loaded = load(acceptance, settings, inputs, Some(&bind), asking(), secrets);
    loaded.map_err(Failure::before_the_run)
}

/// Loads a runbook for a rehearsal, which needs no credential and no real secret. `seed` is the world's.
pub(super) fn for_rehearsal(
    context: &Context,
    settings: &Settings,
    path: &Path,
    inputs: &Inputs,
    seed: &str,
) -> Result<Loaded, Failure> {
    let acceptance = Acceptance::new(context, path, Manner::Rehearse)?;
    let bind = |names: &[&str]| {
        let mut bound = bindings(settings, &inputs.accounts, names);
        for name in names {
            let binding = bound.entry((*name).to_owned()).or_default();
            binding.profile = "world".to_owned();
            binding.expected_id = None;
            if binding.region.is_empty() {
                REHEARSAL_REGION.clone_into(&mut binding.region);
            }
        }
        bound
    };
    let secrets = Secrets::rehearsed("rehearsal", seed).map_err(|error| vault_failed(&error))?;
    let person = asking();
    let ask: Box<Ask<'_>> = Box::new(move |name, field| {
        if field.holds_secret() {
            return Some(REHEARSAL_SECRET.to_owned());
        }
        person.as_ref().and_then(|ask| ask(name, field))
    });
    load(
        acceptance,
        settings,
        inputs,
        Some(&bind),
        Some(ask),
        secrets,
    )
}

fn load(
    acceptance: Acceptance<'_>,
    settings: &Settings,
    inputs: &Inputs,
    bind: Option<&Bind<'_>>,
    ask: Option<Box<Ask<'_>>>,
    secrets: Secrets,
) -> Result<Loaded, Failure> {
    let catalogue = acceptance.catalogue();
    let mut checked = rutter_runbook::load(
        acceptance.path(),
        &Load {
            plugins: &catalogue,
            reach: &settings.reach(),
            inputs: InputSources {
                set: inputs.set.clone(),
                file: inputs.inputs.clone(),
                environment: input_variables(),
                ask,
                ..InputSources::default()
            },
            bind,
            secret: &|path| secrets.placeholder_of_input(path),
            accept: &|checked| acceptance.judge(checked),
        },
    )
    .map_err(Failure::runbook)?;
    let doubts = ask_ahead(settings, &checked, &acceptance.may_be_asked(&checked))?;
    checked.warnings.extend(doubts);
    for (path, value) in checked.secrets.iter() {
        secrets.input(path, SecretText::new(value));
    }
    keep_back(acceptance.context(), &checked.plan, &secrets);
    checked.warnings.extend(acceptance.warnings());
    Ok(Loaded { checked, secrets })
}

/// Keeps what is printed from here on free of secrets. What is no secret is not searched for.
pub(super) fn keep_back(context: &Context, plan: &Plan, secrets: &Secrets) {
    let mut common = Vec::new();
    texts(&plan.inputs, &mut common);
    let accounts = plan.accounts.values();
    common.extend(accounts.filter_map(|account| account.expected_id.clone()));
    secrets.are_common(common);
    context.printer.keep_back(secrets);
}

/// Says of which secrets it will not be noticed that the cloud quotes them.
pub(super) fn note_weak(context: &Context, secrets: &Secrets) {
    for (path, why) in secrets.weak() {
        context.printer.note(&format!(
            "warning: the secret `{path}` is not searched for, because {why}: what quotes it is recorded and shown as it is"
        ));
    }
}

/// The texts of inputs that are no secrets.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !is_placeholder(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, found)),
        _ => {}
    }
}

/// Asks the steps that need nothing but inputs, so that a run that they would stop is not begun. Returns what
/// those say whose failure stops no run.
fn ask_ahead(
    settings: &Settings,
    checked: &Checked,
    plugins: &BTreeMap<String, Arc<Plugin>>,
) -> Result<Vec<Diagnostic>, Failure> {
    let Some(ahead) = Preflight::of(&checked.plan, plugins) else {
        return Ok(Vec::new());
    };
    let secrets = Secrets::new("check", None).map_err(|error| vault_failed(&error))?;
    let sandbox = driving::sandbox(settings)?;
    let limits = settings.limits.clone();
    let refusals = Context::runtime()?.block_on(ahead.refusals(
        &checked.evaluator,
        sandbox,
        limits,
        secrets,
    ))?;
    let (errors, warnings): (Vec<_>, Vec<_>) =
        refusals.into_iter().partition(|refusal| refusal.stops);
    if !errors.is_empty() {
        let errors = errors.into_iter();
        return Err(Failure::runbook(
            errors.map(|refusal| refused(checked, refusal)).collect(),
        ));
    }
    let warnings = warnings.into_iter();
    Ok(warnings.map(|refusal| refused(checked, refusal)).collect())
}

/// What a step says that refuses ahead of the run, at its place.
fn refused(checked: &Checked, Refusal { step, fault, stops }: Refusal) -> Diagnostic {
    let said = one_line(&fault.message);
    let diagnostic = match stops {
        true => Diagnostic::error(fault.code, format!("step `{}` refuses: {said}", step.id))
            .state(super::failure::NOTHING_RAN),
        false => {
            let title = format!("step `{}` will fail, and the run goes on: {said}", step.id);
            Diagnostic::warning(fault.code, title)
        }
    };
    let line = &step.line;
    let source = checked.source_of(line);
    let span = source.and_then(|source| source.span_at(line.line, line.column));
    let diagnostic = match source.zip(span) {
        Some((source, span)) => diagnostic.at(source, span, ""),
        None => diagnostic,
    };
    super::failure::with_help(diagnostic, fault.advice)
}

/// The secrets of a run that is resumed: they are asked for again, because they are stored nowhere.
/// Without `must`, a secret that was not given is left out: an undo seldom needs it, and a call that
/// does says so.
pub(super) fn secrets_again(
    context: &Context,
    settings: &Settings,
    run: &Run,
    file: Option<&Path>,
    must: bool,
) -> Result<Secrets, Failure> {
    let id = run.id();
    let vault = Vault::of_run(&settings.state_dir, id);
    let secrets = match Secrets::new(id, Some(vault)) {
        // Taking back seldom needs what was sealed; a call that does says so, and can be taken back once it is there.
        Err(error) if !must => {
            let error = super::failure::with_causes(&error);
            context.printer.note(&format!(
                "warning: {error}; what needs none of them is taken back"
            ));
            Secrets::new(id, None)
        }
        secrets => secrets,
    };
    let secrets = secrets.map_err(|error| vault_failed(&error))?;
    let ask = if must {
        asking()
    } else {
        Some(Box::new(|_: &str, _: &Field| Some(String::new())) as _)
    };
    let sources = InputSources {
        file: file.map(Path::to_owned),
        environment: input_variables(),
        ask,
        ..InputSources::default()
    };
    let places = secret_places(run.plan(), &|_, text| is_placeholder(text));
    let found = rutter_runbook::secrets_again(places.keys(), &sources).map_err(Failure::runbook)?;
    for (path, value) in found.iter().filter(|(_, value)| !value.is_empty()) {
        let placeholder = &places[path];
        secrets.input_as(path, placeholder, SecretText::new(value));
        if must && secrets.compare(placeholder, value) == Given::Other {
            other_secret(context, run, &secrets, path, placeholder)?;
        }
    }
    keep_back(context, run.plan(), &secrets);
    Ok(secrets)
}

/// Another secret than the run had so far: what is done was made with that one, and stays so.
fn other_secret(
    context: &Context,
    run: &Run,
    secrets: &Secrets,
    path: &str,
    placeholder: &str,
) -> Result<(), Failure> {
    let Some(step) = made_with(run, placeholder, |_| false) else {
        let mine = |other: &str| other == placeholder;
        return secrets
            .keep_given(mine)
            .map_err(|error| vault_failed(&error));
    };
    let id = run.id();
    context.printer.note(&format!(
        "warning: step `{step}` is done and was made with another `{path}`; \
         `rutter resume {id} --from {step}` makes it again with this one"
    ));
    Ok(())
}

/// Asks the person at the terminal, if there is one.
pub(super) fn asking() -> Option<Box<Ask<'static>>> {
    let prompt = Prompt::open()?;
    Some(Box::new(move |name, field| answer(&prompt, name, field)))
}

/// The variables that may hold inputs, and no others.
pub(super) fn input_variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
        .collect()
}

fn answer(prompt: &Prompt, name: &str, field: &Field) -> Option<String> {
    let question = match &field.help {
        Some(help) => format!("{name} ({})", one_line(help)),
        None => name.to_owned(),
    };
    let answer = if field.holds_secret() {
        prompt.secret(&question)
    } else {
        prompt.line(&question)
    };
    answer.ok().filter(|answer| !answer.is_empty())
}

pub(super) fn vault_failed(error: &crate::secrets::VaultError) -> Failure {
    Failure::refused(
        super::failure::with_causes(error),
        "restore the files from a backup",
    )
}
