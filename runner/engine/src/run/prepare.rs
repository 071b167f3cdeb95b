//! The plan of a run, and what becomes of its steps as wholes.

use indexmap::IndexMap;

use crate::plan::{Name, OnFailure, Plan, Step};
use crate::record::{Item, Shape, StepEnd};
use crate::run::{ItemRun, ItemState, Legal, Run, StepRun, StepState};

impl Run {
    /// Takes a plan, keeping what is known of steps that it still has.
    pub(super) fn adopt_plan(&mut self, plan: Box<Plan>) -> Legal {
        let failed = self.failed_names();
        let mut old = std::mem::take(&mut self.steps);
        let before = self.plan.take();
        let mut steps: IndexMap<Name, StepRun> = IndexMap::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let mut run = match old.swap_remove(&step.id) {
                Some(mut run) => {
                    let said = before.as_ref().and_then(|before| before.step(&step.id));
                    run.revised |= said.is_some_and(|said| says_otherwise(said, step));
                    run
                }
                None => StepRun::default(),
            };
            // What a sub-runbook is given is what its steps are made from.
            let around = step.caller.as_ref().and_then(|caller| steps.get(caller));
            run.revised |= !run.is_over() && around.is_some_and(|caller| caller.revised);
            run.unmet = 0;
            run.dependents.clear();
            if run.revised && run.state == StepState::Running {
                run.state = StepState::Waiting;
                run.inner.begun = false;
            }
            if steps.insert(step.id.clone(), run).is_some() {
                return Err(format!("the plan has two steps `{}`", step.id));
            }
        }
        connect(&plan, &mut steps);
        self.steps = steps;
        self.plan = Some(plan);
        let place = |name: &Name| self.steps.get_index_of(name);
        self.failed_steps = failed.iter().filter_map(place).collect();
        self.count_steps();
        self.limit();
        self.attend_to_all();
        Ok(())
    }

    fn failed_names(&self) -> Vec<Name> {
        let name = |index: &usize| self.steps.get_index(*index).map(|(name, _)| name.clone());
        self.failed_steps.iter().filter_map(name).collect()
    }

    fn count_steps(&mut self) {
        let open = || self.steps.values().filter(|step| !step.is_over());
        self.open_steps = open().count();
        self.unknown_items = open().map(|step| step.tally.unknown).sum();
    }

    /// Every open step is looked at again.
    pub(super) fn attend_to_all(&mut self) {
        let open = self
            .steps
            .values()
            .enumerate()
            .filter(|(_, step)| !step.is_over());
        self.attention = open.map(|(index, _)| index).collect();
    }

    /// Steps that had to wait because the run was stopped are looked at again once it is not.
    pub(super) fn go_on_if_freed(&mut self, was_stopped: bool) {
        if was_stopped && !self.is_stopped() {
            self.attend_to_all();
        }
    }

    pub(super) fn skipped(&mut self, step: &Name, reason: &str) -> Legal {
        let seq = self.seq;
        let (index, run) = self.open_step(step)?;
        if run.state != StepState::Waiting {
            return Err(format!("step `{step}` was already begun"));
        }
        run.began.get_or_insert(seq);
        self.step_over(index, StepState::Skipped(reason.to_owned()))
    }

    pub(super) fn prepared(&mut self, step: &Name, shape: Shape, items: &[Item]) -> Legal {
        let seq = self.seq;
        let (index, run) = self.open_step(step)?;
        if run.state != StepState::Waiting {
            return Err(format!("step `{step}` was prepared twice"));
        }
        run.began.get_or_insert(seq);
        let mut old = std::mem::take(&mut run.items);
        run.items.reserve(items.len());
        for item in items {
            let known = old.swap_remove(&item.key);
            let made = ItemRun::prepared(item, known);
            if run.items.insert(item.key.clone(), made).is_some() {
                return Err(format!("step `{step}` has two items of one key"));
            }
        }
        run.state = StepState::Running;
        run.shape = Some(shape);
        run.revised = false;
        let unknown = run.tally.unknown;
        run.count_anew();
        if run.tally.running + run.tally.delayed > 0 {
            run.look_at_all();
        }
        let now = run.tally.unknown;
        self.unknown_items = (self.unknown_items + now).saturating_sub(unknown);
        self.attention.insert(index);
        self.begin_nested(index);
        Ok(())
    }

    pub(super) fn step_ended(&mut self, step: &Name, end: &StepEnd) -> Legal {
        let (index, _) = self.open_step(step)?;
        let state = match end {
            StepEnd::Done(outputs) => StepState::Done(outputs.clone()),
            StepEnd::Failed(fault) => StepState::Failed(fault.clone()),
        };
        self.step_over(index, state)
    }

    pub(super) fn step_over(&mut self, index: usize, state: StepState) -> Legal {
        let was_stopped = self.is_stopped();
        let failed = match &state {
            StepState::Failed(fault) => Some(fault.clone()),
            _ => None,
        };
        let seq = self.seq;
        let step = &mut self.steps[index];
        if step.is_over() {
            return Err("the step is already over".to_owned());
        }
        step.state = state;
        step.began.get_or_insert(seq);
        step.ended = Some(seq);
        let name = self.steps.get_index(index).map(|(name, _)| name.clone());
        if let Some(name) = name {
            self.settle_questions(&name, None, "the step is over");
        }
        let step = &mut self.steps[index];
        let dependents = step.dependents.clone();
        self.unknown_items = self.unknown_items.saturating_sub(step.tally.unknown);
        self.open_steps = self.open_steps.saturating_sub(1);
        if failed.is_some() && self.answers_for(index).1 != OnFailure::Continue {
            self.failed_steps.insert(index);
        }
        self.tell_caller(index, failed.as_ref());
        for dependent in dependents {
            let waiting = &mut self.steps[dependent];
            waiting.unmet = waiting.unmet.saturating_sub(1);
            if waiting.unmet == 0 {
                self.attention.insert(dependent);
            }
        }
        self.go_on_if_freed(was_stopped);
        Ok(())
    }
}

/// Whether a step's items would be made otherwise.
pub(super) fn says_otherwise(one: &Step, other: &Step) -> bool {
    one.uses != other.uses
        || one.accounts != other.accounts
        || one.with != other.with
        || one.when != other.when
        || one.for_each.as_ref().map(|each| &each.over)
            != other.for_each.as_ref().map(|each| &each.over)
}

/// Counts for each step what it waits for, and notes who waits for it and who runs its runbook.
fn connect(plan: &Plan, steps: &mut IndexMap<Name, StepRun>) {
    for step in steps.values_mut() {
        step.caller = None;
        step.inner.steps.clear();
        step.inner.open = 0;
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let caller = step.caller.as_ref().and_then(|id| steps.get_index_of(id));
        if let Some(caller) = caller.filter(|caller| *caller != index) {
            let open = !steps[index].is_over();
            let inner = &mut steps[caller].inner;
            inner.steps.push(index);
            inner.open += usize::from(open);
            let begun = inner.begun;
            steps[index].caller = Some(caller);
            steps[index].unmet += usize::from(!begun);
        }
        for need in &step.needs {
            let Some(needed) = steps.get_mut(&need.step) else {
                continue;
            };
            needed.dependents.push(index);
            let met = needed.is_over();
            steps[index].unmet += usize::from(!met);
        }
    }
}

impl ItemRun {
    /// An item with its inputs. What is known from before a mended runbook stays: an attempt under way
    /// is finished with the inputs it began with, since its calls are answered from the record.
    fn prepared(item: &Item, known: Option<Self>) -> Self {
        let (name, inputs) = (item.name.clone(), item.inputs.clone());
        match known {
            Some(known) if matches!(known.state, ItemState::Running | ItemState::Done(_)) => known,
            Some(known) => Self {
                name,
                inputs,
                ..known
            },
            None => Self {
                name,
                inputs,
                state: ItemState::Pending,
                since: 0,
                attempts: 0,
                forgiven: 0,
                attempt: None,
                undo: None,
                undo_attempts: 0,
                generation: 0,
                stands: false,
                changes: Vec::new(),
            },
        }
    }
}
