//! `with` gives what the plugin takes: every input that must be given, none that it does not know,
//! each of its type and within its rules.
//!
//! What is written out, or made of inputs alone, is held against the plugin's fields by value; of
//! the rest the type is, as far as it is known (`types.rs`).

use indexmap::IndexMap;
use jiff::Timestamp;
use rutter_diagnostic::{Diagnostic, Span};
use rutter_expression::{Broken, EvaluationError, TemplateError, broken};
use rutter_manifest::{Field, FieldKind, FieldProblem, check_known};
use rutter_plugin::Plugin;
use serde_json::{Map, Value};

use super::super::built_in::BuiltIn;
use super::super::codes;
use super::super::document::NodeKind;
use super::super::file::Used;
use super::super::items::locals;
use super::super::model::Model;
use super::super::not_yet::{NOT_YET, is_not_yet};
use super::super::path::{self, PathStep};
use super::super::problems::Problems;
use super::super::resolve::Local;
use super::super::schema::Step;
use super::super::window;

/// Items whose inputs are checked one by one.
const ITEMS_CHECKED_MAX: usize = 1_000;

pub(super) fn check(model: &Model<'_>, steps: &[bool], problems: &mut Problems<'_>) {
    let all = model.runbook.steps.iter().enumerate();
    for (index, step) in all.filter(|(index, _)| steps[*index]) {
        let Some(used) = &model.used[index] else {
            continue;
        };
        if matches!(used, Used::Runbook(file) if !file.knows_its_inputs()) {
            continue;
        }
        let before = problems.list.len();
        for local in items(step, model) {
            values(step, used, local.as_ref(), model, problems);
            // What is wrong for one item is mostly wrong for all.
            if problems.list.len() > before {
                break;
            }
        }
    }
}

/// The items of a step, as far as they are known; one without a value for any other step.
pub(super) fn items(step: &Step, model: &Model<'_>) -> Vec<Option<Local>> {
    let unknown = vec![None];
    let Some(over) = &step.for_each else {
        return unknown;
    };
    let mut known = true;
    let over = over.to_json(&mut |text, _| match model.evaluate(text, None) {
        Ok(value) => value,
        Err(_) => {
            known = false;
            Value::Null
        }
    });
    match locals(over) {
        Ok((_, locals)) if known && !locals.is_empty() => locals
            .into_iter()
            .take(ITEMS_CHECKED_MAX)
            .map(Some)
            .collect(),
        _ => unknown,
    }
}

/// Holds the values that are known against the fields.
fn values(
    step: &Step,
    used: &Used,
    local: Option<&Local>,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    let mut whole = true;
    let with = step.with.as_ref().map_or_else(
        || Value::Object(Map::new()),
        |with| {
            with.to_json(&mut |text, span| match model.evaluate(text, local) {
                Ok(value) => value,
                Err(error) => {
                    whole = false;
                    unevaluated(text, span, &error, problems);
                    Value::from(NOT_YET)
                }
            })
        },
    );
    let fields = used.inputs();
    without_unit(step, fields, problems);
    match check_known(fields, &with, &is_not_yet) {
        Ok(inputs) => match used {
            Used::BuiltIn(built_in) if whole => of_built_in(step, *built_in, inputs, problems),
            Used::Plugin(found) => of_plugin(step, found, inputs, local, model, problems),
            _ => {}
        },
        Err(found) => {
            for problem in found {
                let diagnostic = describe(step, fields, &problem, local, problems);
                problems.push(diagnostic);
            }
        }
    }
}

/// The plugin's rules between its inputs, as far as all that they read is known.
fn of_plugin(
    step: &Step,
    found: &Plugin,
    inputs: Value,
    local: Option<&Local>,
    model: &Model<'_>,
    problems: &mut Problems<'_>,
) {
    let rules = &found.manifest().rules;
    if rules.is_empty() {
        return;
    }
    let inputs = match model.assumed.is_empty() {
        true => Some(inputs),
        false => without_assumed(step, found, local, model),
    };
    let Some(inputs) = inputs else { return };
    let (id, item) = (&step.id.value, of_item(local));
    for broken in broken(rules, model.templates, &inputs, &is_not_yet) {
        let title = format!("step `{id}`: {}{item}", broken.message);
        let span = first_read(step, &broken).unwrap_or(step.id.span);
        problems.push_at(codes::WITH, title, span, "", broken.help);
    }
}

/// The inputs once more, with those left open for which a run may have other values.
fn without_assumed(
    step: &Step,
    found: &Plugin,
    local: Option<&Local>,
    model: &Model<'_>,
) -> Option<Value> {
    let over = step.for_each.as_ref();
    if over.is_some_and(|over| model.assumes_in(over)) {
        return None;
    }
    let with = step.with.as_ref()?.to_json(&mut |text, _| {
        let value = model.evaluate(text, local);
        let value = value.ok().filter(|_| !model.assumes(text));
        value.unwrap_or_else(|| NOT_YET.into())
    });
    check_known(&found.manifest().inputs, &with, &is_not_yet).ok()
}

/// Where the step gives the first of the inputs that a rule reads and that it gives.
fn first_read(step: &Step, broken: &Broken) -> Option<Span> {
    let with = step.with.as_ref()?;
    broken.reads.iter().find_map(|path| {
        let (node, _, found) = with.find_entry(path);
        found.then_some(node.span)
    })
}

/// What the fields alone cannot say about a built-in step.
fn of_built_in(step: &Step, built_in: BuiltIn, inputs: Value, problems: &mut Problems<'_>) {
    let now = Timestamp::now();
    let span_of = |input| match &step.with {
        Some(with) => with.find(input).0.span,
        None => step.id.span,
    };
    match built_in.complete(inputs, now) {
        Ok(_) if built_in != BuiltIn::Pause => {}
        Ok(inputs) => {
            let id = &step.id.value;
            if let Some((input, then)) = window::past(&inputs, now) {
                let title = format!("`{input}` of step `{id}` is past: {then}");
                let warning = Diagnostic::warning(codes::WINDOW, title);
                problems.push(warning.at(problems.source, span_of(input), ""));
            }
        }
        Err(misfit) => {
            let span = misfit.input.map_or(step.id.span, span_of);
            let help = (!misfit.help.is_empty()).then(|| misfit.help.to_owned());
            problems.push_at(codes::WITH, misfit.message, span, "", help);
        }
    }
}

/// A number that is written for a length of time: nobody can tell of what.
fn without_unit(step: &Step, fields: &IndexMap<String, Field>, problems: &mut Problems<'_>) {
    let durations = fields
        .iter()
        .filter(|(_, field)| field.kind == FieldKind::Duration);
    for (name, _) in durations {
        let Some(with) = &step.with else { return };
        let (node, _, found) = with.find_entry(name);
        if let (true, NodeKind::Integer(_) | NodeKind::Number(_)) = (found, &node.kind) {
            let id = &step.id.value;
            let title = format!("`{name}` of step `{id}` is a number without a unit");
            let help = "write a number and a unit: `\"90s\"`, `\"5m\"`, `\"12h\"`, `\"2d\"`";
            problems.push_at(codes::WITH, title, node.span, "", Some(help.to_owned()));
        }
    }
}

/// An expression that has no value although all it reads is known.
pub(super) fn unevaluated(
    text: &str,
    span: Span,
    error: &TemplateError,
    problems: &mut Problems<'_>,
) {
    match &error.error {
        // Names that do not exist have their own messages.
        EvaluationError::NotYet => {}
        EvaluationError::Undefined(name) if name.starts_with("inputs.") && !name.contains('[') => {}
        _ => {
            let title = format!("`{text}` has no value, {error}");
            problems.push_at(codes::EXPRESSION, title, span, "", None);
        }
    }
}

fn of_item(local: Option<&Local>) -> String {
    local.map_or_else(String::new, |local| format!(" for item `{}`", local.key))
}

fn describe(
    step: &Step,
    fields: &IndexMap<String, Field>,
    problem: &FieldProblem,
    local: Option<&Local>,
    problems: &Problems<'_>,
) -> Diagnostic {
    let uses = step.uses.as_ref().map_or("", |uses| uses.value.as_str());
    let (id, path) = (&step.id.value, &problem.path);
    let found = step.with.as_ref().map(|with| with.find_entry(path));
    let item = of_item(local);
    let (title, span, label) = match found {
        Some((node, key_span, true)) => {
            if known(fields, path) {
                let title = format!("`{path}` of step `{id}`: {}{item}", problem.message);
                (title, node.span, String::new())
            } else {
                let title = format!("`{uses}` has no input `{path}`");
                (title, key_span.unwrap_or(node.span), String::new())
            }
        }
        Some((node, _, false))
            if !matches!(&node.kind, NodeKind::Text(_)) && path.contains('.') =>
        {
            (
                format!("step `{id}` does not give `{path}` of `{uses}`"),
                node.span,
                String::new(),
            )
        }
        // A value inside of what an expression gave.
        Some((node, _, false)) if matches!(&node.kind, NodeKind::Text(_)) => (
            format!("`{path}` of step `{id}`: {}{item}", problem.message),
            node.span,
            String::new(),
        ),
        _ => (
            format!("step `{id}` does not give `{path}` of `{uses}`"),
            step.id.span,
            String::new(),
        ),
    };
    let mut diagnostic = Diagnostic::error(codes::WITH, title).at(problems.source, span, label);
    diagnostic.help = match (&problem.help, problem.message.as_str()) {
        (Some(help), "is missing") => Some(format!("add `with.{path} = …`: {help}")),
        (None, "is missing") => Some(format!("add `with.{path} = …`")),
        (None, _) if !known(fields, path) && !path.contains('.') => Some(inputs(uses, fields)),
        (help, _) => help.clone(),
    };
    diagnostic
}

/// What a step can be given, for people.
fn inputs(uses: &str, fields: &IndexMap<String, Field>) -> String {
    let names: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        format!("`{uses}` takes nothing")
    } else {
        format!("it takes {}", names.join(", "))
    }
}

/// Whether a path leads to a field.
fn known(fields: &IndexMap<String, Field>, path: &str) -> bool {
    let mut steps = path::steps(path);
    let first = match steps.next() {
        Some(PathStep::Key(key)) => fields.get(key),
        _ => None,
    };
    let last = steps.try_fold(first, |field, step| {
        let field = field?;
        Some(match step {
            PathStep::Index(_) => field.items.as_deref(),
            PathStep::Key(key) => field.fields.get(key),
        })
    });
    last.flatten().is_some()
}
