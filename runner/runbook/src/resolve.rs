//! What a reference gives: one function for a check before the run and for the run itself.

use rutter_engine::{Scope, StepValue};
use rutter_expression::{EvaluationError, Reference, Segment};
use serde_json::Value;

/// What expressions can read.
pub(super) trait View {
    /// The value of an input; `None` where there is none of that name.
    fn input(&self, name: &str) -> Option<&Value>;
    /// `{ id, region }` of an account.
    fn account(&self, name: &str) -> Option<Value>;
    /// What became of a step; `None` while it is not over.
    fn step(&self, id: &str) -> Option<StepValue<'_>>;
    /// The run's id.
    fn run_id(&self) -> &str;
}

impl View for Scope<'_> {
    fn input(&self, name: &str) -> Option<&Value> {
        Scope::inputs(self).get(name)
    }
    fn account(&self, name: &str) -> Option<Value> {
        Scope::account(self, name)
    }
    fn step(&self, id: &str) -> Option<StepValue<'_>> {
        Scope::step(self, id)
    }
    fn run_id(&self) -> &str {
        Scope::run_id(self)
    }
}

/// One item of a `for_each` step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Local {
    pub item: Value,
    /// The table's key, or the index as text.
    pub key: String,
    /// What people call it, where its key is a number and its value says more.
    pub name: Option<String>,
    pub index: usize,
}

impl Local {
    /// What people call it.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.key)
    }
}

/// The value of a reference, `None` where it is undefined.
///
/// # Errors
/// When it reads what cannot be read yet, or what does not exist at all.
pub(super) fn look(
    reference: &Reference,
    view: &dyn View,
    local: Option<&Local>,
) -> Result<Option<Value>, EvaluationError> {
    let fail = |message: &str| Err(EvaluationError::Failed(format!("`{reference}` {message}")));
    let path = reference.path.as_slice();
    match (reference.root.as_str(), reference.name(), local) {
        ("inputs", Some(name), _) => {
            let value = view.input(name);
            Ok(value.and_then(|value| walk(value, &path[1..])).cloned())
        }
        ("accounts", Some(name), _) => match view.account(name) {
            Some(account) => Ok(walk(&account, &path[1..]).cloned()),
            None => fail("is not known before the account was asked who it is"),
        },
        ("steps", Some(id), _) => match view.step(id) {
            Some(StepValue::Done(outputs)) => Ok(walk(outputs, &path[1..]).cloned()),
            Some(StepValue::Undefined) => Ok(None),
            None => fail("is not known before the step is over"),
        },
        ("run", Some("id"), _) if path.len() == 1 => Ok(Some(view.run_id().into())),
        ("item", _, Some(local)) => Ok(walk(&local.item, path).cloned()),
        ("key", None, Some(local)) if path.is_empty() => Ok(Some(local.key.as_str().into())),
        ("index", None, Some(local)) if path.is_empty() => Ok(Some(local.index.into())),
        _ => fail("does not exist here"),
    }
}

fn walk<'a>(value: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Name(name) => value.get(name),
        Segment::Index(index) => value.get(index),
    })
}
