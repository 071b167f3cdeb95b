//! `rutter check`.

use std::path::{Path, PathBuf};

use rutter_diagnostic::neutral::one_line;
use rutter_diagnostic::{Diagnostic, Severity, render_all};
use rutter_engine::Uses;
use rutter_manifest::{Kind, nearest};
use serde_json::{Value, json};

use super::flags::Inputs;
use super::load::{self, Loaded};
use super::{Context, Exit, Failure, gates, granted, steps};
use crate::ui::{
    count, destroys, destroys_by_parameter, input_declared, notes, possible_no_return,
};

/// Check runbooks for every mistake that can be found before the first change
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The runbook files to check
    #[arg(required = true, value_name = "RUNBOOK")]
    runbooks: Vec<PathBuf>,
    #[command(flatten)]
    inputs: Inputs,
    /// Fail if plugins differ from what `rutter.lock` accepts, or need to be accepted and are not
    #[arg(long)]
    locked: bool,
    /// Print the full declaration of this input, with what it takes from the plugin input that it is like
    #[arg(long, value_name = "INPUT")]
    explain: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.settings()?;
    let mut exit = Exit::Done;
    for path in &args.runbooks {
        let mut result = load::check(context, &settings, path, &args.inputs, args.locked);
        if let Some(name) = &args.explain {
            declared(context, path, name, &result?)?;
            continue;
        }
        if let Ok(loaded) = &mut result {
            let gates = gates::warnings(&loaded.checked.plan, &settings);
            loaded.checked.warnings.extend(gates);
        }
        if result.is_err() {
            exit = Exit::Refused;
        }
        report(context, path, result);
    }
    Ok(exit)
}

/// Prints how an input is declared.
fn declared(context: &Context, path: &Path, name: &str, loaded: &Loaded) -> Result<(), Failure> {
    let inputs = &loaded.checked.inputs;
    let Some(field) = inputs.get(name) else {
        let title = format!("`{}` has no input `{name}`", path.display());
        let near = nearest(name, inputs.keys().map(String::as_str));
        let help = near.map_or_else(
            || "its inputs are declared under `[inputs]`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::refused(title, help));
    };
    let printer = &context.printer;
    match printer.output().json {
        true => printer.json(&json!({ "runbook": path, "input": name, "field": field })),
        false => printer.answer(&input_declared(name, field)),
    }
    Ok(())
}

fn report(context: &Context, path: &Path, result: Result<Loaded, Failure>) {
    let printer = &context.printer;
    let (problems, verdict) = match &result {
        Ok(loaded) => (
            loaded.checked.warnings.as_slice(),
            format!("ok, {}", count(loaded.checked.plan.steps.len(), "step")),
        ),
        Err(failure) => {
            let errors = failure.diagnostics().iter();
            let number = errors
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            let plural = if number == 1 { "" } else { "s" };
            (failure.diagnostics(), format!("{number} error{plural}"))
        }
    };
    let told = result
        .as_ref()
        .map_or(&[][..], |loaded| &loaded.checked.plan.notes);
    let possible = result.as_ref().map_or(Vec::new(), possible_points);
    if printer.output().json {
        let list: Vec<_> = problems.iter().map(to_json).collect();
        let loaded = result.as_ref().ok();
        let (plugins, may) = loaded.map(|loaded| granted::json(&loaded.checked)).unzip();
        let steps = loaded.map(|loaded| steps::json(&loaded.checked.plan));
        let answer = json!({
            "runbook": path,
            "ok": result.is_ok(),
            "steps": steps,
            "problems": list,
            "notes": told,
            "no_return": possible,
            "plugins": plugins,
            "may": may,
        });
        printer.json(&answer);
        return;
    }
    let text = render_all(problems, printer.error_style());
    if !text.is_empty() {
        printer.aside(&format!("{text}\n"));
    }
    printer.answer_line(&format!(
        "{}: {verdict}",
        one_line(&path.display().to_string())
    ));
    if let Ok(loaded) = &result {
        printer.answer(&steps::block(&loaded.checked.plan));
    }
    for line in &possible {
        printer.answer_line(&format!("  {}", one_line(line)));
    }
    if let Ok(loaded) = &result {
        printer.answer(&granted::block(&loaded.checked));
    }
    printer.answer(&notes(told));
}

/// What the steps may call, by their plugins' manifests, that nothing takes back.
fn possible_points(loaded: &Loaded) -> Vec<String> {
    let checked = &loaded.checked;
    let mut lines = Vec::new();
    for step in &checked.plan.steps {
        let Uses::Plugin(plugin) = &step.uses else {
            continue;
        };
        let Some(found) = checked.plugins.get(&plugin.digest) else {
            continue;
        };
        let permissions = found.manifest().permissions.iter();
        let calls = permissions.flat_map(|permission| &permission.call);
        // Other kinds of plugins may destroy only to take back what they made, or by a parameter.
        let is_for_good = found.manifest().plugin.kind == Kind::Irreversible;
        let destroying = calls.filter(|call| match is_for_good {
            true => destroys(call),
            false => destroys_by_parameter(call),
        });
        lines.extend(destroying.map(|call| possible_no_return(&step.id, call)));
    }
    lines
}

fn to_json(problem: &Diagnostic) -> Value {
    let place = problem.source.as_ref().zip(problem.primary.as_ref());
    let (line, column) = place
        .map(|(source, label)| source.place(label.span.start))
        .unzip();
    json!({
        "code": problem.code,
        "severity": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "title": problem.title,
        "file": problem.source.as_ref().map(|source| source.name()),
        "line": line,
        "column": column,
        "details": problem.details,
        "help": problem.help,
    })
}
