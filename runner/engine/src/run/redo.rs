//! What follows the end of a rollback that took back a part of the run: its steps wait again.

use crate::part::{Again, Part};
use crate::place::At;
use crate::plan::{Name, Plan};
use crate::record::RollbackEnd;
use crate::run::{Change, ChangeState, ItemRun, ItemState, Legal, Run, StepRun, StepState};

impl Run {
    /// Whether the run has the steps and items of a part.
    pub(crate) fn has_all_of(&self, part: &Part) -> Legal {
        for again in &part.again {
            let Again { step, item, .. } = again;
            let state = self.steps.get(step);
            let state = state.ok_or_else(|| format!("there is no step `{step}`"))?;
            if item.is_some() && !state.items.contains_key(item) {
                return Err(format!("step `{step}` has no such item"));
            }
        }
        Ok(())
    }

    /// A plan takes the place of the one before. A run that ended without its outputs goes on with it: they are made
    /// anew once every step of it is over.
    pub(super) fn plan_revised(&mut self, plan: &Plan) -> Legal {
        if self.lacks_outputs() {
            self.end = None;
            self.interrupted = false;
        }
        if self.rollback.is_some() || self.end.is_some() {
            return Err("the run is not under way".to_owned());
        }
        self.adopt_plan(Box::new(plan.clone()))
    }

    /// A part that was taken back waits again, and the run with it: it is not over.
    pub(super) fn part_is_over(&mut self, end: &RollbackEnd) -> Legal {
        let stuck = matches!(end, RollbackEnd::Failed { .. });
        let Some(rollback) = self.rollback.take_if(|back| !stuck && back.part.is_some()) else {
            return Ok(());
        };
        let part = rollback.part.unwrap_or_default();
        for again in &part.again {
            self.wait_again(again, &part)?;
        }
        for again in &part.again {
            self.reopen_around(&again.step);
        }
        self.rests = !part.redo;
        let plan = rollback.mended.or_else(|| self.plan.clone());
        self.adopt_plan(plan.ok_or("the run has no plan")?)
    }

    fn wait_again(&mut self, again: &Again, part: &Part) -> Legal {
        let (index, _) = self.step_mut(&again.step)?;
        for place in 0..self.steps[index].items.len() {
            let meant = |key: &Option<Name>| again.item.is_none() || *key == again.item;
            let step = &self.steps[index];
            let found = step.items.get_index(place).filter(|(key, _)| meant(key));
            let Some((_, item)) = found else { continue };
            let standing = self.standing_in(item);
            for number in &standing {
                let change = self.change_mut(*number)?;
                // A message is sent again: it tells what happens this time.
                let done = matches!(change.state, ChangeState::Done(_));
                change.offered = done && !change.is_message();
            }
            // What nothing takes back says nothing about the tokens of the rest.
            let stays = |number: &u64| part.stays_for_another(*number);
            let keeps = again.keeps || standing.iter().any(stays);
            self.steps[index].begin_item_anew(place, keeps, !standing.is_empty());
        }
        self.failed_steps.remove(&index);
        self.steps[index].wait_again();
        Ok(())
    }

    fn standing_in(&self, item: &ItemRun) -> Vec<u64> {
        let changes = item
            .changes
            .iter()
            .filter_map(|number| self.change(*number));
        let standing = changes.filter(|change| change.stands());
        standing.map(|change| change.number).collect()
    }

    /// The steps that run the sub-runbooks around it are not over any more.
    fn reopen_around(&mut self, step: &Name) {
        let mut around = self.steps.get(step).and_then(|step| step.caller);
        while let Some(index) = around {
            let caller = &mut self.steps[index];
            if matches!(caller.state, StepState::Done(_) | StepState::Failed(_)) {
                caller.state = StepState::Running;
                caller.ended = None;
                caller.inner.broken = None;
                self.failed_steps.remove(&index);
            }
            around = self.steps[index].caller;
        }
    }

    /// A change that stayed while its item was made again, equal to the one with this fingerprint.
    pub(crate) fn kept_change(&self, at: &At, fingerprint: &str) -> Option<&Change> {
        let kept = |change: &&Change| change.offered && change.at.phase == at.phase;
        let equal = |change: &&Change| change.fingerprint == fingerprint && change.stands();
        // The oldest first, as they were made.
        let changes: Vec<_> = self.changes_of(at).filter(kept).filter(equal).collect();
        changes.last().copied()
    }

    pub(super) fn change_kept(&mut self, number: u64) -> Legal {
        let change = self.change_mut(number)?;
        match std::mem::take(&mut change.offered) {
            true => Ok(()),
            false => Err(format!("change {number} answers nothing")),
        }
    }
}

impl StepRun {
    /// It was never begun, as far as the run is concerned.
    fn wait_again(&mut self) {
        self.state = StepState::Waiting;
        self.own_question = None;
        self.confirmed = false;
        self.granted.clear();
        self.revised = true;
        self.began = None;
        self.ended = None;
        self.inner.begun = false;
        self.inner.broken = None;
    }

    /// An item is made again: it counts its attempts on, and has new tokens unless its changes stay.
    fn begin_item_anew(&mut self, place: usize, keeps: bool, stands: bool) {
        self.put(place, ItemState::Pending);
        let Some((_, item)) = self.items.get_index_mut(place) else {
            return;
        };
        item.attempt = None;
        item.undo = None;
        item.forgiven = item.attempts;
        item.stands = stands;
        item.generation += u32::from(!keeps);
    }
}
