//! What expressions may see of a run, and the trait that evaluates them.

use serde_json::Value;

use crate::api::Fault;
use crate::plan::{Plan, Step, SubRunbook};
use crate::record::{Item, Shape};
use crate::run::Run;
use crate::time::Timestamp;

/// What became of a step, for an expression that reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepValue<'a> {
    /// It is done, with these outputs.
    Done(&'a Value),
    /// It was skipped, or failed and the run went on: undefined, needs `default(…)`.
    Undefined,
}

/// Where nothing is known.
static NOTHING: Value = Value::Null;

/// A read-only view of a run, as the expressions of one of its runbooks see it.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub(crate) run: &'a Run,
    /// The step that runs the runbook, unless it is the plan's own.
    pub(crate) caller: Option<&'a Step>,
}

impl<'a> Scope<'a> {
    /// The runbook's inputs, secrets as placeholders.
    pub fn inputs(&self) -> &'a Value {
        let Some(caller) = self.caller else {
            return &self.run.plan().inputs;
        };
        let item = self
            .run
            .step(&caller.id)
            .and_then(|run| run.items.values().next());
        item.map_or(&NOTHING, |item| &item.inputs)
    }

    /// `{ id, region }` of an account, once it is confirmed.
    pub fn account(&self, name: &str) -> Option<Value> {
        let name = match self.caller {
            None => name,
            Some(caller) => caller.accounts.get(name)?,
        };
        let region = &self.run.plan().accounts.get(name)?.region;
        let id = &self.run.identity(name)?.id;
        Some(serde_json::json!({ "id": id, "region": region }))
    }

    /// What became of a step; `None` while it is not over.
    pub fn step(&self, id: &str) -> Option<StepValue<'a>> {
        match self.caller {
            None => self.run.step_value(id),
            Some(caller) => self.run.step_value(&format!("{}.{id}", caller.id)),
        }
    }

    /// When the newest record was made: now, as far as expressions know.
    pub fn latest(&self) -> Timestamp {
        self.run.latest()
    }

    /// The run's id, which `{{ run.id }}` gives.
    pub fn run_id(&self) -> &'a str {
        self.run.id()
    }
}

impl Run {
    /// The view that the expressions of the plan's own runbook have.
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            run: self,
            caller: None,
        }
    }

    /// The view that the expressions of a step have.
    pub fn scope_of(&self, step: &Step) -> Scope<'_> {
        Scope {
            run: self,
            caller: step.caller.as_deref().and_then(|id| self.planned(id)),
        }
    }

    /// The view that the sub-runbook has which a step runs.
    pub fn scope_nested<'a>(&'a self, caller: &'a Step) -> Scope<'a> {
        Scope {
            run: self,
            caller: Some(caller),
        }
    }
}

/// What evaluating a step's templates gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepared {
    /// `when` was false: the reason, for the record.
    Skip(String),
    /// The items with their inputs, complete and checked against the manifest, or against the rules
    /// of the sub-runbook's inputs.
    Items {
        /// What the outputs will look like.
        shape: Shape,
        /// The items in order; one without a key where there is no `for_each`.
        items: Vec<Item>,
    },
}

/// Evaluates a runbook's expressions. Pure: the same scope gives the same result.
pub trait Expressions {
    /// Evaluates `when`, `for_each` and `with`.
    ///
    /// # Errors
    /// A fault of class `fail` that names the expression, when a reference is undefined, a type is
    /// wrong or an input breaks its rule.
    fn prepare(&self, step: &Step, scope: &Scope<'_>) -> Result<Prepared, Fault>;

    /// Evaluates one text with `{{ … }}` in it.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    fn text(&self, template: &str, scope: &Scope<'_>) -> Result<String, Fault>;

    /// Evaluates the runbook's outputs.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    fn outputs(&self, plan: &Plan, scope: &Scope<'_>) -> Result<Value, Fault>;

    /// Evaluates the outputs of the sub-runbook that a step runs, in that runbook's scope.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    fn outputs_nested(
        &self,
        caller: &Step,
        runbook: &SubRunbook,
        scope: &Scope<'_>,
    ) -> Result<Value, Fault>;
}
