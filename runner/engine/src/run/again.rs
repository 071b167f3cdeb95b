//! What is begun again: by a new process, or because a person decided.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::plan::{Name, OnFailure, Uses};
use crate::resolution::Resolution;
use crate::run::{Back, ChangeState, ItemState, Legal, Run, StepState};

impl Run {
    /// Accounts answer to other credentials from here on. Whose they are is confirmed as ever.
    pub(super) fn bound_anew(&mut self, profiles: &BTreeMap<Name, String>) -> Legal {
        let mended = self.rollback.as_mut().and_then(|back| back.mended.as_mut());
        let mut plans = [self.plan.as_mut(), mended];
        for (name, profile) in profiles {
            let mut bound = false;
            for plan in plans.iter_mut().flatten() {
                if let Some(account) = plan.accounts.get_mut(name) {
                    account.profile.clone_from(profile);
                    bound = true;
                }
            }
            if !bound {
                return Err(format!("the plan has no account `{name}`"));
            }
        }
        Ok(())
    }

    /// A new process: nothing is under way in it yet; what failed may be tried again.
    pub(super) fn resumed(&mut self) -> Legal {
        self.confirmed = false;
        self.rests = false;
        self.forget_process();
        if self.end.is_some() {
            // Only to be taken back: the steps stay as they are.
            return Ok(());
        }
        self.interrupted = false;
        if self.rollback.is_none() {
            self.begin_failed_again();
        }
        self.attend_to_all();
        Ok(())
    }

    fn forget_process(&mut self) {
        for step in self.steps.values_mut() {
            for item in step.items.values_mut() {
                for attempt in item.attempt.iter_mut().chain(item.undo.iter_mut()) {
                    attempt.hosted = false;
                }
                if let ItemState::Delayed { armed, .. } = &mut item.state {
                    *armed = false;
                }
            }
            step.look_at_all();
        }
        let under_way = self.rollback_under_way().is_some();
        for change in &mut self.changes {
            change.looking = false;
            change.compared = false;
            if let ChangeState::Intended { stale } = &mut change.state {
                *stale = true;
            }
            match &mut change.back {
                Back::Sent { stale, .. } => *stale = true,
                // Its timer went with the process.
                Back::Failed(fault) if under_way && fault.class.passes() => change.back = Back::No,
                Back::No | Back::Done | Back::Claimed | Back::Failed(_) | Back::Left(_) => {}
            }
        }
    }

    /// What failed may be tried again, unless the runbook says that its failure takes the run back.
    fn begin_failed_again(&mut self) {
        let undo = |index: &usize| self.answers_for(*index).1 == OnFailure::Undo;
        let (kept, again) = self.failed_steps.iter().partition(|index| undo(index));
        let again: BTreeSet<usize> = again;
        self.failed_steps = kept;
        for index in again {
            self.begin_again(index);
        }
    }

    /// Makes a failed step ready to be tried again.
    fn begin_again(&mut self, index: usize) {
        // A time of day is another instant tomorrow.
        let pauses = self.plan().steps[index].uses == Uses::Pause;
        let step = &mut self.steps[index];
        step.ended = None;
        step.state = if step.items.is_empty() || step.revised || pauses {
            StepState::Waiting
        } else {
            StepState::Running
        };
        for place in 0..step.items.len() {
            let item = &mut step.items[place];
            if matches!(item.state, ItemState::Failed(_)) {
                item.forgiven = item.attempts;
                step.put(place, ItemState::Pending);
            }
        }
        self.open_steps += 1;
        self.unknown_items += step.tally.unknown;
        let (dependents, caller) = (step.dependents.clone(), step.caller);
        if let Some(caller) = caller {
            self.steps[caller].inner.open += 1;
        }
        for dependent in dependents {
            self.steps[dependent].unmet += 1;
        }
        self.attention.insert(index);
        self.ask_anew(index);
    }

    /// A person decided about a step.
    pub(super) fn resolved(
        &mut self,
        step: &Name,
        item: Option<&Name>,
        what: &Resolution,
    ) -> Legal {
        let (index, run) = self.step_mut(step)?;
        if run.inner.begun && run.inner.open > 0 {
            return Err(format!("steps inside `{step}` are not over"));
        }
        let was_stopped = self.is_stopped();
        if *what == Resolution::Retry {
            self.refuse_open(index, item);
        }
        if *what == Resolution::Adopt {
            self.adopt_open(index, item);
        }
        let failed = self.failed_steps.contains(&index);
        let over = self.steps[index].is_over() && !failed;
        if over || self.rollback.is_some() {
            // Only what became of a change was settled: a rollback has to know.
            return Ok(());
        }
        if self.failed_steps.remove(&index) {
            self.begin_again(index);
        }
        match (what, item) {
            (Resolution::Skip, None) => {
                let why = "a person left it out".to_owned();
                self.step_over(index, StepState::Skipped(why))?;
            }
            (Resolution::Done(outputs), None) => {
                self.step_over(index, StepState::Done(outputs.clone()))?;
            }
            (what, item) => self.resolve_items(index, item, what),
        }
        self.attention.insert(index);
        self.go_on_if_freed(was_stopped);
        Ok(())
    }

    fn resolve_items(&mut self, index: usize, meant: Option<&Name>, what: &Resolution) {
        let step = &mut self.steps[index];
        let unknown = step.tally.unknown;
        for place in 0..step.items.len() {
            let Some((key, item)) = step.items.get_index_mut(place) else {
                continue;
            };
            let mine = meant.is_none() || key.as_ref() == meant;
            if !mine || matches!(item.state, ItemState::Running | ItemState::Done(_)) {
                continue;
            }
            item.forgiven = item.attempts;
            let state = match what {
                Resolution::Done(outputs) => ItemState::Done(outputs.clone()),
                Resolution::Skip => ItemState::Done(Value::Null),
                Resolution::Retry | Resolution::Adopt => ItemState::Pending,
            };
            step.put(place, state);
        }
        let left = step.tally.unknown;
        self.unknown_items = (self.unknown_items + left).saturating_sub(unknown);
    }
}
