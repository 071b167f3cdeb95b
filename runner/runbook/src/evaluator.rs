//! Expressions evaluated while a run is driven.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rutter_engine::{
    Expressions, Fault, FaultClass, Item, Plan, Prepared, Scope, Shape, Step, SubRunbook,
    Timestamp, Uses,
};
use rutter_expression::{Broken, Template, TemplateError, Templates, broken, kind, refused};
use rutter_manifest::{Field, FieldProblem, Manifest, check_all};
use serde_json::Value;

use super::built_in::BuiltIn;
use super::items::locals;
use super::resolve::{Local, View, look};

/// Evaluates the expressions of plans. Holds what no plan holds: the manifests of its plugins, and
/// what was compiled so far.
#[derive(Default)]
pub struct Evaluator {
    manifests: BTreeMap<String, Arc<Manifest>>,
    templates: Arc<Templates>,
}

impl std::fmt::Debug for Evaluator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Evaluator")
            .field("manifests", &self.manifests.keys())
            .finish_non_exhaustive()
    }
}

impl Evaluator {
    /// An evaluator for plans that use these plugins: the digest of each component (SHA-256, hex)
    /// and its manifest.
    pub fn new(manifests: impl IntoIterator<Item = (String, Arc<Manifest>)>) -> Self {
        Self {
            manifests: manifests.into_iter().collect(),
            templates: Arc::default(),
        }
    }

    /// The same with templates that were compiled already.
    pub(super) fn with_templates(mut self, templates: Arc<Templates>) -> Self {
        self.templates = templates;
        self
    }

    /// Fixes a step's items; a time of day is the next one after `now`.
    pub(super) fn prepare_in(
        &self,
        step: &Step,
        view: &dyn View,
        now: Timestamp,
    ) -> Result<Prepared, Fault> {
        if let Some(condition) = &step.when
            && !self.condition(step, condition, view)?
        {
            return Ok(Prepared::Skip(format!("`when` was false: {condition}")));
        }
        let Some(for_each) = &step.for_each else {
            let inputs = self.inputs(step, view, None, now)?;
            let items = vec![Item {
                key: None,
                name: None,
                inputs,
            }];
            return Ok(Prepared::Items {
                shape: Shape::One,
                items,
            });
        };
        let over = self
            .templates
            .evaluate(&for_each.over, &|reference| look(reference, view, None))
            .map_err(|error| evaluation_fault(step, "`for_each`", &error))?;
        let (shape, locals) = locals(over).map_err(|message| {
            fault(
                "rutter.expression",
                format!("`for_each` of step `{}`: {message}", step.id),
            )
        })?;
        let items = locals
            .into_iter()
            .map(|local| {
                Ok(Item {
                    inputs: self.inputs(step, view, Some(&local), now)?,
                    key: Some(local.key.into()),
                    name: local.name,
                })
            })
            .collect::<Result<_, Fault>>()?;
        Ok(Prepared::Items { shape, items })
    }

    pub(super) fn text_in(&self, template: &str, view: &dyn View) -> Result<String, Fault> {
        let evaluate = || {
            self.templates
                .text(template)
                .map_err(|refusals| refused(template, &refusals))?
                .evaluate(template, &|reference| look(reference, view, None))
        };
        match evaluate().map_err(|error| fault("rutter.expression", error.to_string()))? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// The outputs of a runbook, or of the one that the step `caller` runs.
    pub(super) fn outputs_in(
        &self,
        outputs: &Value,
        caller: Option<&Step>,
        view: &dyn View,
    ) -> Result<Value, Fault> {
        self.templates
            .evaluate(outputs, &|reference| look(reference, view, None))
            .map_err(|error| {
                let whose = match caller {
                    Some(caller) => format!("the outputs of step `{}`", caller.id),
                    None => "the runbook's outputs".to_owned(),
                };
                fault("rutter.expression", format!("{whose}, {error}"))
            })
    }

    fn condition(&self, step: &Step, text: &str, view: &dyn View) -> Result<bool, Fault> {
        let evaluate = || {
            let template: Arc<Template> = self
                .templates
                .condition(text)
                .map_err(|refusals| refused(text, &refusals))?;
            template.evaluate(text, &|reference| look(reference, view, None))
        };
        match evaluate().map_err(|error| evaluation_fault(step, "`when`", &error))? {
            Value::Bool(truth) => Ok(truth),
            other => Err(fault(
                "rutter.expression",
                format!(
                    "`when` of step `{}` is {}, not true or false",
                    step.id,
                    kind(&other)
                ),
            )
            .advise("write a comparison, such as `inputs.count > 0`")),
        }
    }

    /// A step's inputs for one item, complete and checked.
    fn inputs(
        &self,
        step: &Step,
        view: &dyn View,
        local: Option<&Local>,
        now: Timestamp,
    ) -> Result<Value, Fault> {
        let inputs = self
            .templates
            .evaluate(&step.with, &|reference| look(reference, view, local))
            .map_err(|error| {
                let place = match local {
                    Some(local) => format!("`with` of item `{}`", local.called()),
                    None => "`with`".to_owned(),
                };
                evaluation_fault(step, &place, &error)
            })?;
        let built_in = match &step.uses {
            Uses::Plugin(plugin) => {
                let manifest = self.manifests.get(&plugin.digest).ok_or_else(|| {
                    let message = format!("the manifest of `{}` is not at hand", plugin.name);
                    Fault::new(FaultClass::Bug, "rutter.manifest", message)
                })?;
                let inputs = check_all(&manifest.inputs, &inputs)
                    .map_err(|problems| inputs_fault(step, local, &problems))?;
                let broken = broken(&manifest.rules, &self.templates, &inputs, &|_| false);
                return match broken.is_empty() {
                    true => Ok(inputs),
                    false => Err(rules_fault(step, local, &broken)),
                };
            }
            Uses::Runbook(runbook) => return inputs_inside(step, runbook, &inputs),
            Uses::Approve => BuiltIn::Approve,
            Uses::Pause => BuiltIn::Pause,
            Uses::Assert => BuiltIn::Assert,
        };
        let inputs = check_all(built_in.inputs(), &inputs)
            .map_err(|problems| inputs_fault(step, local, &problems))?;
        let now = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
        built_in.complete(inputs, now).map_err(|misfit| {
            let message = format!("step `{}`: {}", step.id, misfit.message);
            fault("rutter.inputs", message)
        })
    }
}

impl Expressions for Evaluator {
    fn prepare(&self, step: &Step, scope: &Scope<'_>) -> Result<Prepared, Fault> {
        self.prepare_in(step, scope, scope.latest())
    }

    fn text(&self, template: &str, scope: &Scope<'_>) -> Result<String, Fault> {
        self.text_in(template, scope)
    }

    fn outputs(&self, plan: &Plan, scope: &Scope<'_>) -> Result<Value, Fault> {
        self.outputs_in(&plan.outputs, None, scope)
    }

    fn outputs_nested(
        &self,
        caller: &Step,
        runbook: &SubRunbook,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault> {
        self.outputs_in(&runbook.outputs, Some(caller), scope)
    }
}

/// The inputs of a sub-runbook, complete and held against its rules.
fn inputs_inside(step: &Step, runbook: &SubRunbook, inputs: &Value) -> Result<Value, Fault> {
    let fields: IndexMap<String, Field> =
        serde_json::from_value(runbook.inputs.clone()).map_err(|error| {
            let message = format!("the rules of the inputs of `{}`: {error}", runbook.file);
            Fault::new(FaultClass::Bug, "rutter.inputs", message)
        })?;
    check_all(&fields, inputs)
        .map(|inputs| with_absent(&fields, inputs))
        .map_err(|problems| inputs_fault(step, None, &problems))
}

/// The inputs of a sub-runbook with those that were left out: they have no value.
fn with_absent(fields: &IndexMap<String, Field>, inputs: Value) -> Value {
    let Value::Object(mut inputs) = inputs else {
        return inputs;
    };
    for name in fields.keys() {
        inputs.entry(name.clone()).or_insert(Value::Null);
    }
    Value::Object(inputs)
}

fn fault(code: &str, message: String) -> Fault {
    Fault::new(FaultClass::Fail, code, message)
}

fn evaluation_fault(step: &Step, place: &str, error: &TemplateError) -> Fault {
    let at = &step.line;
    fault(
        "rutter.expression",
        format!("{place} of step `{}`, {error}", step.id),
    )
    .advise(format!(
        "see line {} of {}; what may be undefined needs `default(…)`",
        at.line,
        at.file.as_deref().unwrap_or("the runbook")
    ))
}

fn inputs_fault(step: &Step, local: Option<&Local>, problems: &[FieldProblem]) -> Fault {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let help = problems.iter().find_map(|problem| problem.help.clone());
    unfit(step, local, &texts, help)
}

/// Rules between inputs that do not hold.
fn rules_fault(step: &Step, local: Option<&Local>, broken: &[Broken]) -> Fault {
    let texts: Vec<String> = broken.iter().map(|one| one.message.clone()).collect();
    let help = broken.iter().find_map(|one| one.help.clone());
    unfit(step, local, &texts, help)
}

fn unfit(step: &Step, local: Option<&Local>, texts: &[String], help: Option<String>) -> Fault {
    let item = local.map_or_else(String::new, |local| format!(" (item `{}`)", local.called()));
    let message = format!("inputs of step `{}`{item}: {}", step.id, texts.join("; "));
    let fault = fault("rutter.inputs", message);
    match help {
        Some(help) => fault.advise(help),
        None => fault,
    }
}
