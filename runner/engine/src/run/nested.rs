//! Steps that belong to a sub-runbook, and the step that runs it.
//!
//! The step that runs a sub-runbook fixes its inputs, asks its question, lets the nested steps begin
//! and is over when they are; what needs it needs them all. A failure of a nested step that nothing there
//! answers for is the failure of that step.

use std::collections::BTreeSet;

use crate::api::Fault;
use crate::plan::{OnFailure, Uses};
use crate::run::{Run, StepState};

impl Run {
    /// Who answers for the failure of a step, and how: the step itself, or the step that runs the
    /// sub-runbook it belongs to.
    pub(crate) fn answers_for(&self, index: usize) -> (usize, OnFailure) {
        let mut who = index;
        loop {
            let said = self.plan().steps[who].on_failure;
            match (said, self.steps[who].caller) {
                (OnFailure::Caller, Some(caller)) => who = caller,
                (OnFailure::Caller, None) => return (who, OnFailure::Stop),
                (said, _) => return (who, said),
            }
        }
    }

    /// Lets the nested steps begin, once their inputs are fixed and people have said yes.
    pub(super) fn begin_nested(&mut self, index: usize) {
        let planned = &self.plan().steps[index];
        let runs = matches!(planned.uses, Uses::Runbook(_));
        let asks = planned.confirm.is_some();
        let step = &mut self.steps[index];
        let granted = !asks || step.confirmed;
        if !runs || !granted || step.inner.begun || step.state != StepState::Running {
            return;
        }
        step.inner.begun = true;
        for inner in step.inner.steps.clone() {
            let waiting = &mut self.steps[inner];
            waiting.unmet = waiting.unmet.saturating_sub(1);
            if waiting.unmet == 0 {
                self.attention.insert(inner);
            }
        }
    }

    /// A step is over: the step that runs its runbook may be over too, and the nested steps that
    /// have not begun never will.
    pub(super) fn tell_caller(&mut self, index: usize, failed: Option<&Fault>) {
        if let Some(fault) = failed {
            let (who, what) = self.answers_for(index);
            if who != index && what == OnFailure::Continue {
                let broken = &mut self.steps[who].inner.broken;
                broken.get_or_insert_with(|| fault.clone());
                self.attend_nested(who);
            }
        }
        self.attend_nested(index);
        if let Some(caller) = self.steps[index].caller {
            let inner = &mut self.steps[caller].inner;
            inner.open = inner.open.saturating_sub(1);
            if inner.open == 0 {
                self.attention.insert(caller);
            }
        }
    }

    /// The nested steps that are not over are looked at again, however deep.
    fn attend_nested(&mut self, index: usize) {
        let mut left = self.steps[index].inner.steps.clone();
        while let Some(index) = left.pop() {
            let step = &self.steps[index];
            if !step.is_over() {
                self.attention.insert(index);
                left.extend(&step.inner.steps);
            }
        }
    }

    /// Why a step that has not begun never will: a step around it is over, or failed and the run
    /// goes on.
    pub(crate) fn left_out(&self, index: usize) -> Option<String> {
        let mut at = self.steps[index].caller;
        while let Some(caller) = at {
            let (id, step) = self.steps.get_index(caller)?;
            let fate = match &step.state {
                StepState::Skipped(reason) => Some(format!("`{id}` was skipped: {reason}")),
                StepState::Done(_) => Some(format!("`{id}` is done")),
                StepState::Failed(_) if self.failed_steps.contains(&caller) => None,
                StepState::Failed(_) => Some(format!("`{id}` failed")),
                StepState::Waiting | StepState::Running => {
                    let broken = step.inner.broken.as_ref();
                    broken.map(|fault| format!("`{id}` failed: {}", fault.message))
                }
            };
            if fate.is_some() {
                return fate;
            }
            at = step.caller;
        }
        None
    }

    /// The failure that ends a step which runs a sub-runbook, its own or of one around it.
    pub(crate) fn broken(&self, index: usize) -> Option<&Fault> {
        let mut at = Some(index);
        while let Some(index) = at {
            let step = &self.steps[index];
            if step.inner.broken.is_some() {
                return step.inner.broken.as_ref();
            }
            at = step.caller;
        }
        None
    }

    /// Whether a nested step keeps new steps from starting: it may still be tried again.
    pub(crate) fn is_stopped_by_nested(&self, index: usize) -> bool {
        let nested = |failed: &usize| self.steps[*failed].caller == Some(index);
        self.failed_steps.iter().any(nested)
    }

    /// A step and everything that has to be over or begun before it can be over.
    pub(super) fn needed_for(&self, last: usize) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        // Steps around a needed step have to begin, which is less than to be over.
        let mut begun = BTreeSet::new();
        let mut left = vec![(last, true)];
        while let Some((index, over)) = left.pop() {
            let new = if over {
                needed.insert(index)
            } else {
                begun.insert(index)
            };
            if !new {
                continue;
            }
            let step = &self.steps[index];
            if over {
                left.extend(step.inner.steps.iter().map(|inner| (*inner, true)));
            }
            left.extend(step.caller.map(|caller| (caller, false)));
            let needs = self.plan().steps[index].needs.iter();
            let places = needs.filter_map(|need| self.steps.get_index_of(&need.step));
            left.extend(places.map(|need| (need, true)));
        }
        needed.append(&mut begun);
        needed
    }
}
