//! People: approvals, decisions about unknown outcomes, and the wish to take a run back.

use super::Turn;
use crate::api::{Fault, FaultClass};
use crate::effect::{Effect, Resolution};
use crate::part::Part;
use crate::plan::{Name, Plan};
use crate::record::{At, AttemptEnd, Evidence, Fact, RunEnd, StepEnd};
use crate::run::{Attempt, ItemRun, ItemState, StepRun, StepState};

impl Turn<'_> {
    pub(super) fn approve(&mut self, step: Name, by: String, evidence: Evidence) {
        let Some(run) = self.run.step(&step).filter(|run| run.waits_for_person()) else {
            return;
        };
        let Some((approval, yes)) = &run.asked else {
            return;
        };
        let entered = |name: &String| {
            let earlier = yes.iter().any(|(_, evidence)| evidence.contains_key(name));
            earlier || evidence.contains_key(name)
        };
        let again = yes.iter().any(|(person, _)| *person == by);
        if again || !approval.evidence.iter().all(entered) {
            return;
        }
        if yes.len() + 1 >= approval.people as usize {
            for at in hosted(run) {
                self.effects.push(Effect::ReleaseGuest { at });
            }
        }
        self.facts.push(Fact::Approved { step, by, evidence });
    }

    pub(super) fn decline(&mut self, step: Name, by: String, why: String) {
        let Some(run) = self.run.step(&step).filter(|run| run.waits_for_person()) else {
            return;
        };
        let fault = Fault::new(
            FaultClass::Fail,
            "rutter.declined",
            format!("{by} said no: {why}"),
        );
        self.facts.push(Fact::Declined {
            step: step.clone(),
            by,
            why,
        });
        if self.stop_attempts(run, &fault) {
            let end = StepEnd::Failed(fault);
            self.facts.push(Fact::StepEnded { step, end });
        }
    }

    /// Ends the attempts of a step that are under way. Returns whether all outcomes are known.
    fn stop_attempts(&mut self, run: &StepRun, fault: &Fault) -> bool {
        let mut known = true;
        for at in running(run) {
            self.effects.push(Effect::DropGuest { at: at.clone() });
            let end = self.failed_end(&at, fault.clone());
            known &= !matches!(end, AttemptEnd::Unknown(_));
            self.end_attempt(at, end);
        }
        known
    }

    pub(super) fn resolve(
        &mut self,
        step: Name,
        item: Option<Name>,
        resolution: Resolution,
        by: String,
        why: String,
    ) {
        // While steps inside are not over, each of them is decided about by itself.
        let Some(run) = self
            .run
            .step(&step)
            .filter(|run| run.inner.open == 0 || !run.inner.begun)
        else {
            return;
        };
        let meant = |key: &Option<Name>| item.is_none() || *key == item;
        let items = || {
            run.items
                .iter()
                .filter(|(key, _)| meant(key))
                .map(|(_, item)| item)
        };
        let failed = matches!(run.state, StepState::Failed(_)) && self.run.is_stopped_by(&step);
        let undecided = if self.run.rollback().is_some() || (run.is_over() && !failed) {
            // What a rollback, now or later, has to know: this change did not happen.
            resolution == Resolution::Retry && items().any(|item| self.run.is_in_doubt(item))
        } else {
            failed || items().any(|item| is_undecided(item, &resolution))
        };
        if !undecided {
            return;
        }
        let over = matches!(resolution, Resolution::Done(_) | Resolution::Skip);
        if over && item.is_none() {
            let fault = Fault::new(
                FaultClass::Fail,
                "rutter.resolved",
                "a person ended the step",
            );
            self.stop_attempts(run, &fault);
        }
        self.facts.push(Fact::Resolved {
            step,
            item,
            resolution,
            by,
            why,
        });
    }

    pub(super) fn undo(&mut self, by: String) {
        let over = matches!(self.run.end(), Some(RunEnd::RolledBack(_)))
            && !self.run.anything_to_take_back();
        let under_way = self.run.rollback_under_way();
        if !over && under_way.is_none_or(|back| back.part.is_some()) {
            self.begin_rollback(by, None, None);
        }
    }

    /// Drops every guest where it stands and takes the run back. What was sent is awaited.
    pub(super) fn begin_rollback(
        &mut self,
        by: String,
        part: Option<Box<Part>>,
        mended: Option<Box<Plan>>,
    ) {
        for (_, step) in self.run.steps() {
            for at in hosted(step) {
                self.effects.push(Effect::DropGuest { at });
            }
        }
        self.facts.push(Fact::RollbackStarted { by, part, mended });
    }
}

fn is_undecided(item: &ItemRun, resolution: &Resolution) -> bool {
    match &item.state {
        ItemState::Unknown(_) | ItemState::Failed(_) | ItemState::Delayed { .. } => true,
        ItemState::Pending => matches!(resolution, Resolution::Done(_) | Resolution::Skip),
        ItemState::Running | ItemState::Done(_) => false,
    }
}

/// The attempts of a step that are not over.
fn running(step: &StepRun) -> impl Iterator<Item = At> {
    open_attempts(step).map(|attempt| attempt.at.clone())
}

/// Those of them whose guest was started by this process.
fn hosted(step: &StepRun) -> impl Iterator<Item = At> {
    let hosted = open_attempts(step).filter(|attempt| attempt.hosted);
    hosted.map(|attempt| attempt.at.clone())
}

fn open_attempts(step: &StepRun) -> impl Iterator<Item = &Attempt> {
    let attempts = step.items.values().filter_map(|item| item.attempt.as_ref());
    attempts.filter(|attempt| !attempt.ended)
}
