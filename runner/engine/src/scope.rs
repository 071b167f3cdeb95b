//! What expressions may see of a run, and the trait that evaluates them.

use serde_json::Value;

use crate::api::Fault;
use crate::plan::{Plan, Step};
use crate::record::{Item, Shape};
use crate::run::Run;

/// What became of a step, for an expression that reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepValue<'a> {
    /// Its outputs.
    Done(&'a Value),
    /// It was skipped, or failed and the run went on: undefined, needs `default(…)`.
    Undefined,
}

/// A read-only view of a run.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub(crate) run: &'a Run,
}

impl<'a> Scope<'a> {
    /// The runbook's inputs, secrets as placeholders.
    pub fn inputs(&self) -> &'a Value {
        &self.run.plan().inputs
    }

    /// `{ id, region }` of an account, once it is confirmed.
    pub fn account(&self, name: &str) -> Option<Value> {
        let region = &self.run.plan().accounts.get(name)?.region;
        let id = &self.run.identity(name)?.id;
        Some(serde_json::json!({ "id": id, "region": region }))
    }

    /// What became of a step; `None` while it is not over.
    pub fn step(&self, id: &str) -> Option<StepValue<'a>> {
        self.run.step_value(id)
    }

    /// The run's id.
    pub fn run_id(&self) -> &'a str {
        self.run.id()
    }
}

/// What evaluating a step's templates gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepared {
    /// `when` was false.
    Skip(String),
    /// The items with their inputs, complete and checked against the manifest.
    Items {
        /// What the outputs will look like.
        shape: Shape,
        /// The items.
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
}
