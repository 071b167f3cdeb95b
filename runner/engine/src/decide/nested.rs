//! What follows for a step that runs a sub-runbook from where the nested steps stand.

use super::Turn;
use crate::plan::{Step, SubRunbook};
use crate::record::{Fact, StepEnd};

impl Turn<'_> {
    /// A step that runs a sub-runbook is over when the nested steps are, except while one of them
    /// may still be tried again.
    pub(super) fn go_on_nested(&mut self, index: usize, step: &Step, runbook: &SubRunbook) {
        let inner = &self.run.steps[index].inner;
        if !inner.begun || inner.open > 0 || self.run.is_stopped_by_nested(index) {
            return;
        }
        let scope = self.run.scope_nested(step);
        let end = match self.run.broken(index) {
            Some(fault) => StepEnd::Failed(fault.clone()),
            None => match self.expressions.outputs_nested(step, runbook, &scope) {
                Ok(outputs) => StepEnd::Done(outputs),
                Err(fault) => StepEnd::Failed(fault),
            },
        };
        let step = step.id.clone();
        self.facts.push(Fact::StepEnded { step, end });
    }
}
